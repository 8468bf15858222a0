// The matrix, of which only the rows and columns in the window are elements.

const ROW = 28;      // height of a row in pixels
const LEAST = 30;    // least width of a column
const NAMED = 120;   // width of a cell from which it has the name of its state
const SPARE = 4;     // rows and columns that are drawn outside the window
const LETTER = 7;    // width of a letter in a head
const MOST_HEAD = 150;

const grid = id('grid');
let left = [];       // the left edge of each column, and the right one of the last
let titleWidth = 0;  // of the first column
let head = 0;        // height of the heads
let drawn = '';      // the window that is drawn

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
  const longest = columns.reduce((n, c, k) => (across(k) ? n : Math.max(n, widest(c))), 0);
  head = Math.max(50, Math.min(MOST_HEAD, 16 + Math.round(longest * LETTER)));
  const most = innerHeight * (innerWidth < 900 ? 0.6 : 0.75);
  grid.style.height = `${Math.round(Math.max(head + 2 * ROW, Math.min(most, head + rows.length * ROW + 20)))}px`;
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

// label returns the two lines of the head of a column: its builds and its hosts.
function label([builds, hosts]) {
  return [builds.length > 1 ? `${builds[0]} and ${builds.length - 1} more` : builds[0], thousands(hosts)];
}

const widest = (column) => Math.max(...label(now.fleet.columns[column]).map((line) => line.length));

// across reports whether the head of a column has room, so that it is not turned.
function across(k) {
  return left[k + 1] - left[k] >= 12 + LETTER * widest(columns[k]);
}

// draw draws the rows and columns in the window, and the active cell.
function draw() {
  const top = Math.max(0, Math.floor(grid.scrollTop / ROW) - SPARE);
  const bottom = Math.min(rows.length, Math.ceil((grid.scrollTop + grid.clientHeight - head) / ROW) + SPARE);
  const first = Math.max(0, at(grid.scrollLeft + titleWidth) - SPARE);
  const last = Math.min(columns.length, at(grid.scrollLeft + grid.clientWidth) + 1 + SPARE);
  const window = [top, bottom, first, last, active.row, active.column].join();
  if (window === drawn) return;
  drawn = window;
  const heads = make('div', { role: 'rowgroup', class: 'head' }, headRow(first, last));
  const body = make('div', { role: 'rowgroup', class: 'body' });
  heads.style.height = `${head}px`;
  body.style.height = `${Math.max(rows.length, 1) * ROW}px`;
  heads.style.width = body.style.width = `${left.at(-1)}px`;
  for (let i = top; i < bottom; i++) body.append(bodyRow(i, first, last));
  if (active.row > 0 && (active.row - 1 < top || active.row - 1 >= bottom)) body.append(bodyRow(active.row - 1, first, last));
  if (rows.length === 0) {
    const row = make('div', { role: 'row' }, make('div', { role: 'gridcell', class: 'title' }, 'No rule matches the filters.'));
    row.style.height = `${ROW}px`;
    body.append(row);
  }
  grid.replaceChildren(heads, body);
  grid.setAttribute('aria-activedescendant', cellID());
}

// shownColumns yields the columns from first to last, and the active one.
function* shownColumns(first, last) {
  for (let k = first; k < last; k++) yield k;
  const k = active.column - 1;
  if (k >= 0 && (k < first || k >= last)) yield k;
}

// place puts a cell into its column.
function place(cell, k) {
  cell.style.left = `${left[k]}px`;
  cell.style.width = `${left[k + 1] - left[k]}px`;
}

const direction = (sorted) => (sorted ? (sort.up ? 'ascending' : 'descending') : 'none');

function headRow(first, last) {
  const corner = make('div', { role: 'columnheader', class: 'corner', 'aria-colindex': '1', 'aria-sort': direction(sort.by === 'title') }, 'Rule');
  corner.style.width = `${titleWidth}px`;
  const row = make('div', { role: 'row', 'aria-rowindex': '1' }, corner);
  for (const k of shownColumns(first, last)) {
    const c = now.fleet.columns[columns[k]];
    const sorted = sort.by === 'column' && sort.column === columns[k];
    const lines = label(c);
    if (sorted) lines[0] = (sort.up ? '▸ ' : '◂ ') + lines[0];
    const cell = make('div', {
      role: 'columnheader', class: 'build', 'aria-colindex': String(k + 2), title: `${c[0].join(', ')}: ${count(c[1], 'host')}`, 'aria-sort': direction(sorted),
    });
    if (across(k)) cell.classList.add('across');
    cell.append(make('div', {}, lines[0]), make('div', {}, lines[1]));
    place(cell, k);
    row.append(cell);
  }
  mark(row, 0);
  return row;
}

function bodyRow(i, first, last) {
  const x = rows[i];
  const name = x.r[TITLE] || x.r[ID] || x.r[WHERE];
  const title = make('div', { role: 'rowheader', class: 'title', 'aria-colindex': '1', title: `${name}\n${x.r[WHERE]}` }, name);
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
    const cell = make('div', { role: 'gridcell', class: `box s-${s.id}`, 'aria-colindex': String(k + 2), 'aria-label': s.name }, s.id !== 's' && left[k + 1] - left[k] >= NAMED ? `${s.symbol} ${s.name}` : s.symbol);
    place(cell, k);
    row.append(cell);
  }
  mark(row, i + 1);
  return row;
}

// cellID returns the ID of the active cell. Another cell has another ID, so that a screen reader
// notices the change.
const cellID = () => `cell-${active.row}-${active.column}`;

// mark marks the active cell, if it is in a row.
function mark(row, index) {
  if (active.row !== index) return;
  const cell = row.querySelector(`[aria-colindex="${active.column + 1}"]`);
  cell.classList.add('active');
  cell.id = cellID();
}

// move makes a cell active and visible.
function move(row, column) {
  active = { row: Math.max(0, Math.min(rows.length, row)), column: Math.max(0, Math.min(columns.length, column)) };
  if (active.row > 0) {
    const y = (active.row - 1) * ROW;
    if (y < grid.scrollTop) grid.scrollTop = y;
    else if (y + ROW > grid.scrollTop + grid.clientHeight - head) grid.scrollTop = y + ROW - grid.clientHeight + head;
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
    // The details can be below the window.
    id('detail').scrollIntoView({ block: 'nearest' });
    return;
  }
  const column = active.column > 0 ? columns[active.column - 1] : -1;
  const by = column < 0 ? 'title' : 'column';
  sort = { by, column, up: !(sort.by === by && sort.column === column && sort.up) };
  id('sort').value = by;
  order();
}
