// One row of a chat: a bubble (or an album in one), or a line that Telegram itself writes.

import { colourOf, h, icon, nameOf, avatar } from './dom.js';
import { formatted } from './entities.js';
import { album, carried, unknownKind } from './media.js';
import { clockTime, t } from './words.js';

/** The words of a message, for previews; what has none is named by its kind. */
export function summary(message) {
  const words = message.text ?? message.caption;
  if (words) return words.length > 160 ? `${words.slice(0, 160)}…` : words;
  const line = serviceLine(message);
  if (line) return line;
  const kind = ['photo', 'video', 'animation', 'voice', 'audio', 'video_note', 'sticker', 'venue', 'location', 'contact', 'poll', 'dice', 'document']
    .find((each) => message[each]);
  return kind === 'sticker' ? `${message.sticker.emoji ?? ''} ${t('kind_sticker')}`.trim() : t(`kind_${kind ?? 'other'}`);
}

/** What Telegram writes in the middle of a chat, or null for people's and bots' words. */
export function serviceLine(message) {
  const name = nameOf(message.from);
  if (message.forum_topic_created) return t('topic_created', { name, topic: message.forum_topic_created.name });
  if (message.forum_topic_edited) return t('topic_renamed', { name, topic: message.forum_topic_edited.name ?? '' });
  if (message.forum_topic_closed) return t('topic_closed', { name });
  if (message.forum_topic_reopened) return t('topic_reopened', { name });
  if (message.left_chat_member) return t('left_group', { name: nameOf(message.left_chat_member) });
  if (message.new_chat_members) return t('joined_group', { name: message.new_chat_members.map(nameOf).join(', ') });
  if (message.pinned_message) return t('pinned', { name, words: summary(message.pinned_message).slice(0, 60) });
  if (message.new_chat_title) return t('renamed_group', { name, title: message.new_chat_title });
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return t('group_moved');
  return null;
}

/**
 * `row`: {messages, joined} - an album has several messages; joined: the same person goes on talking.
 * `view`: {viewer, group, on: {press, command, topic, menu, jump, vote}}.
 */
export function drawRow(row, view) {
  const [first] = row.messages;
  const line = serviceLine(first);
  if (line !== null) {
    return h('div', { class: 'row service', 'data-id': first.message_id }, h('span', { class: 'pill', dir: 'auto' }, line));
  }
  const mine = first.author === view.viewer;
  const classes = `row ${mine ? 'mine' : 'theirs'} ${row.joined ? 'joined' : ''}`;
  const bubble = drawBubble(row, view, mine);
  const more = h('button', { type: 'button', class: 'more', tabindex: '-1', 'aria-label': t('message_menu'), onclick: (event) => view.on.menu(first, event.currentTarget) }, icon('more'));
  const face = view.group && !mine ? h('div', { class: 'face' }, row.joined ? null : avatar(first.from, 'small')) : null;
  const stack = h('div', { class: 'stack' }, bubble, inlineKeyboard(row.messages.at(-1), view), reactions(first));
  const element = h('div', { class: classes, 'data-id': first.message_id, tabindex: '-1', role: 'article', 'aria-label': spokenLabel(row, mine) }, face, stack, more);
  element.addEventListener('contextmenu', (event) => {
    event.preventDefault();
    view.on.menu(first, more);
  });
  return element;
}

function spokenLabel(row, mine) {
  const [first] = row.messages;
  return `${mine ? t('you') : nameOf(first.sender_chat ?? first.from)}, ${clockTime(first.date)}`;
}

function drawBubble(row, view, mine) {
  const [first] = row.messages;
  const captioned = row.messages.find((each) => each.caption) ?? first;
  const content = row.messages.length > 1 ? album(row.messages) : carried(first, view.on);
  const words = wordsOf(captioned, view);
  const only = content !== null && !words;
  const bare = only && (first.sticker || first.video_note || first.dice);
  const sender = first.sender_chat ?? first.from;
  return h('div', { class: `bubble ${bare ? 'bare' : ''} ${only ? 'only-media' : ''} ${first.photo || first.video || row.messages.length > 1 ? 'framed' : ''}` },
    view.group && !mine && !row.joined ? h('div', { class: `sender ink-${colourOf(sender.id)}`, dir: 'auto' }, nameOf(sender)) : null,
    forwarded(first), quoted(first, view), content, words,
    h('span', { class: 'meta' }, row.messages.some((each) => each.edited) ? h('span', {}, t('edited')) : null,
      h('time', {}, clockTime(first.date)), mine ? h('span', { class: 'tick', 'aria-hidden': 'true' }, '✓') : null));
}

function wordsOf(message, view) {
  const words = message.text ?? message.caption;
  if (words) {
    return h('div', { class: 'words', dir: 'auto' }, formatted(words, message.text ? message.entities : message.caption_entities, view.on));
  }
  const kind = unknownKind(message);
  return kind ? h('div', { class: 'words quiet' }, t('unknown_kind', { kind })) : null;
}

function forwarded(message) {
  const origin = message.forward_origin;
  if (!origin) return null;
  const name = origin.sender_user_name ?? nameOf(origin.sender_user ?? origin.sender_chat ?? origin.chat);
  return h('div', { class: 'forwarded', dir: 'auto' }, t('forwarded', { name }));
}

function quoted(message, view) {
  const other = message.reply_to_message;
  // In a topic everything answers the topic's first message, which says nothing.
  if (!other || other.forum_topic_created) return null;
  return h('button', { type: 'button', class: `quoted edge-${colourOf(other.from?.id ?? 0)}`, onclick: () => view.on.jump(other.message_id) },
    h('span', { class: `quoted-name ink-${colourOf(other.from?.id ?? 0)}`, dir: 'auto' }, nameOf(other.from)),
    h('span', { class: 'quoted-words', dir: 'auto' }, message.quote?.text ?? summary(other)));
}

function inlineKeyboard(message, view) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return h('div', { class: 'inline-keyboard' }, rows.map((buttons) => h('div', { class: 'button-row' },
    buttons.map((each) => h('button', { type: 'button', dir: 'auto', onclick: (event) => view.on.press(message, each, event.currentTarget) }, each.text)))));
}

function reactions(message) {
  const all = Object.values(message.reactions ?? {}).flat().map((each) => each.emoji).filter(Boolean);
  if (!all.length) return null;
  const counted = new Map();
  for (const emoji of all) counted.set(emoji, (counted.get(emoji) ?? 0) + 1);
  return h('div', { class: 'reactions' }, [...counted].map(([emoji, count]) => h('span', {}, `${emoji} ${count}`)));
}
