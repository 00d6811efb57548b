// A page that says what happens now is shown again while somebody looks at it, unless they use it at the moment.

const live = document.querySelector('main[data-live]');
const EVERY = 10_000;
const AT_MOST = 30 * 60_000;
let used = Date.now();

if (live) {
  for (const event of ['pointermove', 'keydown', 'scroll']) addEventListener(event, () => { used = Date.now(); }, { passive: true });
  setInterval(again, EVERY);
}

async function again() {
  const isSeen = document.visibilityState === 'visible' && Date.now() - used < AT_MOST;
  const isUsed = live.contains(document.activeElement) || live.querySelector('details[open]') || !getSelection().isCollapsed;
  if (!isSeen || isUsed) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const now = page.querySelector('main[data-live]');
    if (answer.ok && now && now.innerHTML !== live.innerHTML) {
      live.replaceChildren(...document.importNode(now, true).childNodes);
    }
  } catch {
    // The server may be away for a moment.
  }
}
