// Tests of the page that "cfcheck check --out html=FILE" writes.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { axe, withinPage } from './browser.mjs';

const folder = mkdtempSync(join(tmpdir(), 'cfcheck-pages-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// cfcheck is the program of the variable CFCHECK, or one that is built.
let cfcheck = process.env.CFCHECK;
if (!cfcheck) {
  cfcheck = join(folder, 'cfcheck');
  execFileSync('go', ['build', '-o', cfcheck, './cmd/cfcheck'], { cwd: join(dirname(fileURLToPath(import.meta.url)), '../..') });
}

// run runs cfcheck in the folder, and returns its exit status.
function run(...args) {
  const { status, stderr } = spawnSync(cfcheck, args, { cwd: folder, encoding: 'utf8' });
  assert.ok(status !== null, stderr);
  return status;
}

function write(name, text) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

// rule returns a Sigma rule of which all texts are given as JSON, which is YAML.
let rules = 0;
function rule({ title, author = 'cfcheck project', category, field, value }) {
  const id = `5a0c1d2e-0014-4000-8000-${String(++rules).padStart(12, '0')}`;
  return `title: ${JSON.stringify(title)}\nid: ${id}\nauthor: ${JSON.stringify(author)}\nlogsource: {category: ${category}, product: windows}\ndetection:\n  selection:\n    ${field}: ${JSON.stringify(value)}\n  condition: selection\n`;
}

// page writes a page once for all tests, and returns its path.
function page(name, want, ...args) {
  const file = join(folder, `${name}.html`);
  if (!existsSync(file)) assert.equal(run('check', ...args, '--out', `html=${name}.html`), want, `status of check ${args.join(' ')}`);
  return file;
}

write('rules/contents.yml', rule({ title: 'Stream with contents', author: 'Ann Author', category: 'create_stream_hash', field: 'Contents', value: '*payload*' }));
write('rules/client.yml', rule({ title: 'Client of a pipe', category: 'pipe_created', field: 'PipeName|endswith', value: '\\demo' }));
write('rules/process.yml', rule({ title: 'A process', category: 'process_creation', field: 'Image|endswith', value: '\\demo.exe' }));
write('rules/unknown.yml', rule({ title: 'Unknown field', category: 'pipe_created', field: 'PipName', value: '\\demo' }));
write('rules/placeholder.yml', rule({ title: 'With a placeholder', category: 'process_creation', field: 'Image|expand', value: '%names%' }));
write('client.yml', rule({ title: 'Client image', category: 'pipe_created', field: 'ClientImage|endswith', value: '\\demo.exe' }));

const reference = () => page('reference', 2, '--fleet', 'reference', 'rules');
const cellNames = (p, row) => p.$$eval(`#grid [data-row="${row}"] [role=gridcell]`, (cells) => cells.map((c) => c.getAttribute('aria-label')));
const titles = (p) => p.$$eval('#grid [role=rowheader]', (cells) => cells.map((c) => c.textContent));

// reset shows all rules again. The page does that after the event.
async function reset(p) {
  await p.click('#controls [type=reset]');
  await p.evaluate(() => new Promise((done) => setTimeout(done)));
}

export const tests = {
  'the page answers whether it may ship, why not, what to do, and who is blind': async (browser) => {
    const p = await browser.open(reference());
    assert.equal(await p.textContent('h1'), 'No: 1 error must be corrected, and 1 place could not be judged. The verdict is undecided.');
    const todo = await p.textContent('.todo');
    assert.match(todo, /placeholder %names% has no values: give them in a file/);
    assert.match(todo, /did you mean "PipeName"\?/);
    assert.match(await p.textContent('#blocks'), /rules\/unknown\.yml:7:5/);
    assert.equal(await p.textContent('#blocks mark >> nth=0'), '"%names%"');
    await p.fill('#search', 'contents');
    assert.deepEqual(await titles(p), ['Stream with contents']);
    assert.deepEqual(await cellNames(p, 1), ['safe', 'safe', 'blind', 'blind', 'blind', 'not addressed', 'not addressed']);
    await p.click('#grid [data-row="1"] [role=rowheader]');
    const detail = await p.textContent('#detail');
    assert.match(detail, /blind: 18,000 hostssysmon-11-shipped, sysmon-10, sysmon-9/);
    assert.match(detail, /Ann Author/);
    assert.match(detail, /not addressed: 22,000 hosts, without this rule/);
    assert.match(detail, /Warning: /);
    await p.fill('#search', 'zzzz');
    assert.equal(await p.textContent('#detail'), 'No rule matches the filters.');
    await p.fill('#search', 'contents');
    assert.match(await p.textContent('#detail'), /Stream with contents/);
    await p.click('#detail a');
    const cause = await p.evaluate(() => document.activeElement.textContent);
    assert.match(cause, /can never match events of feed sysmon/);
  },
  'the sample of placeholders is a file that the next run takes': async (browser) => {
    write('unfilled/a.yml', rule({ title: 'Unknown field with a placeholder', category: 'process_creation', field: 'Nowhere|expand', value: '%Administrators%' }));
    write('unfilled/b.yml', rule({ title: 'With placeholders', category: 'process_creation', field: 'Image|expand', value: '%names%-%hosts%' }));
    const p = await browser.open(page('unfilled', 2, '--fleet', 'reference', 'unfilled'));
    const sample = await p.textContent('.todo > li:first-child .sample');
    assert.equal(sample, 'Administrators: [REPLACE-ME]\nhosts: [REPLACE-ME]\nnames: [REPLACE-ME]\n');
    assert.match(await p.textContent('#verdict'), /Exit status of this verdict: 2\..*These are not your hosts: fleet reference/s);
    await p.click('.sample');
    assert.equal((await p.evaluate(() => String(getSelection()))).trim(), sample.trim());
    write('names.yml', sample);
    const q = await browser.open(page('filled', 1, '--fleet', 'reference', '--placeholders', 'names.yml', 'unfilled'));
    assert.equal(await q.locator('.sample').count(), 0);
    assert.doesNotMatch(await q.textContent('#main'), /placeholder %/);
  },
  'each link at the top leads to its part, whose place does not move': async (browser) => {
    for (let i = 0; i < 40; i++) write(`long/${i}.yml`, rule({ title: `Long ${i}`, category: 'create_stream_hash', field: `Nowhere${i}`, value: 'x' }));
    write('long/contents.yml', readFileSync(join(folder, 'rules/contents.yml'), 'utf8'));
    const p = await browser.open(page('long', 1, '--fleet', 'reference', 'long'), { viewport: { width: 420, height: 700 } });
    const links = await p.$$eval('nav a', (all) => all.map((a) => a.getAttribute('href')));
    assert.ok(links.length >= 6, links.join());
    const heights = new Set();
    for (const link of links.reverse()) { // the last one first: nothing above it was laid out
      await p.$eval(`nav a[href="${link}"]`, (a) => a.click());
      await p.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const [top, height, end] = await p.$eval(link, (e) => [e.getBoundingClientRect().top, document.documentElement.scrollHeight, scrollY + innerHeight]);
      heights.add(height);
      assert.ok(end >= height - 1 ? top < 700 : top >= 0 && top < 150, `${link} is at ${top}`);
    }
    assert.equal(heights.size, 1, `the page has the heights ${[...heights]}`);
  },
  'a link to a cause opens its places': async (browser) => {
    for (let i = 0; i < 6; i++) write(`linked/${i}.yml`, rule({ title: `Stream ${i}`, category: 'create_stream_hash', field: 'Contents', value: '*payload*' }));
    const p = await browser.open(page('linked', 0, '--fleet', 'reference', 'linked'));
    const places = p.locator('#warnings .cause > details >> nth=0');
    assert.equal(await places.evaluate((e) => e.open), false);
    await p.$eval('#warnings .cause', (e) => { location.hash = e.id; });
    await p.waitForFunction(() => document.querySelector('#warnings .cause > details').open);
  },
  'a click adds the other places of a cause, in the form of the first ones': async (browser) => {
    for (let i = 0; i < 6; i++) write(`many/${i}.yml`, rule({ title: `Stream ${i}`, author: 'Ann', category: 'create_stream_hash', field: 'Contents', value: '*payload*' }));
    const p = await browser.open(page('many', 0, '--fleet', 'reference', 'many'));
    const shape = () => p.$$eval('#warnings .places', ([list]) => [...list.children].map((li) => [...li.querySelectorAll('*')].map((e) => `${e.tagName}.${e.className}`).join()));
    const [first, ...others] = await shape();
    assert.match(first, /CODE\.where.*SPAN\.rule.*SMALL\.author.*PRE.*MARK/);
    await p.$$eval('#warnings details', (all) => all.forEach((d) => { d.open = true; }));
    const button = p.locator('#warnings button >> nth=0');
    assert.equal(await button.textContent(), `Show ${5 - others.length} more places`);
    await p.emulateMedia({ media: 'print' });
    assert.equal(await button.isVisible(), false);
    await p.emulateMedia({ media: 'screen' });
    await button.press('Enter');
    assert.deepEqual(await shape(), Array(6).fill(first));
    assert.match(await p.evaluate(() => document.activeElement.textContent), /Stream 3/);
    await axe(p);
  },
  'the matrix has all rules, also those that were not judged': async (browser) => {
    const p = await browser.open(reference());
    assert.equal(await p.textContent('#shown'), '5 rules');
    assert.deepEqual(await titles(p), ['Unknown field', 'With a placeholder', 'Stream with contents', 'A process', 'Client of a pipe']);
    assert.deepEqual([...new Set(await cellNames(p, 1))], ['no result']);
    const sums = await p.$$eval('.sums tbody tr >> nth=0', ([tr]) => [...tr.children].map((c) => c.textContent));
    assert.deepEqual(sums, ['sysmon-15', '40,000', '', '2', '', '', '', '', '', '3', '']);
  },
  'columns are as wide as their hosts, and builds with one contract share one': async (browser) => {
    const p = await browser.open(reference());
    const widths = await p.$$eval('#grid .build', (cells) => cells.map((c) => c.offsetWidth));
    assert.ok(Math.abs(widths[0] / widths[1] - 2) < 0.1, `40,000 and 20,000 hosts have ${widths}`);
    const q = await browser.open(page('shared', 1, '--fleet', '291', 'client.yml'));
    assert.deepEqual(await cellNames(q, 1), ['unsafe', 'safe']);
  },
  'each of several fleets has a matrix': async (browser) => {
    const p = await browser.open(page('fleets', 1, '--fleet', '291', '--fleet', 'reference', 'client.yml'));
    assert.deepEqual(await cellNames(p, 1), ['unsafe', 'safe']);
    await p.selectOption('#fleet', { label: 'example reference' });
    assert.equal((await cellNames(p, 1)).length, 7);
    await reset(p);
    assert.equal(await p.inputValue('#fleet'), '0');
    assert.deepEqual(await cellNames(p, 1), ['unsafe', 'safe']);
    assert.equal(await p.locator('.sums').count(), 2);
  },
  'rules can be filtered and sorted': async (browser) => {
    const p = await browser.open(reference());
    await p.check('[name=state][value=b]');
    assert.equal(await p.textContent('#shown'), '1 of 5 rules');
    await p.fill('#build', 'sysmon-15');
    assert.equal(await p.textContent('#shown'), '0 of 5 rules');
    await reset(p);
    assert.equal(await p.textContent('#shown'), '5 rules');
    await p.selectOption('#type', { label: 'process_creation' });
    assert.deepEqual(await titles(p), ['A process']);
    await p.selectOption('#type', '');
    await p.selectOption('#sort', 'title');
    assert.deepEqual(await titles(p), ['A process', 'Client of a pipe', 'Stream with contents', 'Unknown field', 'With a placeholder']);
    await p.click('#grid .corner'); // titles, now downwards
    assert.equal((await titles(p))[0], 'With a placeholder');
    await p.click('#grid .build >> nth=3');
    assert.equal(await p.getAttribute('#grid .build >> nth=3', 'aria-sort'), 'ascending');
    assert.deepEqual(await titles(p), ['Unknown field', 'With a placeholder', 'Stream with contents', 'A process', 'Client of a pipe']);
  },
  'the matrix works by keyboard': async (browser) => {
    const p = await browser.open(reference());
    await p.focus('#grid');
    const active = () => p.$eval('#grid', (g) => {
      const cell = document.getElementById(g.getAttribute('aria-activedescendant'));
      return `${cell.closest('[role=row]').getAttribute('aria-rowindex')},${cell.getAttribute('aria-colindex')}`;
    });
    for (const [key, want] of [['ArrowDown', '2,1'], ['ArrowRight', '2,2'], ['End', '2,8'], ['Control+End', '6,8'], ['ArrowDown', '6,8'], ['PageUp', '2,8'], ['Home', '2,1'], ['ArrowUp', '1,1'], ['ArrowUp', '1,1']]) {
      await p.keyboard.press(key);
      assert.equal(await active(), want, key);
    }
    await p.keyboard.press('Enter'); // sorts by title
    assert.equal(await p.getAttribute('#grid .corner', 'aria-sort'), 'ascending');
    await p.keyboard.press('ArrowDown');
    await p.keyboard.press('Enter');
    assert.equal(await p.textContent('#detail h3'), 'A process');
    assert.equal(await p.getAttribute('#grid', 'aria-rowcount'), '6');
  },
  'axe-core finds nothing, wide and light, narrow and dark': async (browser) => {
    for (const options of [{}, { colorScheme: 'dark', viewport: { width: 360, height: 740 } }]) {
      const p = await browser.open(reference(), options);
      await p.$$eval('details', (all) => all.forEach((d) => { d.open = true; }));
      await p.click('#grid [data-row="3"] [role=rowheader]');
      await axe(p);
      await withinPage(p);
    }
  },
  'print has the sums in place of the matrix, and works without a script': async (browser) => {
    const p = await browser.open(reference());
    await p.emulateMedia({ media: 'print' });
    assert.equal(await p.isVisible('#matrix-app'), false);
    assert.equal(await p.isVisible('.sums table'), true);
    assert.match(await p.innerText('.printed table'), /Stream with contents[^]*blind: 18,000 hosts/);
    const q = await browser.open(reference(), { javaScriptEnabled: false });
    assert.equal(await q.isVisible('#matrix-app'), false);
    assert.match(await q.innerText('h1'), /^No: .* The verdict is undecided\.$/);
    assert.equal(await q.isVisible('noscript p'), true);
  },
  'a configuration shows both lines that contradict each other': async (browser) => {
    write('config.xml', `<Sysmon schemaversion="4.90"><EventFiltering>
<ProcessCreate onmatch="exclude">
<Image condition="end with">.exe</Image>
</ProcessCreate>
<ProcessCreate onmatch="include">
<Image condition="end with">\\demo.exe</Image>
</ProcessCreate>
</EventFiltering></Sysmon>
`);
    const build = { build: 'new', hosts: 900, reader: { evidence: 'stated', access: 'named', formats: ['1.0'], operators: ['equals'] }, sensors: [{ name: 'sysmon', version: '15.15' }], supply: [] };
    write('sysmon.json', JSON.stringify({ schema: 'cfcheck.fleet/v1', name: 'new', builds: [build] }));
    const p = await browser.open(page('config', 0, '--fleet', 'sysmon.json', 'config.xml'));
    const lines = await p.$$eval('.cause', (all) => all.filter((c) => c.textContent.includes('logs nothing: the exclude')).map((c) => [...c.querySelectorAll('.line')].map((l) => l.innerText.trim())));
    assert.equal(lines.length, 1);
    assert.ok(lines[0].some((l) => l.startsWith('5 ') && l.includes('"include"')) && lines[0].some((l) => l.startsWith('3 ') && l.includes('.exe') && l.endsWith('excludes')), JSON.stringify(lines));
  },
  'a file is drawn to scale, with the bytes of its findings': async (browser) => {
    assert.equal(run('build', 'rules/client.yml', '-o', 'out'), 0);
    const name = readdirSync(join(folder, 'out')).find((n) => n.endsWith('.cf'));
    const bytes = readFileSync(join(folder, 'out', name));
    bytes[bytes.length - 9] ^= 0x40;
    writeFileSync(join(folder, name), bytes);
    const p = await browser.open(page('damaged', 1, '--fleet', 'reference', name));
    assert.match(await p.textContent('h1'), /^No: .* The verdict is rejected\.$/);
    const map = await p.locator('.map svg');
    const sum = await map.locator('.part').evaluateAll((parts) => parts.reduce((n, part) => n + Number(part.getAttribute('width')), 0));
    assert.ok(sum > 900 && sum < 1050, `the parts are ${sum} thousandths of the file`);
    assert.ok(await map.locator('.mark.error').count() > 0);
    assert.ok(await p.locator('#blocks .hex mark').count() > 0);
    await axe(p);
  },
  'the change since the previous release, and matches, are drawn': async (browser) => {
    write('old/client.yml', readFileSync(join(folder, 'rules/client.yml'), 'utf8').replace('demo', 'older'));
    write('new/client.yml', readFileSync(join(folder, 'rules/client.yml'), 'utf8'));
    const event = JSON.stringify({ EventID: 17, Channel: 'Microsoft-Windows-Sysmon/Operational', Provider: 'Microsoft-Windows-Sysmon', Computer: 'a', EventData: { PipeName: '\\demo' } });
    write('good.ndjson', `${event}\n${event}\n`);
    write('bad.ndjson', event.replace('demo', 'older'));
    const p = await browser.open(page('changes', 1, '--fleet', 'reference', '--previous', 'old', '--known-good', 'good.ndjson', '--known-bad', 'bad.ndjson', 'new'));
    const diff = await p.textContent('#diff');
    assert.match(diff, /channel 291, type ipc version 1/);
    assert.match(diff, /Client of a pipe/);
    assert.match(await p.textContent('#rates + p + .scroll'), /Client of a pipeCF5003: .*2/);
    assert.ok(await p.locator('#limits + p + .scroll rect.part').count() > 0);
    // The condition of the rule, with its truth on the event that the finding names.
    assert.equal(await p.isVisible('.tree >> nth=0'), false);
    await p.click('.why summary >> nth=0');
    assert.match(await p.textContent('.why summary >> nth=0'), /^Why it matches event good\.ndjson:1$/);
    assert.match(await p.innerText('.tree >> nth=0'), /^yes PipeName\|endswith: .*decides\s+the event has PipeName "\\\\demo"$/);
    // The rule lost an event that it must match.
    const lost = await p.$$eval('#warnings .why', (all) => all.map((w) => w.textContent).filter((t) => t.includes('bad.ndjson')));
    assert.equal(lost.length, 1);
    assert.match(lost[0], /^Why it does not match event bad\.ndjson:1First reason: .*PipeName\|endswith: .* does not hold\..*the event has PipeName "\\\\older"/s);
    await axe(p);
  },
  'a replay shows the rules that match, and why': async (browser) => {
    write('replay/pipe.yml', rule({ title: 'Demo pipe', category: 'pipe_created', field: 'PipeName|contains', value: 'demo' }).replace('condition:', "image:\n    Image|endswith: '.exe'\n  condition: not image and"));
    const event = (PipeName) => JSON.stringify({ EventID: 17, Channel: 'Microsoft-Windows-Sysmon/Operational', Provider: 'Microsoft-Windows-Sysmon', Computer: 'a', EventData: { PipeName } });
    write('replay.ndjson', ['other', 'demo<b>', 'demo2'].map(event).join('\n'));
    const { status, stdout, stderr } = spawnSync(cfcheck, ['replay', '--format', 'html', '--events', 'replay.ndjson', 'replay'], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    write('replayed.html', stdout);
    const p = await browser.open(join(folder, 'replayed.html'), { viewport: { width: 420, height: 900 } });
    assert.equal(await p.textContent('h1'), '1 of 1 rule, with 2 matches.');
    assert.match(await p.textContent('#matches h4'), /^Demo pipe$/);
    await p.click('.why summary');
    assert.deepEqual((await p.innerText('.tree')).split('\n').filter((line) => /event has/.test(line)), ['the event has PipeName "demo<b>"', 'the event has no Image']);
    await axe(p);
    await withinPage(p);
  },
  'no text of the content runs as a script': async (browser) => {
    const { vectors } = await import('./vectors.mjs');
    assert.ok(new Set(vectors).size >= 100, `found ${new Set(vectors).size} different vectors`);
    vectors.forEach((v, i) => {
      // As title, author and value, of a rule with a warning and of one with an error.
      write(`hostile/${i}.yml`, rule({ title: v, author: v, category: 'create_stream_hash', field: 'Contents', value: v }));
      write(`hostile/e${i}.yml`, rule({ title: v, author: v, category: 'create_stream_hash', field: 'Nowhere', value: v }));
      const name = v.replaceAll('/', '∕').replaceAll('\0', '').slice(0, 60);
      if (i % 4 === 0) write(`hostile/${name} ${i}.yml`, rule({ title: `file ${i}`, category: 'pipe_created', field: 'PipName', value: v }));
    });
    const file = page('hostile', 1, '--fleet', 'reference', 'hostile');
    const p = await browser.open(file, { before: (p) => p.addInitScript(() => { window.pwned = 0; }) });
    await p.$$eval('details', (all) => all.forEach((d) => { d.open = true; }));
    assert.ok(await p.$$eval('[data-places]', (all) => { all.forEach((b) => b.click()); return all.length; }) > 0);
    const links = await p.$$eval('[href], [src], [action], :not(#grid, #grid *)[style]', (all) => all.map((e) => e.getAttribute('href') ?? e.outerHTML).filter((h) => !/^(#[\w-]+|https:\/\/github\.com\/cfcheck\/cfcheck\/blob\/main\/docs\/(checks\/CF\d{4}|glossary)\.md)$/.test(h)));
    assert.deepEqual(links, []);
    for (let i = 0; i < vectors.length; i += 9) {
      await p.fill('#search', '');
      await p.keyboard.press('Tab');
      await p.$eval('#grid', (g, top) => { g.scrollTop = top; }, i * 56);
      await p.waitForTimeout(20);
      await p.locator('#grid [role=rowheader]').nth(5).click();
      await p.hover('#grid .box >> nth=9');
    }
    assert.equal(await p.evaluate(() => window.pwned), 0);
    // As names of a fleet and of its builds.
    const build = (v, i) => ({ build: v, hosts: i + 1, reader: { evidence: 'stated', access: 'named', formats: ['1.0'], operators: ['equals'] }, supply: [] });
    write('hostile.json', JSON.stringify({ schema: 'cfcheck.fleet/v1', name: vectors[0], builds: vectors.filter((v) => /^[ -~]+$/.test(v) && v === v.trim()).filter((v, i, all) => all.indexOf(v) === i).map(build) }));
    const q = await browser.open(page('builds', 1, '--fleet', 'hostile.json', 'rules/client.yml', 'rules/unknown.yml'));
    await q.click('#grid [data-row="1"] [role=rowheader]');
    assert.ok((await q.textContent('#matrix')).includes(vectors[0]));
    const counts = await p.evaluate(() => [document.scripts.length, document.querySelectorAll('iframe, object, embed, img, link, base, video, audio, math').length]);
    assert.deepEqual(counts, [3, 0]);
    const shown = await p.evaluate(() => document.body.innerText);
    for (const v of ['<script>pwned=1</script>', '"><img src=x onerror=pwned=1>']) assert.ok(shown.includes(v), `the page shows ${v} as text`);
  },
  'no value of an event runs as a script': async (browser) => {
    const { vectors } = await import('./vectors.mjs');
    const events = [];
    for (let i = 0; 2 * i < vectors.length && i < 50; i++) {
      const [PipeName, Image] = [`#${i}#${vectors[2 * i]}`, vectors[2 * i + 1] ?? 'none'];
      events.push(JSON.stringify({ EventID: 17, Channel: 'Microsoft-Windows-Sysmon/Operational', Provider: 'Microsoft-Windows-Sysmon', Computer: 'a', EventData: { PipeName, Image } }));
      write(`matched/${i}.yml`, rule({ title: `Pipe ${i}`, category: 'pipe_created', field: 'PipeName|contains', value: `#${i}#` }).replace('condition:', "image:\n    Image|re: '.+'\n  condition: image and"));
    }
    write('hostile.ndjson', events.join('\n'));
    const p = await browser.open(page('matched', 1, '--fleet', 'reference', '--known-good', 'hostile.ndjson', 'matched'), { before: (p) => p.addInitScript(() => { window.pwned = 0; }) });
    await p.$$eval('details', (all) => all.forEach((d) => { d.open = true; }));
    assert.equal(await p.locator('.why').count(), events.length);
    assert.deepEqual(await p.$$eval('.why', (all) => [...new Set(all.flatMap((w) => [...w.querySelectorAll('*')].map((e) => e.tagName)))].sort()), ['LI', 'P', 'SMALL', 'SPAN', 'SUMMARY', 'UL']);
    const shown = await p.textContent('#blocks');
    for (const v of ['<script>pwned=1</script>', '<svg onload=pwned=1>']) assert.ok(shown.includes(v), `the page shows ${v} as text`);
    assert.equal(await p.evaluate(() => window.pwned), 0);
  },
  'the policy stops a script that gets into the page': async (browser) => {
    const broken = join(folder, 'broken.html');
    writeFileSync(broken, readFileSync(reference(), 'utf8').replace('<main', '<script>window.pwned=1</script><img src=x onerror="window.pwned=1"><main'));
    const p = await browser.open(broken);
    assert.equal(await p.evaluate(() => window.pwned), undefined);
    assert.ok(p.faults.splice(0).some((f) => f.includes('Content Security Policy')));
  },
};
