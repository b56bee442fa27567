// The strip below: what the bot and Telegram just did, what is stored, and the switches.

import { by, h, nameOf, put } from './dom.js';
import { attempt, toast } from './menu.js';
import * as store from './store.js';
import * as telegram from './telegram.js';
import { t } from './words.js';

const MOST_LINES = 80;
const LOOK_BACK = 400;
const MINUTE = 60;
const HOUR = 3600;
const figures = { calls: 0, limited: 0, failed: 0, repeated: 0 };
const failed = new Set();
let state = null;

export const demoState = () => state;

export function start() {
  by('kill').addEventListener('click', () => say(telegram.order('kill'), 'kill_not_now'));
  by('down').addEventListener('click', () => say(telegram.order('down', { seconds: 10 })));
  by('limit').addEventListener('click', () => say(telegram.order('limit', { on: !state.limited })));
  for (const button of document.querySelectorAll('[data-minutes]')) {
    button.addEventListener('click', () => leap(button));
  }
  store.watch((kind, facts) => {
    if (kind === 'loaded') lookBack();
    else if (kind === 'call' && isWorthALine(facts)) {
      line(facts);
      drawFigures();
    }
    else if (kind === 'violation') by('calls').prepend(h('li', { class: 'bad' }, t('violation', { reason: facts.reason })));
  });
  telegram.follow(take);
}

async function say(order, otherwise) {
  const done = await attempt(() => order);
  if (done) take(done);
  else if (otherwise) toast(t(otherwise), 'bad');
}

async function leap(button) {
  button.disabled = true;
  await say(telegram.order('days', { seconds: Number(button.dataset.minutes) * MINUTE }), 'days_not_now');
  button.disabled = false;
}

function take(now) {
  state = now;
  draw();
}

export function draw() {
  if (!state) return;
  put(by('bot-state'), t(`bot_${state.bot}`));
  document.body.dataset.bot = state.bot;
  document.body.dataset.story = state.story;
  by('kill').disabled = state.bot !== 'running';
  by('down').disabled = state.down > 0;
  put(by('down'), state.down > 0 ? t('is_down', { seconds: Math.ceil(state.down) }) : t('down'));
  by('limit').setAttribute('aria-pressed', String(state.limited));
  put(by('ahead'), state.ahead ? t('ahead', { time: inWords(state.ahead) }) : t('not_ahead'));
  if (state.stored) drawStored(state.stored);
  drawFigures();
}

function inWords(seconds) {
  if (seconds < HOUR) return t('minutes', { count: Math.round(seconds / MINUTE) });
  const hours = Math.round(seconds / HOUR);
  return hours < 48 ? t('hours', { count: hours }) : t('days', { count: Math.round(hours / 24) });
}

const sum = (counts) => Object.values(counts).reduce((all, each) => all + each, 0);

function drawStored({ customers, messages, cases, inbox, outbox }) {
  const states = Object.entries(cases).map(([name, count]) => `${t(`case_${name}`)} ${count}`).join(' · ');
  const rows = [
    [t('stored_customers'), customers, ''],
    [t('stored_cases'), sum(cases), states],
    [t('stored_messages'), messages, ''],
    [t('stored_inbox'), sum(inbox), t('inbox_detail', { waiting: inbox.new ?? 0, dead: inbox.dead ?? 0 })],
    [t('stored_outbox'), outbox.sent ?? 0, t('outbox_detail', { waiting: (outbox.new ?? 0) + (outbox.sending ?? 0), uncertain: outbox.uncertain ?? 0 })],
  ];
  anew(by('stored'), rows, ([name, number, detail]) => h('div', {},
    h('dt', {}, name), h('dd', {}, h('strong', {}, String(number)), detail ? ` ${detail}` : '')));
}

function drawFigures() {
  const kinds = { calls: '', limited: figures.limited ? 'warn' : '', failed: figures.failed ? 'warn' : '', repeated: '' };
  const shown = Object.entries(kinds).map(([name, kind]) => [t(`figure_${name}`, { count: figures[name] }), kind]);
  anew(by('figures'), shown, ([words, kind]) => h('span', { class: kind }, words));
}

/** Draw these facts, unless they stand there. */
function anew(element, facts, draw) {
  const sign = JSON.stringify(facts);
  if (sign === element.sign) return;
  element.sign = sign;
  element.replaceChildren(...facts.map(draw));
}

async function lookBack() {
  const { ledger } = await telegram.look('state');
  const entries = await telegram.look(`ledger?kind=call&since=${Math.max(0, ledger - LOOK_BACK)}`);
  by('calls').replaceChildren();
  Object.assign(figures, { calls: 0, limited: 0, failed: 0, repeated: 0 });
  const calls = entries.filter((each) => each.ok !== null && isWorthALine(each));
  for (const [at, call] of calls.entries()) line(call, at >= calls.length - MOST_LINES);
  drawFigures();
}

/** Looking for updates in vain is not. */
const isWorthALine = (call) => call.method !== 'getUpdates' || !call.ok || call.size > 2;

/** One call of the bot's, counted and `shown`. */
function line(call, shown = true) {
  const key = `${call.method} ${JSON.stringify(call.params)}`;
  const again = call.method !== 'getUpdates' && failed.delete(key);
  figures.calls += 1;
  figures.limited += call.error_code === 429 ? 1 : 0;
  figures.failed += call.ok || call.error_code === 429 ? 0 : 1;
  figures.repeated += again ? 1 : 0;
  if (!call.ok) failed.add(key);
  if (!shown) return;
  const verdict = call.ok ? 'ok' : call.error_code === 429 ? 'limited' : 'bad';
  const latest = by('calls').firstElementChild;
  if (!call.ok && latest?.dataset.key === key && latest.dataset.verdict === verdict) {
    latest.dataset.times = String(Number(latest.dataset.times ?? 1) + 1);
    latest.querySelector('.verdict').textContent = `${described(call)} ×${latest.dataset.times}`;
  } else {
    by('calls').prepend(h('li', { class: verdict, 'data-key': key, 'data-verdict': verdict },
      h('code', {}, call.method), h('span', { class: 'target', dir: 'auto' }, target(call)),
      again ? h('span', { class: 'again' }, t('again')) : null, h('span', { class: 'verdict' }, described(call))));
  }
  while (by('calls').children.length > MOST_LINES) by('calls').lastElementChild.remove();
}

function described(call) {
  if (call.ok) return 'OK';
  return call.error_code ? `${call.error_code} ${call.description ?? ''}` : t('cut');
}

function target(call) {
  const chatId = Number(call.chat_id ?? call.params?.chat_id ?? 0);
  const who = store.customerOf(chatId) ?? (chatId === store.people().group.id ? store.people().group : null);
  const words = String(call.params?.text ?? call.params?.caption ?? call.params?.name ?? '').replace(/<[^>]*>/g, '');
  return [who ? `→ ${nameOf(who)}` : '', words.slice(0, 60)].filter(Boolean).join(' · ');
}
