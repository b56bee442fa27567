// Telegram's formatting: a text and its entities (offsets in UTF-16 units, as in JavaScript) as elements.

import { h, webAddress } from './dom.js';
import { t } from './words.js';

const TAGS = {
  bold: 'strong', italic: 'em', underline: 'u', strikethrough: 's', code: 'code', pre: 'pre',
  blockquote: 'blockquote', expandable_blockquote: 'blockquote',
};

/** `on.command(text)` and `on.topic(threadId)` are what a press on a command or on a topic's address does. */
export function formatted(text, entities = [], on = {}) {
  const ordered = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return nest(text, 0, text.length, ordered, on);
}

function nest(text, from, to, entities, on) {
  const out = document.createDocumentFragment();
  let at = from;
  let next = 0;
  while (next < entities.length) {
    const entity = entities[next];
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    next += 1;
    if (start >= end) continue;
    const inside = [];
    while (next < entities.length && entities[next].offset < end) inside.push(entities[next++]);
    out.append(text.slice(at, start));
    out.append(wrap(entity, text.slice(start, end), nest(text, start, end, inside, on), on));
    // A quotation stands on lines of its own: the line end behind it is no empty line.
    at = end + (entity.type.endsWith('blockquote') && text[end] === '\n' && end < to ? 1 : 0);
  }
  out.append(text.slice(at, to));
  return out;
}

function wrap(entity, text, content, on) {
  if (TAGS[entity.type]) return h(TAGS[entity.type], {}, content);
  switch (entity.type) {
    case 'spoiler':
      return spoiler(content);
    case 'text_link':
      return link(entity.url, content, on);
    case 'url':
      return link(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`, content, on);
    case 'bot_command':
      return on.command ? h('button', { class: 'link', type: 'button', onclick: () => on.command(text) }, content) : content;
    case 'mention': case 'text_mention': case 'hashtag': case 'cashtag': case 'email': case 'phone_number':
      return h('span', { class: 'marked' }, content);
    default:
      return content;
  }
}

function spoiler(content) {
  const hidden = h('button', { class: 'spoiler', type: 'button', 'aria-label': t('spoiler'), 'aria-expanded': 'false' }, content);
  hidden.addEventListener('click', () => {
    hidden.setAttribute('aria-expanded', 'true');
    hidden.removeAttribute('aria-label');
  });
  return hidden;
}

/** Addresses of topics in our own group lead there; other addresses open beside the page. */
function link(address, content, on) {
  const url = webAddress(address);
  if (!url) return h('span', { class: 'marked' }, content);
  const topic = /^https:\/\/t\.me\/c\/\d+\/(\d+)/.exec(url);
  if (topic && on.topic) {
    return h('button', { class: 'link', type: 'button', onclick: () => on.topic(Number(topic[1])) }, content);
  }
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, content);
}
