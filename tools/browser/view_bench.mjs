#!/usr/bin/env node
// Measures the page of view and the playground on a file of 100,000 rules, in Chromium:
//
//	go build -o /tmp/cfcheck ./cmd/cfcheck && CFCHECK=/tmp/cfcheck node tools/browser/view_bench.mjs

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { Browser } from './browser.mjs';
import { playground } from './playground_tests.mjs';

const { folder, url } = await playground(100_000);
const size = (name) => (statSync(join(folder, name)).size / 1e6).toFixed(2) + ' MB';
const packed = brotliCompressSync(readFileSync(join(folder, 'cfcheck.wasm')), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } });
console.log(`cfcheck.wasm: ${size('cfcheck.wasm')}, with Brotli ${(packed.length / 1e6).toFixed(2)} MB`);
console.log(`sample.cf: ${size('sample.cf')}`);

const timed = async (what, f) => {
  const start = performance.now();
  await f();
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(2)} s`);
};
const page = join(folder, 'page.html');
await timed('cfcheck view --out', () => execFileSync(process.env.CFCHECK, ['view', '--fleet', 'reference', '--out', page, join(folder, 'sample.cf')]));
console.log(`page.html: ${size('page.html')}`);

const browser = await Browser.start();
let p;
await timed('the page opens', async () => { p = await browser.open(page); await p.waitForSelector('body[data-ready]', { timeout: 60000 }); });
await timed('the last of 100,000 rules is shown', () => p.evaluate(() => { cfcheckPage.openTab('rules'); cfcheckPage.active.go('instance', 99_999); }));
p = await browser.open(url, { allow: (to) => to === url + 'cfcheck.wasm' });
await timed('the playground loads', () => p.waitForSelector('body[data-ready]', { timeout: 60000 }));
await p.evaluate(() => { window.pause = 0; let last = performance.now(); setInterval(() => { const now = performance.now(); window.pause = Math.max(window.pause, now - last); last = now; }, 5); });
for (const turn of ['first', 'second', 'third']) {
  const start = performance.now();
  await p.evaluate(() => { document.body.dataset.judged = ''; });
  if (turn === 'first') await p.setInputFiles('#file', join(folder, 'sample.cf'));
  else await p.click('#judge');
  await p.waitForFunction(() => document.body.dataset.judged === 'true', null, { timeout: 120000 });
  console.log(`the playground, 100,000 rules without CF5, ${turn} time: ${await p.textContent('#status')} From the drop to the picture: ${((performance.now() - start) / 1000).toFixed(2)} s`);
}
console.log(`longest time for which the page stood still: ${Math.round(await p.evaluate(() => window.pause))} ms`);
await browser.finish();
await browser.stop();
