'use strict';

// Tests of the extension without an editor: `node test.js`. The modules that VS Code provides are
// replaced by ones that record the calls.

const assert = require('assert');
const fs = require('fs');
const Module = require('module');
const os = require('os');
const path = require('path');

const calls = [];
const values = { path: 'cfcheck', fleets: ['reference'] };
const handlers = {};
const fakes = {
  vscode: {
    workspace: {
      getConfiguration: () => ({ get: (key) => values[key] }),
      onDidChangeConfiguration: (handler) => { handlers.changed = handler; return {}; },
    },
    window: { showErrorMessage: async (message) => { calls.push(['error', message]); } },
    commands: { registerCommand: (name, handler) => { handlers[name] = handler; return {}; } },
    env: { openExternal: () => {} },
    Uri: { parse: (uri) => uri },
  },
  'vscode-languageclient/node': {
    LanguageClient: class {
      constructor(id, name, server, client) { calls.push(['client', server, client]); }
      async start() { calls.push(['start']); }
      async stop() { calls.push(['stop']); }
      async sendNotification(method, params) { calls.push([method, params]); }
    },
  },
};
const load = Module._load;
Module._load = (name, ...rest) => fakes[name] ?? load(name, ...rest);
// any stands for every class and every value that a module has.
const any = () => new Proxy(class {}, { get: (target, key) => (key in target ? target[key] : any()) });
const extension = require('./extension.js');

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cfcheck-'));
  const program = path.join(folder, process.platform === 'win32' ? 'cfcheck.exe' : 'cfcheck');
  try {
    // The program is found by its name on the PATH, or by an absolute path, and nowhere else.
    process.env.PATH = '.' + path.delimiter + folder;
    assert.strictEqual(extension.find('cfcheck'), undefined);
    fs.writeFileSync(program, '');
    assert.strictEqual(extension.find('cfcheck'), program);
    assert.strictEqual(extension.find(program), program);
    assert.strictEqual(extension.find(path.join('.', 'sub', 'cfcheck')), undefined);
    process.chdir(folder);
    assert.strictEqual(extension.find('cfcheck', { PATH: '.' }), undefined, 'the working folder is not searched');

    await extension.activate({ subscriptions: [] });
    assert.deepStrictEqual(calls.map((c) => c[0]), ['client', 'start']);
    assert.deepStrictEqual(calls[0][1], { command: program, args: ['lsp'] });
    assert.deepStrictEqual(calls[0][2].initializationOptions.fleets, ['reference']);

    await handlers.changed({ affectsConfiguration: (key) => key === 'cfcheck' });
    assert.strictEqual(calls.at(-1)[0], 'workspace/didChangeConfiguration');

    values.path = 'not-there';
    await handlers['cfcheck.restart']();
    assert.strictEqual(calls.at(-2)[0], 'stop');
    assert.match(calls.at(-1)[1], /not-there was not found. Install cfcheck/);
    await extension.deactivate();

    // Each setting that the server gets is described, and none is missing.
    const { properties } = require('./package.json').contributes.configuration;
    const sent = Object.keys(calls[0][2].initializationOptions).map((key) => 'cfcheck.' + key);
    assert.deepStrictEqual(['cfcheck.path', ...sent].sort(), Object.keys(properties).sort());

    // The bundle needs nothing but the editor and Node.
    const outside = [];
    Module._load = (name, ...rest) => {
      outside.push(name);
      return name === 'vscode' ? any() : load(name, ...rest);
    };
    assert.deepStrictEqual(Object.keys(require('./dist/extension.js')), Object.keys(extension));
    assert.ok(outside.includes('vscode'));
    assert.deepStrictEqual(outside.slice(1).filter((name) => name !== 'vscode' && !Module.isBuiltin(name)), []);
  } finally {
    process.chdir(os.tmpdir());
    fs.rmSync(folder, { recursive: true });
  }
}

main().then(() => console.log('the extension passes its tests'), (error) => {
  console.error(error);
  process.exitCode = 1;
});
