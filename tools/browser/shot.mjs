// Writes a picture of a page: node tools/browser/shot.mjs FILE PNG [WIDTH [light|dark|print [full]]]

import { Browser } from './browser.mjs';

const [file, png, width = '1280', look = 'light', full = ''] = process.argv.slice(2);
const browser = await Browser.start();
const page = await browser.open(file, { viewport: { width: Number(width), height: 900 }, colorScheme: look === 'dark' ? 'dark' : 'light' });
if (look === 'print') await page.emulateMedia({ media: 'print' });
const { hash } = new URL(page.url());
if (hash) await page.locator(hash).scrollIntoViewIfNeeded();
await page.screenshot({ path: png, fullPage: full === 'full' });
for (const fault of page.faults.splice(0)) console.log(fault);
await browser.stop();
