// What both sides share: pressing buttons, and what can be done with a message.

import { attempt, alertBox, openMenu, toast } from './menu.js';
import * as store from './store.js';
import * as telegram from './telegram.js';
import { t } from './words.js';

const PRESS_MS = 10_000;
const pressed = new Map();
// The answer may overtake the news that the press was taken.
const early = new Map();

/** The `on` of message.js for a side whose speaker is `who()` and whose input is `composer()`. */
export function doings({ who, composer, log, topic }) {
  return {
    press: (message, key, element) => press(who(), message, key, element),
    vote: (message, option) => attempt(() => telegram.act('vote', { user_id: who(), poll_id: message.poll.id, option_ids: [option] })),
    command: (text) => composer().say({ text }),
    menu: (message, anchor) => offer(message, anchor, who(), composer()),
    jump: (messageId) => log().jump(messageId),
    topic,
  };
}

async function press(userId, message, key, element) {
  if (key.url) {
    toast(key.url);
    return;
  }
  element.classList.add('waiting');
  const query = await attempt(() => send(userId, message, key.callback_data));
  if (query) expect(query.id, element);
  else element.classList.remove('waiting');
}

function expect(id, element) {
  pressed.set(id, element);
  if (early.has(id)) answered(early.get(id));
  setTimeout(() => settle(id), PRESS_MS);
}

const send = (userId, message, data) =>
  telegram.act('press', { user_id: userId, chat_id: message.chat.id, message_id: message.message_id, data });

function settle(id) {
  pressed.get(id)?.classList.remove('waiting');
  return pressed.delete(id);
}

/** The bot has answered a press: a note, an alert, or nothing to read. Only who pressed sees it. */
export function answered(facts) {
  if (!pressed.has(facts.id)) {
    early.set(facts.id, facts);
    setTimeout(() => early.delete(facts.id), PRESS_MS);
    return;
  }
  settle(facts.id);
  if (!facts.text) return;
  if (facts.show_alert) alertBox(facts.text);
  else toast(facts.text);
}

/** Press for the visitor, as the tour does. */
export async function pressFor(userId, message, data) {
  expect((await send(userId, message, data)).id, null);
}

function offer(message, anchor, from, composer) {
  const own = message.author === from;
  const items = [{ label: t('reply'), act: () => composer.replyTo(message) }];
  if (own && (message.text || message.caption) && !message.forward_origin) items.push({ label: t('edit'), act: () => composer.change(message) });
  if (own || !store.isGroup(message.chat.id)) items.push({
    label: t('delete'), danger: true,
    act: () => attempt(() => telegram.act('delete', { chat_id: message.chat.id, message_id: message.message_id })),
  });
  openMenu(anchor, items);
}

const TYPING_MS = 5000;

/** Show for a moment that the bot types. */
export function typing(element) {
  element.textContent = t('typing');
  element.classList.add('types');
  clearTimeout(element.timer);
  element.timer = setTimeout(() => { element.classList.remove('types'); element.dispatchEvent(new Event('calm')); }, TYPING_MS);
}
