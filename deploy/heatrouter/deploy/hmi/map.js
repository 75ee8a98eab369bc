// The network, drawn once, with numbers that change.

import { byId, html, setText, show, svg, table } from './dom.js';
import { fullName, number, quantity, withUnit, words } from './format.js';

const EDGE = 6;
const LETTER = 5.6;

// Half sizes of symbols, as points round the middle.
const SHAPES = {
  waste_heat_source: '0,-6 6,5 -6,5', boiler: '-6,-5 6,-5 0,6', heat_pump: '0,-7 7,0 0,7 -7,0', chp: '0,-7 5,0 0,7 -5,0',
  store: '-5,-7 5,-7 5,7 -5,7', heat_exchanger: '-6,-6 6,6 6,-6 -6,6', solar_thermal: '-7,4 -3,-5 7,-5 3,4',
  substation: '0,-6 6,-1 4,6 -4,6 -6,-1', greenhouse: '-6,6 -6,-2 0,-7 6,-2 6,6', process_heat: '-6,6 -6,-3 -2,-6 -2,-2 2,-6 2,-2 6,-6 6,6',
};
const ANY = '-5,-5 5,-5 5,5 -5,5';

let units = [];
let site = null;

/** What a label says: one or two readings, with a word where two of a kind stand side by side. */
function inLabel(shown) {
  if (shown.length === 2 && shown.every((r) => r.unit === 'degC')) {
    const [first, second] = shown;
    return `${number(first.value, 'degC')}, ${quantity(second.name)} ${withUnit(second.value, 'degC')}`;
  }
  return shown.map((r) => `${withUnit(r.value, r.unit)}${/\.(generated|power)_kw$/.test(r.name) ? ' el.' : ''}`).join(' · ');
}

export function build(known) {
  site = known;
  const { drawing } = site;
  const map = byId('map');
  map.setAttribute('viewBox', `${drawing.left} ${drawing.top} ${drawing.width} ${drawing.height}`);
  map.append(...drawing.pipes.map((p) => svg('line', { class: 'pipe', x1: p.x0, y1: p.y0, x2: p.x1, y2: p.y1, 'stroke-width': p.width })));
  const labelled = drawing.units.filter((u) => u.label_x !== null);
  map.append(...labelled.map((u) => svg('line', { class: 'leader', x1: u.x, y1: u.y, x2: u.label_x, y2: u.label_y })));
  map.append(...drawing.units.filter((u) => u.label_x === null).map((u) => svg('g', { transform: `translate(${u.x} ${u.y})` }, svg('circle', { class: 'symbol', r: 3 }, svg('title', {}, words(u.name))))));
  units = labelled.map((unit) => {
    const { label_width: width, label_height: height } = unit;
    const left = unit.label_x - width / 2;
    const top = unit.label_y - height / 2;
    const figure = svg('text', { class: 'figure', x: EDGE + 18, y: height - 6 });
    const level = svg('rect', { class: 'fill', x: 1, y: height - 3, width: 0, height: 2 });
    const group = svg('g', { transform: `translate(${left} ${top})` },
      svg('rect', { class: 'box', width, height, rx: 3 }), level,
      svg('g', { transform: `translate(${EDGE + 6} ${height / 2})` }, svg('polygon', { class: 'symbol', points: SHAPES[unit.kind] ?? ANY })),
      svg('text', { class: 'name', x: EDGE + 18, y: 11 }, words(unit.name)), figure,
      svg('title', {}, `${words(unit.name)}: ${unit.meaning}`));
    map.append(group);
    return { unit, group, figure, level, width };
  });
}

function reading(snapshot, i) {
  const { name, unit } = site.inputs[i];
  const mask = snapshot.causes[i] ?? 0;
  return { i, name, unit, mask, value: snapshot.values?.[i] ?? null };
}

function why(mask) {
  return Object.entries(site.input_causes).filter(([bit]) => mask & bit).map(([, text]) => text).join(', ');
}

function card(r, title) {
  const note = r.mask ? `not believed: ${why(r.mask)}; the last good value stands in` : null;
  return html('span', { class: 'reading', title: note }, html('span', { class: 'name' }, title), html('span', { class: r.mask ? 'value bad' : 'value' }, withUnit(r.value, r.unit), note && html('span', { class: 'only-read' }, ` ${note}`)));
}

export function update(snapshot) {
  const fixed = new Set(snapshot.overrides.map((o) => o.set_point.slice(0, o.set_point.lastIndexOf('.'))));
  for (const { unit, group, figure, level, width } of units) {
    const shown = unit.shown.map((i) => reading(snapshot, i));
    const text = inLabel(shown);
    setText(figure, text);
    figure.classList.toggle('long', LETTER * text.length > width - EDGE - 20);
    const heat = shown.find((r) => r.unit === 'kW');
    const off = heat !== undefined && Math.abs(heat.value ?? 0) < 0.5 && unit.kind !== 'store';
    const wrong = unit.inputs.some((i) => snapshot.causes[i]);
    group.setAttribute('class', [off && 'off', wrong && 'wrong', fixed.has(unit.name) && 'fixed'].filter(Boolean).join(' '));
    const share = shown.find((r) => /level$/.test(r.name));
    if (share) level.setAttribute('width', String(Math.min(Math.max(share.value ?? 0, 0), 1) * (width - 2)));
  }
  const { drawing } = site;
  show(byId('circuits'), [snapshot.values, snapshot.causes, drawing.circuits], () => drawing.circuits.map((c) => html('div', { class: 'readings' },
    html('span', { class: 'circuit-name' }, words(c.name)), ...c.inputs.map((i) => card(reading(snapshot, i), quantity(site.inputs[i].name))))));
  show(byId('site-readings'), [snapshot.values, snapshot.causes], () => drawing.site_inputs.map((i) => card(reading(snapshot, i), fullName(site.inputs[i].name))));
  show(byId('readings-table'), [snapshot.values, snapshot.causes], () => table('All readings', [
    { title: 'Reading', cell: (r) => fullName(r.name) },
    { title: 'Value', number: true, cell: (r) => withUnit(r.value, r.unit) },
    { title: 'State', cell: (r) => (r.mask ? html('span', { class: 'bad' }, why(r.mask)) : 'good') },
  ], site.inputs.map((_, i) => reading(snapshot, i))));
}
