// Small charts of the last hours, as SVG, with a legend that has the last values.

import * as api from './api.js';
import { byId, html, show, svg } from './dom.js';
import { fullName, number, quantity, unitOf, withUnit, words } from './format.js';

const HEIGHT = 200;
const LEFT = 46;
const BOTTOM = 20;
const PENS = 6;
// Less than this is not blown up to the height of a chart.
const LEAST = { 1: 0.05, bar: 0.2, 'kg/s': 2, kW: 20, degC: 4 };

let site = null;
let groups = [];

export function build(shared) {
  site = shared.site;
  const of = (test) => site.inputs.filter((c) => test(c.name)).map((c) => c.name);
  const chart = (title, names) => ({ title, names: names.slice(0, PENS) });
  const circuits = site.drawing.circuits.map((c) => c.name);
  groups = [
    { name: 'Networks', charts: circuits.flatMap((c) => [
      chart(`${words(c)}: temperatures`, [`${c}.supply_temp_c`, `${c}.return_temp_c`, `applied:${c}.supply_temp_c`]),
      chart(`${words(c)}: load`, [`${c}.load_kw`]), chart(`${words(c)}: flow`, [`${c}.mass_flow_kg_s`]), chart(`${words(c)}: worst Δp`, [`${c}.worst_dp_bar`])]) },
    { name: 'Heat by unit', charts: chunks(of((n) => /\.(heat_kw|cooling_kw)$/.test(n))).map((names, i) => chart(`Heat ${i + 1}`, names)) },
    { name: 'Stores', charts: [chart('Level', of((n) => /level$/.test(n))), chart('Charge', of((n) => n.endsWith('.charge_kw'))), chart('Temperatures', of((n) => /\.(top|middle|bottom)_temp_c$/.test(n)))] },
    { name: 'Consumers', charts: [...chunks(of((n) => n.endsWith('.room_temp_c') || n.endsWith('.air_temp_c'))).map((names) => chart('Rooms', names)),
      ...chunks(of((n) => n.endsWith('.supply_temp_c') && !circuits.includes(n.split('.')[0]))).map((names) => chart('Supply at consumers', names))] },
    { name: 'Set-points', charts: site.set_points.map((p) => chart(fullName(p.name), [`applied:${p.name}`, `wanted:${p.name}`])) },
    { name: 'Weather and tariffs', charts: site.drawing.site_inputs.map((i) => chart(quantity(site.inputs[i].name), [site.inputs[i].name])) },
  ].map((g) => ({ ...g, charts: g.charts.map((c) => ({ ...c, names: c.names.filter((n) => site.series.includes(n)) })).filter((c) => c.names.length > 0) })).filter((g) => g.charts.length > 0);
  byId('trend-group').replaceChildren(...groups.map((g, i) => html('option', { value: i }, g.name)));
  byId('trend-group').onchange = byId('trend-hours').onchange = page;
  byId('trend-form').onsubmit = (event) => event.preventDefault();
}

function chunks(names) {
  return Array.from({ length: Math.ceil(names.length / PENS) }, (_, i) => names.slice(PENS * i, PENS * (i + 1)));
}

const bare = (name) => name.slice(name.indexOf(':') + 1);
const unitOfSeries = (name) => (name.includes(':') ? site.set_points : site.inputs).find((c) => c.name === bare(name)).unit;
const label = (name) => `${fullName(bare(name))}${name.startsWith('applied:') ? ', in force' : name.startsWith('wanted:') ? ', let through' : ''}`;

export async function page() {
  const group = groups[Number(byId('trend-group').value)];
  const hours = Number(byId('trend-hours').value);
  const names = [...new Set(group.charts.flatMap((c) => c.names))];
  // One answer holds 16 series.
  const answers = await Promise.all(Array.from({ length: Math.ceil(names.length / 16) }, (_, i) => {
    const query = new URLSearchParams({ names: names.slice(16 * i, 16 * (i + 1)).join(','), hours: String(hours), points: '400' });
    return api.get(`/api/v1/trends?${query}`);
  }));
  const { now_s: now, time_s: times } = answers[0];
  const series = Object.assign({}, ...answers.map((a) => a.series));
  show(byId('charts'), [group.name, hours, now], () => group.charts.map((c) => draw(c, times, series, now, hours)));
}

function draw(chart, times, series, now, hours) {
  // Letters keep their size: a phone's chart has fewer pixels, not smaller ones.
  const width = window.innerWidth < 600 ? 340 : 640;
  const unit = unitOfSeries(chart.names[0]);
  const values = chart.names.flatMap((n) => series[n]).filter((v) => v !== null);
  const { low, high, ticks } = range(values, unit);
  const x = (t) => LEFT + ((t - (now - 3600 * hours)) / (3600 * hours)) * (width - LEFT - 6);
  const y = (v) => 6 + (1 - (v - low) / (high - low)) * (HEIGHT - BOTTOM - 6);
  const picture = svg('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': `${chart.title}: ${chart.names.map((n) => spoken(n, series[n], unit)).join('; ')}` });
  for (const value of ticks) picture.append(svg('line', { class: 'grid', x1: LEFT, x2: width - 6, y1: y(value), y2: y(value) }), svg('text', { x: LEFT - 6, y: y(value) + 4, 'text-anchor': 'end' }, number(value, unit)));
  for (let i = 0; i <= 4; i += 1) {
    const back = hours * (1 - i / 4);
    const anchor = i === 0 ? 'start' : i === 4 ? 'end' : 'middle';
    picture.append(svg('line', { class: 'grid', y1: 6, y2: HEIGHT - BOTTOM, x1: x(now - 3600 * back), x2: x(now - 3600 * back) }), svg('text', { x: x(now - 3600 * back), y: HEIGHT - 5, 'text-anchor': anchor }, back === 0 ? 'now' : `−${Number(back.toFixed(2))} h`));
  }
  chart.names.forEach((name, pen) => picture.append(svg('path', { class: `pen pen${pen}`, d: path(times, series[name], x, y) })));
  const legend = html('ul', { class: 'legend' }, ...chart.names.map((name, pen) => html('li', {}, svg('svg', { viewBox: '0 0 28 10', 'aria-hidden': 'true' }, svg('line', { class: `pen pen${pen}`, x1: 0, x2: 28, y1: 5, y2: 5 })), ` ${label(name)} `, html('span', { class: 'value' }, withUnit(series[name].at(-1), unit)))));
  return html('figure', { class: 'chart' }, html('figcaption', {}, `${chart.title}, ${unitOf(unit)}`), picture, legend);
}

function path(times, values, x, y) {
  let d = '';
  let pen = 'M';
  values.forEach((v, i) => {
    if (v === null) { pen = 'M'; return; }
    d += `${pen}${x(times[i]).toFixed(1)} ${y(v).toFixed(1)}`;
    pen = 'L';
  });
  return d;
}

/** Limits of the axis, and three to six round values on it. */
function range(values, unit) {
  const least = LEAST[unit] ?? 1;
  const some = values.length > 0;
  const from = some ? Math.min(...values) : 0;
  const to = some ? Math.max(...values) : least;
  const pad = Math.max(0.04 * (to - from), (least - (to - from)) / 2, 0);
  const span = to - from + 2 * pad;
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => span / s <= 5);
  const low = Math.floor((from - pad) / step) * step;
  const high = Math.ceil((to + pad) / step) * step;
  return { low, high, ticks: Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step) };
}

function spoken(name, values, unit) {
  const known = values.filter((v) => v !== null);
  if (known.length === 0) return `${label(name)}: no values`;
  return `${label(name)}: now ${withUnit(values.at(-1), unit)}, least ${withUnit(Math.min(...known), unit)}, most ${withUnit(Math.max(...known), unit)}`;
}
