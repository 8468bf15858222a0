// settle lets the page lay out all causes: once the first frame is drawn, or before a link scrolls.
const settle = () => document.documentElement.classList.add('settled');
addEventListener('load', () => requestAnimationFrame(() => setTimeout(settle)));

// A link opens the lists that its target is in, and the places of a cause. The causes above the target must have their heights
// before the page scrolls.
function reveal() {
  const target = location.hash.length > 1 && id(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let e = target; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true;
  if (target.classList.contains('cause')) for (const e of target.children) if (e.tagName === 'DETAILS') e.open = true;
  settle();
  target.focus({ preventScroll: true });
  target.scrollIntoView();
}
addEventListener('hashchange', reveal);
reveal();

// A printed page has the lists that the page shows first, but not those of notes, and no
// conditions.
let opened = [];
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details:not([open]):not(#others *, .why)')];
  for (const d of opened) d.open = true;
});
addEventListener('afterprint', () => { for (const d of opened) d.open = false; });
