// Opens pages in headless Chromium, and records what a page must not do.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

// program returns the path of Chromium: the variable CHROMIUM, or the first program of the
// usual names on the search path. It returns '' if there is no such program.
export function program() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome'])
    for (const folder of (process.env.PATH ?? '').split(delimiter))
      if (folder && existsSync(join(folder, name))) return join(folder, name);
  return '';
}

// A Browser opens pages. Each page has a context of its own, so no page sees the storage of
// another.
export class Browser {
  static async start() {
    const executablePath = program();
    if (!executablePath) throw new Error('Chromium was not found; install the package chromium, or name the program in CHROMIUM');
    const browser = new Browser();
    browser.chromium = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    browser.pages = [];
    return browser;
  }

  // open loads a file or a URL, and returns a Page of Playwright. The options are those of a
  // context, such as viewport and colorScheme, and:
  //   allow(url): whether the page may request this URL besides itself; by default it may not.
  //   before(page): called before the page loads.
  async open(where, { allow = () => false, before = () => {}, ...options } = {}) {
    const url = /^(https?|file|about):/.test(where) ? where : pathToFileURL(resolve(where)).href;
    const context = await this.chromium.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    // The faults of the page so far. A test that expects one removes it from the list.
    page.faults = [];
    page.on('console', (m) => {
      if (m.type() === 'error' || m.type() === 'warning') page.faults.push(`console ${m.type()}: ${m.text()}`);
    });
    page.on('pageerror', (e) => page.faults.push(`exception: ${e.message}`));
    page.on('dialog', (d) => { page.faults.push(`dialog: ${d.message()}`); d.dismiss(); });
    page.on('popup', (p) => page.faults.push(`popup: ${p.url()}`));
    page.on('request', (r) => {
      const to = r.url();
      if (to.split('#')[0] !== url.split('#')[0] && !/^(data|blob):/.test(to) && !allow(to)) page.faults.push(`request: ${to}`);
    });
    this.pages.push(page);
    await before(page);
    await page.goto(url, { waitUntil: 'load' });
    return page;
  }

  // finish closes all pages, and fails if one of them had a fault.
  async finish() {
    const pages = this.pages.splice(0);
    for (const page of pages) await page.context().close();
    const faults = pages.flatMap((p) => p.faults);
    assert.deepEqual(faults, [], 'a page logged an error, opened a dialog or requested another file');
  }

  async stop() {
    await this.chromium.close();
  }
}

// axe fails if axe-core finds a violation of accessibility on the page. It runs beside the page's
// own script, so a Content-Security-Policy does not stop it. The options are those of axe.run.
export async function axe(page, options = {}) {
  const { readFile } = await import('node:fs/promises');
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: await readFile(axeSource, 'utf8') });
  const found = await page.evaluate(async (options) => {
    const { violations } = await window.axe.run(document, options);
    return violations.map((v) => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`);
  }, options);
  assert.deepEqual(found, [], 'axe-core found violations');
}

// withinPage fails if the page can be scrolled sideways.
export async function withinPage(page) {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= room, `the page is ${wide} pixels wide, and the window ${room}`);
}
