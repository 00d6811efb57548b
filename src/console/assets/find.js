// Ctrl-K: what the page to find things shows, in a dialog, as it is typed. Without this there is the page.

const link = document.querySelector('a.finds');
let dialog;
let input;
let found;
let asked;

document.addEventListener('keydown', (event) => {
  if (!link || event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  open();
});

link?.addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  open();
});

function open() {
  dialog ??= make();
  if (dialog.open) return;
  input.value = '';
  dialog.showModal();
  asked = undefined;
  ask();
}

function make() {
  const made = document.createElement('dialog');
  made.className = 'palette';
  made.setAttribute('aria-label', 'Find');
  input = document.createElement('input');
  input.type = 'search';
  input.placeholder = 'A workspace, an artifact, a page';
  input.setAttribute('aria-label', 'What to find');
  found = document.createElement('div');
  made.append(input, found);
  document.body.append(made);
  let soon;
  input.addEventListener('input', () => {
    clearTimeout(soon);
    soon = setTimeout(ask, 80);
  });
  made.addEventListener('keydown', move);
  made.addEventListener('click', ({ target }) => target === made && made.close());
  return made;
}

// Has what fits shown by the end of it. The same is asked for once, and what something else was asked for is given up.
function ask() {
  const text = input.value;
  if (asked?.text !== text) {
    asked?.controller.abort();
    const controller = new AbortController();
    asked = { text, controller, shown: show(text, controller.signal) };
  }
  return asked.shown;
}

async function show(text, signal) {
  const place = new URL(link.href);
  place.searchParams.set('q', text);
  try {
    const answer = await fetch(place, { signal, headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fits = page.querySelector('#found');
    if (!fits) return location.assign(place);
    found.replaceChildren(...document.importNode(fits, true).childNodes);
  } catch (error) {
    if (error.name !== 'AbortError') location.assign(place);
  }
}

// Up and down go through what was found by then; Enter in the field goes to the first of it.
async function move(event) {
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    await ask();
    const links = [...found.querySelectorAll('a')];
    const next = links.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
    (links[next] ?? input).focus();
  } else if (event.key === 'Enter' && document.activeElement === input) {
    event.preventDefault();
    const text = input.value;
    await ask();
    if (text === input.value) found.querySelector('a')?.click();
  }
}
