// Why the last decision was made; set-points, and fixing them.

import * as api from './api.js';
import { askReason } from './dialogs.js';
import { byId, html, show, table, tell } from './dom.js';
import { duration, fullName, spoken, unitOf, withUnit } from './format.js';

let app = null;
let bundleShown = '';

export function build(shared) {
  app = shared;
}

/** Ask for the explanation; it is on three pages. */
export async function update(snapshot, page) {
  const d = await api.get('/api/v1/decision');
  const named = (text) => app.site.set_points.reduce((said, p) => said.replaceAll(p.name, fullName(p.name)), text);
  const sentences = () => d.sentences.map((text) => html('li', {}, spoken(named(text))));
  show(byId('sentences'), d.sentences, sentences);
  if (page === 'decision') {
    show(byId('decision-sentences'), d.sentences, sentences);
    show(byId('decision-table'), d.set_points, () => table('Set-points from proposal to plant', [
      { title: 'Set-point', cell: (p) => fullName(p.name) },
      { title: 'Rules', number: true, cell: (p) => withUnit(p.rules, p.unit) },
      { title: 'Policy', number: true, cell: (p) => withUnit(p.policy, p.unit) },
      { title: 'Fixed', number: true, cell: (p) => (p.overridden === null ? '–' : withUnit(p.overridden, p.unit)) },
      { title: 'Asked of the guard', number: true, cell: (p) => withUnit(p.proposal, p.unit) },
      { title: 'Let through', number: true, cell: (p) => withUnit(p.executed, p.unit) },
      { title: 'In force', number: true, cell: (p) => withUnit(p.applied, p.unit) },
      { title: 'Why changed', cell: (p) => p.reasons.join('; ') },
    ], d.set_points));
    show(byId('action-table'), d.action, () => (d.action === null ? html('p', { class: 'muted' }, 'The policy has not answered.') : table('Answer of the policy', [
      { title: 'Part', cell: (a) => fullName(a.name) },
      { title: 'Answer', number: true, cell: (a) => withUnit(a.value, a.unit) },
      { title: 'Neutral', number: true, cell: (a) => withUnit(a.neutral, a.unit) },
      { title: 'Range', number: true, cell: (a) => `${withUnit(a.low, a.unit)} … ${withUnit(a.high, a.unit)}` },
    ], d.action)));
    await bundle(snapshot);
  }
  if (page === 'set-points') setPoints(d, snapshot);
}

async function bundle(snapshot) {
  if (bundleShown === `${snapshot.bundle}${snapshot.worker_ready}`) return;
  const b = await api.get('/api/v1/bundle');
  bundleShown = `${snapshot.bundle}${snapshot.worker_ready}`;
  const facts = !b.present ? [['Policy', 'none: the service runs the rules alone']] : b.bundle === null ? [
    ['Ready', b.ready ? 'yes' : 'no'], ['Digest', b.digest ?? '–'],
  ] : [
    ['Name', b.bundle.name], ['Ready', b.ready ? 'yes' : 'no'], ['Digest', b.digest ?? '–'], ['Made', b.bundle.created_utc], ['Algorithm', b.bundle.algorithm],
    ['Training run', b.bundle.run], ['Steps', String(b.bundle.steps)], ['Answers', b.bundle.decoder],
    ...Object.entries(b.bundle.metrics).map(([name, value]) => [name, String(Number(value.toPrecision(4)))]),
  ];
  byId('bundle').replaceChildren(...facts.flatMap(([name, value]) => [html('dt', {}, name), html('dd', {}, value)]));
}

function setPoints(d, snapshot) {
  const fixed = new Map(snapshot.overrides.map((o) => [o.set_point, o]));
  const left = (o) => (o.until_s === null ? 'until released' : `for ${duration(o.until_s - snapshot.time_s)} more`);
  const rows = d.set_points.map((p) => ({ ...p, override: fixed.get(p.name) ?? null }));
  show(byId('set-points-table'), [rows, rows.map((r) => r.override && left(r.override))], () => table('Set-points', [
    { title: 'Set-point', cell: (p) => fullName(p.name) },
    { title: 'In force', number: true, cell: (p) => withUnit(p.applied, p.unit) },
    { title: 'Let through', number: true, cell: (p) => withUnit(p.executed, p.unit) },
    { title: 'Range', number: true, cell: (p) => `${withUnit(p.low, p.unit)} … ${withUnit(p.high, p.unit)}` },
    { title: 'Fixed', cell: (p) => p.override && [html('span', { class: 'tag manual' }, `fixed at ${withUnit(p.override.value, p.unit)}`), ` by ${p.override.user}, ${left(p.override)}: ${p.override.reason}`] },
    { title: 'Change', cell: (p) => [html('button', { type: 'button', 'data-key': `fix ${p.name}`, 'aria-label': `Fix ${fullName(p.name)}`, onclick: () => fix(p) }, 'Fix'),
      p.override && ' ', p.override && html('button', { type: 'button', 'data-key': `release ${p.name}`, 'aria-label': `Release ${fullName(p.name)}`, onclick: () => release(p) }, 'Release')] },
  ], rows));
}

async function fix(p) {
  if (!(await app.asOperator())) return;
  const share = p.unit === '1';
  const scale = share ? 100 : 1;
  const from = p.override?.value ?? p.applied ?? p.low;
  const input = html('input', { name: 'value', type: 'number', required: true, min: p.low * scale, max: p.high * scale, step: 'any', value: Number((from * scale).toFixed(2)) });
  const select = html('select', { name: 'duration' }, ...[[900, '15 min'], [3600, '1 h'], [14400, '4 h'], ['', 'until released']].map(([s, text]) => html('option', { value: s, selected: s === 3600 }, text)));
  await change({
    title: `Fix ${fullName(p.name)}?`, text: `Between ${withUnit(p.low, p.unit)} and ${withUnit(p.high, p.unit)}. The guard moves there at its own rate.`, yes: 'Fix',
    fields: [html('label', {}, `Value, ${unitOf(p.unit)}`, input), html('label', {}, 'For (plant time)', select)],
    act: (reason, data) => api.put(`/api/v1/overrides/${encodeURIComponent(p.name)}`, { value: Number(data.get('value')) / scale, duration_s: data.get('duration') === '' ? null : Number(data.get('duration')), reason }),
  });
}

async function release(p) {
  if (!(await app.asOperator())) return;
  await change({
    title: `Release ${fullName(p.name)}?`, text: 'Rules or policy decide it again, at the guard’s rate.', yes: 'Release', reason: 'no longer needed',
    act: (reason) => api.post(`/api/v1/overrides/${encodeURIComponent(p.name)}/release`, { reason }),
  });
}

async function change(question) {
  const outcome = await askReason(question);
  if (outcome !== null) tell(byId('override-result'), outcome);
  app.refresh();
}
