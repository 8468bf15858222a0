// Tests of the playground. They build it with Go.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { axe, withinPage } from './browser.mjs';
import { vectors } from './vectors.mjs';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

let served;

// playground builds the playground, and serves it on the loopback interface.
export async function playground(sample = 200) {
  if (served) return served;
  const folder = mkdtempSync(join(tmpdir(), 'playground-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  execFileSync('go', ['run', './internal/playground/build', '-o', folder, '-sample', String(sample)], { cwd: repository, stdio: ['ignore', 'inherit', 'inherit'] });
  const types = { '/': ['index.html', 'text/html; charset=utf-8'], '/cfcheck.wasm': ['cfcheck.wasm', 'application/wasm'] };
  const server = createServer((request, response) => {
    const [name, type] = types[request.url] ?? [];
    if (!name) { response.writeHead(404).end(); return; }
    response.writeHead(200, { 'Content-Type': type }).end(readFileSync(join(folder, name)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  served = { folder, url: `http://127.0.0.1:${server.address().port}/` };
  return served;
}

async function opened(browser, options = {}) {
  const { url } = await playground();
  const p = await browser.open(url, { allow: (to) => to === url + 'cfcheck.wasm', ...options });
  await p.waitForSelector('body[data-ready]', { timeout: 60000 });
  return p;
}

// judged waits for the answer to a question.
async function judged(p, ask) {
  await p.evaluate(() => { document.body.dataset.judged = ''; });
  await ask();
  await p.waitForFunction(() => document.body.dataset.judged === 'true', null, { timeout: 60000 });
}

const paste = async (p, text) => {
  await p.fill('#text', text);
  await judged(p, () => p.click('#judge'));
};

const rule = (title, value) => `title: ${JSON.stringify(title)}
id: 00000000-0000-4000-8000-000000000001
status: test
author: ${JSON.stringify(title)}
logsource: {category: pipe_created, product: windows}
detection:
  selection: {PipeName: ${JSON.stringify(value)}}
  condition: selection
`;

const configuration = (value) => `<Sysmon schemaversion="4.90"><EventFiltering>
<ProcessCreate onmatch="include">
<Image condition="end with">${value.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)}</Image>
</ProcessCreate></EventFiltering></Sysmon>
`;

// dropped drops a file on the page.
const dropped = (p, name, bytes) => judged(p, () => p.evaluate(([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name));
  document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
}, [name, [...bytes]]));

export const tests = {
  'a pasted rule is judged, and nothing leaves the browser': async (browser) => {
    const p = await opened(browser);
    const requests = [];
    p.on('request', (r) => requests.push(r.url()));
    await judged(p, () => p.click('#judge'));
    assert.equal(await p.textContent('.verdict'), 'accepted');
    assert.match(await p.textContent('.panel'), /rule\.yml:\d+:\d+/);
    await axe(p);
    await withinPage(p);
    await paste(p, 'title: [');
    assert.match(await p.textContent('#problems'), /rule\.yml:1/);
    assert.deepEqual(requests, []);
  },
  'a dropped file and a fleet of one\'s own': async (browser) => {
    const p = await opened(browser, { colorScheme: 'dark' });
    const { folder } = await playground();
    await p.selectOption('#fleet', '291');
    await judged(p, () => p.setInputFiles('#file', join(folder, 'sample.cf')));
    assert.equal(await p.textContent('#view h1'), 'sample.cf');
    const damaged = readFileSync(join(folder, 'sample.cf'));
    writeFileSync(join(folder, 'damaged.cf'), damaged.subarray(0, damaged.length - 99));
    await judged(p, () => p.setInputFiles('#file', join(folder, 'damaged.cf')));
    assert.equal(await p.textContent('.verdict'), 'rejected');
    assert.match(await p.textContent('.file'), /99 are missing/);
    await judged(p, () => p.setInputFiles('#file', { name: 'large.yml', mimeType: '', buffer: Buffer.from(rule('a rule', 'x') + '#'.repeat(1 << 20)) }));
    assert.equal(await p.isChecked('#behaviour'), false);
    await judged(p, () => p.setInputFiles('#file', join(folder, 'sample.cf')));
    assert.equal(await p.isChecked('#behaviour'), true);
    writeFileSync(join(folder, 'fleet.json'), '{"not": "a fleet"}');
    await p.setInputFiles('#own', join(folder, 'fleet.json'));
    await judged(p, () => p.click('#judge'));
    assert.match(await p.textContent('#problems'), /the fleet/);
    await axe(p);
  },
  'a configuration of Sysmon and its blob are judged': async (browser) => {
    const p = await opened(browser);
    await dropped(p, 'config.xml', Buffer.from(configuration('\\one.exe').replace('<Image ', '<Imag>x</Imag>\n<Image ')));
    assert.equal(await p.textContent('.verdict'), 'rejected');
    await p.locator('.finding.error', { hasText: 'config.xml:3:' }).first().locator('.jump').click();
    assert.match(await p.textContent('.details'), /line\[3\][\s\S]*<Imag>x/);
    await axe(p);
    await dropped(p, 'config.xml', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(configuration('\\one.exe'), 'utf16le')]));
    await p.locator('#files button', { hasText: 'blob of Sysmon' }).click();
    assert.match(await p.textContent('.facts'), /Sysmon rule blob/);
    const blob = await p.evaluate(() => [...cfcheckPage.active.model.bytes]);
    await dropped(p, 'rules.bin', blob);
    assert.equal(await p.textContent('#view h1'), 'rules.bin');
    await p.click('#tab-structure');
    await p.locator('.tree .row', { hasText: 'ProcessCreate' }).click();
    assert.match(await p.textContent('.tree'), /Image end with '.+one\.exe'/);
    await withinPage(p);
  },
  'the page goes on while the gate judges, and a question can be cancelled': async (browser) => {
    const p = await opened(browser);
    const many = Array.from({ length: 2000 }, (_, i) => rule(`rule ${i}`, `value ${i}`).replace(/0001\n/, String(i + 1).padStart(4, '0') + '\n')).join('---\n');
    await p.setInputFiles('#file', { name: 'many.yml', mimeType: '', buffer: Buffer.from(many) });
    for (let turn = 0; turn < 2; turn++) { // the second question ends the first one
      await p.click('#judge');
      await p.waitForFunction(() => document.querySelector('#step').textContent !== '');
    }
    await p.click('#cancel');
    await p.waitForFunction(() => document.querySelector('#status').textContent === 'Cancelled.' && !document.querySelector('#judge').disabled);
    assert.equal(await p.evaluate(() => document.body.dataset.judged), '');
    assert.equal(await p.isVisible('#progress'), false);
    await paste(p, rule('a rule', 'x'));
    assert.match(await p.textContent('#status'), /^Judged in/);
    await p.evaluate(() => { document.querySelector('#progress').hidden = false; });
    await axe(p);
  },
  'neither the page nor its worker can reach another server': async (browser) => {
    const p = await opened(browser);
    const found = await p.evaluate(() => fetch('http://127.0.0.2:9/').then(() => 'went', (e) => e.name));
    assert.equal(found, 'TypeError');
    assert.ok(p.faults.length > 0 && p.faults.every((f) => f.includes('Content Security Policy')), p.faults.join());
    p.faults.length = 0;
    const workers = p.workers();
    assert.equal(workers.length, 1);
    const inWorker = await workers[0].evaluate(async () => [
      await fetch('http://127.0.0.2:9/').then(() => 'went', (e) => e.name),
      (() => { try { importScripts('http://127.0.0.2:9/x.js'); return 'went'; } catch (e) { return e.name; } })(),
    ]);
    assert.deepEqual(inWorker, ['TypeError', 'NetworkError']);
    assert.ok(p.faults.every((f) => f.includes('Content Security Policy')), p.faults.join());
    p.faults.length = 0;
  },
  'hostile rules and names run no script in the playground': async (browser) => {
    const p = await opened(browser);
    await paste(p, vectors.map((v, i) => rule(v, 'x' + v.replaceAll('*', '').replaceAll('\\', '/')).replace(/0001\n/, String(i + 1).padStart(4, '0') + '\n')).join('---\n'));
    const n = await p.evaluate(() => cfcheckPage.active.model.table('instance').n);
    assert.equal(n, vectors.length, await p.textContent('#problems'));
    for (const tab of ['rules', 'needs', 'findings']) await p.click(`#tab-${tab}`);
    for (const v of vectors.filter((v) => v.trim()).slice(0, 12)) await paste(p, v);
    await paste(p, configuration(vectors.join(' ')).replace('</ProcessCreate>', vectors.map((v) => `<Image name=${JSON.stringify(v.replace(/[&<>"]/g, ''))}>x</Image>\n<!-- ${v.replaceAll('--', '')} -->`).join('\n') + '</ProcessCreate>'));
    for (const tab of ['structure', 'findings']) await p.click(`#tab-${tab}`);
    await p.evaluate(() => { const f = cfcheckPage.active; for (const r of f.model.regions) f.select(r.start); });
    const { folder } = await playground();
    await judged(p, () => p.setInputFiles('#file', { name: '<img src=x onerror=pwned=1>.cf', mimeType: '', buffer: readFileSync(join(folder, 'sample.cf')) }));
    assert.match(await p.textContent('#view h1'), /^<img src=x/);
    assert.equal(await p.evaluate(() => window.pwned), undefined);
    assert.equal(await p.locator('img, iframe, main script').count(), 0);
  },
};
