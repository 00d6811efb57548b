// What a keyboard and a clipboard can do besides. Every page works without this.

const search = document.querySelector('.find input');

document.addEventListener('keydown', (event) => {
  const { target, key } = event;
  const isTyping = target instanceof Element && target.closest('input, textarea, select');
  if (key === 'Escape') closeMenus();
  if (key === '/' && search && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
    search.select();
  }
  if (key === 'Enter' && (event.ctrlKey || event.metaKey) && isTyping) isTyping.form?.requestSubmit();
});

document.addEventListener('click', ({ target }) => closeMenus(target));

// Menus close when something else is used; the focus goes back to where they were opened.
function closeMenus(unless) {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (unless && menu.contains(unless)) continue;
    if (menu.contains(document.activeElement)) menu.querySelector('summary').focus();
    menu.open = false;
  }
}

for (const block of navigator.clipboard ? document.querySelectorAll('pre.copy') : []) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copier';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(block.querySelector('code').textContent);
    button.textContent = 'Copied';
  });
  block.prepend(button);
}
