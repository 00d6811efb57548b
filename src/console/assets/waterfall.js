// A waterfall: what is within a part can be folded away, and one can search among all. The table says everything without this.

for (const table of document.querySelectorAll('table.waterfall')) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length > 2) {
    fold(rows);
    table.closest('.wide').before(finder(rows));
  }
}

// Gives each part that has others within it a button; left and right fold and unfold, up and down go to the next one.
function fold(rows) {
  const depth = (row) => Number(row.dataset.depth);
  const within = (row) => {
    const after = rows.slice(rows.indexOf(row) + 1);
    const end = after.findIndex((other) => depth(other) <= depth(row));
    return end < 0 ? after : after.slice(0, end);
  };
  const buttons = new Map();
  const isOpen = (button) => button.getAttribute('aria-expanded') === 'true';
  const show = () => {
    rows.forEach((row) => { row.hidden = false; });
    buttons.forEach((button, row) => isOpen(button) || within(row).forEach((inner) => { inner.hidden = true; }));
  };
  const set = (button, open) => {
    button.setAttribute('aria-expanded', open);
    show();
  };
  for (const row of rows.slice(1)) {
    if (within(row).length === 0) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'fold';
    button.setAttribute('aria-label', `Parts of ${row.querySelector('summary, span').textContent}`);
    button.setAttribute('aria-expanded', true);
    button.addEventListener('click', () => set(button, !isOpen(button)));
    button.addEventListener('keydown', (event) => {
      const seen = [...buttons.values()].filter((other) => !other.closest('tr').hidden);
      const next = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (next) seen[seen.indexOf(button) + next]?.focus();
      else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') set(button, event.key === 'ArrowRight');
      else return;
      event.preventDefault();
    });
    buttons.set(row, button);
    row.querySelector('th').prepend(button);
  }
}

// A field that marks what has a text in its name or its attributes, and says how much that is.
function finder(rows) {
  const label = document.createElement('label');
  label.className = 'finder small';
  const input = document.createElement('input');
  input.type = 'search';
  input.placeholder = 'Search in this trace';
  input.setAttribute('aria-label', 'Search in this trace');
  const count = document.createElement('span');
  count.className = 'muted';
  count.setAttribute('role', 'status');
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase();
    const found = rows.filter((row) => wanted && row.textContent.toLowerCase().includes(wanted));
    rows.forEach((row) => row.classList.toggle('found', found.includes(row)));
    found.forEach((row) => { row.hidden = false; });
    count.textContent = wanted ? `${found.length} of ${rows.length}` : '';
  });
  label.append(input, count);
  return label;
}
