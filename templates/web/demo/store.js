// What Telegram holds, as the page knows it: chats, their threads and messages, topics, what is unread.

import * as telegram from './telegram.js';

export const GENERAL = 0;
const chats = new Map();
const listeners = new Set();
let cast = null;
let synced = false;
let waiting = [];

export const people = () => cast;
export const chat = (id) => chats.get(id);
export const isGroup = (id) => id < 0;
export const customerOf = (id) => cast.customers.find((each) => each.id === id);

/** `notify(kind, facts)` is called after every change. */
export const watch = (notify) => listeners.add(notify);

function tell(kind, facts) {
  for (const notify of listeners) notify(kind, facts);
}

function place(id) {
  if (!chats.has(id)) {
    chats.set(id, { id, face: {}, blocked: false, members: {}, messages: new Map(), threads: new Map(), topics: new Map() });
  }
  return chats.get(id);
}

export function thread(chatId, threadId) {
  const threads = place(chatId).threads;
  if (!threads.has(threadId)) threads.set(threadId, { id: threadId, ids: [], unread: 0 });
  return threads.get(threadId);
}

/** The messages of a thread, oldest first, of which at most the last `most`. */
export function last(chatId, threadId, most) {
  const { messages } = place(chatId);
  return thread(chatId, threadId).ids.slice(-most).map((id) => messages.get(id));
}

export const messageOf = (chatId, id) => chats.get(chatId)?.messages.get(id);

export async function meet() {
  cast = await telegram.cast();
}

export function open() {
  telegram.listen(load, (kind, facts) => (synced ? take(kind, facts) : waiting.push([kind, facts])));
}

const FIRST = 120;

/** The state with the newest messages, then the older ones; what happens while it comes is taken afterwards. */
async function load() {
  synced = false;
  const ids = [...cast.customers.map((each) => each.id), cast.group.id];
  const [states, topics, ...lists] = await Promise.all([
    telegram.look('chats'),
    telegram.look(`topics/${cast.group.id}`),
    ...ids.map((id) => telegram.look(`chat/${id}?last=${FIRST}`)),
  ]);
  const unread = new Map([...chats.values()].map((each) => [each.id, each.threads]));
  chats.clear();
  for (const state of states) takeChat(state);
  for (const topic of topics) if (!topic.deleted) place(cast.group.id).topics.set(topic.thread_id, topic);
  lists.forEach((messages) => messages.forEach((message) => keep(message)));
  for (const [id, threads] of unread) for (const each of threads.values()) thread(id, each.id).unread = each.unread;
  synced = true;
  const late = waiting;
  waiting = [];
  for (const [kind, facts] of late) take(kind, facts);
  tell('loaded', {});
  for (const [at, id] of ids.entries()) if (lists[at].length === FIRST) await loadOlder(id, lists[at][0].message_id);
}

async function loadOlder(id, before) {
  const messages = await telegram.look(`chat/${id}`);
  for (const message of messages) if (message.message_id < before && !chats.get(id).messages.has(message.message_id)) keep(message);
}

function takeChat(state) {
  const { blocked, started, members, ...face } = state;
  Object.assign(place(state.id), { face, blocked, started, members });
}

function take(kind, facts) {
  if (kind === 'chat') takeChat(facts.chat);
  else if (kind === 'topic') {
    if (facts.action === 'delete') place(facts.chat_id).topics.delete(facts.thread_id);
  } else if (facts.message) {
    if (!isShown(facts.message.chat.id)) return;
    facts.isNew = keep(facts.message);
  }
  tell(kind, facts);
}

const isShown = (chatId) => chatId === cast.group.id || Boolean(customerOf(chatId));

/** Returns whether the message was not there before. */
function keep(message) {
  const here = place(message.chat.id);
  const there = here.messages.get(message.message_id);
  const threadId = message.thread_id ?? GENERAL;
  const { ids } = thread(here.id, threadId);
  message.version = (there?.version ?? 0) + 1;
  if (message.deleted) {
    here.messages.delete(message.message_id);
    const at = ids.lastIndexOf(message.message_id);
    if (at >= 0) ids.splice(at, 1);
    return false;
  }
  here.messages.set(message.message_id, message);
  if (!there) insert(ids, message.message_id);
  takeTopic(here, message);
  return !there;
}

function insert(ids, id) {
  let at = ids.length;
  while (at > 0 && ids[at - 1] > id) at -= 1;
  ids.splice(at, 0, id);
}

/** Service messages say what became of a topic. */
function takeTopic(here, message) {
  const threadId = message.thread_id;
  if (message.forum_topic_created) {
    const known = here.topics.get(threadId) ?? { closed: false };
    if (!known.name) here.topics.set(threadId, { ...known, thread_id: threadId, ...message.forum_topic_created });
  }
  const topic = here.topics.get(threadId);
  if (!topic) return;
  if (message.forum_topic_edited?.name) topic.name = message.forum_topic_edited.name;
  if (message.forum_topic_closed) topic.closed = true;
  if (message.forum_topic_reopened) topic.closed = false;
}

/** What the person below the input sees as keyboard: the last one that the bot showed and did not take away. */
export function replyKeyboard(chatId) {
  const here = chats.get(chatId);
  if (!here) return null;
  const { ids } = thread(chatId, GENERAL);
  for (let at = ids.length - 1; at >= 0; at -= 1) {
    const shown = here.messages.get(ids[at]).reply_keyboard;
    if (shown?.keyboard) return shown;
    if (shown?.remove_keyboard) return null;
  }
  return null;
}
