// The page: two sides of one Telegram, and what is between them.

import * as customers from './customers.js';
import { by, nameOf, put } from './dom.js';
import * as engine from './engine.js';
import { answered } from './pane.js';
import * as plan from './plan.js';
import * as staff from './staff.js';
import * as store from './store.js';
import * as tour from './tour.js';
import { loadWords, setLanguage, spoken, t } from './words.js';

const PANES = ['customers', 'staff', 'engine'];
const narrow = matchMedia('(max-width: 960px)');
const dark = matchMedia('(prefers-color-scheme: dark)');

const isSeen = (pane) => !narrow.matches || document.body.dataset.pane === pane;

function showPane(pane) {
  document.body.dataset.pane = pane;
  for (const each of PANES) {
    by(`go-${each}`).setAttribute('aria-current', String(each === pane));
  }
  customers.read();
  staff.read();
  badges();
}

/** On a phone, what waits on the sides that are not in view. */
function badges() {
  if (!store.people() || !store.chat(store.people().group.id)) return;
  const counts = { customers: customers.unread(), staff: staff.unread() };
  for (const [pane, count] of Object.entries(counts)) put(by(`unread-${pane}`), String(count || ''));
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  by('theme').setAttribute('aria-pressed', String(theme === 'dark'));
}

function switchLanguage() {
  setLanguage(spoken() === 'zh' ? 'en' : 'zh');
  customers.relabel();
  staff.relabel();
  engine.draw();
  tour.label();
  tries();
}

/** The three things to try: each brings the visitor to the place, with the words ready. */
function tries() {
  const { customers: [, other], tries: said } = store.people();
  const language = t(`speaks_${other.language_code.slice(0, 2)}`);
  by('try-write').textContent = t('try_write', { customer: nameOf(other) });
  by('try-note').textContent = t('try_note', { customer: nameOf(other), language });
  const write = (text) => { showPane('customers'); customers.show(other.id); customers.write(text); };
  by('try-write').onclick = () => write(said.complaint);
  by('try-answer').onclick = () => { showPane('staff'); staff.show(staff.openTopic()); staff.write(said.answer, `/resolve ${said.resolution}`); };
  by('try-kill').onclick = () => { by('kill').click(); write(said.meanwhile); };
}

async function begin() {
  const wanted = new URLSearchParams(location.search).get('language') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
  await Promise.all([loadWords(wanted), store.meet()]);
  setTheme(dark.matches ? 'dark' : 'light');
  dark.addEventListener('change', () => setTheme(dark.matches ? 'dark' : 'light'));
  by('theme').addEventListener('click', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
  by('language').addEventListener('click', switchLanguage);
  for (const pane of PANES) by(`go-${pane}`).addEventListener('click', () => showPane(pane));
  customers.start({ after: staff.follow, seen: () => isSeen('customers') });
  staff.start({ seen: () => isSeen('staff') });
  engine.start();
  plan.start();
  tour.start({ pane: showPane, lines: store.people().lines });
  tries();
  store.watch((kind, facts) => {
    if (kind === 'answer') answered(facts);
    if (kind === 'loaded') {
      setLanguage(spoken());
      document.body.dataset.ready = 'yes';
      performance.mark('huifang-ready');
    }
    badges();
  });
  store.open();
}

begin();
