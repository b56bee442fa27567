// The way to the sandbox (people's doings), to the demo's switches, and the live streams of both.

async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok && answer.status !== 409) throw new Error(body.error ?? `HTTP ${answer.status}`);
  return answer.status === 409 ? null : body;
}

const post = (path, given) =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(given) });

/** Somebody does something; throws an Error with the sandbox's reason. */
export const act = (path, given) => post(`/control/${path}`, given);
export const look = (path) => ask(`/control/${path}`);
/** Kill, down, limit, days; null when it cannot be done now. */
export const order = (name, given = {}) => post(`/demo/${name}`, given);
/** The care plan by language: [heading, sentences] each. */
export const plan = () => ask('/demo/plan');
export const cast = () => ask('/demo/cast');
export const fileAddress = (fileId) => `/control/file/${encodeURIComponent(fileId)}`;

const KINDS = ['message', 'edited', 'deleted', 'reaction', 'topic', 'chat', 'answer', 'call', 'violation'];

/** Everything that happens in the sandbox from now on; `onOpen` is called at every (re)connection. */
export function listen(onOpen, onEvent) {
  const source = new EventSource('/control/events');
  source.addEventListener('open', onOpen);
  for (const kind of KINDS) source.addEventListener(kind, (event) => onEvent(kind, JSON.parse(event.data)));
}

/** How the demo stands, now and whenever it changes. */
export function follow(onState) {
  const source = new EventSource('/demo/events');
  source.addEventListener('message', (event) => onState(JSON.parse(event.data)));
}
