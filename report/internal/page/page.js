(() => {
'use strict';

const ROW = 28;     // height of a row in pixels
const LEAST = 24;   // least width of a column
const NAMED = 120;  // width of a cell from which it has the name of its state
const SPARE = 4;    // rows and columns that are drawn outside the window

const id = (name) => document.getElementById(name);
const data = JSON.parse(id('matrix-data').textContent);

// make returns an element. Texts only enter the page as text.
function make(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) e.setAttribute(name, value);
  for (const c of children) e.append(c);
  return e;
}

// A link to a cause must open the list that it is in.
function reveal() {
  const target = location.hash.length > 1 && id(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let e = target; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true;
  target.focus({ preventScroll: true });
  target.scrollIntoView();
}
addEventListener('hashchange', reveal);
reveal();

// A printed page has all places, but not those of notes.
let opened = [];
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details:not([open]):not(#others *)')];
  for (const d of opened) d.open = true;
});
addEventListener('afterprint', () => { for (const d of opened) d.open = false; });

if (!data.fleets.length) return;

// On a narrow page the states would fill the first screen.
if (matchMedia('(max-width: 56rem)').matches) id('legend').open = false;

const states = new Map(data.states.map((s, i) => [s.id, { ...s, rank: i }]));
const fine = new Set(['s', 'a']);
const count = (n, noun) => `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;

// The fields of a row.
const TITLE = 0, ID = 1, TYPE = 2, WHERE = 3, AUTHOR = 4, CELLS = 5, CAUSES = 8, BECAUSE = 9;

const grid = id('grid');
const form = id('controls');
const collator = new Intl.Collator('en', { numeric: true });

// prepare computes what sorting and searching need, once for each fleet.
function prepare(fleet) {
  const hosts = fleet.columns.map((c) => c[1]);
  const cells = fleet.cells.map((text) => {
    const by = {};
    let worst = 99, affected = 0;
    for (let i = 0; i < text.length; i++) {
      by[text[i]] = (by[text[i]] ?? 0) + hosts[i];
      worst = Math.min(worst, states.get(text[i]).rank);
      if (!fine.has(text[i])) affected += hosts[i];
    }
    return { text, by, worst, affected };
  });
  const rows = fleet.rows.map((r) => ({
    r, cells: cells[r[CELLS]], key: [r[TITLE], r[ID], r[WHERE], r[AUTHOR], fleet.types[r[TYPE]]].join('\n').toLowerCase(),
  }));
  // The place of each row in the order of titles, so that no sort compares texts.
  const order = (text) => {
    const sorted = rows.map((_, i) => i).sort((a, b) => collator.compare(text(rows[a]), text(rows[b])) || a - b);
    const place = new Uint32Array(rows.length);
    sorted.forEach((row, at) => { place[row] = at; });
    return place;
  };
  const byTitle = order((x) => x.r[TITLE] || x.r[ID]);
  const byWhere = order((x) => x.r[WHERE]);
  const byType = order((x) => fleet.types[x.r[TYPE]]);
  rows.forEach((x, i) => { x.title = byTitle[i]; x.where = byWhere[i]; x.type = byType[i]; });
  return { fleet, rows, hosts };
}

const prepared = [];
let now, rows = [], columns = [], left = [], titleWidth = 280;
let HEAD = 100; // height of the heads in pixels
let sort = { by: 'worst', column: -1, up: true };
let active = { row: 0, column: 0 }; // row 0 has the heads, and column 0 the titles
let chosen = null;
let drawn = '';

function choose(index) {
  now = prepared[index] ??= prepare(data.fleets[index]);
  sort.column = -1;
  const types = id('type');
  types.replaceChildren(new Option('all types', ''));
  now.fleet.types.map((t, i) => [t, i]).sort((a, b) => collator.compare(a[0], b[0])).forEach(([t, i]) => types.add(new Option(t || 'no result', String(i))));
  chosen = null;
  filter();
}

// filter selects the rows and columns by the controls.
function filter() {
  const words = id('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const build = id('build').value.trim().toLowerCase();
  const type = id('type').value;
  const wanted = [...form.querySelectorAll('[name=state]:checked')].map((c) => c.value);
  columns = now.fleet.columns.map((_, i) => i).filter((i) => !build || now.fleet.columns[i][0].some((b) => b.toLowerCase().includes(build)));
  rows = now.rows.filter((x) =>
    (type === '' || x.r[TYPE] === Number(type)) && words.every((w) => x.key.includes(w)) &&
    (wanted.length === 0 || columns.some((c) => wanted.includes(x.cells.text[c]))));
  // The details are those of a rule that is shown.
  if (!rows.includes(chosen)) {
    chosen = null;
    hint(rows.length ? 'Choose a rule.' : 'No rule matches the filters.');
    if (rows.length === 1) show(rows[0]);
  }
  order();
}

function hint(text) { id('detail').replaceChildren(make('p', { class: 'hint' }, text)); }

// order sorts the rows.
function order() {
  const by = {
    worst: (a, b) => a.cells.worst - b.cells.worst || b.cells.affected - a.cells.affected || a.title - b.title,
    hosts: (a, b) => b.cells.affected - a.cells.affected || a.cells.worst - b.cells.worst || a.title - b.title,
    title: (a, b) => a.title - b.title,
    type: (a, b) => a.type - b.type && collator.compare(now.fleet.types[a.r[TYPE]], now.fleet.types[b.r[TYPE]]) || a.title - b.title,
    where: (a, b) => a.where - b.where,
    column: (a, b) => states.get(a.cells.text[sort.column]).rank - states.get(b.cells.text[sort.column]).rank || a.cells.worst - b.cells.worst || a.title - b.title,
  }[sort.by];
  rows.sort(sort.up ? by : (a, b) => by(b, a));
  active.row = Math.min(active.row, rows.length);
  active.column = Math.min(active.column, columns.length);
  const all = now.rows.length;
  id('shown').textContent = rows.length === all ? count(all, 'rule') : `${rows.length.toLocaleString('en-US')} of ${count(all, 'rule')}`;
  layout();
}

// layout computes the places of the columns.
function layout() {
  const room = grid.clientWidth;
  titleWidth = Math.max(120, Math.min(360, Math.round(room * 0.42)));
  // Columns of few hosts get the least width, and the others share the rest by their hosts.
  let wide = Math.max(room - titleWidth - 2, columns.length * LEAST);
  let sum = columns.reduce((n, c) => n + now.hosts[c], 0) || 1;
  const narrow = new Set();
  for (const c of [...columns].sort((a, b) => now.hosts[a] - now.hosts[b])) {
    if (wide * now.hosts[c] / sum >= LEAST) break;
    narrow.add(c);
    wide -= LEAST;
    sum -= now.hosts[c];
  }
  left = [titleWidth];
  for (const c of columns) left.push(left.at(-1) + (narrow.has(c) ? LEAST : Math.floor(wide * now.hosts[c] / sum)));
  const longest = columns.reduce((n, c) => Math.max(n, label(now.fleet.columns[c]).length), 0);
  HEAD = Math.max(70, Math.min(240, 30 + Math.round(longest * 7)));
  const most = innerHeight * (innerWidth < 900 ? 0.6 : 0.75);
  grid.style.height = `${Math.round(Math.max(HEAD + 2 * ROW, Math.min(most, HEAD + rows.length * ROW + 20)))}px`;
  grid.setAttribute('aria-rowcount', String(rows.length + 1));
  grid.setAttribute('aria-colcount', String(columns.length + 1));
  drawn = '';
  draw();
}

// at returns the first column whose end is right of x.
function at(x) {
  let low = 0, high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (left[middle + 1] <= x) low = middle + 1; else high = middle;
  }
  return low;
}

// label returns the text of the head of a column.
function label(c) {
  return `${c[0].length > 1 ? `${c[0][0]} and ${c[0].length - 1} more` : c[0][0]} · ${c[1].toLocaleString('en-US')}`;
}

const cellID = (row, column) => `cell-${row}-${column}`;

// draw draws the rows and columns in the window, and the active cell.
function draw() {
  const top = Math.max(0, Math.floor(grid.scrollTop / ROW) - SPARE);
  const bottom = Math.min(rows.length, Math.ceil((grid.scrollTop + grid.clientHeight - HEAD) / ROW) + SPARE);
  const first = Math.max(0, at(grid.scrollLeft + titleWidth) - SPARE);
  const last = Math.min(columns.length, at(grid.scrollLeft + grid.clientWidth) + 1 + SPARE);
  const window = [top, bottom, first, last, active.row, active.column].join();
  if (window === drawn) return;
  drawn = window;
  const width = left.at(-1);
  const head = make('div', { role: 'rowgroup', class: 'head' });
  head.style.height = `${HEAD}px`;
  head.style.width = `${width}px`;
  head.append(headRow(first, last));
  const body = make('div', { role: 'rowgroup' });
  body.style.cssText = `position:relative;height:${rows.length * ROW}px;width:${width}px`;
  for (let i = top; i < bottom; i++) body.append(bodyRow(i, first, last));
  if (active.row > 0 && (active.row - 1 < top || active.row - 1 >= bottom)) body.append(bodyRow(active.row - 1, first, last));
  if (rows.length === 0) {
    const row = make('div', { role: 'row' }, make('div', { role: 'gridcell', class: 'title' }, 'No rule matches the filters.'));
    row.style.height = `${ROW}px`;
    body.append(row);
  }
  grid.replaceChildren(head, body);
  grid.setAttribute('aria-activedescendant', cellID(active.row, active.column));
}

// shownColumns yields the columns from first to last, and the active one.
function* shownColumns(first, last) {
  for (let k = first; k < last; k++) yield k;
  const k = active.column - 1;
  if (k >= 0 && (k < first || k >= last)) yield k;
}

function headRow(first, last) {
  const corner = make('div', { role: 'columnheader', class: 'corner', 'aria-colindex': '1', id: cellID(0, 0), 'data-column': '0', 'aria-sort': sort.by === 'title' ? (sort.up ? 'ascending' : 'descending') : 'none' }, 'Rule');
  corner.style.width = `${titleWidth}px`;
  const row = make('div', { role: 'row', 'aria-rowindex': '1' }, corner);
  for (const k of shownColumns(first, last)) {
    const c = now.fleet.columns[columns[k]];
    const sorted = sort.by === 'column' && sort.column === columns[k];
    const cell = make('div', {
      role: 'columnheader', class: 'build', 'aria-colindex': String(k + 2), id: cellID(0, k + 1), 'data-column': String(k + 1), title: `${c[0].join(', ')}: ${count(c[1], 'host')}`,
      'aria-sort': sorted ? (sort.up ? 'ascending' : 'descending') : 'none',
    }, (sorted ? (sort.up ? '▸ ' : '◂ ') : '') + label(c));
    cell.style.left = `${left[k]}px`;
    cell.style.width = `${left[k + 1] - left[k]}px`;
    row.append(cell);
  }
  mark(row, 0);
  return row;
}

function bodyRow(i, first, last) {
  const x = rows[i];
  const title = make('div', { role: 'rowheader', class: 'title', 'aria-colindex': '1', id: cellID(i + 1, 0), 'data-column': '0', title: `${x.r[TITLE] || x.r[ID]}\n${x.r[WHERE]}` }, x.r[TITLE] || x.r[ID] || x.r[WHERE]);
  title.style.width = `${titleWidth}px`;
  const row = make('div', { role: 'row', 'aria-rowindex': String(i + 2), 'data-row': String(i + 1) }, title);
  if (x === chosen) {
    row.classList.add('chosen');
    row.setAttribute('aria-selected', 'true');
  }
  row.style.top = `${i * ROW}px`;
  row.style.height = `${ROW}px`;
  for (const k of shownColumns(first, last)) {
    const s = states.get(x.cells.text[columns[k]]);
    const c = now.fleet.columns[columns[k]];
    const cell = make('div', { role: 'gridcell', class: `box s-${s.id}`, 'aria-colindex': String(k + 2), id: cellID(i + 1, k + 1), 'data-column': String(k + 1), 'aria-label': s.name, title: `${s.name} on ${c[0].join(', ')}: ${count(c[1], 'host')}` }, s.id !== 's' && left[k + 1] - left[k] >= NAMED ? `${s.symbol} ${s.name}` : s.symbol);
    cell.style.left = `${left[k]}px`;
    cell.style.width = `${left[k + 1] - left[k]}px`;
    row.append(cell);
  }
  mark(row, i + 1);
  return row;
}

function mark(row, index) {
  if (active.row === index) row.querySelector(`[data-column="${active.column}"]`)?.classList.add('active');
}

// The words before a link to a finding, by the part of the page that has it.
const kinds = { blocks: 'Blocks: ', warnings: 'Warning: ', others: 'Note, which does not count: ' };

// show draws the details of a rule.
function show(x) {
  chosen = x;
  const { fleet, hosts } = now;
  const detail = id('detail');
  const parts = [make('h3', {}, x.r[TITLE] || x.r[ID])];
  const facts = [['File', x.r[WHERE]], ['Type', fleet.types[x.r[TYPE]]], ['Author', x.r[AUTHOR]], ['ID', x.r[ID]]].filter((f) => f[1]);
  const list = make('dl', { class: 'facts' });
  for (const [name, value] of facts) list.append(make('div', {}, make('dt', {}, name), make('dd', {}, value)));
  parts.push(list);
  for (const s of data.states) {
    const on = fleet.columns.map((_, i) => i).filter((i) => x.cells.text[i] === s.id);
    if (!on.length) continue;
    const n = on.reduce((sum, i) => sum + hosts[i], 0);
    parts.push(make('h4', {}, make('span', { class: `cell s-${s.id}`, 'aria-hidden': 'true' }, s.symbol), ` ${s.name}: ${count(n, 'host')}${s.id === 'a' ? ', without this rule' : ''}`));
    const builds = on.flatMap((i) => fleet.columns[i][0]);
    parts.push(make('p', {}, builds.slice(0, 40).join(', ') + (builds.length > 40 ? ` and ${builds.length - 40} more` : '')));
    const why = make('ul', {});
    for (const [reason, set] of x.r[BECAUSE])
      if (fleet.sets[set].some((i) => x.cells.text[i] === s.id)) why.append(make('li', {}, fleet.reasons[reason]));
    if (why.childElementCount) parts.push(why);
  }
  const causes = x.r[CAUSES].map((c) => fleet.causes[c]).filter((c) => id(c));
  if (causes.length) {
    parts.push(make('h4', {}, 'Findings and corrections'));
    const ul = make('ul', {});
    for (const c of causes) ul.append(make('li', {}, `${kinds[id(c).closest('section').id] ?? ''}`, make('a', { href: `#${c}` }, id(c).querySelector('h4').textContent)));
    parts.push(ul);
  }
  detail.replaceChildren(...parts);
}

// move makes a cell active and visible.
function move(row, column) {
  active = { row: Math.max(0, Math.min(rows.length, row)), column: Math.max(0, Math.min(columns.length, column)) };
  if (active.row > 0) {
    const y = (active.row - 1) * ROW;
    if (y < grid.scrollTop) grid.scrollTop = y;
    else if (y + ROW > grid.scrollTop + grid.clientHeight - HEAD) grid.scrollTop = y + ROW - grid.clientHeight + HEAD;
  }
  if (active.column > 0) {
    const k = active.column - 1;
    if (left[k] < grid.scrollLeft + titleWidth) grid.scrollLeft = left[k] - titleWidth;
    else if (left[k + 1] > grid.scrollLeft + grid.clientWidth) grid.scrollLeft = left[k + 1] - grid.clientWidth;
  }
  draw();
}

// act does what a click on the active cell does.
function act() {
  if (active.row > 0) {
    if (rows[active.row - 1]) show(rows[active.row - 1]);
    drawn = '';
    draw();
    return;
  }
  const column = active.column > 0 ? columns[active.column - 1] : -1;
  const by = column < 0 ? 'title' : 'column';
  sort = { by, column, up: !(sort.by === by && sort.column === column && sort.up) };
  id('sort').value = by;
  order();
}

const page = () => Math.max(1, Math.floor((grid.clientHeight - HEAD) / ROW) - 1);
const keys = {
  ArrowDown: () => move(active.row + 1, active.column), ArrowUp: () => move(active.row - 1, active.column),
  ArrowRight: () => move(active.row, active.column + 1), ArrowLeft: () => move(active.row, active.column - 1),
  PageDown: () => move(active.row + page(), active.column), PageUp: () => move(Math.max(1, active.row - page()), active.column),
  Home: (e) => (e.ctrlKey ? move(1, active.column) : move(active.row, 0)), End: (e) => (e.ctrlKey ? move(rows.length, active.column) : move(active.row, columns.length)),
  Enter: act, ' ': act,
};
grid.addEventListener('keydown', (e) => {
  const key = keys[e.key];
  if (!key || e.altKey || e.metaKey) return;
  e.preventDefault();
  key(e);
});
grid.addEventListener('click', (e) => {
  const cell = e.target.closest('[data-column]');
  if (!cell) return;
  const row = cell.closest('[data-row]');
  active = { row: row ? Number(row.dataset.row) : 0, column: Number(cell.dataset.column) };
  act();
});
let waiting = false;
grid.addEventListener('scroll', () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
});
addEventListener('resize', layout);
form.addEventListener('submit', (e) => e.preventDefault());
form.addEventListener('input', (e) => {
  if (e.target.id === 'sort') {
    sort = { by: e.target.value, column: -1, up: true };
    order();
  } else if (e.target.id === 'fleet') choose(Number(e.target.value));
  else filter();
});
form.addEventListener('reset', () => setTimeout(() => {
  sort = { by: 'worst', column: -1, up: true };
  choose(Number(id('fleet').value));
}));

data.fleets.forEach((f, i) => id('fleet').add(new Option(f.name, String(i))));
id('fleet-label').hidden = data.fleets.length < 2;
id('matrix-app').hidden = false;
choose(0);
})();
