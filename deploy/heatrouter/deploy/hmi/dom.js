// Small helpers to build elements. Text is only ever set as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';
const shown = new WeakMap();

export const byId = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Set text only where it differs, so that screen readers hear changes and nothing else. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Tell an outcome, for as long as it takes to read it twice. */
export function tell(element, text) {
  setText(element, text);
  window.setTimeout(() => { if (element.textContent === text) setText(element, ''); }, 15000);
}

/** Replace children only where what is shown differs; keeps the focus where it is. */
export function show(element, key, make) {
  const text = JSON.stringify(key);
  if (shown.get(element) === text) return;
  const held = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  shown.set(element, text);
  element.replaceChildren(...[make()].flat());
  if (held) element.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
}

/** A table: columns are {title, number, moment, cell}; the first is the row's header. */
export function table(caption, columns, rows, rowClass = () => '') {
  const head = html('tr', {}, ...columns.map((c) => html('th', { scope: 'col', class: c.number && 'number' }, c.title)));
  const body = rows.map((row) => html('tr', { class: rowClass(row) }, ...columns.map((column, i) => {
    const content = column.cell(row);
    const parts = (Array.isArray(content) ? content : [content]).filter((p) => p !== null && p !== undefined && p !== '');
    if (i === 0) return html('th', { scope: 'row' }, ...parts);
    return html('td', { class: column.number ? 'number' : column.moment ? 'moment' : null, 'data-label': column.title }, ...parts);
  })));
  return html('table', { class: 'cards' }, html('caption', { class: 'only-read' }, caption), html('thead', {}, head), html('tbody', {}, ...body));
}
