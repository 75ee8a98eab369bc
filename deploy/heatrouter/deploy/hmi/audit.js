// Search of the audit log, page by page.

import * as api from './api.js';
import { byId, html, setText, table } from './dom.js';

let records = [];
let cursor = null;

export function build() {
  byId('audit-form').onsubmit = (event) => { event.preventDefault(); search(false); };
  byId('audit-more').onclick = () => search(true);
}

export function page() {
  if (records.length === 0) search(false);
}

async function search(more) {
  const data = new FormData(byId('audit-form'));
  const query = new URLSearchParams({ limit: '50' });
  for (const name of ['text', 'user', 'mode']) if (data.get(name)) query.set(name, data.get(name));
  for (const name of ['begin', 'end']) if (data.get(name)) query.set(name, String(new Date(data.get(name)).getTime() / 1000));
  if (data.get('ticks')) query.set('ticks', 'true');
  if (more && cursor) query.set('cursor', cursor);
  setText(byId('audit-result'), 'Searching …');
  try {
    const found = await api.get(`/api/v1/audit?${query}`);
    records = more ? [...records, ...found.records] : found.records;
    cursor = found.cursor;
    const rest = found.cursor === null ? '' : found.complete ? '; there are older ones' : '; the search was cut short, go on with “Older records”';
    const damage = found.unreadable ? `; ${found.unreadable} unreadable lines, run heatrouter verify` : '';
    setText(byId('audit-result'), `${records.length} records${rest}${damage}`);
  } catch (problem) {
    setText(byId('audit-result'), problem.message);
    return;
  }
  byId('audit-more').hidden = cursor === null;
  byId('audit-table').replaceChildren(records.length === 0 ? html('p', { class: 'muted' }, 'Nothing found.') : table('Audit records, newest first', [
    { title: 'When', cell: (r) => r.wall_time.replace('T', ' ').replace(/\+00:00$/, ' UTC') },
    { title: 'Tick', number: true, cell: (r) => String(r.tick) },
    { title: 'Mode', cell: (r) => (r.mode === r.target ? r.mode : `${r.mode} (asked for ${r.target})`) },
    { title: 'Event', cell: (r) => r.event ?? (r.written ? 'tick, written' : 'tick') },
    { title: 'User', cell: (r) => r.user ?? '' },
    { title: 'Why', cell: (r) => [...new Set([r.detail.reason, r.detail.cause, r.detail.outcome].filter(Boolean))].join(' – ') },
    { title: 'Record', cell: (r) => html('details', {}, html('summary', {}, `no. ${r.seq}`), html('pre', {}, JSON.stringify(r, null, 1))) },
  ], records));
}
