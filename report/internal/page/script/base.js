// What the other parts of the script use.

const id = (name) => document.getElementById(name);

// make returns an element. Texts only enter the page as text.
function make(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

const thousands = (n) => n.toLocaleString('en-US');
const count = (n, noun) => `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`;

// parts returns a path as texts with places between them where a line may break.
function parts(path) {
  return path.split(/(?<=[/\\_])/).flatMap((part, i) => (i ? [make('wbr'), part] : [part]));
}
