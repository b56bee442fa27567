// Where one writes: text, a reply, an edit, a picture and other things to send; and the keyboard that a bot shows.

import { h, icon, nameOf } from './dom.js';
import { attempt, openMenu, toast } from './menu.js';
import { summary } from './message.js';
import * as store from './store.js';
import * as telegram from './telegram.js';
import { t } from './words.js';

const MOST_BYTES = 8 * 1024 * 1024;
const HERE = { latitude: 31.2304, longitude: 121.4737 };

export class Composer {
  /** `where()`: {chatId, threadId, from} or null when nothing is open; `obstacle()`: {label, act} or null. */
  constructor(root, { name, where, obstacle, after }) {
    Object.assign(this, { root, name, where, obstacle, after, drafts: new Map(), reply: null, edit: null, next: [] });
    this.build();
  }

  build() {
    this.input = h('textarea', { id: `${this.name}-input`, rows: '1', dir: 'auto', 'data-label': 'write_here', enterkeyhint: 'send' });
    this.input.addEventListener('input', () => this.fit());
    addEventListener('resize', () => { this.fitted = null; });
    this.input.addEventListener('keydown', (event) => this.keyed(event));
    this.about = h('div', { class: 'about', hidden: true });
    this.keys = h('div', { class: 'reply-keyboard', hidden: true });
    this.file = h('input', { type: 'file', accept: 'image/*', hidden: true, 'aria-hidden': 'true', tabindex: '-1' });
    this.file.addEventListener('change', () => this.sendFile());
    this.attach = h('button', { type: 'button', class: 'round', 'data-label': 'attach', 'aria-haspopup': 'menu', onclick: () => this.offer() }, icon('attach'));
    this.toggle = h('button', { type: 'button', class: 'round', 'data-label': 'keyboard', 'aria-expanded': 'true', hidden: true, onclick: () => this.flip() }, icon('keyboard'));
    this.go = h('button', { type: 'submit', class: 'round send', 'data-label': 'send' }, icon('send'));
    this.line = h('form', { class: 'line' }, this.attach, this.input, this.toggle, this.go, this.file);
    this.line.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    this.bar = h('button', { type: 'button', class: 'bar', hidden: true });
    this.root.append(this.about, this.line, this.bar, this.keys);
  }

  /** Another chat or another person: keep the draft of the last, and show what this one has. */
  moved() {
    if (this.place) this.drafts.set(this.place, this.input.value);
    const now = this.where();
    this.place = now && `${now.chatId}/${now.threadId}`;
    this.reply = this.edit = null;
    this.next = [];
    this.input.value = this.drafts.get(this.place) ?? '';
    this.draw();
  }

  draw() {
    const now = this.where();
    const obstacle = now && this.obstacle(now);
    this.line.hidden = !now || Boolean(obstacle);
    this.bar.hidden = !obstacle;
    if (obstacle) {
      this.bar.textContent = obstacle.label;
      this.bar.onclick = obstacle.act;
    }
    this.drawKeys(now && !obstacle ? store.replyKeyboard(now.chatId) : null);
    this.drawAbout();
    this.fit();
  }

  drawKeys(keyboard) {
    const shown = keyboard && !store.isGroup(this.where().chatId);
    this.toggle.hidden = !shown;
    this.keys.hidden = !shown || this.toggle.getAttribute('aria-expanded') === 'false';
    const sign = JSON.stringify(shown ? keyboard.keyboard : null);
    if (sign === this.keySign) return;
    this.keySign = sign;
    const label = (key) => (typeof key === 'string' ? key : key.text);
    this.keys.replaceChildren(...(shown ? keyboard.keyboard : []).map((row) => h('div', { class: 'button-row' },
      row.map((key) => h('button', { type: 'button', dir: 'auto', onclick: () => this.pressKey(key) }, label(key))))));
  }

  /** A key of the keyboard says its words, or shares the number of who presses it. */
  pressKey(key) {
    if (!key.request_contact) return this.say({ text: key.text ?? key });
    const { from } = this.where();
    return this.say({ content: { contact: { phone_number: `+1555${String(from).slice(-7)}`, first_name: 'Demo', user_id: from } } });
  }

  flip() {
    this.toggle.setAttribute('aria-expanded', String(this.toggle.getAttribute('aria-expanded') === 'false'));
    this.draw();
  }

  drawAbout() {
    const message = this.edit ?? this.reply;
    this.about.hidden = !message;
    if (!message) return;
    const title = this.edit ? t('editing') : t('replying', { name: nameOf(message.from) });
    this.about.replaceChildren(
      h('div', { class: 'about-words' }, h('strong', { dir: 'auto' }, title), h('span', { dir: 'auto' }, summary(message))),
      h('button', { type: 'button', class: 'round', 'aria-label': t('cancel'), onclick: () => this.drop() }, icon('close')));
  }

  /** Neither reply nor edit any more. */
  drop() {
    if (this.edit) this.input.value = '';
    this.reply = this.edit = null;
    this.draw();
    this.input.focus();
  }

  replyTo(message) {
    Object.assign(this, { reply: message, edit: null });
    this.draw();
    this.input.focus();
  }

  change(message) {
    Object.assign(this, { edit: message, reply: null });
    this.input.value = message.text ?? message.caption ?? '';
    this.draw();
    this.input.focus();
  }

  keyed(event) {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === 'Escape' && (this.edit || this.reply)) {
      this.drop();
    } else if (event.key === 'ArrowUp' && !this.input.value) {
      const { chatId, threadId, from } = this.where();
      const own = store.last(chatId, threadId, 100).reverse().find((each) => each.author === from && (each.text || each.caption));
      if (own) this.change(own);
      event.preventDefault();
    }
  }

  /** Put words ready to be sent; each of the `next` ones stands ready when those before it are sent. */
  suggest(text, ...next) {
    this.drop();
    this.input.value = text;
    this.next = next;
    this.fit();
  }

  /** As high as its words, which are measured when they are others: it makes the browser lay out the page at once. */
  fit() {
    if (this.input.value === this.fitted) return;
    this.input.style.setProperty('height', 'auto');
    const height = this.input.scrollHeight;
    this.input.style.setProperty('height', `${Math.min(height, 160)}px`);
    this.fitted = height ? this.input.value : null; // out of sight it has none
  }

  async send() {
    const text = this.input.value.trim();
    if (!text) return;
    const { edit, reply } = this;
    this.input.value = '';
    this.reply = this.edit = null;
    this.draw();
    const field = edit && !edit.text ? 'caption' : 'text';
    const done = edit
      ? await attempt(() => telegram.act('edit', { chat_id: edit.chat.id, message_id: edit.message_id, [field]: text }))
      : await this.say({ text, reply_to: reply?.message_id });
    if (!done) this.input.value ||= text;
    else if (this.next.length && !this.input.value) this.suggest(...this.next);
  }

  /** Say anything as the person who is open here. */
  async say(given) {
    const { chatId, threadId, from } = this.where();
    this.after?.();
    const place = { from_id: from, chat_id: chatId, thread_id: threadId || undefined };
    const path = given.items ? 'album' : 'say';
    return attempt(() => telegram.act(path, { ...place, ...given }));
  }

  offer() {
    const caption = () => {
      const words = this.input.value.trim();
      this.input.value = '';
      return words || undefined;
    };
    const send = (content, more = {}) => this.say({ content, ...more });
    openMenu(this.attach, [
      { label: t('attach_picture'), act: async () => send({ photo: await samplePicture() }, { caption: caption() }) },
      { label: t('attach_own'), act: () => this.file.click() },
      { label: t('attach_album'), act: async () => {
        const photo = await samplePicture();
        this.say({ items: [['photo', photo], 'photo', 'photo'], caption: caption() });
      } },
      { label: t('attach_voice'), act: () => send({ voice: true }) },
      { label: t('attach_file'), act: () => send({ document: { file_name: t('sample_file'), base64: btoa('Huifang') } }, { caption: caption() }) },
      { label: t('attach_sticker'), act: () => send({ sticker: true }) },
      { label: t('attach_place'), act: () => send({ location: HERE }) },
      { label: t('attach_poll'), act: () => send({ poll: { question: t('sample_question'), options: [t('sample_yes'), t('sample_no')] } }) },
    ]);
  }

  async sendFile() {
    const [file] = this.file.files;
    this.file.value = '';
    if (!file) return;
    if (file.size > MOST_BYTES) {
      toast(t('too_big'), 'bad');
      return;
    }
    const photo = await asPhoto(file);
    if (photo) this.say({ content: { photo } });
    else toast(t('not_a_picture'), 'bad');
  }
}

async function samplePicture() {
  return asPhoto(await (await fetch(new URL('kettle.png', import.meta.url))).blob());
}

/** A picture as the sandbox takes it; null for a file that is none. */
async function asPhoto(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  try {
    const { width, height } = await createImageBitmap(blob);
    let text = '';
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return { base64: btoa(text), width, height };
  } catch {
    return null;
  }
}
