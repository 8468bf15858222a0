#!/usr/bin/env node
// Runs tests of pages: node tools/browser/run.mjs FILE... [--only TEXT]
//
// Each FILE is a module that exports "tests": an object of functions by name. A function gets a
// Browser, and fails by throwing. The exit status is 1 if a test fails, and 3 if there is no
// Chromium.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Browser, program } from './browser.mjs';

const files = [];
let only = '';
for (let args = process.argv.slice(2), i = 0; i < args.length; i++) {
  if (args[i] === '--only') only = args[++i] ?? '';
  else files.push(args[i]);
}
if (files.length === 0) {
  console.error('usage: node tools/browser/run.mjs FILE... [--only TEXT]');
  process.exit(2);
}
if (!program()) {
  console.error('Chromium was not found; install the package chromium, or name the program in CHROMIUM');
  process.exit(3);
}

const browser = await Browser.start();
let ran = 0;
let failed = 0;
for (const file of files) {
  const { tests } = await import(pathToFileURL(resolve(file)).href);
  for (const [name, test] of Object.entries(tests)) {
    if (!name.includes(only)) continue;
    ran++;
    const start = performance.now();
    let failure;
    try {
      await test(browser);
    } catch (e) {
      failure = e;
    }
    try {
      await browser.finish();
    } catch (e) {
      failure ??= e;
    }
    console.log(`${failure ? 'FAIL' : 'ok  '} ${name} (${Math.round(performance.now() - start)} ms)`);
    if (failure) {
      failed++;
      console.log(String(failure.stack ?? failure).replace(/^/gm, '     '));
    }
  }
}
await browser.stop();
console.log(`${ran} tests, ${failed} failed`);
process.exit(failed > 0 || ran === 0 ? 1 : 0);
