// Starts the page, asks the service for news, and shows the page that the address names.

import * as alarms from './alarms.js';
import * as api from './api.js';
import * as audit from './audit.js';
import * as decision from './decision.js';
import { askLogin } from './dialogs.js';
import { byId, setText } from './dom.js';
import { duration, plantTime, words } from './format.js';
import * as map from './map.js';
import * as mode from './mode.js';
import * as trends from './trends.js';

const PAGES = ['overview', 'set-points', 'decision', 'trends', 'alarms', 'audit'];

let session = { user: null, role: null };
let site = null;
let page = 'overview';
let timer = 0;
let told = '';
let seen = null;

const app = { asOperator, refresh };

async function asOperator() {
  if (session.role === 'operator') return true;
  const text = session.user === null ? 'Changes need an operator.' : `${session.user} is a ${session.role}; changes need an operator.`;
  showSession((await askLogin(text)) ?? session);
  return session.role === 'operator';
}

function showSession(answer) {
  session = answer;
  setText(byId('user'), session.user === null ? '' : `${session.user}, ${session.role}`);
  setText(byId('login-button'), session.user === null ? 'Log in' : 'Log out');
}

byId('login-button').onclick = async () => {
  if (session.user !== null) {
    try { showSession(await api.logout()); } catch { showSession(await api.session()); }
  } else {
    const none = session.has_users === false ? 'There are no users yet: heatrouter users add NAME --role operator' : '';
    showSession((await askLogin(none)) ?? session);
  }
  refresh();
};

function banner(text) {
  byId('banner').hidden = text === '';
  setText(byId('banner'), text);
  document.body.classList.toggle('stale', text !== '');
}

/** Say what has changed to those who listen: mode and alarms, nothing that changes all the time. */
function announce(snapshot) {
  const lasting = snapshot.alarms.filter((a) => a.cleared_at === null).map((a) => a.fault);
  const state = `${snapshot.mode}|${snapshot.target}|${lasting.join()}`;
  if (state === told) return;
  const before = told.split('|')[2]?.split(',') ?? [];
  const fresh = lasting.filter((fault) => !before.includes(fault));
  const why = snapshot.mode === snapshot.target ? '' : `, ${snapshot.target} was asked for: ${snapshot.reason}`;
  setText(byId('announcer'), `Mode ${snapshot.mode}${why}. ${fresh.length ? `New alarm: ${fresh.map(words).join(', ').toLowerCase()}.` : ''}`);
  told = state;
}

async function start() {
  site = await api.get('/api/v1/site');
  Object.assign(app, { site });
  setText(byId('district'), site.district);
  document.title = `heatrouter · ${site.district}`;
  map.build(site);
  for (const part of [mode, decision, trends, alarms, audit]) part.build(app);
}

async function poll() {
  try {
    if (session.csrf === undefined) showSession(await api.session());
    if (site === null) await start();
    const live = await api.get('/api/v1/live');
    seen = Date.now();
    if (live.snapshot === null) {
      banner('The service starts: nothing has been read yet');
      return;
    }
    const s = live.snapshot;
    banner(!s.running ? 'The service has been stopped' : live.live ? '' : `The service does not tick: last tick ${duration(live.age_s)} ago. All values are old`);
    setText(byId('plant-time'), plantTime(s.plant_time_s));
    setText(byId('age'), live.age_s > 2 ? `${duration(live.age_s)} ago` : '');
    announce(s);
    mode.update(live);
    alarms.update(s);
    if (page === 'overview') map.update(s);
    if (['overview', 'set-points', 'decision'].includes(page)) await decision.update(s, page);
    if (page === 'alarms') await alarms.page();
    if (page === 'trends') await trends.page();
    if (page === 'audit') audit.page();
  } catch (problem) {
    if (problem.status === 401) {
      banner('Log in to see anything');
      if (!byId('login').open) showSession((await askLogin('This service shows nothing without a login.')) ?? { ...(await api.session()) });
    } else if (problem.status !== 503 && problem.status !== 429) {
      banner(seen === null ? `No connection: ${problem.message}` : `No connection for ${duration((Date.now() - seen) / 1000)}: ${problem.message}. All values are old`);
      if (problem.status === undefined) throw problem;
    }
  }
}

async function refresh() {
  window.clearTimeout(timer);
  try {
    await poll();
  } finally {
    window.clearTimeout(timer);
    const tick = site === null ? 1000 : 1000 * site.real_tick_s;
    timer = window.setTimeout(refresh, Math.min(Math.max(tick, 1000), 5000));
  }
}

function navigate(first = false) {
  const wanted = window.location.hash.slice(1);
  page = PAGES.includes(wanted) ? wanted : 'overview';
  for (const name of PAGES) byId(`page-${name}`).hidden = name !== page;
  for (const link of document.querySelectorAll('.tabs a')) {
    if (link.getAttribute('href') === `#${page}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (!first) byId('main').focus({ preventScroll: true });
  refresh();
}

window.addEventListener('hashchange', () => { if (window.location.hash !== '#main') navigate(); });
navigate(true);
