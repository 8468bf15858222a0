'use strict';

// The extension starts `cfcheck lsp`. All logic is in that server.

const fs = require('fs');
const path = require('path');
const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

const install = 'https://github.com/cfcheck/cfcheck/blob/main/docs/install.md';

let client;

// find returns the path of a program, or undefined. A name without a folder is looked for on the
// PATH; a path must be absolute. Windows also looks in the working folder, where an unknown
// repository could have a program of that name, so this function never does.
function find(name, env = process.env, platform = process.platform) {
  const join = platform === 'win32' ? path.win32 : path.posix;
  const ends = platform === 'win32' && join.extname(name) === '' ? ['.exe'] : [''];
  if (name !== join.basename(name)) {
    return join.isAbsolute(name) ? ends.map((end) => name + end).find(isFile) : undefined;
  }
  const folders = (env.PATH || env.Path || '').split(join.delimiter).filter((folder) => join.isAbsolute(folder));
  return folders.flatMap((folder) => ends.map((end) => join.join(folder, name + end))).find(isFile);
}

function isFile(name) {
  try {
    return fs.statSync(name).isFile();
  } catch {
    return false;
  }
}

// settings returns the settings of the server.
function settings() {
  const all = vscode.workspace.getConfiguration('cfcheck');
  const keys = ['fleets', 'policy', 'noPolicy', 'types', 'placeholders', 'exclude', 'paths'];
  return Object.fromEntries(keys.map((key) => [key, all.get(key)]));
}

async function start() {
  const name = vscode.workspace.getConfiguration('cfcheck').get('path') || 'cfcheck';
  const command = find(name);
  if (command === undefined) {
    const choice = await vscode.window.showErrorMessage(
      `The command ${name} was not found. Install cfcheck, or set cfcheck.path to its absolute path.`, 'How to install');
    if (choice !== undefined) {
      vscode.env.openExternal(vscode.Uri.parse(install));
    }
    return;
  }
  client = new LanguageClient('cfcheck', 'cfcheck', { command, args: ['lsp'] }, {
    documentSelector: [
      { scheme: 'file', language: 'yaml' },
      { scheme: 'file', pattern: '**/*.{yml,yaml}' },
      { scheme: 'file', pattern: '**/*.json' },
      { scheme: 'file', pattern: '**/*.xml' },
    ],
    initializationOptions: settings(),
  });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(`${command} lsp did not start: ${error}. It needs cfcheck with the command lsp.`);
  }
}

async function stop() {
  const last = client;
  client = undefined;
  try {
    await last?.stop();
  } catch {
    // The server had not started, or has ended.
  }
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand('cfcheck.restart', async () => {
      await stop();
      await start();
    }),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('cfcheck.path')) {
        await stop();
        await start();
      } else if (event.affectsConfiguration('cfcheck')) {
        await client?.sendNotification('workspace/didChangeConfiguration', { settings: { cfcheck: settings() } });
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop, find };
