// The list of a chat's messages. Only the newest are drawn; scrolling up draws more, so thousands stay smooth.

import { h } from './dom.js';
import { drawRow } from './message.js';
import * as store from './store.js';
import { dayName, dayOf, spoken } from './words.js';

const PAGE = 60;
const NEAR_TOP = 600; // pixels
const NEAR_BOTTOM = 80;
const SAME_TALK_SECONDS = 600;

export class Log {
  /** `view` as in message.js; `element` scrolls. */
  constructor(element, view) {
    this.element = element;
    this.view = view;
    this.rows = h('div', { class: 'rows' });
    this.drawn = new Map();
    this.most = PAGE;
    this.isDue = false;
    this.stays = true;
    this.below = 0;
    element.append(this.rows);
    element.addEventListener('scroll', () => this.scrolled(), { passive: true });
    element.addEventListener('keydown', (event) => this.keyed(event));
    const sizes = new ResizeObserver(() => this.stays && this.toEnd());
    sizes.observe(element);
    sizes.observe(this.rows);
  }

  /** Show another thread; its newest message is in view. */
  show(chatId, threadId) {
    Object.assign(this, { chatId, threadId, most: PAGE, stays: true, length: undefined });
    this.rows.replaceChildren();
    this.drawn.clear();
    this.draw();
  }

  /** Draw soon; several changes are drawn together. */
  refresh() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.draw();
    });
  }

  draw() {
    if (this.threadId === undefined) return;
    this.grow();
    const wanted = grouped(store.last(this.chatId, this.threadId, this.most));
    const keys = new Set(wanted.map((row) => row.key));
    for (const [key, { element }] of this.drawn) if (!keys.has(key)) element.remove();
    const kept = new Map();
    let at = this.rows.firstChild;
    for (const row of wanted) {
      const there = this.drawn.get(row.key);
      const entry = there?.sign === this.sign(row) ? there : { sign: this.sign(row), element: this.make(row) };
      kept.set(row.key, entry);
      if (entry.element === at) at = at.nextSibling;
      else if (there && entry !== there && there.element === at) {
        at = at.nextSibling;
        there.element.replaceWith(entry.element);
      } else this.rows.insertBefore(entry.element, at);
    }
    for (const [key, { element }] of kept) if (this.drawn.get(key)?.element !== element) this.drawn.get(key)?.element.remove();
    this.drawn = kept;
    if (this.stays) this.toEnd();
    else if (this.below) this.element.scrollTop = this.element.scrollHeight - this.below;
    this.below = 0;
  }

  /** New messages do not push drawn ones out, until there are too many. */
  grow() {
    const { length } = store.thread(this.chatId, this.threadId).ids;
    this.most += Math.max(0, length - (this.length ?? length));
    this.length = length;
    if (this.stays && this.most > 4 * PAGE) this.most = PAGE;
  }

  sign(row) {
    const versions = row.messages?.map((each) => `${each.message_id}.${each.version}`).join();
    return `${versions ?? row.day}|${row.joined}|${this.view.viewer}|${spoken()}`;
  }

  make(row) {
    if (row.day) return h('div', { class: 'row day' }, h('span', { class: 'pill' }, row.day));
    return drawRow(row, this.view);
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const size = `${scrollHeight} ${clientHeight}`;
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM) this.stays = true;
    // Only a person scrolls up; when sizes change, the browser moves what is in view by itself.
    else if (size === this.size && scrollTop < this.top) this.stays = false;
    Object.assign(this, { size, top: scrollTop });
    if (!this.stays && scrollTop < NEAR_TOP && this.most < store.thread(this.chatId, this.threadId).ids.length) {
      this.most += PAGE;
      this.below = scrollHeight - scrollTop; // what is in view stays where it is
      this.refresh();
    }
  }

  /** Bring a message into view and let it flash. */
  jump(messageId) {
    const { ids } = store.thread(this.chatId, this.threadId);
    const at = ids.indexOf(messageId);
    if (at < 0) return;
    this.most = Math.max(this.most, ids.length - at + PAGE / 2);
    this.draw();
    const element = this.rows.querySelector(`[data-id="${Number(messageId)}"]`);
    this.stays = false;
    element?.scrollIntoView({ block: 'center' });
    element?.classList.add('flash');
    setTimeout(() => element?.classList.remove('flash'), 1500);
  }

  /** Arrows walk along the messages, Enter opens what can be done with one. */
  keyed(event) {
    const rows = [...this.rows.querySelectorAll('.row[tabindex]')];
    const now = rows.indexOf(event.target);
    if (event.target !== this.element && now < 0) return;
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      const step = event.key === 'ArrowUp' ? -1 : 1;
      rows[now < 0 ? rows.length - 1 : Math.min(rows.length - 1, Math.max(0, now + step))]?.focus();
      event.preventDefault();
    } else if (event.key === 'Enter' && now >= 0) {
      rows[now].querySelector('.more')?.click();
      event.preventDefault();
    }
  }
}

/** Messages as rows: albums in one, a line where a new day begins. */
function grouped(messages) {
  const rows = [];
  let before = null;
  for (const message of messages) {
    if (!before || dayOf(before.date) !== dayOf(message.date)) rows.push({ key: `day ${dayOf(message.date)}`, day: dayName(message.date) });
    const open = rows.at(-1);
    if (before && message.media_group_id && message.media_group_id === before.media_group_id && open.messages) {
      open.messages.push(message);
    } else rows.push({ key: message.message_id, messages: [message], joined: goesOn(before, message) });
    before = message;
  }
  return rows;
}

function goesOn(before, message) {
  return Boolean(before) && before.author === message.author && message.date - before.date < SAME_TALK_SECONDS
    && dayOf(before.date) === dayOf(message.date) && Boolean(before.text ?? before.caption ?? before.media_group_id)
    && !before.forum_topic_created;
}
