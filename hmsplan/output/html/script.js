'use strict';
const items = [...document.querySelectorAll('.item')];
const bar = document.querySelector('.find');
const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener('hashchange', reveal);
reveal();
if (bar) {
  bar.hidden = false;
  const field = bar.querySelector('input');
  const button = bar.querySelector('button');
  const told = bar.querySelector('output');
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const item of items) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) found += 1;
    }
    for (const section of document.querySelectorAll('section.group')) {
      section.hidden = !section.querySelector('.item:not([hidden])');
    }
    told.textContent = words.length ? `${found} of ${items.length}` : '';
  });
  button.addEventListener('click', () => {
    const open = items.some((item) => !item.open);
    for (const item of items) item.open = open;
    button.textContent = open ? 'Close all' : 'Open all';
  });
}
