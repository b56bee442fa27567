// Building elements. Text always goes in as text: nothing that somebody wrote is ever taken for markup.

/** An element; props: class, style (an object), on... (listeners), anything else is an attribute. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('aria-') && typeof value === 'boolean') element.setAttribute(name, String(value));
    else if (value === null || value === undefined || value === false) continue;
    else if (name === 'class') element.className = value;
    else if (name === 'style') for (const [key, each] of Object.entries(value)) element.style.setProperty(key, each);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';
const ICONS = {
  send: 'M3 20.5 22 12 3 3.5 3 10l13 2-13 2z',
  attach: 'M16.5 6.5v10a4.5 4.5 0 0 1-9 0V5.5a3 3 0 0 1 6 0v10a1.5 1.5 0 0 1-3 0v-9H9v9a3 3 0 0 0 6 0v-10a4.5 4.5 0 0 0-9 0v11a6 6 0 0 0 12 0v-10z',
  more: 'M12 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm0 2.5a2 2 0 1 0 0 5 2 2 0 0 0 0-5zm0 7.500a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  back: 'M20 11H7.8l5.600-5.600L12 4l-8 8 8 8 1.400-1.400L7.800 13H20z',
  close: 'M19 6.400 17.600 5 12 10.600 6.400 5 5 6.400 10.600 12 5 17.600 6.400 19 12 13.400 17.600 19 19 17.600 13.400 12z',
  play: 'M8 5v14l11-7z',
  file: 'M6 2a2 2 0 0 0-2 2v16c0 1.100.9 2 2 2h12a2 2 0 0 0 2-2V8l-6-6zm7 7V3.500L18.500 9z',
  note: 'M12 3v10.550A4 4 0 1 0 14 17V7h4V3z',
  pin: 'M12 2a7 7 0 0 0-7 7c0 5.250 7 13 7 13s7-7.750 7-13a7 7 0 0 0-7-7zm0 9.500a2.500 2.500 0 1 1 0-5 2.500 2.500 0 0 1 0 5z',
  picture: 'M21 19V5a2 2 0 0 0-2-2H5a2 2 0 0 0-2 2v14c0 1.100.9 2 2 2h14a2 2 0 0 0 2-2zM8.500 13.500l2.500 3 3.500-4.500 4.500 6H5z',
  keyboard: 'M20 5H4a2 2 0 0 0-2 2v10c0 1.100.9 2 2 2h16a2 2 0 0 0 2-2V7a2 2 0 0 0-2-2zm-9 3h2v2h-2zm0 3h2v2h-2zM8 8h2v2H8zm0 3h2v2H8zm-1 2H5v-2h2zm0-3H5V8h2zm9 7H8v-2h8zm0-4h-2v-2h2zm0-3h-2V8h2zm3 3h-2v-2h2zm0-3h-2V8h2z',
};

/** A drawn icon, which screen readers leave out. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

export const by = (id) => document.getElementById(id);

/** Give an element its words, unless they stand there: new ones are laid out, drawn and read aloud anew. */
export function put(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** The address, if it leads to the web; anything else (javascript:, data:) leads nowhere. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch {
    return null;
  }
}

const COLOURS = 7;

/** The number of the colour that belongs to a person, 0 to 6. */
export const colourOf = (id) => Math.abs(Number(id)) % COLOURS;

export function nameOf(user) {
  if (!user) return '';
  return user.title ?? [user.first_name, user.last_name].filter(Boolean).join(' ');
}

/** A round picture with initials, as Telegram draws it for those who have none. */
export function avatar(who, size = '') {
  const initials = nameOf(who).trim().split(/\s+/).slice(0, 2).map((part) => Array.from(part)[0] ?? '').join('');
  return h('span', { class: `avatar colour-${colourOf(who.id)} ${size}`, 'aria-hidden': 'true' }, initials.toUpperCase());
}
