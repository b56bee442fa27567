// The left side: two customers, each with a chat with the bot.

import { avatar, by, h, icon, nameOf, put } from './dom.js';
import { Composer } from './composer.js';
import { Log } from './log.js';
import { attempt, openMenu } from './menu.js';
import { doings, typing } from './pane.js';
import * as store from './store.js';
import * as telegram from './telegram.js';
import { spoken, t } from './words.js';

let open = null;
let log = null;
let composer = null;
let isSeen = () => true;

export const openCustomer = () => open;

/** `after(customer)` is called when a customer says something; `seen()` says whether this side is on the screen. */
export function start({ after, seen }) {
  isSeen = seen;
  const who = () => open;
  const view = { viewer: null, group: false, on: doings({ who, composer: () => composer, log: () => log }) };
  log = new Log(by('customer-log'), view);
  composer = new Composer(by('customer-composer'), {
    name: 'customer',
    where: () => open && { chatId: open, threadId: store.GENERAL, from: open },
    obstacle: ({ chatId }) => (store.chat(chatId)?.blocked ? { label: t('unblock'), act: () => block(false) } : null),
    after: () => after(store.customerOf(open)),
  });
  by('customer-menu').append(icon('more'));
  by('customer-menu').addEventListener('click', (event) => openMenu(event.currentTarget, menuItems()));
  by('customer-status').addEventListener('calm', drawHead);
  by('customer-tabs').addEventListener('keydown', (event) => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const other = store.people().customers.find((each) => each.id !== open);
      show(other.id);
      by(`tab-${other.id}`).focus();
    }
  });
  store.watch(take);
}

function take(kind, facts) {
  if (kind === 'loaded') {
    if (!open) show(store.people().customers[0].id);
    else log.show(open, store.GENERAL);
    redraw();
  } else if (facts.message && !store.isGroup(facts.message.chat.id)) {
    const chatId = facts.message.chat.id;
    if (chatId === open) {
      log.refresh();
      by('customer-status').classList.remove('types');
      composer.draw();
    }
    if (facts.isNew && facts.message.author !== chatId && !(chatId === open && isSeen())) store.thread(chatId, store.GENERAL).unread += 1;
    redraw();
  } else if (kind === 'chat') redraw();
  else if (kind === 'call' && facts.method === 'sendChatAction' && facts.ok && facts.chat_id === open) typing(by('customer-status'));
}

export function show(chatId) {
  open = chatId;
  log.view.viewer = chatId;
  log.show(chatId, store.GENERAL);
  composer.moved();
  read();
}

/** What is on the screen is read. */
export function read() {
  if (open && isSeen()) store.thread(open, store.GENERAL).unread = 0;
  redraw();
}

export function redraw() {
  if (!open) return;
  drawTabs();
  drawHead();
  composer.draw();
}

export const relabel = () => { log.refresh(); redraw(); };
export const unread = () => store.people().customers.reduce((sum, each) => sum + store.thread(each.id, store.GENERAL).unread, 0);
export const write = (text) => composer.suggest(text);

function drawTabs() {
  const sign = store.people().customers.map((each) => `${nameOf(each)}.${store.thread(each.id, store.GENERAL).unread}`).join() + open + spoken();
  if (sign === drawTabs.sign) return;
  drawTabs.sign = sign;
  const tabs = store.people().customers.map((each) => {
    const { unread: count } = store.thread(each.id, store.GENERAL);
    const chosen = each.id === open;
    return h('button', {
      type: 'button', role: 'tab', id: `tab-${each.id}`, 'aria-selected': chosen, 'aria-controls': 'customer-panel',
      tabindex: chosen ? '0' : '-1', onclick: () => show(each.id),
    }, avatar(each, 'small'), h('span', { class: 'tab-name', dir: 'auto' }, nameOf(each)),
    h('span', { class: 'tag' }, each.language_code.startsWith('zh') ? '中文' : 'English'),
    count ? h('span', { class: 'unread' }, String(count), h('span', { class: 'only-read' }, ` ${t('unread')}`)) : null);
  });
  const hadFocus = by('customer-tabs').contains(document.activeElement);
  by('customer-tabs').replaceChildren(...tabs);
  if (hadFocus) by(`tab-${open}`).focus();
  by('customer-panel').setAttribute('aria-labelledby', `tab-${open}`);
}

function drawHead() {
  const bot = store.people().bot;
  if (!by('customer-avatar').firstChild) by('customer-avatar').append(avatar(bot));
  put(by('customer-peer'), nameOf(bot));
  if (!by('customer-status').classList.contains('types')) {
    put(by('customer-status'), store.chat(open)?.blocked ? t('is_blocked') : t('is_bot'));
  }
}

const block = (blocked) => attempt(() => telegram.act('block', { user_id: open, blocked }));

function menuItems() {
  const { blocked } = store.chat(open);
  return [
    { label: '/start', act: () => composer.say({ text: '/start' }) },
    { label: '/mycases', act: () => composer.say({ text: '/mycases' }) },
    { label: '/language', act: () => composer.say({ text: '/language' }) },
    { label: '/privacy', act: () => composer.say({ text: '/privacy' }) },
    { label: t(blocked ? 'unblock' : 'block'), danger: !blocked, act: () => block(!blocked) },
  ];
}
