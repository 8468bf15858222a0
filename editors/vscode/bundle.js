'use strict';

// Writes dist/extension.js, the extension with its packages in one file, and dist/LICENSES.txt, the
// licences of these packages.

const esbuild = require('esbuild');
const fs = require('fs');
const path = require('path');

process.chdir(__dirname);
const { metafile } = esbuild.buildSync({
  entryPoints: ['extension.js'],
  outfile: 'dist/extension.js',
  bundle: true,
  platform: 'node',
  target: 'node20', // of the oldest version of VS Code in package.json
  external: ['vscode'],
  minify: true,
  legalComments: 'none', // LICENSES.txt has them
  metafile: true,
});

const inPackage = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const folders = new Set(Object.keys(metafile.inputs).flatMap((name) => name.match(inPackage) ?? []));
const licences = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = fs.readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) {
    throw new Error(`${folder} has no licence, which must be in the package`);
  }
  return `${name} ${version} (${license})\n\n${fs.readFileSync(path.join(folder, file), 'utf8').trim()}\n`;
});
fs.writeFileSync('dist/LICENSES.txt', licences.join(`\n${'-'.repeat(72)}\n\n`));
