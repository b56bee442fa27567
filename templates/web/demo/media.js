// What a message carries beside its words: pictures, files, voice, places, polls.

import { avatar, h, icon } from './dom.js';
import { fileAddress } from './telegram.js';
import { duration, size, t } from './words.js';

const WIDEST = 320;
const TALLEST = 340;
export const PICTURES = ['photo', 'video', 'animation'];

/** The element for what the message carries; null for words alone. `on.vote(message, option)` votes. */
export function carried(message, on) {
  for (const [kind, draw] of Object.entries(DRAW)) {
    if (message[kind] !== undefined && !(kind === 'document' && message.animation) && !(kind === 'location' && message.venue)) {
      return draw(message[kind], message, on);
    }
  }
  return null;
}

const SPOKEN = new Set(['text', 'caption']);
const ABOUT = new Set([
  ...['message_id', 'chat', 'date', 'from', 'entities', 'caption_entities', 'message_thread_id', 'is_topic_message'],
  ...['reply_to_message', 'reply_markup', 'thread_id', 'deleted', 'edited', 'former', 'pinned', 'reactions', 'version'],
  ...['reply_keyboard', 'author', 'edit_date', 'media_group_id', 'forward_origin', 'link_preview_options', 'quote'],
  ...['external_reply', 'sender_chat', 'via_bot', 'has_protected_content', 'has_media_spoiler', 'effect_id'],
]);

/** The kind of a message that we draw nothing for: "story", "invoice" ...; null for one that we do. */
export function unknownKind(message) {
  const known = (key) => SPOKEN.has(key) || ABOUT.has(key) || key in DRAW;
  const kinds = Object.keys(message).filter((key) => !known(key));
  return Object.keys(message).some((key) => SPOKEN.has(key) || key in DRAW) ? null : (kinds[0] ?? null);
}

/** Several pictures in one frame. */
export function album(messages) {
  const tiles = messages.map((message) => {
    const kind = PICTURES.find((each) => message[each]);
    return h('div', { class: 'tile' }, kind ? picture(message[kind], kind) : null);
  });
  return h('div', { class: `album of-${Math.min(messages.length, 4)}` }, tiles);
}

function fitted(width = 4, height = 3) {
  const scale = Math.min(WIDEST / width, TALLEST / height, 1.0e9);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** A picture; what has no bytes of its own (the sandbox makes up people's media) is drawn as an empty frame. */
function picture(face, kind) {
  const shown = Array.isArray(face) ? face.at(-1) : face;
  const { width, height } = fitted(shown.width, shown.height);
  const frame = h('div', { class: `picture ${kind}`, style: { '--width': `${width}px`, '--ratio': `${width} / ${height}` } });
  if (kind === 'photo') {
    const img = h('img', { src: fileAddress(shown.file_id), alt: t('kind_photo'), width, height, decoding: 'async' });
    img.addEventListener('error', () => img.replaceWith(emptyFrame(kind)));
    frame.append(img);
  } else {
    frame.append(emptyFrame(kind), h('span', { class: 'badge' }, kind === 'animation' ? 'GIF' : duration(shown.duration)));
  }
  return frame;
}

function emptyFrame(kind) {
  const sign = icon(kind === 'photo' ? 'picture' : 'play');
  return h('div', { class: 'empty-frame', role: 'img', 'aria-label': t(`kind_${kind}`) }, sign);
}

function attached(sign, title, below, extra = null) {
  return h('div', { class: 'attached' }, h('span', { class: 'attached-sign' }, icon(sign)),
    h('div', { class: 'attached-words' }, h('span', { class: 'attached-title', dir: 'auto' }, title), extra,
      h('span', { class: 'attached-below' }, below)));
}

const BARS = 32;

function voice(face) {
  let seed = [...String(face.file_unique_id)].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
  const bars = Array.from({ length: BARS }, () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return h('i', { style: { '--high': String(0.2 + 0.8 * (seed / 2147483648)) } });
  });
  const wave = h('span', { class: 'wave', role: 'img', 'aria-label': t('kind_voice') }, bars);
  return h('div', { class: 'attached voice' }, h('span', { class: 'attached-sign' }, icon('play')),
    h('div', { class: 'attached-words' }, wave, h('span', { class: 'attached-below' }, duration(face.duration))));
}

function document_(face) {
  const save = h('a', { href: fileAddress(face.file_id), download: face.file_name ?? 'file' }, face.file_name ?? t('kind_document'));
  return attached('file', save, size(face.file_size ?? 0));
}

function sticker(face) {
  return h('div', { class: 'sticker', role: 'img', 'aria-label': t('kind_sticker') }, face.emoji ?? '\u{1F44D}');
}

function where(place, message) {
  const numbers = `${Number(place.latitude).toFixed(4)}, ${Number(place.longitude).toFixed(4)}`;
  const map = h('div', { class: 'map', role: 'img', 'aria-label': t('kind_location') }, icon('pin'));
  const venue = message.venue;
  return h('div', { class: 'place' }, map,
    venue ? h('span', { class: 'attached-title', dir: 'auto' }, venue.title) : null,
    h('span', { class: 'attached-below', dir: 'auto' }, venue ? venue.address : numbers));
}

function contact(face) {
  return h('div', { class: 'attached' }, avatar({ ...face, id: face.user_id ?? face.phone_number.length }),
    h('div', { class: 'attached-words' }, h('span', { class: 'attached-title', dir: 'auto' }, [face.first_name, face.last_name].filter(Boolean).join(' ')),
      h('span', { class: 'attached-below' }, face.phone_number)));
}

function poll(face, message, on) {
  const votes = Math.max(1, face.total_voter_count);
  const options = face.options.map((option, number) => {
    const share = Math.round((100 * option.voter_count) / votes);
    return h('button', { type: 'button', class: 'option', disabled: face.is_closed, style: { '--share': `${share}%` }, onclick: () => on.vote(message, number) },
      h('span', { class: 'share' }, face.total_voter_count ? `${share}%` : ''), h('span', { dir: 'auto' }, option.text));
  });
  const kind = t(face.is_closed ? 'poll_closed' : face.is_anonymous ? 'poll_anonymous' : 'kind_poll');
  return h('div', { class: 'poll' }, h('strong', { dir: 'auto' }, face.question), h('span', { class: 'attached-below' }, kind),
    options, h('span', { class: 'attached-below' }, t('votes', { count: face.total_voter_count })));
}

const DRAW = {
  photo: (face) => picture(face, 'photo'),
  video: (face) => picture(face, 'video'),
  animation: (face) => picture(face, 'animation'),
  video_note: (face) => h('div', { class: 'video-note' }, emptyFrame('video_note'), h('span', { class: 'badge' }, duration(face.duration))),
  sticker,
  voice,
  audio: (face) => attached('note', face.title ?? face.file_name ?? t('kind_audio'), `${face.performer ?? ''} ${duration(face.duration)}`),
  document: document_,
  venue: (face, message) => where(face.location, message),
  location: where,
  contact,
  poll,
  dice: (face) => h('div', { class: 'sticker' }, `${face.emoji} ${face.value}`),
};
