#!/usr/bin/env node
// Measures a report in Chromium: node tools/browser/bench.mjs [FILE [ROUNDS]]
//
// Without FILE it writes the report on 3,000 rules and 500 builds with internal/bench. It prints
// medians, and the greatest value in parentheses: the time until the page is drawn, and until
// the matrix is drawn again after a change.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Browser } from './browser.mjs';

let [file, rounds = '5'] = process.argv.slice(2);
if (!file) {
  const folder = mkdtempSync(join(tmpdir(), 'cfcheck-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  file = join(folder, 'report.html');
  process.stdout.write(execFileSync('go', ['run', './internal/bench', '-page', file], { cwd: join(dirname(fileURLToPath(import.meta.url)), '../..'), encoding: 'utf8' }));
}
const size = statSync(file).size;
const times = {};
const add = (name, ms) => (times[name] ??= []).push(ms);
const browser = await Browser.start();
for (let i = 0; i < Number(rounds); i++) {
  const start = performance.now();
  const page = await browser.open(file);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  add('open', performance.now() - start);
  // The processor time of the page's process depends little on other programs.
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  add('open, processor time', metrics.find((m) => m.name === 'ProcessTime').value * 1000);
  // change sets a control, and returns the time until the next frame is drawn.
  const change = (id, value) => page.evaluate(async ([id, value]) => {
    const e = document.getElementById(id);
    const start = performance.now();
    e.value = value;
    e.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
  }, [id, value]);
  for (const by of ['title', 'hosts', 'where', 'worst']) add(`sort by ${by}`, await change('sort', by));
  add('search', await change('search', 'rule_29'));
  add('search', await change('search', ''));
  add('sort by a build', await page.evaluate(async () => {
    const head = document.querySelector('#grid .build');
    const start = performance.now();
    head.click();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
  }));
  add('scroll', await page.evaluate(async () => {
    const grid = document.getElementById('grid');
    const start = performance.now();
    for (let k = 1; k <= 20; k++) {
      grid.scrollTo(k * 150, k * 900);
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    }
    return (performance.now() - start) / 20;
  }));
  await browser.finish();
}
await browser.stop();
console.log(`${(size / 1e6).toFixed(1)} MB`);
for (const [name, list] of Object.entries(times)) {
  list.sort((a, b) => a - b);
  console.log(`${name}: ${Math.round(list[list.length >> 1])} ms (${Math.round(list.at(-1))} ms)`);
}
