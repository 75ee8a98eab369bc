// Mode, permissives, and the buttons that ask for another mode.

import * as api from './api.js';
import { askReason } from './dialogs.js';
import { byId, html, setText, show, tell } from './dom.js';
import { duration, spoken } from './format.js';

const EFFECTS = {
  OFF: 'Nothing is written any more. The plant’s own controller takes over from the set-points in force.',
  SHADOW: 'Everything is computed, nothing is written. The plant’s own controller takes over.',
  RULES: 'This arms the service: the rules write set-points to the plant.',
  POLICY: 'This arms the service: the policy writes set-points to the plant, within the guard’s limits. What waits for a person counts as seen.',
  LOCAL: 'The plant’s operator has control. Nothing is written.',
};
const ARMED = ['RULES', 'POLICY'];

let app = null;
let before = '';

export function build(shared) {
  app = shared;
  byId('mode-buttons').replaceChildren(...app.site.modes.map((mode) => html('button', { type: 'button', 'data-mode': mode, onclick: () => ask(mode) }, mode)));
}

async function ask(mode) {
  if (!(await app.asOperator())) return;
  const outcome = await askReason({
    title: `Ask for ${mode}?`, text: EFFECTS[mode], yes: ARMED.includes(mode) ? `Arm: ${mode}` : `Go to ${mode}`,
    reason: ARMED.includes(mode) ? '' : 'decision of the operator',
    act: (reason) => api.post('/api/v1/mode', { mode, reason }),
  });
  if (outcome !== null) tell(byId('mode-result'), outcome);
  app.refresh();
}

export function update(live) {
  const s = live.snapshot;
  const away = s.mode !== s.target;
  // An answer from before says nothing about what is now.
  if (before !== '' && before !== s.mode && away) setText(byId('mode-result'), '');
  before = s.mode;
  const mode = byId('mode');
  setText(mode, s.mode);
  mode.className = `mode${s.mode === 'HOLD' ? ' broken' : away ? ' away' : ''}`;
  setText(byId('mode-why'), away ? `asked for ${s.target}: ${spoken(s.reason)}` : '');
  const since = duration(s.time_s - s.since_s);
  setText(byId('mode-text'), away ? `${s.mode} for ${since}; ${s.target} was asked for.` : `${s.mode} for ${since}, as asked for.`);
  for (const button of byId('mode-buttons').children) {
    const pressed = String(button.dataset.mode === s.target);
    if (button.getAttribute('aria-pressed') !== pressed) button.setAttribute('aria-pressed', pressed);
  }
  const checks = live.permissives.checks.map((c) => ({ ...c, detail: c.ok && c.name === 'ticking' ? '' : c.detail }));
  show(byId('permissives'), checks, () => checks.map((c) => html('li', { class: c.ok ? null : 'no' }, html('span', { class: 'only-read' }, c.ok ? 'yes: ' : 'no: '), c.name, c.detail && html('small', {}, spoken(c.detail)))));
}
