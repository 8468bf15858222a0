// The page: panes that show one or two models, linked both ways.

function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes || {})) {
    if (k === "on") for (const [event, f] of Object.entries(v)) e.addEventListener(event, f);
    else if (v !== undefined && v !== null && v !== false) e.setAttribute(k, v === true ? "" : v);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

// A Rows shows a part of many rows of equal height. It draws only those in sight. Browsers limit
// the height of an element, so beyond that limit a pixel of the scroll bar stands for several rows.
class Rows {
  constructor(element, height, draw) {
    this.element = element;
    this.height = height;
    this.draw = draw;
    this.count = 0;
    this.top = 0;
    this.spacer = el("div", { class: "spacer", role: "presentation" });
    this.body = el("div", { class: "rows", role: "presentation" });
    element.append(this.spacer, this.body);
    this.spacer.append(this.body);
    element.addEventListener("scroll", () => this.scrolled());
    new ResizeObserver(() => this.redraw()).observe(element);
  }

  get visible() { return Math.max(1, Math.ceil(this.element.clientHeight / this.height)); }

  resize(count) {
    this.count = count;
    this.pixels = Math.min(count * this.height, 8e6);
    this.spacer.style.height = this.pixels + "px";
    this.top = Math.max(0, Math.min(this.top, count - 1));
    this.redraw();
  }

  get scaled() { return this.count * this.height > this.pixels; }

  scrolled() {
    if (this.own) { this.own = false; return; }
    const most = this.pixels - this.element.clientHeight, whole = this.count - Math.floor(this.element.clientHeight / this.height);
    this.top = this.scaled ? Math.round(this.element.scrollTop / Math.max(most, 1) * whole) : Math.floor(this.element.scrollTop / this.height);
    this.redraw();
  }

  // show scrolls until a row is in sight.
  show(row) {
    const whole = Math.max(1, Math.floor(this.element.clientHeight / this.height));
    if (row >= this.top && row < this.top + whole) { this.redraw(); return; }
    this.top = Math.max(0, Math.min(row - Math.floor(whole / 3), this.count - whole));
    const most = this.pixels - this.element.clientHeight;
    const at = this.scaled ? this.top / Math.max(this.count - whole, 1) * most : this.top * this.height;
    if (Math.abs(this.element.scrollTop - at) >= 1) { this.own = true; this.element.scrollTop = at; }
    this.redraw();
  }

  redraw() {
    const first = this.top, last = Math.min(first + this.visible + 1, this.count), rows = [];
    for (let i = first; i < last; i++) rows.push(this.draw(i));
    const offset = this.scaled ? this.element.scrollTop : first * this.height;
    this.body.style.transform = `translateY(${Math.min(offset, Math.max(0, this.pixels - rows.length * this.height))}px)`;
    this.body.replaceChildren(...rows);
    if (this.shown) this.shown(first, last);
  }
}

const colours = ["header", "section", "header_digest", "instance", "word", "criterion", "operand", "value", "pool", "program", "source", "instruction", "class", "range", "origin", "use", "text", "textpool", "event", "filter", "aggregation"];
const colour = (kind) => "k" + (colours.indexOf(kind) + 1);

// A FileView is a file in the page: its hex pane and its tree, which share a cursor.
class FileView {
  constructor(page, model, index) {
    this.page = page;
    this.model = model;
    this.index = index;
    this.at = 0;
    this.part = null;
    this.expanded = new Map(); // region index to the set of expanded entries
    // The results for each fleet; the document has those of the first one.
    const d = model.doc;
    this.judgements = [{ fleet: d.fleet, verdict: d.verdict, findings: d.findings, skipped: d.skipped }, ...(d.others || [])];
    this.fleet = 0;
    this.mark();
    this.buildHex();
    this.buildTree();
  }

  buildHex() {
    const m = this.model;
    this.grid = el("div", { class: "hex", role: "grid", tabindex: 0, "aria-label": `bytes of ${m.doc.name}`, "aria-rowcount": Math.ceil(m.bytes.length / 16), "aria-readonly": "true" });
    this.hexRows = new Rows(this.grid, 22, (row) => this.hexRow(row));
    this.hexRows.shown = (first, last) => { if (this.strip) this.strip.show(first * 16, Math.min(last * 16, m.bytes.length)); };
    this.grid.addEventListener("click", (e) => {
      const at = e.target.dataset && e.target.dataset.at;
      if (at !== undefined) this.select(Number(at));
    });
    this.grid.addEventListener("keydown", (e) => this.hexKey(e));
    this.grid.addEventListener("focus", () => this.page.activate(this));
  }

  hexRow(row) {
    const m = this.model, start = row * 16, end = Math.min(start + 16, m.bytes.length);
    const line = el("div", { class: "row", role: "row", "aria-rowindex": row + 1 }, el("span", { class: "offset", role: "rowheader" }, start.toString(16).padStart(8, "0")));
    const ascii = el("span", { class: "ascii", "aria-hidden": "true" });
    const record = this.part ? m.span(this.part.region, this.part.entry) : [0, 0];
    let region = null;
    for (let at = start; at < end; at++) {
      if (!region || at >= region.end || at < region.start || this.overlapping) region = m.regionsAt(at)[0];
      const c = m.bytes[at];
      let cls = region ? colour(region.kind.name) : "";
      if (at >= record[0] && at < record[1]) cls += " record";
      if (this.part && at >= this.part.start && at < this.part.end) cls += " part";
      if (at === this.at) cls += " cursor";
      const mark = this.markAt(at);
      if (mark) cls += " at-" + mark.severity;
      if (this.page.differs && this.page.differs(this, at, region)) cls += " differs";
      const id = at === this.at ? `hex${this.index}` : undefined;
      line.append(el("span", { class: "byte " + cls, role: "gridcell", "data-at": at, id, "aria-selected": at === this.at ? "true" : "false" }, c.toString(16).padStart(2, "0")));
      ascii.append(el("span", { class: cls, "data-at": at }, c > 0x20 && c < 0x7f ? String.fromCharCode(c) : c === 0x20 ? "\u00a0" : "·"));
    }
    line.append(ascii);
    return line;
  }

  mark() {
    this.marks = marksOf(this.model);
    this.marksSorted = this.marks.slice().sort((a, b) => a.start - b.start);
    this.markIndex = null;
  }

  // judgeFor shows the results for another fleet.
  judgeFor(i) {
    const { verdict, findings, skipped } = this.judgements[this.fleet = i];
    Object.assign(this.model.doc, { verdict, findings, skipped });
    this.mark();
    const head = this.page.head(this);
    this.headElement.replaceWith(head);
    this.headElement = head;
    this.page.activate(this);
    this.page.fillTabs();
    this.select(this.page.broken(this) || this.at);
    head.querySelector("[aria-pressed=true]").focus();
  }

  // markAt returns the gravest mark at an offset.
  markAt(at) {
    if (!this.marks.length) return null;
    if (!this.markIndex) {
      // Intervals by start, with the greatest end so far.
      let far = 0;
      this.markIndex = this.marksSorted.map((x) => far = Math.max(far, x.end));
    }
    let lo = 0, hi = this.marksSorted.length;
    while (lo < hi) {
      const mid = lo + hi >> 1;
      if (this.marksSorted[mid].start <= at) lo = mid + 1; else hi = mid;
    }
    let best = null;
    for (let i = lo - 1, tries = 0; i >= 0 && this.markIndex[i] > at && tries < 200; i--, tries++) {
      const x = this.marksSorted[i];
      if (x.end > at && x.narrow && (!best || x.weight > best.weight)) best = x;
    }
    return best;
  }

  hexKey(e) {
    const page = Math.max(1, this.hexRows.visible - 2) * 16, last = this.model.bytes.length - 1;
    const to = {
      ArrowLeft: this.at - 1, ArrowRight: this.at + 1, ArrowUp: this.at - 16, ArrowDown: this.at + 16, PageUp: this.at - page, PageDown: this.at + page,
      Home: e.ctrlKey ? 0 : this.at - this.at % 16, End: e.ctrlKey ? last : this.at - this.at % 16 + 15,
    }[e.key];
    if (to === undefined || e.altKey || e.metaKey) return;
    e.preventDefault();
    this.select(Math.max(0, Math.min(to, last)));
  }

  // select moves the cursor to an offset, and shows it in the hex pane, the tree and the details.
  select(at, from) {
    if (!this.model.bytes.length) return;
    this.at = Math.max(0, Math.min(at, this.model.bytes.length - 1));
    this.part = this.model.partAt(this.at);
    this.page.activate(this);
    this.grid.setAttribute("aria-activedescendant", `hex${this.index}`);
    this.hexRows.show(this.at >> 4);
    if (from !== "tree") this.reveal();
    this.tree.redraw();
    this.page.details(this);
  }

  go(kind, index) {
    const found = this.model.find(kind, index);
    if (!found) return;
    const [start, end] = this.model.span(found.region, found.entry);
    if (end > start) this.select(start); else if (found.region.kind.placed) this.page.say(`${kind}[${index}] has no bytes`);
  }

  // The tree has a node for each region, below it one for each record, and below that its fields.
  // Rows are computed from the expanded nodes alone, because a table can have a million records.

  buildTree() {
    const m = this.model;
    this.tops = m.regions.filter((r) => r.owner < 0 && (m.isChannel || r.kind.name !== "padding") && (r.end > r.start || m.isChannel && r.kind.name !== "padding"));
    this.owned = new Map();
    for (const r of m.regions) {
      if (r.owner < 0) continue;
      if (!this.owned.has(r.owner)) this.owned.set(r.owner, []);
      this.owned.get(r.owner).push(r);
    }
    this.treeElement = el("div", { class: "tree", role: "tree", tabindex: 0, "aria-label": `structure of ${m.doc.name}` });
    this.cursor = 0;
    this.tree = new Rows(this.treeElement, 24, (row) => this.treeRow(row));
    this.treeElement.addEventListener("keydown", (e) => this.treeKey(e));
    this.treeElement.addEventListener("click", (e) => {
      const row = e.target.closest("[data-row]");
      if (!row) return;
      const node = this.nodeAt(Number(row.dataset.row));
      this.cursor = Number(row.dataset.row);
      if (e.target.classList.contains("twist") && this.canExpand(node)) { this.toggle(node); return; }
      if (node.level === 1 && this.canExpand(node) && !this.expanded.has(node.region.i)) this.toggle(node);
      this.choose(node);
    });
    this.measure();
  }

  // children returns the number of nodes below a region that stand at level 2.
  children(r) {
    const m = this.model, own = this.owned.get(r.i) || [];
    if (this.single(r)) return m.fields(r, 0).length + own.length;
    if (r.kind.placed) { const p = m.placements(r); return p.n + (p.end < r.end ? 1 : 0); }
    return m.records(r);
  }

  single(r) { return !r.kind.placed && (r.kind.single || this.model.records(r) === 1 && !this.model.isChannel); }

  plain(r) { return this.single(r) && r.kind.fields.length === 1 && !(this.owned.get(r.i) || []).length; }

  child(r, i) {
    const m = this.model;
    if (this.single(r)) {
      const parts = m.fields(r, 0);
      if (i < parts.length) return { level: 2, region: r, entry: 0, part: parts[i] };
      return { level: 2, region: this.owned.get(r.i)[i - parts.length], entry: 0, top: r, below: i };
    }
    if (r.kind.placed && i === m.placements(r).n) return { level: 2, region: r, entry: -1, below: i };
    return { level: 2, region: r, entry: i, below: i };
  }

  // key names an entry in the set of the expanded ones of a top region.
  deep(node) { return node.part || node.entry < 0 ? 0 : this.model.fields(node.region, node.entry).length; }

  measure() {
    this.starts = new Float64Array(this.tops.length + 1);
    this.tops.forEach((r, i) => {
      let n = 1;
      const open = this.expanded.get(r.i);
      if (open) {
        n += this.children(r);
        for (const below of open) n += this.deep(this.child(r, below));
      }
      this.starts[i + 1] = this.starts[i] + n;
    });
    this.tree.resize(this.starts[this.tops.length]);
  }

  nodeAt(row) {
    let lo = 0, hi = this.tops.length;
    while (lo < hi) {
      const mid = lo + hi >> 1;
      if (this.starts[mid + 1] <= row) lo = mid + 1; else hi = mid;
    }
    const r = this.tops[lo];
    let at = row - this.starts[lo];
    if (at === 0) return { level: 1, region: r, entry: 0 };
    at--;
    for (const below of [...this.expanded.get(r.i)].sort((a, b) => a - b)) {
      if (at <= below) break;
      const node = this.child(r, below), deep = this.deep(node);
      if (at <= below + deep) return { level: 3, region: node.region, entry: node.entry, part: this.model.fields(node.region, node.entry)[at - below - 1], top: r, below };
      at -= deep;
    }
    const node = this.child(r, at);
    node.top = r;
    node.below = at;
    return node;
  }

  // rowOf returns the row of a part, whose ancestors are expanded.
  rowOf(top, below, field) {
    let row = this.starts[this.tops.indexOf(top)];
    if (below < 0) return row;
    row += 1 + below;
    for (const b of this.expanded.get(top.i)) if (b < below) row += this.deep(this.child(top, b));
    return field < 0 ? row : row + 1 + field;
  }

  canExpand(node) {
    if (node.level === 1) return !this.plain(node.region) && this.children(node.region) > 0;
    return node.level === 2 && !node.part && this.deep(node) > (this.single(node.region) && node.region.owner >= 0 ? 0 : 1);
  }

  isExpanded(node) {
    if (node.level === 1) return this.expanded.has(node.region.i);
    const open = this.expanded.get(node.top.i);
    return Boolean(open && open.has(node.below));
  }

  toggle(node) {
    if (node.level === 1) {
      if (!this.expanded.delete(node.region.i)) this.expanded.set(node.region.i, new Set());
    } else {
      const open = this.expanded.get(node.top.i);
      if (!open.delete(node.below)) open.add(node.below);
    }
    this.measure();
  }

  // reveal expands the tree to the selected part.
  reveal() {
    const p = this.part;
    if (!p) return;
    let top = p.region, below = -1, field = -1;
    const parts = this.model.fields(p.region, p.entry), index = parts.findIndex((x) => x.start === p.start);
    if (p.region.owner >= 0) {
      top = this.model.regions[p.region.owner];
      below = this.model.fields(top, 0).length + this.owned.get(top.i).indexOf(p.region);
      field = index;
    } else if (this.single(top)) below = this.plain(top) ? -1 : index;
    else {
      below = p.entry < 0 ? this.model.placements(top).n : p.entry;
      field = parts.length > 1 ? index : -1;
    }
    if (!this.tops.includes(top)) return;
    let changed = false;
    if (below >= 0 && !this.expanded.has(top.i)) { this.expanded.set(top.i, new Set()); changed = true; }
    if (field >= 0 && !this.expanded.get(top.i).has(below)) {
      // Keep the tree small: only the record at the cursor is open, beside those opened by hand.
      const open = this.expanded.get(top.i);
      if (this.auto && this.auto.top === top.i) open.delete(this.auto.below);
      open.add(below);
      this.auto = { top: top.i, below };
      changed = true;
    }
    if (changed) this.measure();
    this.cursor = this.rowOf(top, below, field);
    this.tree.show(this.cursor);
  }

  treeRow(row) {
    const node = this.nodeAt(row), m = this.model, r = node.region, expandable = this.canExpand(node);
    let name, says = "", cls = "";
    if (node.level === 1) {
      name = r.label ? m.entryPath(r, 0) : r.kind.group;
      const n = r.kind.placed ? m.placements(r).n : m.records(r);
      says = r.label || (this.single(r) ? `${thousands(r.end - r.start)} bytes` : `${plural(n, "entry", "entries")}, ${thousands(r.end - r.start)} bytes`);
      if (r.state) { says = `${stateWords[r.state]} · ${says}`; cls = "state-" + r.state; }
    } else if (node.part) {
      name = (node.part.field && node.part.field.name) || node.part.path;
      says = m.says(node.part);
    } else {
      name = m.entryPath(r, node.entry);
      says = m.label(r, node.entry);
    }
    const [start, end] = node.part ? [node.part.start, node.part.end] : node.level === 1 ? [r.start, r.end] : m.span(r, node.entry);
    const here = this.part && (node.level === 1 || end > start) && (node.part ? node.part.start === this.part.start && node.part.end === this.part.end : node.level > 1 ? start === m.span(this.part.region, this.part.entry)[0] && r === this.part.region : false);
    if (this.page.differs && end > start && node.level > 1 && this.page.differs(this, start, r)) cls += " differs";
    const e = el("div", {
      class: `row l${node.level} ${cls}${here ? " here" : ""}${row === this.cursor ? " focus" : ""}`, role: "treeitem", "data-row": row, "aria-level": node.level,
      "aria-selected": here ? "true" : "false", "aria-expanded": expandable ? String(this.isExpanded(node)) : undefined, id: row === this.cursor ? `tree${this.index}` : undefined,
    }, el("span", { class: "twist", "aria-hidden": "true" }, expandable ? (this.isExpanded(node) ? "▾" : "▸") : ""));
    if (node.level === 1) e.append(el("span", { class: "swatch " + colour(r.kind.name), "aria-hidden": "true" }));
    e.append(el("span", { class: "name" }, name), el("span", { class: "says" }, says));
    if (row === this.cursor) this.treeElement.setAttribute("aria-activedescendant", `tree${this.index}`);
    return e;
  }

  choose(node) {
    const m = this.model, start = node.part ? node.part.start : node.level === 1 ? node.region.start : m.span(node.region, node.entry)[0];
    if (start < m.bytes.length) this.select(start, "tree");
    this.tree.show(this.cursor);
  }

  treeKey(e) {
    const node = this.nodeAt(this.cursor), last = this.tree.count - 1;
    let to = { ArrowDown: this.cursor + 1, ArrowUp: this.cursor - 1, Home: 0, End: last, PageDown: this.cursor + this.tree.visible - 2, PageUp: this.cursor - this.tree.visible + 2 }[e.key];
    if (e.key === "ArrowRight" && this.canExpand(node)) { if (!this.isExpanded(node)) { this.toggle(node); to = this.cursor; } else to = this.cursor + 1; }
    else if (e.key === "ArrowLeft") {
      if (this.canExpand(node) && this.isExpanded(node)) { this.toggle(node); to = this.cursor; }
      else if (node.level > 1) to = this.rowOf(node.top, node.level === 3 ? node.below : -1, -1);
    } else if (e.key === "Enter" || e.key === " ") { e.preventDefault(); this.choose(node); return; }
    if (to === undefined) return;
    e.preventDefault();
    this.cursor = Math.max(0, Math.min(to, last));
    this.choose(this.nodeAt(this.cursor));
  }
}

const stateWords = { intact: "intact", differs: "digest differs", cut: "cut off" };

const weights = { note: 1, damage: 2, warning: 3, error: 4 };

// marksOf returns the findings and the damage of a file that have bytes.
function marksOf(model) {
  const out = [];
  const add = (start, end, severity, text, vague) => {
    if (start > model.bytes.length) return;
    const size = Math.max(end - start, 1);
    out.push({ start, end: Math.max(end, start + 1), severity, text, weight: weights[severity], narrow: !vague && size <= 1 << 16 });
  };
  for (const f of model.doc.findings || []) if (f.end > f.start || f.start > 0) add(f.start, f.end, f.severity, `${f.check}: ${f.message}`);
  for (const n of model.doc.notes || []) add(n.start, n.end, "damage", n.text, n.vague);
  return out;
}

// A Page is the whole view of one or two files.
class Page {
  constructor(root, models) {
    this.root = root;
    this.files = models.map((m, i) => new FileView(this, m, i));
    this.active = this.files[0];
    this.diff = models.length === 2 ? new Difference(models[0], models[1]) : null;
    if (this.diff) this.differs = (file, at, region) => this.diff.differs(file.index, at, region);
    root.replaceChildren();
    root.classList.add("view");
    root.classList.toggle("two", models.length === 2);
    for (const f of this.files) root.append(f.headElement = this.head(f));
    this.tabs();
    this.detailsPane = el("section", { class: "details", "aria-label": "selected bytes", tabindex: 0 });
    const hexes = el("div", { class: "hexes" });
    for (const f of this.files) hexes.append(el("section", { class: "hexpane", "aria-label": `bytes of ${f.model.doc.name}` }, this.files.length > 1 ? el("h2", {}, f.model.doc.name) : null, f.grid));
    root.append(el("div", { class: "panes" }, this.side, el("div", { class: "middle" }, this.finder(), hexes), this.detailsPane));
    for (const f of this.files) { f.hexRows.resize(Math.ceil(f.model.bytes.length / 16)); f.measure(); }
    this.active.select(this.broken(this.active));
  }

  // broken returns the place of the first error, from which a reader of the file would stop.
  broken(file) {
    const error = (file.model.doc.findings || []).find((f) => f.severity === "error" && f.end > f.start);
    return error ? error.start : 0;
  }

  say(text) { this.status.textContent = text; }

  activate(file) {
    if (this.active === file) return;
    this.active = file;
    for (const f of this.files) f.treeElement.hidden = f !== file;
    this.fillTabs();
  }

  head(file) {
    const m = file.model, d = m.doc;
    const facts = el("p", { class: "facts" });
    const fact = (name, value) => facts.append(el("span", {}, name + " ", el("b", {}, value)));
    fact("format", d.format);
    fact("size", plural(m.bytes.length, "byte"));
    for (const [name, value] of d.facts || []) fact(name, value);
    fact("SHA-256", d.sha256.slice(0, 16) + "…");
    const badge = d.verdict ? el("span", { class: "verdict " + d.verdict.state }, d.verdict.state) : null;
    const head = el("header", { class: "file" }, el("div", { class: "title" }, badge, el("h1", {}, d.name)), this.fleets(file), d.verdict ? el("p", { class: "why" }, d.verdict.text) : null, facts);
    for (const n of (d.notes || []).slice(0, 5)) head.append(el("p", { class: "damage" }, el("button", { type: "button", on: { click: () => file.select(n.start) } }, place(n.start)), " " + n.text));
    if ((d.notes || []).length > 5) head.append(el("p", { class: "damage" }, `${d.notes.length - 5} more notes of damage are in the list of findings`));
    if (m.bytes.length) {
      file.strip = stripPicture(m, file.marks, colour, (at) => { file.select(at); file.grid.focus(); });
      file.strip.element.setAttribute("aria-label", `the file to scale, with ${plural(file.marks.length, "mark")} of findings and damage`);
      head.append(file.strip.element, this.legend(file));
    }
    return head;
  }

  // fleets returns a button for each fleet, if there are several.
  fleets(file) {
    if (file.judgements.length < 2) return null;
    return el("p", { class: "fleets", role: "group", "aria-label": "fleets" }, ...file.judgements.map((j, i) => el("button", { type: "button", "aria-pressed": String(i === file.fleet), on: { click: () => file.judgeFor(i) } },
      el("span", { class: "verdict " + j.verdict.state }, j.verdict.state), " " + j.fleet)));
  }

  legend(file) {
    const m = file.model, list = el("ul", { class: "legend", "aria-label": "sections to scale" }), size = m.bytes.length;
    for (const [name, regions] of m.byKind) {
      const bytes = regions.reduce((n, r) => n + r.end - r.start, 0);
      if (!bytes) continue;
      const bad = regions.some((r) => r.state === "differs" || r.state === "cut");
      list.append(el("li", {}, el("button", { type: "button", class: bad ? "bad" : null, on: { click: () => file.select(regions.find((r) => r.end > r.start).start) } },
        el("span", { class: "swatch " + colour(name), "aria-hidden": "true" }), regions[0].kind.group, el("span", { class: "says" }, ` ${percent(bytes, size)}${bad ? ", damaged" : ""}`))));
    }
    return list;
  }

  finder() {
    this.status = el("span", { class: "status", role: "status" });
    const input = el("input", { type: "search", "aria-label": "offset, path, rule ID, text or bytes", placeholder: "0x1F, criterion[2], text or hex: 4d 5a", spellcheck: "false" });
    const form = el("form", { class: "finder", on: { submit: (e) => { e.preventDefault(); this.search(input.value); } } }, input, el("button", { type: "submit" }, "Find next"), this.status);
    return form;
  }

  // search selects an offset, a record or the next occurrence of a text.
  search(text) {
    const file = this.active, m = file.model, query = text.trim();
    this.say("");
    if (!query) return;
    if (/^0x[0-9a-f]+$/i.test(query) || /^\d+$/.test(query)) {
      const at = Number(query);
      if (at < m.bytes.length) file.select(at); else this.say(`the file ends at ${place(m.bytes.length)}`);
      return;
    }
    const path = /^([a-z_]+)\[(\d+)\]/i.exec(query);
    if (path && m.kindNamed(path[1])) {
      if (m.find(path[1], Number(path[2]))) file.go(path[1], Number(path[2])); else this.say(`there is no ${query}`);
      return;
    }
    let needle;
    const digits = query.replace(/^hex:/i, "").replace(/[\s-]/g, "");
    if (/^hex:/i.test(query) && /^([0-9a-f]{2})+$/i.test(digits) || /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(query)) needle = Uint8Array.from(digits.match(/../g), (h) => parseInt(h, 16));
    else needle = encoder.encode(query);
    let at = indexOf(m.bytes, needle, file.at + 1);
    if (at < 0) at = indexOf(m.bytes, needle, 0);
    if (at < 0 && !m.isChannel) {
      const wide = new Uint8Array(needle.length * 2);
      needle.forEach((c, i) => { wide[2 * i] = c; });
      at = indexOf(m.bytes, wide, file.at + 1);
      if (at < 0) at = indexOf(m.bytes, wide, 0);
    }
    if (at < 0) this.say("not found"); else file.select(at);
  }

  tabs() {
    this.tabNames = ["structure"];
    if (this.active.model.isChannel) this.tabNames.push("rules");
    if (this.files.some((f) => f.model.doc.needs)) this.tabNames.push("needs");
    this.tabNames.push("findings");
    if (this.diff) this.tabNames.push("differences");
    this.tabList = el("div", { class: "tabs", role: "tablist", "aria-label": "lists" });
    this.panel = el("div", { class: "panel", role: "tabpanel", id: "panel" });
    this.tab = this.diff ? "differences" : "structure";
    this.tabButtons = this.tabNames.map((name) => el("button", {
      role: "tab", type: "button", id: "tab-" + name, "aria-controls": "panel",
      on: { click: () => this.openTab(name), keydown: (e) => this.tabKey(e) },
    }, name));
    this.tabList.append(...this.tabButtons);
    this.side = el("section", { class: "side", "aria-label": "contents" }, this.tabList, this.panel);
    this.openTab(this.tab);
  }

  tabKey(e) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    const n = this.tabNames.length, to = (this.tabNames.indexOf(this.tab) + step + n) % n;
    this.openTab(this.tabNames[to]);
    this.tabButtons[to].focus();
  }

  openTab(name) {
    this.tab = name;
    this.tabButtons.forEach((b, i) => { const on = this.tabNames[i] === name; b.setAttribute("aria-selected", String(on)); b.tabIndex = on ? 0 : -1; });
    this.panel.setAttribute("aria-labelledby", "tab-" + name);
    this.fillTabs();
  }

  fillTabs() {
    const f = this.active;
    this.panel.replaceChildren();
    const counts = { rules: f.model.table("instance").n, findings: (f.model.doc.findings || []).length + (f.model.doc.notes || []).length };
    this.tabButtons.forEach((b, i) => { const n = counts[this.tabNames[i]]; b.textContent = this.tabNames[i] + (n ? ` ${thousands(n)}` : ""); });
    if (this.tab === "structure") { for (const x of this.files) { x.treeElement.hidden = x !== f; this.panel.append(x.treeElement); x.tree.redraw(); } }
    else if (this.tab === "rules") this.fillRules(f);
    else if (this.tab === "needs") this.fillNeeds(f);
    else if (this.tab === "findings") this.fillFindings(f);
    else this.fillDifferences();
  }

  // list fills the panel with rows that can be chosen, of which it draws those in sight.
  list(label, count, height, draw, choose) {
    const box = el("div", { class: "list", role: "listbox", tabindex: 0, "aria-label": label });
    this.panel.append(box);
    let cursor = -1;
    const rows = new Rows(box, height, (i) => {
      const e = draw(i);
      e.setAttribute("role", "option");
      e.setAttribute("aria-selected", String(i === cursor));
      e.setAttribute("aria-setsize", count);
      e.setAttribute("aria-posinset", i + 1);
      e.classList.add("row");
      e.dataset.row = i;
      if (i === cursor) e.id = "option";
      return e;
    });
    const to = (i) => {
      cursor = Math.max(0, Math.min(i, count - 1));
      choose(cursor);
      rows.show(cursor);
      box.setAttribute("aria-activedescendant", "option");
    };
    box.addEventListener("click", (e) => { const row = e.target.closest("[data-row]"); if (row) to(Number(row.dataset.row)); });
    box.addEventListener("keydown", (e) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: rows.visible - 1, PageUp: 1 - rows.visible, Home: -count, End: count }[e.key];
      if (!step) return;
      e.preventDefault();
      to(cursor + step);
    });
    rows.resize(count);
    return rows;
  }

  empty(text) { this.panel.append(el("p", { class: "empty" }, text)); }

  fillRules(file) {
    const m = file.model, n = m.table("instance").n;
    if (!n) return this.empty("This file has no rule that can be read.");
    this.list("rules", n, 42, (i) => {
      const title = m.title(i), rule = m.instance(i);
      return el("div", { class: "rule" }, el("span", { class: "name" }, title || rule.id), el("span", { class: "says" }, title ? rule.id : `${plural(rule.count, "word")}`));
    }, (i) => file.go("instance", i));
  }

  fillNeeds(file) {
    const needs = file.model.doc.needs;
    if (!needs) return this.empty("The needs of a file that cannot be read are not known.");
    const body = el("tbody");
    for (const n of needs.inputs) body.append(el("tr", {}, el("th", { scope: "row" }, n.name, el("span", { class: "says" }, ` index ${n.index}, ${n.type || "not defined"}`), n.from ? el("span", { class: "from" }, n.from) : null), el("td", {}, thousands(n.rules)), el("td", {}, thousands(n.criteria)), el("td", {}, n.cost)));
    const lines = el("ul", { class: "plain" });
    for (const s of needs.lines) lines.append(el("li", {}, s));
    this.panel.append(el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "needs" }, el("p", {}, needs.summary),
      el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "input"), el("th", { scope: "col" }, "rules"), el("th", { scope: "col" }, "criteria"), el("th", { scope: "col" }, "steps per byte"))), body), lines));
  }

  fillFindings(file) {
    const d = file.model.doc, box = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "findings" });
    this.panel.append(box);
    const damage = () => { for (const n of d.notes || []) box.append(el("article", { class: "finding damage" }, el("h2", {}, "damage"), this.jump(file, n.start, n.end), el("p", {}, n.text))); };
    const findings = (d.findings || []).slice(0, 400), errors = findings.filter((f) => f.severity === "error");
    for (const f of errors) box.append(this.finding(file, f));
    damage();
    for (const f of findings) if (f.severity !== "error") box.append(this.finding(file, f));
    if ((d.findings || []).length > 400) box.append(el("p", { class: "empty" }, `${thousands(d.findings.length - 400)} more findings are not listed here. Their places are marked in the bytes.`));
    for (const s of d.skipped || []) box.append(el("p", { class: "empty" }, s));
    if (!box.children.length) box.append(el("p", { class: "empty" }, "No finding."));
  }

  jump(file, start, end) {
    return el("button", { type: "button", class: "jump", on: { click: () => file.select(start) } }, end > start + 1 ? `${place(start)} to ${place(end)}` : place(start));
  }

  finding(file, f) {
    const e = el("article", { class: "finding " + f.severity }, el("h2", {}, f.severity + " ", el("span", { class: "check" }, `${f.check} ${f.name}`)));
    if (f.end > f.start || f.start > 0) e.append(this.jump(file, f.start, f.end));
    if (f.path || f.source) e.append(el("span", { class: "says" }, " " + [f.path, f.source].filter(Boolean).join(" · ")));
    e.append(el("p", {}, (f.rule && !f.message.includes(f.rule) ? f.rule + ": " : "") + f.message));
    for (const line of f.details || []) e.append(el("p", { class: "says" }, line));
    if (f.fix) e.append(el("p", {}, "Fix: " + f.fix));
    const broken = f.requirements || [];
    if (broken.length > 1) e.append(el("p", { class: "says" }, `It breaks one of ${broken.length} requirements:`));
    for (const r of broken) e.append(el("p", { class: "requirement" }, `${d3(file)} requirement ${r.number}: ${r.text}`));
    return e;
  }

  fillDifferences() {
    const d = this.diff, [a, b] = this.files;
    const numbers = d.numbers();
    if (numbers.length) {
      const body = el("tbody");
      for (const [name, x, y] of numbers) body.append(el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, x), el("td", {}, y)));
      this.panel.append(el("div", { class: "scroll short", tabindex: 0, role: "region", "aria-label": "numbers that differ" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "differs"), el("th", { scope: "col" }, "first file"), el("th", { scope: "col" }, "second file"))), body)));
    }
    const rules = d.rules();
    if (rules === null) return this.fillRecords(numbers.length > 0);
    if (!rules.length) return this.empty(numbers.length ? "The rules are the same." : "The files are the same.");
    this.list("rules that differ", rules.length, 42, (i) => {
      const r = rules[i], m = r.b >= 0 ? b.model : a.model, k = r.b >= 0 ? r.b : r.a;
      return el("div", { class: "rule " + r.status }, el("span", { class: "name" }, `${r.status}: ${m.title(k) || m.instance(k).id}`), el("span", { class: "says" }, r.effect || m.instance(k).id));
    }, (i) => {
      const r = rules[i];
      if (r.a >= 0) a.go("instance", r.a);
      if (r.b >= 0) b.go("instance", r.b);
      if (r.a >= 0 && r.b >= 0) this.compareRules(r);
    });
  }

  // fillRecords lists the records, or the lines, that one of two files lacks.
  fillRecords(differ) {
    const list = this.diff.records();
    if (!list.length) return this.empty(differ ? "No record was added or removed, as far as the files can be read." : "The files are the same.");
    this.list("records that differ", list.length, 42, (i) => {
      const { side, region } = list[i], m = this.files[side].model, owner = region.owner < 0 ? "" : m.regions[region.owner].label;
      return el("div", { class: "rule " + (side ? "added" : "removed") }, el("span", { class: "name" }, `${side ? "added" : "removed"}: ${region.label}`), el("span", { class: "says" }, [m.entryPath(region, 0), owner].filter(Boolean).join(" · ")));
    }, (i) => this.files[list[i].side].select(list[i].region.start));
  }

  compareRules(r) {
    const [a, b] = this.files, pane = this.detailsPane;
    pane.replaceChildren(el("h2", {}, "changed rule"), el("p", {}, r.effect || ""));
    const lists = [this.diff.criteria(0, r.a), this.diff.criteria(1, r.b)];
    for (const [f, k, mine, other, name] of [[a, r.a, lists[0], lists[1], "first file"], [b, r.b, lists[1], lists[0], "second file"]]) {
      const only = [...mine].filter((s) => !other.has(s));
      pane.append(el("h3", {}, `${name}: ${f.model.doc.name}`));
      const list = el("ul", { class: "plain" });
      for (const s of only.slice(0, 40)) list.append(el("li", { class: name === "first file" ? "removed" : "added" }, s));
      pane.append(only.length ? list : el("p", { class: "says" }, "no criterion that the other file does not have"));
      pane.append(this.scroller(conditionPicture(f.model, f.model.condition(k), (kind, i) => f.go(kind, i)), "condition"));
    }
  }

  // scroller returns a picture in a box that scrolls, with a button that shows it as large as the
  // window.
  scroller(picture, name) {
    const box = el("div", { class: "picture-box", tabindex: 0, role: "group", "aria-label": name }, picture);
    const button = el("button", { type: "button", class: "enlarge", "aria-expanded": "false", on: { click: () => large(!whole.classList.contains("large")) } }, "Enlarge");
    const whole = el("div", { class: "scroller", on: { keydown: (e) => { if (e.key === "Escape") large(false); } } }, button, box);
    const large = (on) => {
      whole.classList.toggle("large", on);
      button.textContent = on ? "Close" : "Enlarge";
      button.setAttribute("aria-expanded", String(on));
      button.focus();
    };
    picture.addEventListener("click", (e) => { if (e.target.closest(".link")) large(false); });
    return whole;
  }

  // details shows the selected part, its record, the records around it and its findings.
  details(file) {
    const m = file.model, p = file.part, pane = this.detailsPane;
    pane.replaceChildren();
    const regions = m.regionsAt(file.at);
    if (!p) { pane.append(el("p", {}, "These bytes belong to no record.")); return; }
    const says = m.says(p), b = m.bytes.subarray(p.start, p.end);
    pane.append(el("h2", {}, p.path));
    if (says) pane.append(el("p", { class: "meaning" }, cleanText(says)));
    if (p.doc || (p.field && p.field.doc)) pane.append(el("p", { class: "doc" }, sentence(p.doc || p.field.doc)));
    pane.append(el("p", { class: "where" }, `${place(p.start)} to ${place(p.end)}, ${plural(p.end - p.start, "byte")}`), el("p", { class: "raw" }, hexBytes(b, 48)));
    if (!p.field && p.entry >= 0) pane.append(el("p", { class: "damage" }, "The file ends inside this field."));
    if (regions.length > 1) pane.append(el("p", { class: "damage" }, `Sections overlap here: ${regions.map((r) => r.kind.group).join(", ")}.`));
    if (p.region.state) pane.append(el("p", { class: "state-" + p.region.state }, `Section ${p.region.kind.group}: ${stateWords[p.region.state]}.`));
    const links = el("p", { class: "links" });
    const link = (text, kind, index) => links.append(this.link(file, text, kind, index));
    const to = m.target(p);
    if (to && to.offset !== undefined) links.append(el("button", { type: "button", on: { click: () => file.select(to.offset) } }, `→ ${place(to.offset)}`));
    else if (to && m.find(to.kind, to.index)) link(`→ ${to.kind}[${to.index}]`, to.kind, to.index);
    const kind = p.region.kind.name, index = p.region.first + p.entry;
    if (p.entry >= 0 && !p.region.kind.single && m.isChannel) {
      let owner = m.ownerOf(kind, index), seen = 0;
      while (owner && seen++ < 3) { link(`part of ${owner.kind}[${owner.index}]`, owner.kind, owner.index); owner = m.ownerOf(owner.kind, owner.index); }
      const subject = { pool: "value", textpool: "text", source: "program" }[kind] || kind;
      const users = m.usersOf(subject, index, 9);
      users.slice(0, 8).forEach((u) => link(`used by ${u.kind}[${u.index}]`, u.kind, u.index));
      if (users.length > 8) links.append(el("span", { class: "says" }, "and more"));
    }
    if (p.region.owner >= 0) links.append(el("button", { type: "button", on: { click: () => file.select(m.regions[p.region.owner].start) } }, `part of ${m.entryPath(m.regions[p.region.owner], 0)}`));
    if (links.children.length) pane.append(links);
    for (const f of this.findingsAt(file)) pane.append(this.finding(file, f));
    const parts = m.fields(p.region, p.entry);
    if (parts.length > 1) {
      const body = el("tbody");
      for (const x of parts) body.append(el("tr", { class: x.start === p.start ? "here" : null }, el("th", { scope: "row" }, el("button", { type: "button", on: { click: () => file.select(x.start) } }, (x.field && x.field.name) || x.path)), el("td", {}, cleanText(m.says(x)) || hexBytes(m.bytes.subarray(x.start, x.end), 12))));
      pane.append(el("h3", {}, m.entryPath(p.region, p.entry)), el("table", {}, el("tbody", {}, ...body.children)));
    }
    pane.append(el("p", { class: "doc" }, p.region.kind.doc));
    if (m.isChannel && p.entry >= 0) this.pictures(file, kind, index);
  }

  link(file, text, kind, index) {
    return el("button", { type: "button", on: { click: () => file.go(kind, index) } }, text);
  }

  findingsAt(file) {
    const at = file.part, out = [];
    for (const f of file.model.doc.findings || []) {
      if (out.length === 5) break;
      if (f.start < at.end && at.start < f.end) out.push(f);
    }
    return out;
  }

  // pictures draws the condition and the programs of the selected record.
  pictures(file, kind, index) {
    const m = file.model, pane = this.detailsPane;
    let rule = -1, program = -1;
    if (kind === "instance" || kind === "origin") rule = index;
    if (kind === "word" || kind === "use") rule = m.before("instance", 16, index);
    if (kind === "program" || kind === "source") program = index;
    if (kind === "instruction") program = m.before("program", 8, index);
    if (kind === "criterion" || kind === "operand") {
      const c = kind === "criterion" ? index : m.before("criterion", 4, index), t = m.table("criterion");
      if (c >= 0 && c < t.n) {
        const at = t.start + c * 12, operands = m.table("operand"), first = m.u32(at + 4);
        pane.append(el("h3", {}, `criterion[${c}]`), el("p", { class: "meaning" }, m.criterionText(c, 30)));
        if (m.u8(at + 1) === 7) { const k = kind === "operand" ? index : first; if (k < operands.n) program = m.u32(operands.start + 4 * k); }
      }
    }
    if (rule >= 0 && rule < m.table("instance").n) {
      const o = m.origin(rule), tree = m.condition(rule);
      pane.append(el("h3", {}, "rule"));
      if (o) {
        pane.append(el("p", { class: "meaning" }, o.title || m.instance(rule).id));
        pane.append(el("p", { class: "says" }, [o.path + (o.line ? ":" + o.line : ""), o.author && "by " + o.author, o.licence].filter(Boolean).join(" · ")));
      } else pane.append(el("p", { class: "meaning" }, m.instance(rule).id));
      pane.append(this.scroller(conditionPicture(m, tree, (k, i) => file.go(k, i)), "condition"));
      const criteria = new Set();
      const collect = (n) => { if (n.items) n.items.forEach(collect); else if (n.criterion !== undefined) criteria.add(n.criterion); };
      collect(tree);
      const list = el("p", { class: "links" });
      [...criteria].slice(0, 24).forEach((c) => list.append(this.link(file, `criterion[${c}]`, "criterion", c)));
      if (criteria.size > 24) list.append(el("span", { class: "says" }, `and ${criteria.size - 24} more`));
      pane.append(list);
    }
    if (program >= 0 && program < m.table("program").n) {
      const b = m.placedBytes("source", program);
      pane.append(el("h3", {}, `program[${program}]`), b ? el("p", { class: "raw" }, clean(b.subarray(0, 2000))) : null || "", this.scroller(programPicture(m, program, (k, i) => file.go(k, i)), "program"));
    }
  }
}

const d3 = (file) => (file.model.isChannel ? "FORMAT.md" : "BLOB.md");

const sentence = (s) => s[0].toUpperCase() + s.slice(1) + (s.endsWith(".") ? "" : ".");

function percent(n, size) {
  const p = n / size * 100;
  return p < 0.1 ? "under 0.1 %" : p.toFixed(1).replace(/\.0$/, "") + " %";
}

// indexOf returns the first place of a needle in bytes, from a place on.
function indexOf(b, needle, from) {
  if (!needle.length) return -1;
  for (let at = b.indexOf(needle[0], from); at >= 0 && at + needle.length <= b.length; at = b.indexOf(needle[0], at + 1)) {
    let k = 1;
    while (k < needle.length && b[at + k] === needle[k]) k++;
    if (k === needle.length) return at;
  }
  return -1;
}

// A Difference compares two files by their contents: a record differs if the other file has none
// like it, wherever it stands.
class Difference {
  constructor(a, b) { this.models = [a, b]; }

  sets(name, make) {
    return this.models.map((m) => m.cached("set " + name, () => make(m)));
  }

  // placed returns the contents of the entries of a pool.
  static placed(pool) {
    return (m) => {
      const r = (m.byKind.get(pool) || [])[0], set = new Set();
      if (!r) return set;
      const p = m.placements(r);
      for (let i = 0; i < p.n; i++) set.add(latin(m.bytes, p.at[i], p.at[i + 1]));
      return set;
    };
  }

  differs(side, at, region) {
    if (!region) return false;
    const m = this.models[side], other = this.models[1 - side], kind = region.kind.name;
    if (m.doc.format === other.doc.format && !m.isChannel && region.label) return this.unmatched(side).has(region);
    if (!m.isChannel || !other.isChannel || region.kind.single || kind === "section") return other.bytes[at] !== m.bytes[at];
    const i = m.entryAt(region, at);
    if (i < 0) return true;
    return this.recordDiffers(side, kind, i);
  }

  recordDiffers(side, kind, i) {
    const m = this.models[side];
    const missing = (name, make, key) => !this.sets(name, make)[1 - side].has(key);
    const placed = (pool, k) => { const b = m.placedBytes(pool, k); return b === null || missing(pool, Difference.placed(pool), latin(b, 0, b.length)); };
    switch (kind) {
      case "value": case "pool": return placed("pool", i);
      case "text": case "textpool": return placed("textpool", i);
      case "program": case "source": return placed("source", i);
      case "instruction": { const p = m.before("program", 8, i); return p < 0 || placed("source", p); }
      case "class": case "range": {
        const c = kind === "class" ? i : m.before("class", 0, i);
        return missing("class", (x) => { const s = new Set(); for (let k = 0; k < x.table("class").n; k++) s.add(x.classText(k)); return s; }, m.classText(c));
      }
      case "criterion": case "operand": {
        const c = kind === "criterion" ? i : m.before("criterion", 4, i);
        return missing("criterion", (x) => { const s = new Set(); for (let k = 0; k < x.table("criterion").n; k++) s.add(x.criterionText(k, 1e9)); return s; }, m.criterionText(c, 1e9));
      }
      case "instance": case "origin": return this.changed(side).has(i);
      case "word": case "use": { const k = m.before("instance", 16, i); return this.changed(side).has(k); }
    }
    return false;
  }

  // unmatched returns the records with a label for which the other file has no like, each as often
  // as it stands there. Records of two events are never like.
  unmatched(side) {
    const m = this.models[side], key = (m, r) => [r.kind.name, r.owner < 0 ? "" : m.regions[r.owner].label, r.label].join("\0");
    return m.cached("unmatched", () => {
      const other = this.models[1 - side], left = new Map(), out = new Set();
      for (const r of other.regions) if (r.label) left.set(key(other, r), (left.get(key(other, r)) || 0) + 1);
      for (const r of m.regions) {
        if (!r.label) continue;
        const n = left.get(key(m, r)) || 0;
        if (n) left.set(key(m, r), n - 1); else out.add(r);
      }
      return out;
    });
  }

  // records returns the unmatched records of both files, in the order of their places.
  records() {
    if (this.models.some((m) => m.isChannel) || this.models[0].doc.format !== this.models[1].doc.format) return [];
    const list = [0, 1].flatMap((side) => [...this.unmatched(side)].map((region) => ({ side, region })));
    return list.sort((a, b) => a.region.start - b.region.start || a.side - b.side);
  }

  // changed returns the instances of a file that the other one does not have in the same form.
  changed(side) {
    return this.models[side].cached("changed", () => new Set((this.rules() || []).map((r) => (side ? r.b : r.a)).filter((i) => i >= 0)));
  }

  rules() {
    const d = this.models[0].doc.diff;
    return d ? d.rules : null;
  }

  // numbers returns the facts and the sizes of sections that differ.
  numbers() {
    const [a, b] = this.models, out = [];
    const row = (name, x, y) => { if (x !== y) out.push([name, x, y]); };
    row("SHA-256", a.doc.sha256.slice(0, 16) + "…", b.doc.sha256.slice(0, 16) + "…");
    row("format", a.doc.format, b.doc.format);
    row("bytes", thousands(a.bytes.length), thousands(b.bytes.length));
    const facts = new Map(b.doc.facts || []);
    for (const [name, value] of a.doc.facts || []) row(name, value, facts.get(name) || "");
    for (const name of new Set([...a.byKind.keys(), ...b.byKind.keys()])) {
      const n = (m) => { const list = m.byKind.get(name) || []; return list.reduce((s, r) => s + (r.kind.placed ? m.placements(r).n : r.kind.single ? 1 : m.records(r)), 0); };
      const group = (a.byKind.get(name) || b.byKind.get(name))[0].kind.group;
      row(group, thousands(n(a)), thousands(n(b)));
    }
    return out;
  }

  // criteria returns the criteria of an instance in words.
  criteria(side, i) {
    const m = this.models[side], out = new Set();
    const collect = (n) => { if (n.items) n.items.forEach(collect); else if (n.criterion !== undefined) out.add((n.negated ? "not " : "") + m.criterionText(n.criterion, 12)); };
    collect(m.condition(i));
    return out;
  }
}

function latin(b, from, to) {
  let s = "";
  for (let i = from; i < to; i++) s += String.fromCharCode(b[i]);
  return s;
}

// unpack returns the bytes of a file: base64 of gzip.
async function unpack(text) {
  const packed = atob(text.trim()), b = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) b[i] = packed.charCodeAt(i);
  const stream = new Blob([b]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
