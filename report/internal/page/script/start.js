// The events of the matrix.

// startMatrix shows the first fleet.
function startMatrix() {
  const page = () => Math.max(1, Math.floor((grid.clientHeight - head) / ROW) - 1);
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
    const cell = e.target.closest('[aria-colindex]');
    if (!cell) return;
    active = { row: Number(cell.parentElement.dataset.row ?? 0), column: Number(cell.getAttribute('aria-colindex')) - 1 };
    act();
  });
  // The cells are many, so only the one under the pointer has a text that explains it.
  grid.addEventListener('pointerover', (e) => {
    const cell = e.target.closest('[role=gridcell][aria-colindex]');
    if (!cell) return;
    const [builds, hosts] = now.fleet.columns[columns[Number(cell.getAttribute('aria-colindex')) - 2]];
    cell.title = `${cell.getAttribute('aria-label')} on ${builds.join(', ')}: ${count(hosts, 'host')}`;
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

  // On a narrow page the states and the filters would fill the first screen.
  if (matchMedia('(max-width: 56rem)').matches) id('legend').open = id('filters').open = false;
  data.fleets.forEach((f, i) => id('fleet').add(new Option(f.name, String(i))));
  id('fleet-label').hidden = data.fleets.length < 2;
  id('matrix-app').hidden = false;
  choose(0);
}
if (data.fleets.length) startMatrix();
