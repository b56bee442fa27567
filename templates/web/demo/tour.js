// The guided tour: a minute in which the page plays a case by itself, and says what is to be seen.

import * as customers from './customers.js';
import { by, nameOf } from './dom.js';
import * as engine from './engine.js';
import { pressFor } from './pane.js';
import * as staff from './staff.js';
import * as store from './store.js';
import * as telegram from './telegram.js';
import { t, tourSteps } from './words.js';

const STEP_MS = 7000;
const WAIT_MS = 9000;
const TYPE_MS = 28;
let running = null;
let showPane = () => {};
let said = {};

/** `pane(name)` brings a side into view; `lines` is what people say, in the shop's language. */
export function start({ pane, lines }) {
  showPane = pane;
  said = lines;
  by('tour').addEventListener('click', () => (running ? stop() : play()));
  by('tour-stop').addEventListener('click', stop);
}

export function stop() {
  if (!running) return;
  running.stopped = true;
  running = null;
  by('tour-card').hidden = true;
  label();
  by('tour').focus();
}

export function label() {
  by('tour').textContent = t(running ? 'tour_stop' : 'tour');
  by('tour').setAttribute('aria-pressed', String(Boolean(running)));
}

async function play() {
  const me = (running = { stopped: false });
  by('tour-card').hidden = false;
  label();
  const steps = tourSteps({ agent: nameOf(agent()) });
  for (const [number, step] of steps.entries()) {
    by('tour-words').textContent = step.text;
    by('tour-progress').textContent = `${number + 1} / ${steps.length}`;
    showPane(step.pane);
    const enough = pause(STEP_MS);
    await STEPS[step.does]?.(me);
    await enough;
    if (me.stopped) return;
  }
  stop();
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Wait until `look()` finds something; null when it does not come or the tour was stopped. */
async function until(me, look) {
  const end = performance.now() + WAIT_MS;
  while (!me.stopped && performance.now() < end) {
    const found = look();
    if (found) return found;
    await pause(60);
  }
  return null;
}

const customer = () => store.people().customers[0];
const agent = () => store.people().agents[0];
const groupId = () => store.people().group.id;

function newest(chatId, fits) {
  const messages = [...store.chat(chatId).messages.values()];
  return messages.reverse().find(fits);
}

const has = (start) => (message) => dataOf(message, start) !== undefined;

function dataOf(message, start, end = '') {
  const keys = (message.reply_markup?.inline_keyboard ?? []).flat();
  return keys.map((key) => key.callback_data ?? '').find((data) => data.startsWith(start) && data.endsWith(end));
}

async function type(me, inputId, text) {
  const input = by(inputId);
  for (let length = 1; length <= text.length && !me.stopped; length += 1) {
    input.value = text.slice(0, length);
    await pause(TYPE_MS);
  }
  input.value = '';
}

const say = (facts) => telegram.act('say', facts);

const STEPS = {
  async complain(me) {
    customers.show(customer().id);
    await pause(1500);
    const key = store.replyKeyboard(customer().id)?.keyboard[0][0].text;
    if (key && !me.stopped) await say({ from_id: customer().id, text: key });
    await pause(1500);
    await type(me, 'customer-input', said.complaint);
    if (!me.stopped) await say({ from_id: customer().id, text: said.complaint });
  },
  async card(me) {
    const card = await until(me, () => newest(groupId(), (each) => has('claim:')(each)));
    if (!card) return;
    Object.assign(me, { card, thread: card.thread_id });
    staff.show(card.thread_id);
  },
  async answer(me) {
    if (!me.card) return;
    await pressFor(agent().id, me.card, dataOf(me.card, 'claim:'));
    await type(me, 'staff-input', said.answer);
    if (!me.stopped) await say({ from_id: agent().id, chat_id: groupId(), thread_id: me.thread, text: said.answer });
  },
  async kill(me) {
    // Late in this step, so that it is still away when the customer writes in the next one.
    await pause(STEP_MS - 1500);
    if (!me.stopped) await telegram.order('kill');
  },
  async meanwhile(me) {
    await type(me, 'customer-input', said.meanwhile);
    if (!me.stopped) await say({ from_id: customer().id, text: said.meanwhile });
  },
  async back(me) {
    await until(me, () => engine.demoState()?.bot === 'running');
    await until(me, () => newest(groupId(), (each) => each.text?.includes(said.meanwhile)));
  },
  async resolve(me) {
    if (!me.thread || me.stopped) return;
    await say({ from_id: agent().id, chat_id: groupId(), thread_id: me.thread, text: `/resolve ${said.resolution}` });
  },
  async score(me) {
    const asked = await until(me, () => newest(customer().id, (each) => dataOf(each, 'q:', ':2')));
    await pause(2500);
    if (asked && !me.stopped) await pressFor(customer().id, asked, dataOf(asked, 'q:', ':2'));
  },
};
