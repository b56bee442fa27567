// Small menus, short notes, and the alerts with which Telegram answers a press.

import { by, h } from './dom.js';
import { t } from './words.js';

let close = () => {};

/** `items`: [{label, act, danger?}]; arrows walk, Escape closes, and the focus returns to `anchor`. */
export function openMenu(anchor, items) {
  close();
  const buttons = items.map(({ label, act, danger }) => h('button', {
    type: 'button', role: 'menuitem', class: danger ? 'danger' : '', onclick: () => { close(); act(); },
  }, label));
  const menu = h('div', { class: 'menu', role: 'menu' }, buttons);
  document.body.append(menu);
  placeBeside(menu, anchor.getBoundingClientRect());
  const onKey = (event) => {
    const now = buttons.indexOf(document.activeElement);
    const steps = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 };
    if (event.key in steps) {
      buttons.at(steps[event.key] % buttons.length).focus();
      event.preventDefault();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      close();
      anchor.focus();
      event.preventDefault();
    }
  };
  const onPress = (event) => menu.contains(event.target) || close();
  close = () => {
    menu.remove();
    document.removeEventListener('pointerdown', onPress, true);
    close = () => {};
  };
  menu.addEventListener('keydown', onKey);
  document.addEventListener('pointerdown', onPress, true);
  buttons[0].focus();
}

function placeBeside(menu, box) {
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.right - width), innerWidth - width - 8);
  const top = box.bottom + height + 8 < innerHeight ? box.bottom + 4 : Math.max(8, box.top - height - 4);
  menu.style.setProperty('left', `${left}px`);
  menu.style.setProperty('top', `${top}px`);
}

const TOAST_MS = 4000;

/** A note that goes by itself. */
export function toast(text, kind = '') {
  const note = h('div', { class: `toast ${kind}`, dir: 'auto' }, text);
  by('toasts').append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}

/** An alert, which stays until it is read. */
export function alertBox(text) {
  by('alert-words').textContent = text;
  by('alert').showModal();
}

/** Do it; where Telegram says no, show why. */
export async function attempt(doing) {
  try {
    return await doing();
  } catch (error) {
    toast(t('refused', { reason: error.message }), 'bad');
    return null;
  }
}
