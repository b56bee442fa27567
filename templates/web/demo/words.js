// The page's own words, in the language that the visitor chose.

let all = {};
let language = 'en';

export async function loadWords(preferred) {
  all = await (await fetch('/words')).json();
  setLanguage(preferred in all ? preferred : 'en');
}

export const spoken = () => language;

export function setLanguage(wanted) {
  language = wanted;
  document.documentElement.lang = wanted === 'zh' ? 'zh-Hans' : wanted;
  for (const element of document.querySelectorAll('[data-word]')) element.textContent = t(element.dataset.word);
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', t(element.dataset.label));
    if (element.matches('button')) element.title = t(element.dataset.label);
    if (element.matches('textarea')) element.placeholder = t(element.dataset.label);
  }
  document.title = t('title');
}

/** The words at `key`, with {names} filled in. */
export function t(key, inserts = {}) {
  return filled(all[language]?.[key] ?? key, inserts);
}

function filled(text, inserts) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in inserts ? String(inserts[name]) : whole));
}

/** The steps of the tour, with {names} filled in. */
export const tourSteps = (inserts) => all[language].steps.map((step) => ({ ...step, text: filled(step.text, inserts) }));

const formats = new Map();

/** What formats moments in the language spoken; making one takes long. */
function format(name, options) {
  const key = `${language} ${name}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, options));
  return formats.get(key);
}

export const clockTime = (seconds) => format('time', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(seconds * 1000);

export const dayName = (seconds) => format('day', { month: 'long', day: 'numeric', weekday: 'short' }).format(seconds * 1000);

export const dayOf = (seconds) => new Date(seconds * 1000).toDateString();

export function duration(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
