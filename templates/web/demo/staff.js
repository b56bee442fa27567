// The right side: the staff group, a forum with a topic for each customer, and the open topic.

import { avatar, by, h, icon, nameOf, put } from './dom.js';
import { Composer } from './composer.js';
import { Log } from './log.js';
import { attempt, openMenu } from './menu.js';
import { summary } from './message.js';
import { doings } from './pane.js';
import * as store from './store.js';
import * as telegram from './telegram.js';
import { clockTime, t } from './words.js';

let open = null;
let agent = null;
let log = null;
let composer = null;
let isSeen = () => true;
// The name of the customer who has just spoken: their topic is opened once the bot writes there, unless somebody writes
// here; what it tells the others meanwhile opens nothing.
let follows = null;

export const openTopic = () => open;
export const speaker = () => agent;

export function start({ seen }) {
  isSeen = seen;
  const on = doings({ who: () => agent, composer: () => composer, log: () => log, topic: show });
  log = new Log(by('staff-log'), { viewer: null, group: true, on });
  composer = new Composer(by('staff-composer'), {
    name: 'staff',
    where: () => (open === null ? null : { chatId: store.people().group.id, threadId: open, from: agent }),
    obstacle,
    after: () => { follows = null; },
  });
  by('topic-menu').append(icon('more'));
  by('topic-back').append(icon('back'));
  by('topic-menu').addEventListener('click', (event) => openMenu(event.currentTarget, menuItems()));
  by('topic-back').addEventListener('click', () => { document.body.classList.remove('in-topic'); by('topics').querySelector('button')?.focus(); });
  by('agent').addEventListener('change', (event) => speakAs(Number(event.target.value)));
  store.watch(take);
}

export function speakAs(id) {
  agent = id;
  by('agent').value = String(id);
  log.view.viewer = id;
  log.refresh();
  composer.draw();
}

/** This customer has spoken on the page: what follows from it is what the visitor wants to see. */
export function follow(customer) {
  follows = nameOf(customer);
}

const group = () => store.people().group;

function take(kind, facts) {
  if (kind === 'loaded') {
    loaded();
  } else if (facts.message?.chat.id === group().id) {
    const threadId = facts.message.thread_id ?? store.GENERAL;
    if (facts.isNew && facts.message.author === store.people().bot.id) mayFollow(threadId);
    if (threadId === open) log.refresh();
    if (facts.isNew && facts.message.author !== agent && !(threadId === open && isSeen())) store.thread(group().id, threadId).unread += 1;
    redraw();
  } else if (kind === 'topic' || kind === 'chat') {
    if (facts.action === 'delete' && facts.thread_id === open) show(store.GENERAL);
    redraw();
  }
}

function loaded() {
  if (agent === null) {
    by('agent').replaceChildren(...store.people().agents.map((each) => h('option', { value: each.id }, nameOf(each))));
    speakAs(store.people().agents[0].id);
  }
  const topics = [...store.chat(group().id).topics.values()];
  show(open !== null && (open === store.GENERAL || topics.some((each) => each.thread_id === open)) ? open : (topics.at(-1)?.thread_id ?? store.GENERAL), false);
}

function mayFollow(threadId) {
  const idle = !by('staff-input').value && document.activeElement !== by('staff-input');
  const isTheirs = follows !== null && store.chat(group().id).topics.get(threadId)?.name.includes(follows);
  if (threadId !== store.GENERAL && threadId !== open && idle && (isTheirs || open === store.GENERAL)) show(threadId, false);
  if (isTheirs) follows = null;
}

/** Open a topic; `enter`: on a phone, go from the list into it. */
export function show(threadId, enter = true) {
  if (open !== threadId || !log.threadId) {
    open = threadId;
    log.show(group().id, threadId);
    composer.moved();
  }
  if (enter) document.body.classList.add('in-topic');
  read();
}

export function read() {
  if (open !== null && isSeen()) store.thread(group().id, open).unread = 0;
  redraw();
}

export function redraw() {
  if (open === null) return;
  drawTopics();
  drawHead();
  composer.draw();
}

export const relabel = () => { log.refresh(); redraw(); };
export const write = (...texts) => composer.suggest(...texts);
export const say = (text) => composer.say({ text });

export function unread() {
  return [...store.chat(group().id).threads.values()].reduce((sum, each) => sum + each.unread, 0);
}

const newest = (threadId) => store.last(group().id, threadId, 1)[0];

function drawTopics() {
  const here = store.chat(group().id);
  const topics = [...here.topics.values()].sort((a, b) => (newest(b.thread_id)?.message_id ?? 0) - (newest(a.thread_id)?.message_id ?? 0));
  const all = [...topics, { thread_id: store.GENERAL, name: t('general'), icon_color: null }];
  const sign = all.map((each) => `${each.thread_id}.${each.name}.${each.closed}.${newest(each.thread_id)?.message_id}.${newest(each.thread_id)?.version}.${store.thread(here.id, each.thread_id).unread}`).join() + open;
  if (sign === drawTopics.sign) return;
  drawTopics.sign = sign;
  const focused = document.activeElement?.dataset?.topic;
  by('topics').replaceChildren(...all.map(drawTopic));
  if (focused) by('topics').querySelector(`[data-topic="${Number(focused)}"]`)?.focus();
}

function drawTopic(topic) {
  const message = newest(topic.thread_id);
  const { unread: count } = store.thread(group().id, topic.thread_id);
  const colour = topic.icon_color ? `#${topic.icon_color.toString(16).padStart(6, '0')}` : null;
  const sign = topic.thread_id === store.GENERAL ? '#' : Array.from(topic.name)[0];
  return h('li', {}, h('button', {
    type: 'button', class: 'topic', 'data-topic': topic.thread_id, 'aria-current': topic.thread_id === open ? 'true' : null, onclick: () => show(topic.thread_id),
  }, h('span', { class: 'topic-sign', 'aria-hidden': 'true', style: colour ? { '--topic': colour } : {} }, sign),
  h('span', { class: 'topic-name', dir: 'auto' }, topic.name, topic.closed ? ` (${t('closed')})` : ''),
  h('span', { class: 'topic-time' }, message ? clockTime(message.date) : ''),
  h('span', { class: 'topic-last', dir: 'auto' }, message ? `${nameOf(message.from)}: ${summary(message)}` : ''),
  count ? h('span', { class: 'unread' }, String(count), h('span', { class: 'only-read' }, ` ${t('unread')}`)) : null));
}

function drawHead() {
  const topic = store.chat(group().id).topics.get(open);
  const present = Object.values(store.chat(group().id).members).filter((each) => each !== 'left' && each !== 'kicked').length;
  put(by('group-name'), nameOf(group()));
  if (!by('group-avatar').firstChild) by('group-avatar').append(avatar(group()));
  put(by('group-members'), t('members', { count: present }));
  put(by('topic-title'), topic?.name ?? t('general'));
}

const has = () => !['left', 'kicked', undefined].includes(store.chat(group().id).members[agent]);

function obstacle() {
  if (has()) return null;
  const join = () => attempt(() => telegram.act('member', { chat_id: group().id, user_id: agent, status: 'member' }));
  return { label: t('join', { name: nameOf(store.people().agents.find((each) => each.id === agent)) }), act: join };
}

function menuItems() {
  const topic = store.chat(group().id).topics.get(open);
  const act = (action) => attempt(() => telegram.act('topic', { chat_id: group().id, thread_id: open, action, by: agent }));
  const items = ['/case', '/claim', '/close', '/reopen', '/help'].map((text) => ({ label: text, act: () => say(text) }));
  if (topic) {
    items.push({ label: t(topic.closed ? 'topic_reopen' : 'topic_close'), act: () => act(topic.closed ? 'reopen' : 'close') });
    items.push({ label: t('topic_delete'), danger: true, act: () => act('delete') });
  }
  if (has()) items.push({ label: t('leave'), danger: true, act: () => attempt(() => telegram.act('member', { chat_id: group().id, user_id: agent, status: 'left' })) });
  return items;
}
