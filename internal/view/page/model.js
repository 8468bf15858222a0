// The model of a file: the parts of its bytes and their meaning, computed from the document that
// package anatomy made. A test compares it with that package, part by part.

const decoder = new TextDecoder("utf-8");

// isPrintable reports whether a character is one that Go's unicode.IsPrint accepts.
const isPrintable = (c) => /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(c);

const quoted = { 7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 11: "\\v" };

function escapeRune(code) {
  if (code in quoted) return quoted[code];
  if (code < 0x80) return "\\x" + code.toString(16).padStart(2, "0");
  if (code < 0x10000) return "\\u" + code.toString(16).padStart(4, "0");
  return "\\U" + code.toString(16).padStart(8, "0");
}

// runeAt decodes one character of UTF-8: its code and its length. The code is -1 for a byte that is
// not part of a valid character.
function runeAt(b, i) {
  const c = b[i];
  if (c < 0x80) return [c, 1];
  let n = 0, code = 0, least = 0;
  if (c >= 0xc2 && c < 0xe0) { n = 1; code = c & 0x1f; least = 0x80; }
  else if (c >= 0xe0 && c < 0xf0) { n = 2; code = c & 0x0f; least = 0x800; }
  else if (c >= 0xf0 && c < 0xf5) { n = 3; code = c & 0x07; least = 0x10000; }
  else return [-1, 1];
  for (let k = 1; k <= n; k++) {
    const next = b[i + k];
    if (next === undefined || (next & 0xc0) !== 0x80) return [-1, 1];
    code = code << 6 | next & 0x3f;
  }
  if (code < least || code > 0x10ffff || code >= 0xd800 && code < 0xe000) return [-1, 1];
  return [code, n + 1];
}

// clean returns bytes as text that is safe on one line, as package oneline does.
function clean(b) {
  let s = "";
  for (let i = 0; i < b.length;) {
    const [code, n] = runeAt(b, i);
    if (code < 0) s += "\\x" + b[i].toString(16).padStart(2, "0");
    else if (code === 9) s += " ";
    else {
      const c = String.fromCodePoint(code);
      s += isPrintable(c) ? c : escapeRune(code);
    }
    i += n;
  }
  return s.replace(/##([A-Za-z]*)\[/g, "#\\x23$1[");
}

const encoder = new TextEncoder();
const cleanText = (s) => clean(encoder.encode(s));

const thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const plural = (n, one, many) => thousands(n) + " " + (n === 1 ? one : many || one + "s");
const hex = (n) => "0x" + n.toString(16).toUpperCase();
const place = (n) => `${hex(n)} (${n})`;
const hexBytes = (b, most) => Array.from(b.subarray(0, most), (c) => c.toString(16).padStart(2, "0")).join(" ") + (b.length > most ? " …" : "");

function literal(b) {
  const most = 72;
  if (b.length <= most) return "'" + clean(b) + "'";
  let n = most;
  while (n > most - 4 && (b[n] & 0xc0) === 0x80) n--;
  return `'${clean(b.subarray(0, n))}'... (${thousands(b.length)} bytes)`;
}

function integerAt(b, at) {
  return new DataView(b.buffer, b.byteOffset + at, 8).getBigInt64(0, true);
}

function address(b) {
  const mapped = b.subarray(0, 10).every((c) => c === 0) && b[10] === 255 && b[11] === 255;
  if (mapped) return b.subarray(12).join(".");
  const words = [];
  for (let i = 0; i < 16; i += 2) words.push(b[i] << 8 | b[i + 1]);
  let best = -1, length = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && words[i + n] === 0) n++;
    if (n > length) { best = i; length = n; }
  }
  let s = "";
  for (let i = 0; i < 8; i++) {
    if (i === best) { s += "::"; i += length - 1; continue; }
    if (s !== "" && !s.endsWith(":")) s += ":";
    s += words[i].toString(16);
  }
  return s;
}

function operandText(op, b) {
  if (op === 8 && b.length === 8) return String(integerAt(b, 0));
  if (op === 9 && b.length === 16) return `${integerAt(b, 0)} to ${integerAt(b, 8)}`;
  if (op === 10 && b.length === 32) return `${address(b.subarray(0, 16))} to ${address(b.subarray(16))}`;
  return literal(b);
}

const inputSays = (n) => `input ${Number(n) + 1} (index ${n})`;

function wordSays(n) {
  const operands = n & 0x3fffffff;
  if (n >>> 30 === 2) return "and of " + operands;
  if (n >>> 30 === 3) return "or of " + operands;
  return (n & 1 ? "not criterion " : "criterion ") + (n >>> 1 & 0x3fffffff);
}

function classRune(n) {
  const c = String.fromCodePoint(n);
  if ("\\[]^-".includes(c)) return "\\" + c;
  if (n >= 0x20 && n <= 0x7e) return c;
  if (n <= 0xff) return "\\x" + n.toString(16).toUpperCase().padStart(2, "0");
  return "\\x{" + n.toString(16).toUpperCase().padStart(4, "0") + "}";
}

// A Model is one file.
class Model {
  constructor(doc, bytes) {
    this.doc = doc;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const r = doc.regions;
    this.regions = r.start.map((start, i) => ({
      i, start, end: r.end[i], kind: doc.kinds[r.kind[i]], first: r.first ? r.first[i] : 0,
      owner: r.owner ? r.owner[i] : -1, state: r.state ? r.state[i] : "", label: r.label ? r.label[i] : "",
    }));
    this.byKind = new Map();
    for (const x of this.regions) {
      if (!this.byKind.has(x.kind.name)) this.byKind.set(x.kind.name, []);
      this.byKind.get(x.kind.name).push(x);
    }
    this.sorted = this.regions.filter((x) => x.end > x.start).sort((a, b) => a.start - b.start || a.i - b.i);
    this.farthest = []; // the greatest end up to each region
    let far = 0;
    for (const x of this.sorted) this.farthest.push(far = Math.max(far, x.end));
    this.isChannel = doc.format === "channel file";
    this.caches = new Map();
  }

  cached(name, make) {
    if (!this.caches.has(name)) this.caches.set(name, make());
    return this.caches.get(name);
  }

  u8(at) { return this.bytes[at]; }
  u16(at) { return this.view.getUint16(at, true); }
  u32(at) { return this.view.getUint32(at, true); }

  kindNamed(name) { return this.doc.kinds.find((k) => k.name === name); }

  // table returns the first region of a kind, and the number of its whole records.
  table(name) {
    const r = (this.byKind.get(name) || [])[0];
    return r ? { start: r.start, n: Math.floor((r.end - r.start) / r.kind.size), size: r.kind.size, region: r } : { start: 0, n: 0, size: 1, region: null };
  }

  // uses returns the kind of each operand, and an operator for each value.
  uses() {
    return this.cached("uses", () => {
      const operands = this.table("operand"), values = this.table("value"), criteria = this.table("criterion");
      const kind = new Uint8Array(operands.n), operator = new Uint8Array(values.n);
      let next = 0;
      for (let i = 0; i < criteria.n; i++) {
        const c = criteria.start + i * 12, first = this.u32(c + 4), count = this.u32(c + 8), op = this.u8(c + 1);
        if (first !== next || first + count > operands.n) break;
        next += count;
        for (let k = first; k < next; k++) {
          const v = this.u32(operands.start + 4 * k);
          if (this.u8(c) & 4) kind[k] = 2;
          else if (op === 7) kind[k] = 1;
          else if (v < values.n) operator[v] = op;
        }
      }
      return { kind, operator };
    });
  }

  records(r) {
    return r.kind.size === 0 ? 1 : Math.ceil((r.end - r.start) / r.kind.size);
  }

  // placements returns the offsets of the entries of a pool, as far as the table that places them
  // is whole: entry i stands from at[i] to at[i + 1].
  placements(r) {
    return this.cached("placed" + r.i, () => {
      const t = this.table(r.kind.placed), at = new Uint32Array(t.n + 1);
      let end = r.start, n = 0;
      at[0] = end;
      for (; n < t.n; n++) {
        const start = r.start + this.u32(t.start + n * t.size), stop = start + this.u32(t.start + n * t.size + 4);
        if (start !== end || stop > r.end) break;
        end = stop;
        at[n + 1] = end;
      }
      return { at, n, end };
    });
  }

  // entryAt returns the index of the record of a region at an offset, or -1 for bytes of a pool
  // that no record claims.
  entryAt(r, offset) {
    if (!r.kind.placed) return r.kind.size ? Math.floor((offset - r.start) / r.kind.size) : 0;
    const p = this.placements(r);
    if (offset >= p.end) return -1;
    let lo = 0, hi = p.n;
    while (lo < hi) {
      const mid = lo + hi >> 1;
      if (p.at[mid + 1] <= offset) lo = mid + 1; else hi = mid;
    }
    return lo;
  }

  // span returns the bytes of record i of a region.
  span(r, i) {
    if (r.kind.placed) {
      const p = this.placements(r);
      if (i < 0) return [p.end, r.end];
      return [p.at[i], p.at[i + 1]];
    }
    if (!r.kind.size) return [r.start, r.end];
    const start = r.start + i * r.kind.size;
    return [start, Math.min(start + r.kind.size, r.end)];
  }

  entryPath(r, i) {
    if (r.kind.single || i < 0) return r.kind.name;
    return `${r.kind.name}[${r.first + i}]`;
  }

  // fields returns the parts of record i of a region.
  fields(r, i) {
    const [start, stop] = this.span(r, i), out = [];
    if (i < 0) return stop > start ? [{ region: r, entry: i, field: null, path: r.kind.name, start, end: stop }] : out;
    for (const f of r.kind.fields) {
      const at = start + f.at, whole = f.size ? at + f.size : stop, end = Math.min(whole, stop);
      if (at >= end) continue;
      out.push({
        region: r, entry: i, field: end === whole ? f : null, doc: f.doc, start: at, end,
        path: this.entryPath(r, i) + (f.name ? "." + f.name : ""),
      });
    }
    return out;
  }

  // regionsAt returns the regions that hold an offset, the last one first.
  regionsAt(offset) {
    let lo = 0, hi = this.sorted.length;
    while (lo < hi) {
      const mid = lo + hi >> 1;
      if (this.sorted[mid].start <= offset) lo = mid + 1; else hi = mid;
    }
    const out = [];
    for (let i = lo - 1; i >= 0 && this.farthest[i] > offset; i--) if (this.sorted[i].end > offset) out.push(this.sorted[i]);
    return out;
  }

  // partAt returns the part of the file at an offset.
  partAt(offset) {
    const r = this.regionsAt(offset)[0];
    if (!r) return null;
    const parts = this.fields(r, this.entryAt(r, offset));
    return parts.find((p) => p.start <= offset && offset < p.end) || null;
  }

  // parts returns all parts, in the order of package anatomy.
  *parts() {
    for (const r of this.regions) {
      const n = r.kind.placed ? this.placements(r).n : this.records(r);
      for (let i = 0; i < n; i++) yield* this.fields(r, i);
      if (r.kind.placed) yield* this.fields(r, -1);
    }
  }

  name(key, n) {
    const names = this.doc.enums[key];
    return names && Object.hasOwn(names, n) ? names[n] : `unknown (${n})`;
  }

  // says returns the meaning of a part, or "".
  says(p) {
    const f = p.field;
    if (!f) return "";
    const at = p.start, b = this.bytes.subarray(at, p.end);
    const n = () => b.length === 8 ? this.view.getBigUint64(at, true) : b.length === 4 ? this.u32(at) : b.length === 2 ? this.u16(at) : b[0];
    switch (f.form) {
      case "number": return String(n());
      case "time": {
        const most = 253402300799n, s = n() > most ? most : n();
        return new Date(Number(s) * 1000).toISOString().replace(".000Z", "Z");
      }
      case "uuid": return uuid(b);
      case "enum": return this.name(f.enum, n());
      case "flags": {
        const set = [];
        for (const [bit, name] of Object.entries(this.doc.enums[f.enum])) if (n() & bit) set.push(name);
        return set.join(", ") || "none";
      }
      case "rune": return "U+" + n().toString(16).toUpperCase().padStart(4, "0");
      case "text": return literal(b);
      case "input": return inputSays(n());
      case "word": return wordSays(n());
      case "operand": {
        const kind = this.uses().kind[p.entry];
        return kind === 2 ? inputSays(n()) : kind === 1 ? "program " + n() : "value " + n();
      }
      case "value": return operandText(this.uses().operator[p.entry], b);
      case "argument": return this.u16(at - 4) === 4 ? this.name(f.enum, n()) : String(n());
      case "version": return (n() >>> 16) + "." + String(n() & 0xffff).padStart(2, "0");
      case "units": return literal(encoder.encode(unitsText(b)));
      case "offset": return n() === 0 ? "0 (there is not one)" : place(n());
      case "member": return this.name(p.region.owner < 0 ? "" : "field of " + this.u32(this.regions[p.region.owner].start), n());
    }
    return "";
  }

  // target returns the record that a part refers to: its kind and index, or an offset.
  target(p) {
    const f = p.field;
    if (!f || !f.form) return null;
    if (f.form === "offset") {
      const n = this.u32(p.start);
      return n ? { offset: n } : null;
    }
    if (f.form === "input") return null;
    const n = p.end - p.start === 4 ? this.u32(p.start) : 0;
    if (f.form === "word") return n >>> 31 ? null : { kind: "criterion", index: n >>> 1 };
    if (f.form === "operand") {
      const kind = this.uses().kind[p.entry];
      return kind === 2 ? null : { kind: kind === 1 ? "program" : "value", index: n };
    }
    if (f.form === "argument") return this.u16(p.start - 4) === 3 ? { kind: "class", index: n } : null;
    if (!f.to) return null;
    const to = this.kindNamed(f.to);
    return { kind: f.to, index: to.placed ? p.entry : n };
  }

  // find returns the region and the entry of a record by its kind and index.
  find(kind, index) {
    for (const r of this.byKind.get(kind) || []) {
      const n = r.kind.placed ? this.placements(r).n : this.records(r);
      if (index >= r.first && index < r.first + n) return { region: r, entry: index - r.first };
    }
    return null;
  }

  // before returns the index of the last record of a table whose number at an offset is not above
  // n: the record that owns entry n of the table which it tiles.
  before(kind, at, n) {
    const t = this.table(kind);
    let lo = 0, hi = t.n;
    while (lo < hi) {
      const mid = lo + hi >> 1;
      if (this.u32(t.start + mid * t.size + at) <= n) lo = mid + 1; else hi = mid;
    }
    return lo - 1;
  }

  // ownerOf returns the record that a record is a part of.
  ownerOf(kind, i) {
    const owner = { word: ["instance", 16], use: ["instance", 16], operand: ["criterion", 4], instruction: ["program", 8], range: ["class", 0] }[kind];
    if (owner) {
      const n = this.before(owner[0], owner[1], i);
      return n < 0 ? null : { kind: owner[0], index: n };
    }
    if (kind === "origin") return { kind: "instance", index: i };
    const table = { pool: "value", textpool: "text", source: "program" }[kind];
    return table ? { kind: table, index: i } : null;
  }

  // usersOf returns the first records that refer to a value, a program, a criterion, a text or a
  // class.
  usersOf(kind, i, most) {
    const out = [];
    const scan = (name, holds) => {
      const t = this.table(name);
      for (let k = 0; k < t.n && out.length < most; k++) if (holds(t.start + k * t.size, k)) out.push({ kind: name, index: k });
    };
    const uses = kind === "value" || kind === "program" ? this.uses() : null;
    if (kind === "value") scan("operand", (at, k) => uses.kind[k] === 0 && this.u32(at) === i);
    if (kind === "program") scan("operand", (at, k) => uses.kind[k] === 1 && this.u32(at) === i);
    if (kind === "criterion") scan("word", (at) => this.u32(at) >>> 1 === i);
    if (kind === "class") scan("instruction", (at) => this.u16(at) === 3 && this.u32(at + 4) === i);
    if (kind === "text") {
      scan("origin", (at) => [0, 4, 8, 12, 16].some((f) => this.u32(at + f) === i));
      scan("use", (at) => this.u32(at + 4) === i);
    }
    return out;
  }

  inputName(i) {
    const names = this.doc.inputs || [];
    return i < names.length ? names[i] : inputSays(i);
  }

  // valueBytes returns the bytes of a value, or null in a damaged file.
  placedBytes(pool, i) {
    const r = (this.byKind.get(pool) || [])[0];
    if (!r) return null;
    const p = this.placements(r);
    return i < p.n ? this.bytes.subarray(p.at[i], p.at[i + 1]) : null;
  }

  text(i) {
    const b = this.placedBytes("textpool", i);
    return b ? clean(b) : "";
  }

  // criterionText returns a criterion in words, with at most most operands.
  criterionText(i, most = 4) {
    const t = this.table("criterion");
    if (i >= t.n) return `criterion ${i}, which the file does not have`;
    const at = t.start + i * 12, flags = this.u8(at), op = this.u8(at + 1), first = this.u32(at + 4), count = this.u32(at + 8);
    let s = this.inputName(this.u16(at + 2)) + " " + this.name("operator", op);
    if (flags & 1) s += " (any case)";
    if (count > 1) s += flags & 2 ? " all of" : " any of";
    const operands = this.table("operand"), parts = [];
    for (let k = first; k < Math.min(first + count, operands.n) && parts.length < most; k++) {
      const n = this.u32(operands.start + 4 * k);
      if (flags & 4) parts.push("the value of " + this.inputName(n));
      else {
        const b = this.placedBytes(op === 7 ? "source" : "pool", n);
        parts.push(b ? operandText(op, b) : `value ${n}, which cannot be read`);
      }
    }
    if (count > parts.length) parts.push(`and ${thousands(count - parts.length)} more`);
    return parts.length ? s + " " + parts.join(", ") : s;
  }

  instance(i) {
    const t = this.table("instance"), at = t.start + i * 24;
    return { id: uuid(this.bytes.subarray(at, at + 16)), first: this.u32(at + 16), count: this.u32(at + 20) };
  }

  // condition returns the condition of an instance as a tree. A damaged condition ends where it
  // breaks, with a node that says so.
  condition(i) {
    const { first, count } = this.instance(i), words = this.table("word"), stack = [];
    const end = Math.min(first + count, words.n, first + 4096);
    for (let w = first; w < end; w++) {
      const n = this.u32(words.start + 4 * w);
      if (n >>> 31 === 0) { stack.push({ criterion: n >>> 1, negated: (n & 1) === 1, word: w }); continue; }
      const operands = n & 0x3fffffff;
      if (operands > stack.length || operands < 2) {
        stack.push({ broken: `word ${w} joins ${operands} truths, but the stack has ${stack.length}`, word: w });
        break;
      }
      stack.push({ join: n >>> 30 === 3 ? "any of" : "all of", items: stack.splice(stack.length - operands), word: w });
    }
    if (end < first + count) stack.push({ broken: "words are missing", word: -1 });
    return stack.length === 1 ? stack[0] : { join: "all of", items: stack, word: -1 };
  }

  origin(i) {
    const t = this.table("origin");
    if (i >= t.n) return null;
    const at = t.start + i * 24;
    return { rule: this.text(this.u32(at)), title: this.text(this.u32(at + 4)), author: this.text(this.u32(at + 8)), licence: this.text(this.u32(at + 12)), path: this.text(this.u32(at + 16)), line: this.u32(at + 20) };
  }

  title(i) {
    const t = this.table("origin");
    return i < t.n ? this.text(this.u32(t.start + i * 24 + 4)) : "";
  }

  classText(i) {
    const t = this.table("class"), ranges = this.table("range");
    if (i >= t.n) return `class ${i}, which the file does not have`;
    const at = t.start + i * 8, first = this.u32(at), n = this.u32(at + 4);
    let s = "[";
    for (let k = 0; k < Math.min(n, 8) && first + k < ranges.n; k++) {
      const lo = this.u32(ranges.start + (first + k) * 8), hi = this.u32(ranges.start + (first + k) * 8 + 4);
      if (lo > 0x10ffff || hi > 0x10ffff) break;
      s += classRune(lo);
      if (hi > lo) s += (hi > lo + 1 ? "-" : "") + classRune(hi);
    }
    if (n > 8) s += ` ... ${n} ranges`;
    return s + "]";
  }

  // program returns the instructions of a program, at most most.
  program(i, most) {
    const t = this.table("program"), all = this.table("instruction");
    if (i >= t.n) return [];
    const at = t.start + i * 16, first = this.u32(at + 8), out = [];
    for (let k = first; k < Math.min(first + this.u32(at + 12), all.n, first + most); k++) {
      const x = all.start + 8 * k;
      out.push({ op: this.u16(x), out: this.u16(x + 2), arg: this.u32(x + 4), index: k });
    }
    return out;
  }

  // label returns the content of a record in a few words.
  label(r, i) {
    if (r.label) return r.label;
    if (i < 0) return "bytes that no record claims";
    const whole = !r.kind.size || this.span(r, i)[1] - this.span(r, i)[0] === r.kind.size;
    if (!whole) return "cut";
    switch (this.isChannel ? r.kind.name : "") {
      case "instance": return cleanText(this.title(i)) || this.instance(i).id;
      case "criterion": return this.criterionText(i, 2);
      case "value": { const b = this.placedBytes("pool", i); return b ? operandText(this.uses().operator[i], b) : ""; }
      case "text": { const b = this.placedBytes("textpool", i); return b ? literal(b) : ""; }
      case "program": { const b = this.placedBytes("source", i); return b ? literal(b) : ""; }
      case "class": return this.classText(i);
      case "origin": { const o = this.origin(i); return o.path ? o.path + (o.line ? ":" + o.line : "") : o.title; }
      case "use": { const at = this.span(r, i)[0]; return this.u32(at) ? `line ${this.u32(at)}: ${this.text(this.u32(at + 4))}` : ""; }
      case "instruction": {
        const at = this.span(r, i)[0], op = this.u16(at), out = this.u16(at + 2), arg = this.u32(at + 4);
        return { 1: "match", 2: `split to ${out} and ${arg}`, 3: `${this.classText(arg)} to ${out}`, 4: `${this.name("assertion", arg)} to ${out}` }[op] || this.name("op", op);
      }
    }
    const parts = this.fields(r, i);
    if (parts.length === 1) return this.says(parts[0]);
    if (r.kind.name === "section") return this.says(parts[0]);
    if (r.kind.name === "range") return parts.map((p) => this.says(p)).join(" to ");
    return "";
  }
}

function uuid(b) {
  const s = Array.from(b, (c) => c.toString(16).padStart(2, "0")).join("");
  return [s.slice(0, 8), s.slice(8, 12), s.slice(12, 16), s.slice(16, 20), s.slice(20)].join("-");
}

function unitsText(b) {
  let s = "";
  for (let i = 0; i + 1 < b.length; i += 2) {
    const u = b[i] | b[i + 1] << 8;
    if (u === 0) break;
    s += String.fromCharCode(u);
  }
  return s.toWellFormed ? s.toWellFormed() : s;
}
