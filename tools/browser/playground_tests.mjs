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
    writeFileSync(join(folder, 'fleet.json'), '{"not": "a fleet"}');
    await p.setInputFiles('#own', join(folder, 'fleet.json'));
    await judged(p, () => p.click('#judge'));
    assert.match(await p.textContent('#problems'), /the fleet/);
    await axe(p);
  },
  'hostile rules and names run no script in the playground': async (browser) => {
    const p = await opened(browser);
    await paste(p, vectors.map((v, i) => rule(v, 'x' + v.replaceAll('*', '').replaceAll('\\', '/')).replace(/0001\n/, String(i + 1).padStart(4, '0') + '\n')).join('---\n'));
    const n = await p.evaluate(() => cfcheckPage.active.model.table('instance').n);
    assert.equal(n, vectors.length, await p.textContent('#problems'));
    for (const tab of ['rules', 'needs', 'findings']) await p.click(`#tab-${tab}`);
    for (const v of vectors.filter((v) => v.trim()).slice(0, 12)) await paste(p, v);
    const { folder } = await playground();
    await judged(p, () => p.setInputFiles('#file', { name: '<img src=x onerror=pwned=1>.cf', mimeType: '', buffer: readFileSync(join(folder, 'sample.cf')) }));
    assert.match(await p.textContent('#view h1'), /^<img src=x/);
    assert.equal(await p.evaluate(() => window.pwned), undefined);
    assert.equal(await p.locator('img, iframe, main script').count(), 0);
  },
};
