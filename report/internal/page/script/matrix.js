// The rules of a fleet, and which of them are shown in which order.

const data = JSON.parse(id('matrix-data').textContent);
const states = new Map(data.states.map((s, i) => [s.id, { ...s, rank: i }]));
const rank = new Uint8Array(128); // of a state, by its character
for (const [name, s] of states) rank[name.charCodeAt(0)] = s.rank;
const fine = new Uint8Array(128); // 1 for the states that need no work
for (const name of ['s', 'a']) fine[name.charCodeAt(0)] = 1;

// The fields of a row. Rows are sorted by title.
const TITLE = 0, ID = 1, TYPE = 2, WHERE = 3, AUTHOR = 4, CELLS = 5, CAUSES = 8, BECAUSE = 9;

const form = id('controls');
const prepared = []; // by the number of a fleet
let now;             // the fleet that is shown
let rows = [], columns = [];
let sort = { by: 'worst', column: -1, up: true };
let active = { row: 0, column: 0 }; // row 0 has the heads, and column 0 the titles
let chosen = null;

// prepare computes what sorting needs, once for each fleet.
function prepare(fleet) {
  const hosts = fleet.columns.map((c) => c[1]);
  const cells = fleet.cells.map((text) => {
    let worst = 127, affected = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (rank[c] < worst) worst = rank[c];
      if (!fine[c]) affected += hosts[i];
    }
    return { text, worst, affected };
  });
  const byName = fleet.types.map((_, i) => i).sort((a, b) => (fleet.types[a] < fleet.types[b] ? -1 : 1));
  const place = [];
  byName.forEach((t, i) => { place[t] = i; });
  return { fleet, hosts, byName, rows: fleet.rows.map((r, i) => ({ r, cells: cells[r[CELLS]], title: i, type: place[r[TYPE]] })) };
}

// keyOf returns the text in which a search looks for words.
function keyOf(x) {
  return x.key ??= [x.r[TITLE], x.r[ID], x.r[WHERE], x.r[AUTHOR], now.fleet.types[x.r[TYPE]]].join('\n').toLowerCase();
}

// choose shows a fleet.
function choose(index) {
  now = prepared[index] ??= prepare(data.fleets[index]);
  sort.column = -1;
  id('type').replaceChildren(new Option('all types', ''), ...now.byName.map((t) => new Option(now.fleet.types[t] || 'no result', String(t))));
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
    (type === '' || x.r[TYPE] === Number(type)) && words.every((w) => keyOf(x).includes(w)) &&
    (wanted.length === 0 || columns.some((c) => wanted.includes(x.cells.text[c]))));
  // The details are those of a rule that is shown.
  if (!rows.includes(chosen)) {
    chosen = null;
    hint(rows.length ? 'Choose a rule.' : 'No rule matches the filters.');
    if (rows.length === 1) show(rows[0]);
  }
  order();
}

const orders = {
  worst: (a, b) => a.cells.worst - b.cells.worst || b.cells.affected - a.cells.affected || a.title - b.title,
  hosts: (a, b) => b.cells.affected - a.cells.affected || a.cells.worst - b.cells.worst || a.title - b.title,
  title: (a, b) => a.title - b.title,
  type: (a, b) => a.type - b.type || a.title - b.title,
  where: (a, b) => (a.r[WHERE] < b.r[WHERE] ? -1 : a.r[WHERE] > b.r[WHERE] ? 1 : a.title - b.title),
  column: (a, b) => rank[a.cells.text.charCodeAt(sort.column)] - rank[b.cells.text.charCodeAt(sort.column)] || a.cells.worst - b.cells.worst || a.title - b.title,
};

// order sorts the rows, and draws them.
function order() {
  const by = orders[sort.by];
  rows.sort(sort.up ? by : (a, b) => by(b, a));
  active.row = Math.min(active.row, rows.length);
  active.column = Math.min(active.column, columns.length);
  const all = now.rows.length;
  id('shown').textContent = rows.length === all ? count(all, 'rule') : `${thousands(rows.length)} of ${count(all, 'rule')}`;
  layout();
}
