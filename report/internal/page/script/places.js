// A cause shows its first places. The others become elements when somebody asks for them.
// placeItem returns the element of a place, as the template "place" does.

let otherPlaces; // by the ID of the cause

function placeItem(p) {
  const item = make('li', {}, make('code', { class: 'where' }, ...parts(p.where)));
  if (p.rule) item.append(' ', make('span', { class: 'rule' }, p.rule));
  if (p.author) item.append(' ', make('small', { class: 'author' }, `by ${p.author}`));
  if (p.type) item.append(' ', make('small', {}, `(type ${p.type})`));
  if (p.message) item.append(make('p', {}, p.message));
  if (p.details) item.append(make('ul', { class: 'details' }, ...p.details.map((d) => make('li', {}, d))));
  if (p.lines) item.append(make('pre', {}, ...p.lines.map((l) => textLine(String(l.number), l))));
  if (p.rows) {
    const hex = make('pre', { class: 'hex' }, ...p.rows.map((r) => textLine(r.offset, r)));
    if (p.until) hex.append(make('i', { class: 'role' }, `to ${p.until}`));
    item.append(hex);
  }
  return item;
}

// textLine returns a line of a source, or a row of bytes.
function textLine(number, { before = '', mark, after = '', note }) {
  const line = make('span', { class: 'line' }, make('span', { class: 'number' }, number), ` ${before}`);
  if (mark) line.append(make('mark', {}, mark));
  line.append(after);
  if (note) line.append('  ', make('i', { class: 'role' }, note));
  line.append('\n');
  return line;
}

document.addEventListener('click', (e) => {
  const button = e.target.closest('button[data-places]');
  if (!button) return;
  otherPlaces ??= JSON.parse(id('places-data').textContent);
  const items = otherPlaces[button.dataset.places].map(placeItem);
  const rest = button.closest('.rest');
  rest.previousElementSibling.append(...items);
  rest.remove();
  items[0].tabIndex = -1;
  items[0].focus({ preventScroll: true });
});
for (const button of document.querySelectorAll('button[data-places]')) {
  button.hidden = false;
  button.previousElementSibling.classList.add('printed');
}
