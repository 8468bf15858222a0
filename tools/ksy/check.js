// Reads channel files with the parser that Kaitai Struct generates from
// channelfile/channelfile.ksy, and prints what it read.
//
//	npm ci --prefix tools/ksy
//	node tools/ksy/check.js file.cf ...
//	find corpus -name '*.cf' | node tools/ksy/check.js
//
// A name that starts with "hex:" is no name, but a file itself in hexadecimal.
// One line of JSON a file, in the order of the arguments or of the lines of
// standard input:
//
//	{"file": ..., "ok": true, "values": {...}}    everything the description names
//	{"file": ..., "ok": false, "error": "..."}    whatever was thrown, that is why
//
// Bytes are in hexadecimal, numbers of 64 bits with a sign in decimal, in a
// string. What the description says under several names is printed under the
// first. The exit status is 0 if all files were judged, whatever came out, and 2
// if one could not be opened or the description does not compile.
"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");
const compiler = require("kaitai-struct-compiler");
const yaml = require("js-yaml");
const KaitaiStream = require("kaitai-struct/KaitaiStream");

const description = path.join(__dirname, "..", "..", "channelfile", "channelfile.ksy");

// The runtime reads numbers of 64 bits as floating point, which rounds them.
KaitaiStream.prototype.readS8le = function () {
  this.ensureBytesLeft(8);
  const n = this._dataView.getBigInt64(this.pos, true);
  this.pos += 8;
  return n;
};

// parserOf compiles the description and returns the class of the whole file.
async function parserOf(file) {
  const tree = yaml.load(fs.readFileSync(file, "utf8"), { filename: file });
  const sources = await compiler.compile("javascript", tree, null, false);
  const module = { exports: {} };
  const run = vm.compileFunction(sources["Channelfile.js"], ["exports", "require", "module"], { filename: "Channelfile.js" });
  run.call(undefined, module.exports, require, module);
  return module.exports.Channelfile;
}

// valuesOf returns all that a generated object has, and so asks for each of its
// instances: the fields, then the instances, which are getters of its class.
// Seen has the objects that were returned before.
function valuesOf(v, seen) {
  if (v === undefined || typeof v === "number" || typeof v === "boolean") {
    return v;
  }
  if (typeof v === "bigint") {
    return v.toString();
  }
  if (v instanceof Uint8Array) {
    return Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString("hex");
  }
  if (Array.isArray(v)) {
    return v.map((e) => valuesOf(e, seen));
  }
  if (v === null || typeof v !== "object") {
    throw new Error(`a ${typeof v}, which this script cannot print`);
  }
  if (seen.has(v)) {
    return undefined;
  }
  seen.add(v);
  const out = {};
  for (const name of Object.keys(v)) {
    if (!name.startsWith("_")) {
      out[name] = valuesOf(v[name], seen);
    }
  }
  const accessors = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(v));
  for (const name of Object.keys(accessors)) {
    if (accessors[name].get) {
      out[name] = valuesOf(v[name], seen);
    }
  }
  return out;
}

// judge reads one file. Any exception, of the parser or of its runtime, means
// that it cannot be read.
function judge(Channelfile, file, data) {
  try {
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    return { file, ok: true, values: valuesOf(new Channelfile(new KaitaiStream(bytes)), new Set()) };
  } catch (e) {
    return { file, ok: false, error: e && e.srcPath ? `${e.srcPath}: ${e}` : String(e) };
  }
}

async function main() {
  let files = process.argv.slice(2);
  if (files.length === 0) {
    files = fs.readFileSync(0, "utf8").split("\n").map((l) => l.replace(/\r$/, "")).filter((l) => l !== "");
  }
  const Channelfile = await parserOf(description);
  for (const file of files) {
    const data = file.startsWith("hex:") ? Buffer.from(file.slice(4), "hex") : fs.readFileSync(file);
    process.stdout.write(JSON.stringify(judge(Channelfile, file, data)) + "\n");
  }
}

main().catch((e) => {
  console.error(String(e));
  process.exitCode = 2;
});
