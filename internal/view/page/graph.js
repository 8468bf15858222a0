// Pictures: the file to scale, conditions as trees, and programs as graphs. All texts enter by
// textContent, so nothing in a file can become markup.

const svgNamespace = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...children) {
  const e = document.createElementNS(svgNamespace, name);
  for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

const shorten = (s, most) => {
  const runes = Array.from(s);
  return runes.length <= most ? s : runes.slice(0, most - 1).join("") + "…";
};

const glyph = 6.7; // width of a character of the font of pictures, in pixels
const line = 26; // height of a row of boxes, in pixels

// box draws a labelled box, whose left side is at x and whose middle is at y.
function box(x, y, width, text, kind, onclick, title) {
  const g = svg("g", { class: "box " + kind });
  g.append(svg("title", {}, title || text));
  g.append(svg("rect", { x, y: y - 10, width, height: 20, rx: 5 }));
  const label = svg("text", { x: x + 6, y: y + 4 });
  label.textContent = text;
  g.append(label);
  if (onclick) {
    g.classList.add("link");
    g.addEventListener("click", onclick);
  }
  return g;
}

const mostLeaves = 200;

// conditionPicture draws a condition as a tree from left to right.
function conditionPicture(model, tree, go) {
  const boxes = [], edges = [];
  let row = 0, right = 0, left = 0;
  const place = (node, depth, x) => {
    if (row >= mostLeaves) { left++; return null; }
    const leaf = !node.items;
    let text, kind;
    if (node.broken) { text = node.broken; kind = "broken"; }
    else if (leaf) { text = (node.negated ? "not " : "") + model.criterionText(node.criterion, 3); kind = node.negated ? "negated" : "leaf"; }
    else { text = node.join; kind = node.join === "any of" ? "or" : "and"; }
    const shown = shorten(text, 72), width = shown.length * glyph + 12, top = row;
    const children = leaf ? [] : node.items.map((n) => place(n, depth + 1, x + width + 34)).filter(Boolean);
    if (!children.length) row++;
    const y = children.length ? (children[0].y + children[children.length - 1].y) / 2 : 14 + top * line;
    right = Math.max(right, x + width);
    const at = node.broken || node.word < 0 && !leaf ? null : () => leaf ? go("criterion", node.criterion) : go("word", node.word);
    boxes.push(box(x, y, width, shown, kind, at, text));
    for (const c of children) edges.push(svg("path", { class: "edge", d: `M${x + width} ${y}C${x + width + 17} ${y} ${c.x - 17} ${c.y} ${c.x} ${c.y}` }));
    return { x, y };
  };
  place(tree, 0, 2);
  if (left) boxes.push(box(2, 14 + row++ * line, 330, `${thousands(left)} more parts are not drawn`, "broken"));
  const height = row * line + 4, width = right + 4;
  return svg("svg", { class: "picture", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": conditionWords(model, tree, 40) }, ...edges, ...boxes);
}

// conditionWords says a condition in words, for a screen reader.
function conditionWords(model, tree, most) {
  let left = most;
  const say = (n) => {
    if (left-- <= 0) return "";
    if (n.broken) return n.broken;
    if (!n.items) return (n.negated ? "not " : "") + model.criterionText(n.criterion, 3);
    return n.join + " (" + n.items.map(say).filter(Boolean).join("; ") + ")";
  };
  const text = say(tree);
  return left < 0 ? text + " and more" : text;
}

const mostStates = 160;

let pictures = 0; // drawn so far, for the names of their arrows

// programPicture draws the program of a regular expression as a graph. A run of instructions that
// follow each other becomes one box.
function programPicture(model, index, go) {
  const program = model.program(index, 8192), n = program.length;
  const incoming = new Uint16Array(n);
  const nexts = (x) => (x.op === 1 ? [] : x.op === 2 ? [x.out, x.arg] : [x.out]).filter((k) => k < n);
  for (const x of program) for (const k of nexts(x)) incoming[k] = Math.min(incoming[k] + 1, 9);
  const boxOf = new Int32Array(n).fill(-1), list = [];
  for (let i = 0; i < n; i++) {
    if (boxOf[i] >= 0) continue;
    const x = program[i], b = { first: i, last: i, op: x.op, text: "" };
    if (x.op === 3) {
      const parts = [model.classText(x.arg)];
      boxOf[i] = list.length;
      while (program[b.last].out === b.last + 1 && b.last + 1 < n && incoming[b.last + 1] === 1 && program[b.last + 1].op === 3) {
        b.last++;
        boxOf[b.last] = list.length;
        parts.push(model.classText(program[b.last].arg));
      }
      b.text = runText(parts);
    } else if (x.op === 4) b.text = model.name("assertion", x.arg);
    else b.text = model.name("op", x.op);
    boxOf[i] = list.length;
    list.push(b);
  }
  const drawn = list.slice(0, mostStates);
  for (const b of drawn) b.next = nexts(program[b.last]).map((k) => boxOf[k]).filter((k) => k < drawn.length);
  layer(drawn);
  const columns = [];
  for (const b of drawn) {
    (columns[b.column] ||= []).push(b);
    b.shown = shorten(b.text, 28);
    b.width = Math.max(b.shown.length * glyph + 12, 24);
  }
  let x = 14, height = 0;
  for (const column of columns) {
    if (!column) continue;
    const width = Math.max(...column.map((b) => b.width));
    column.forEach((b, i) => { b.x = x; b.y = 30 + i * 34; height = Math.max(height, b.y); });
    x += width + 46;
  }
  const edges = [], boxes = [];
  let low = height + 18;
  for (const b of drawn) {
    b.next.forEach((k, which) => {
      const to = drawn[k];
      let d;
      if (to.column > b.column) d = `M${b.x + b.width} ${b.y}C${b.x + b.width + 23} ${b.y} ${to.x - 23} ${to.y} ${to.x - 5} ${to.y}`;
      else {
        low = Math.max(low, Math.max(b.y, to.y) + 26);
        const deep = Math.max(b.y, to.y) + 26 + Math.min(30, 4 * (b.column - to.column));
        low = Math.max(low, deep);
        d = `M${b.x + b.width} ${b.y}C${b.x + b.width + 24} ${deep} ${to.x - 24} ${deep} ${to.x - 5} ${to.y}`;
      }
      edges.push(svg("path", { class: b.op === 2 && which === 1 ? "edge second" : "edge", d, "marker-end": `url(#arrow${pictures})` }));
    });
    const kind = { 1: "match", 2: "split", 3: "leaf", 4: "assert" }[b.op] || "broken";
    boxes.push(box(b.x, b.y, b.width, b.shown, kind, () => go("instruction", program[b.first].index), `${b.text} (instruction ${b.first}${b.last > b.first ? " to " + b.last : ""})`));
  }
  if (list.length > drawn.length) {
    low += 30;
    boxes.push(box(14, low, 330, `${thousands(list.length - drawn.length)} more steps are not drawn`, "broken"));
    low += 14;
  }
  const id = `arrow${pictures++}`;
  const arrow = svg("defs", {}, svg("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, svg("path", { d: "M0 0L8 4L0 8z", class: "head" })));
  const label = `program of ${plural(n, "instruction")}: ` + drawn.slice(0, 20).map((b) => b.text).join(", ");
  return svg("svg", { class: "picture", viewBox: `0 0 ${x} ${low}`, width: x, height: low, role: "img", "aria-label": label }, arrow, ...edges, ...boxes);
}

// layer sets the column of each box: its distance from the start by the longest way that goes back
// nowhere.
function layer(boxes) {
  for (const b of boxes) { b.column = 0; b.state = 0; b.step = 0; b.back = new Set(); }
  const order = [], stack = boxes.length ? [0] : [];
  while (stack.length) {
    const i = stack[stack.length - 1], b = boxes[i];
    b.state = 1;
    if (b.step === b.next.length) { b.state = 2; order.push(i); stack.pop(); continue; }
    const k = b.next[b.step++];
    if (boxes[k].state === 1) b.back.add(k); else if (boxes[k].state === 0) stack.push(k);
  }
  for (const i of order.reverse()) for (const k of boxes[i].next) if (!boxes[i].back.has(k)) boxes[k].column = Math.max(boxes[k].column, boxes[i].column + 1);
}

// runText joins the classes of a run of instructions: single runes become a text, and equal classes
// that follow each other are counted.
function runText(parts) {
  let s = "";
  for (let i = 0; i < parts.length;) {
    let n = 1;
    while (i + n < parts.length && parts[i + n] === parts[i]) n++;
    const one = /^\[(\\?[^\\])\]$/u.exec(parts[i]);
    const text = one ? one[1] : parts[i];
    s += n > 3 ? `${text}{${n}}` : text.repeat(n);
    i += n;
  }
  return s;
}

// stripPicture draws the regions of a file to scale, with the places of findings.
function stripPicture(model, marks, colour, go) {
  const size = model.bytes.length, width = 1000;
  const g = svg("svg", { class: "strip", viewBox: `0 0 ${width} 34`, preserveAspectRatio: "none", role: "img" });
  const buckets = 500, step = width / buckets;
  const cover = new Float64Array(buckets), name = new Array(buckets).fill("");
  // The kind with the most bytes fills a bucket, so a thin region stays to scale.
  const amounts = Array.from({ length: buckets }, () => new Map());
  for (const r of model.sorted) {
    const from = Math.floor(r.start / size * buckets), to = Math.min(Math.floor((r.end - 1) / size * buckets), buckets - 1);
    for (let b = from; b <= to; b++) {
      const part = Math.min(r.end, (b + 1) * size / buckets) - Math.max(r.start, b * size / buckets);
      amounts[b].set(r.kind.name, (amounts[b].get(r.kind.name) || 0) + part);
    }
  }
  amounts.forEach((m, b) => { for (const [k, v] of m) if (v > cover[b]) { cover[b] = v; name[b] = k; } });
  for (let b = 0; b < buckets;) {
    let n = 1;
    while (b + n < buckets && name[b + n] === name[b]) n++;
    if (name[b]) g.append(svg("rect", { x: b * step, y: 8, width: n * step, height: 18, class: "fill " + colour(name[b]) }, svg("title", {}, model.kindNamed(name[b]).group)));
    b += n;
  }
  for (const m of marks.slice(0, 500)) {
    const x = Math.min(m.start / Math.max(size, 1) * width, width - 2);
    g.append(svg("rect", { x, y: 0, width: Math.max((m.end - m.start) / Math.max(size, 1) * width, 2), height: 7, class: "mark " + m.severity }, svg("title", {}, m.text)));
  }
  const window = svg("rect", { y: 27, height: 6, x: 0, width: 4, class: "window" });
  g.append(window);
  g.addEventListener("click", (e) => {
    const r = g.getBoundingClientRect();
    go(Math.min(Math.floor((e.clientX - r.left) / r.width * size), size - 1));
  });
  return { element: g, show(from, to) { window.setAttribute("x", from / size * width); window.setAttribute("width", Math.max((to - from) / size * width, 3)); } };
}
