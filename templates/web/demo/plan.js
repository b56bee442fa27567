// The care plan in force, in plain sentences.

import { by, h } from './dom.js';
import { attempt } from './menu.js';
import * as telegram from './telegram.js';
import { spoken } from './words.js';

export function start() {
  by('plan').addEventListener('click', open);
}

async function open() {
  const plan = await attempt(telegram.plan);
  if (!plan) return;
  by('plan-words').replaceChildren(...plan[spoken()].flatMap(([heading, sentences]) => [
    h('h3', {}, heading), h('ul', {}, ...sentences.map((each) => h('li', {}, each))),
  ]));
  by('plan-page').showModal();
}
