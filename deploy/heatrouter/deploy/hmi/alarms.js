// Alarms: how many, which, and taking note of them.

import * as api from './api.js';
import { askReason } from './dialogs.js';
import { byId, html, setText, show, table, tell } from './dom.js';
import { moment, words } from './format.js';

const ORDER = ['high', 'medium', 'low'];
let app = null;

export function build(shared) {
  app = shared;
  byId('alarms-all').onchange = () => app.refresh();
}

const tag = (a) => html('span', { class: `tag ${a.priority}` }, a.priority);
const named = (fault) => words(fault).toLowerCase();

export function update(snapshot) {
  const open = snapshot.alarms;
  const worst = ORDER.find((p) => open.some((a) => a.priority === p));
  const count = byId('alarm-count');
  setText(count, String(open.length));
  count.className = `count ${worst ?? ''}${open.some((a) => a.acknowledged_at === null) ? ' blink' : ''}`;
  const newest = [...open].reverse();
  show(byId('open-alarms'), newest, () => (newest.length === 0 ? html('li', { class: 'muted' }, 'none') : newest.slice(0, 8).map((a) => html('li', {},
    tag(a), ` ${named(a.fault)}${a.cleared_at === null ? '' : ', over'} `, html('span', { class: 'muted' }, a.cause)))));
}

export async function page() {
  const all = byId('alarms-all').checked;
  const { alarms } = await api.get(`/api/v1/alarms?state=${all ? 'all' : 'open'}`);
  show(byId('alarms-table'), alarms, () => (alarms.length === 0 ? html('p', { class: 'muted' }, 'No alarms.') : table('Alarms, newest first', [
    { title: 'Alarm', cell: (a) => named(a.fault) },
    { title: 'Priority', cell: tag },
    { title: 'State', cell: (a) => (a.cleared_at === null ? 'lasts' : `over ${moment(a.cleared_at)}`) },
    { title: 'Since', moment: true, cell: (a) => moment(a.raised_at) },
    { title: 'Cause', cell: (a) => a.cause },
    { title: 'Meaning', cell: (a) => `${a.meaning}; recovery ${a.recovery}` },
    { title: 'Seen', cell: (a) => (a.acknowledged_at === null
      ? html('button', { type: 'button', 'data-key': a.alarm_id, 'aria-label': `Acknowledge ${named(a.fault)}`, onclick: () => acknowledge(a) }, 'Acknowledge')
      : `${a.acknowledged_by}, ${moment(a.acknowledged_at)}`) },
  ], alarms, (a) => (a.cleared_at === null ? `lasting ${a.priority}` : ''))));
}

async function acknowledge(alarm) {
  if (!(await app.asOperator())) return;
  const outcome = await askReason({
    title: `Acknowledge ${named(alarm.fault)}?`, text: `${alarm.cause || alarm.meaning}. This says that you have seen it; it arms nothing.`, yes: 'Acknowledge', reason: 'seen',
    act: (reason) => api.post(`/api/v1/alarms/${encodeURIComponent(alarm.alarm_id)}/acknowledge`, { reason }),
  });
  if (outcome !== null) tell(byId('alarm-result'), outcome);
  app.refresh();
}
