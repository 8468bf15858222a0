// Tests that the harness notices the faults of a page.

import assert from 'node:assert/strict';
import { axe, withinPage } from './browser.mjs';

export const tests = {
  'a page without faults passes': async (browser) => {
    const p = await browser.open('about:blank');
    await p.setContent('<html lang="en"><title>t</title><main><h1>Title</h1><p>Text</p></main></html>');
    await axe(p);
    await withinPage(p);
  },
  'faults are noticed': async (browser) => {
    const p = await browser.open('about:blank');
    for (const [body, want] of [
      ['<script>console.error("one")</script>', 'console error: one'],
      ['<script>throw new Error("two")</script>', 'exception: two'],
      ['<script>alert("three")</script>', 'dialog: three'],
      ['<img alt="" src="http://127.0.0.1:9/four.png">', 'request: http://127.0.0.1:9/four.png'],
    ]) {
      await p.setContent(body, { waitUntil: 'load' });
      await p.waitForTimeout(50);
      const found = p.faults.splice(0);
      assert.ok(found.some((f) => f.includes(want)), `expected the fault ${want}; found ${JSON.stringify(found)}`);
    }
  },
  'axe finds an image without a text': async (browser) => {
    const p = await browser.open('about:blank');
    await p.setContent('<html lang="en"><title>t</title><main><h1>Title</h1><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></main></html>');
    await assert.rejects(axe(p), /image-alt/);
  },
  'axe runs under a Content-Security-Policy': async (browser) => {
    const p = await browser.open('about:blank');
    await p.setContent(`<html lang="en"><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>t</title></head><main><h1>Title</h1></main></html>`);
    await axe(p);
  },
  'a page that is too wide is found': async (browser) => {
    const p = await browser.open('about:blank', { viewport: { width: 400, height: 300 } });
    await p.setContent('<html lang="en"><title>t</title><main style="width:900px">wide</main></html>');
    await assert.rejects(withinPage(p), /pixels wide/);
  },
};
