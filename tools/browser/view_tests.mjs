// Tests of the pages of cfcheck view. They need the program cfcheck in the variable CFCHECK.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { axe, withinPage } from './browser.mjs';
import { vectors } from './vectors.mjs';

const folder = mkdtempSync(join(tmpdir(), 'view-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const cfcheck = (...args) => execFileSync(process.env.CFCHECK, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });

// rule returns a rule in YAML. JSON strings are strings of YAML too.
const rule = (i, title, more = {}) => {
  const text = JSON.stringify;
  return `title: ${text(title)}
id: 00000000-0000-4000-8000-${String(i).padStart(12, '0')}
status: test
author: ${text(more.author ?? 'an author')}
logsource: {category: pipe_created, product: windows}
detection:
  selection:
    Image|endswith: ['\\one.exe', '\\two.exe']
    PipeName|re: ${text(more.regexp ?? 'ab+c')}
  filter:
    PipeName|contains: ${text(more.value ?? 'word')}
  condition: selection and not filter
`;
};

// built compiles rules, and returns the bytes of the channel file.
let builds = 0;
function built(rules, revision = 1) {
  const source = join(folder, `rules${++builds}`), out = join(folder, `out${builds}`);
  mkdirSync(source);
  rules.forEach((r, i) => writeFileSync(join(source, `r${i}.yml`), r));
  cfcheck('build', '--revision', String(revision), '-o', out, source);
  const name = readdirSync(out).find((n) => n.endsWith('.cf'));
  return { name, path: join(out, name), data: readFileSync(join(out, name)) };
}

// shown writes the page of files, and opens it.
async function shown(browser, files, options = {}) {
  const page = join(folder, `page${++builds}.html`);
  cfcheck('view', '--fleet', 'reference', '--out', page, ...files);
  const p = await browser.open(page, { viewport: { width: 1440, height: 900 }, ...options });
  await p.waitForSelector('body[data-ready]');
  return p;
}

const common = () => [rule(1, 'first rule'), rule(2, 'second rule', { regexp: '(?:x|yz)*end', value: 'other' })];

const openTab = (p, name) => p.locator(`[role=tab][id=tab-${name}]`).click();

export const tests = {
  'a click on a byte selects its field, and the other way': async (browser) => {
    const p = await shown(browser, [built(common()).path]);
    await p.locator('.byte[data-at="16"]').click();
    assert.match(await p.textContent('.details h2'), /header\.revision/);
    assert.match(await p.textContent('.tree .here'), /revision/);
    await p.locator('.tree .row', { hasText: 'type_version' }).click();
    assert.equal(await p.locator('.byte.cursor').getAttribute('data-at'), '24');
    await withinPage(p);
  },
  'keys move the cursor in the bytes and in the structure': async (browser) => {
    const p = await shown(browser, [built(common()).path]);
    await p.locator('.hex').focus();
    await p.keyboard.press('Control+Home');
    for (const key of ['ArrowDown', 'ArrowRight', 'End', 'ArrowLeft']) await p.keyboard.press(key);
    assert.equal(await p.locator('.byte.cursor').getAttribute('data-at'), '30');
    await p.keyboard.press('Control+End');
    assert.match(await p.textContent('.details h2'), /textpool|padding/);
    await p.locator('.tree').focus();
    await p.keyboard.press('Home');
    await p.keyboard.press('ArrowDown');
    assert.match(await p.textContent('.details h2'), /header\./);
    await p.keyboard.press('ArrowLeft');
    await p.keyboard.press('ArrowLeft');
    assert.equal(await p.locator('.tree .row').first().getAttribute('aria-expanded'), 'false');
  },
  'rules, programs, needs and findings are shown': async (browser) => {
    const p = await shown(browser, [built(common()).path]);
    await openTab(p, 'rules');
    await p.locator('.list .row', { hasText: 'second rule' }).click();
    const picture = p.locator('.details svg.picture');
    assert.match(await picture.getAttribute('aria-label'), /^all of \(.*not .*contains.*other/);
    await p.evaluate(() => cfcheckPage.active.go('program', 0));
    assert.match(await picture.getAttribute('aria-label'), /^program of \d+ instructions/);
    assert.ok(await picture.locator('.split').count() > 0, 'the graph of (?:x|yz)*end has a split');
    await openTab(p, 'needs');
    assert.match(await p.textContent('.panel'), /PipeName/);
    await openTab(p, 'findings');
    assert.ok(await p.locator('.panel article, .panel .empty').count() > 0);
  },
  'find goes to offsets, records, IDs, texts and bytes': async (browser) => {
    const p = await shown(browser, [built(common()).path]);
    for (const [query, want] of [['0x14', /header\.type$/], ['criterion[1]', /criterion\[1\]/], ['00000000-0000-4000-8000-000000000002', /instance\[1\]\.id/], ['second rule', /textpool/], ['hex:89434643', /header\.magic/]]) {
      await p.fill('.finder input', query);
      await p.keyboard.press('Enter');
      assert.match(await p.textContent('.details h2'), want, query);
    }
    await p.fill('.finder input', 'nowhere to be found');
    await p.keyboard.press('Enter');
    assert.equal(await p.textContent('.status'), 'not found');
  },
  'a damaged file is shown, and where it broke': async (browser) => {
    const { name, data } = built(common());
    const cases = { truncated: data.subarray(0, data.length - 300), digest: Buffer.from(data), zero: Buffer.alloc(data.length), hole: Buffer.from(data), empty: Buffer.alloc(0), header: data.subarray(0, 30) };
    cases.digest[data.length - 40] ^= 1;
    cases.hole.fill(0, data.length - 600, data.length - 100);
    for (const [kind, bytes] of Object.entries(cases)) {
      mkdirSync(join(folder, kind));
      const file = join(folder, kind, name);
      writeFileSync(file, bytes);
      const p = await shown(browser, [file]);
      assert.equal(await p.textContent('.verdict'), 'rejected', kind);
      assert.match(await p.textContent('.file'), { truncated: /300 are missing/, digest: /digest does not agree/, zero: /bytes are 0x00/, hole: /\d+ zero bytes from/, empty: /the file is empty/, header: /the header has 48 bytes/ }[kind], kind);
      await openTab(p, 'findings');
      assert.match(await p.textContent('.panel'), /requirement \d+:|CF000\d/, kind);
      if (kind !== 'empty') { await openTab(p, 'structure'); assert.ok(await p.locator('.tree .row').count() > 0, kind); }
    }
  },
  'two files are compared': async (browser) => {
    const a = built(common()), b = built([rule(1, 'first rule'), rule(2, 'second rule', { regexp: '(?:x|yz)*end', value: 'changed' }), rule(3, 'third rule')], 2);
    const p = await shown(browser, [a.path, b.path], { viewport: { width: 1700, height: 900 } });
    const list = p.locator('.list .row');
    assert.deepEqual(await list.locator('.name').allTextContents(), ['changed: second rule', 'added: third rule']);
    await list.first().click();
    assert.match(await p.textContent('.details'), /'other'[\s\S]*'changed'/);
    assert.equal(await p.locator('.hex .cursor.byte').count(), 2);
    assert.ok(await p.locator('.hex .differs').count() > 0);
    await axe(p);
  },
  'a rule blob is shown': async (browser) => {
    writeFileSync(join(folder, 'c.xml'), '<Sysmon schemaversion="4.90"><EventFiltering><RuleGroup groupRelation="or"><ProcessCreate onmatch="include"><Image condition="end with">\\one.exe</Image><Rule name="both" groupRelation="and"><Image condition="is">a</Image><User condition="is">b</User></Rule></ProcessCreate></RuleGroup></EventFiltering></Sysmon>');
    cfcheck('sysmon', 'compile', 'c.xml', '--build', '15.15', '-o', 'rules.bin');
    const p = await shown(browser, [join(folder, 'rules.bin')]);
    await p.locator('.tree .row', { hasText: 'ProcessCreate' }).click();
    await p.locator('.tree .row', { hasText: "Image end with '\\one.exe'" }).click();
    assert.match(await p.textContent('.details'), /filter\[0\]/);
    await axe(p);
  },
  'two blobs, and two configurations, are compared by their records': async (browser) => {
    const xml = (lines) => `<Sysmon schemaversion="4.90"><EventFiltering>\n<ProcessCreate onmatch="include">\n${lines}</ProcessCreate></EventFiltering></Sysmon>\n`;
    const image = (name) => `<Image condition="end with">${name}</Image>\n`;
    writeFileSync(join(folder, 'a.xml'), xml(image('one.exe') + image('two.exe')));
    writeFileSync(join(folder, 'b.xml'), xml(image('<b>zero</b>'.replaceAll('<', '&lt;')) + image('one.exe') + image('two.exe')));
    for (const name of ['a', 'b']) cfcheck('sysmon', 'compile', name + '.xml', '--build', '15.15', '-o', name + '.bin');
    for (const ext of ['bin', 'xml']) {
      const p = await shown(browser, [join(folder, 'a.' + ext), join(folder, 'b.' + ext)], { viewport: { width: 1700, height: 900 } });
      const list = p.locator('.list .row .name');
      assert.equal(await list.count(), 1, ext);
      assert.match(await list.textContent(), /^added: .*zero/, ext);
      await list.click();
      assert.match(await p.textContent('.details'), /zero/);
      await axe(p);
    }
  },
  'a page with several fleets has the verdict for each': async (browser) => {
    const page = join(folder, 'fleets.html');
    cfcheck('view', '--fleet', 'reference', '--fleet', '291', '--out', page, built(common()).path);
    const p = await browser.open(page, { viewport: { width: 1440, height: 900 } });
    await p.waitForSelector('body[data-ready]');
    assert.deepEqual(await p.locator('.fleets button').allTextContents(), ['accepted reference', 'rejected 291'], await p.textContent('.file'));
    await openTab(p, 'findings');
    await p.locator('.fleets button').nth(1).click();
    assert.equal(await p.textContent('.title .verdict'), 'rejected');
    assert.match(await p.textContent('.panel'), /error/);
    await axe(p);
    await withinPage(p);
  },
  'a picture can be enlarged': async (browser) => {
    const p = await shown(browser, [built(common()).path], { viewport: { width: 420, height: 900 } });
    await p.evaluate(() => cfcheckPage.active.go('program', 0));
    await p.locator('.enlarge').first().click();
    const box = await p.locator('.scroller.large').boundingBox();
    assert.ok(box.width > 380 && box.height > 800, JSON.stringify(box));
    await axe(p);
    await p.keyboard.press('Escape');
    assert.equal(await p.locator('.scroller.large').count(), 0);
  },
  'axe finds nothing, in light and dark, in each list': async (browser) => {
    const file = built(common()).path;
    for (const [colorScheme, tabs] of Object.entries({ light: ['structure', 'rules', 'needs', 'findings'], dark: ['structure', 'findings'] })) {
      const p = await shown(browser, [file], { colorScheme });
      for (const [i, tab] of tabs.entries()) {
        await openTab(p, tab);
        await p.evaluate((kind) => cfcheckPage.active.go(kind, 0), i % 2 ? 'program' : 'instance');
        await axe(p);
      }
    }
  },
  'hostile texts run no script': async (browser) => {
    assert.ok(vectors.length >= 100);
    const rules = vectors.map((v, i) => rule(i + 1, v, { author: v, value: v.replaceAll('*', '').replaceAll('\\', '/') }));
    const data = built(rules).data;
    for (const name of ['<img src=x onerror=alert(1)>.cf', "';alert(1);'.cf", '{{alert(1)}}.cf']) {
      writeFileSync(join(folder, name), data);
      const p = await shown(browser, [join(folder, name)]);
      assert.equal(await p.textContent('h1'), name);
      const scripts = await p.locator('script').count();
      if (!name.startsWith('<img')) continue;
      for (const tab of ['rules', 'findings', 'needs', 'structure']) await openTab(p, tab);
      await p.evaluate(async (n) => {
        for (let i = 0; i < n; i++) cfcheckPage.active.go('instance', i);
        for (let i = 0; i < n; i++) cfcheckPage.active.go('textpool', i);
        cfcheckPage.openTab('rules');
      }, vectors.length);
      await p.waitForTimeout(100);
      assert.equal(await p.evaluate(() => window.pwned), undefined, 'a vector ran');
      assert.equal(await p.locator('script').count(), scripts);
      assert.equal(await p.locator('main img, main iframe, main a, main object, main embed, main style').count(), 0);
    }
  },
  'hostile configurations and names of fleets run no script': async (browser) => {
    const text = vectors.join('\n').replace(/[^\t\n\x20-\x7e]/g, '');
    writeFileSync(join(folder, 'plain.xml'), '<Sysmon schemaversion="4.90"><EventFiltering><ProcessCreate onmatch="exclude"/></EventFiltering></Sysmon>');
    writeFileSync(join(folder, 'hostile.xml'), `<Sysmon schemaversion="4.90">\n${text}\n<EventFiltering><ProcessCreate onmatch="include"><!--\n${text.replaceAll('--', '')} --><Image>x</Image></ProcessCreate></EventFiltering></Sysmon>`);
    cfcheck('contract', 'import', '--sysmon', 'plain.xml', '--sysmon-version', '15.15', '--build', 'b', '-o', 'hostile.json');
    const fleet = JSON.parse(readFileSync(join(folder, 'hostile.json'), 'utf8'));
    fleet.name = vectors[0];
    fleet.builds[0].build = vectors[1].slice(0, 60);
    writeFileSync(join(folder, 'hostile.json'), JSON.stringify(fleet));
    const page = join(folder, 'hostile.html');
    cfcheck('view', '--fleet', 'hostile.json', '--fleet', 'reference', '--out', page, 'hostile.xml');
    const p = await browser.open(page, { viewport: { width: 1440, height: 900 } });
    await p.waitForSelector('body[data-ready]');
    assert.ok((await p.textContent('.fleets')).includes('<'), await p.textContent('.fleets'));
    for (const i of [1, 0]) await p.locator('.fleets button').nth(i).click();
    for (const tab of ['findings', 'structure']) await openTab(p, tab);
    await p.evaluate(() => { const f = cfcheckPage.active; for (const r of f.model.regions) f.select(r.start); });
    assert.equal(await p.evaluate(() => window.pwned), undefined, 'a vector ran');
    assert.equal(await p.locator('main img, main iframe, main a, main object, main embed, main style, main script').count(), 0);
  },
  'a page is served on the loopback interface, with a token': async (browser) => {
    const child = spawn(process.env.CFCHECK, ['view', built(common()).path], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const url = await new Promise((resolve, reject) => { child.stdout.once('data', (b) => resolve(String(b).trim())); child.once('exit', () => reject(new Error('cfcheck ended'))); });
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
      const p = await browser.open(url, { allow: () => false });
      await p.waitForSelector('body[data-ready]');
      assert.equal((await fetch(new URL('/', url))).status, 404);
    } finally {
      child.kill();
    }
  },
};
