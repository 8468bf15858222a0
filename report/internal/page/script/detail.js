// The details of a rule, beside the matrix.

const shownBuilds = 40; // of a state

// The words before a link to a finding, by the part of the page that has it.
const kinds = { blocks: 'Blocks: ', warnings: 'Warning: ', others: 'Note, which does not count: ' };

function hint(text) { id('detail').replaceChildren(make('p', { class: 'hint' }, text)); }

// show draws the details of a rule.
function show(x) {
  chosen = x;
  const { fleet, hosts } = now;
  const content = [make('h3', {}, x.r[TITLE] || x.r[ID])];
  for (const s of data.states) {
    const on = fleet.columns.map((_, i) => i).filter((i) => x.cells.text[i] === s.id);
    if (!on.length) continue;
    const n = on.reduce((sum, i) => sum + hosts[i], 0);
    content.push(make('h4', {}, make('span', { class: `cell s-${s.id}`, 'aria-hidden': 'true' }, s.symbol), ` ${s.name}: ${count(n, 'host')}${s.id === 'a' ? ', without this rule' : ''}`));
    const builds = on.flatMap((i) => fleet.columns[i][0]);
    content.push(make('p', {}, builds.slice(0, shownBuilds).join(', ') + (builds.length > shownBuilds ? ` and ${builds.length - shownBuilds} more` : '')));
    const why = make('ul', {});
    for (const [reason, set] of x.r[BECAUSE])
      if (fleet.sets[set].some((i) => x.cells.text[i] === s.id)) why.append(make('li', {}, fleet.reasons[reason]));
    if (why.childElementCount) content.push(why);
  }
  const causes = x.r[CAUSES].map((c) => fleet.causes[c]).filter((c) => id(c));
  if (causes.length) {
    content.push(make('h4', {}, 'Findings and corrections'));
    const ul = make('ul', {});
    for (const c of causes) ul.append(make('li', {}, kinds[id(c).closest('section').id] ?? '', make('a', { href: `#${c}` }, id(c).querySelector('h4').textContent)));
    content.push(ul);
  }
  const facts = make('dl', { class: 'facts' });
  for (const [name, value] of [['File', parts(x.r[WHERE])], ['Type', [fleet.types[x.r[TYPE]]]], ['Author', [x.r[AUTHOR]]], ['ID', [x.r[ID]]]])
    if (value.join('')) facts.append(make('div', {}, make('dt', {}, name), make('dd', {}, ...value)));
  content.push(make('h4', {}, 'Rule'), facts);
  id('detail').replaceChildren(...content);
}
