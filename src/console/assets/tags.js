// Completes the last of several tags, by what the page of tags lists.

for (const [index, input] of document.querySelectorAll('input[data-tags]').entries()) {
  const list = document.createElement('datalist');
  list.id = `known-tags-${index}`;
  input.after(list);
  input.setAttribute('list', list.id);
  let soon;
  let asking;
  input.addEventListener('input', () => {
    clearTimeout(soon);
    soon = setTimeout(complete, 120);
  });

  async function complete() {
    const [, before, begun] = input.value.match(/^(.*,\s*)?(.*)$/s);
    const chosen = input.value.split(',').map((tag) => tag.trim());
    asking?.abort();
    asking = new AbortController();
    const place = new URL(input.dataset.tags, location.href);
    place.searchParams.set('prefix', begun);
    try {
      const answer = await fetch(place, { signal: asking.signal, headers: { Accept: 'text/html' } });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const tags = [...page.querySelectorAll('#tags bdi')].map((tag) => tag.textContent);
      const open = tags.filter((tag) => !chosen.includes(tag)).slice(0, 12);
      list.replaceChildren(...open.map((tag) => new Option('', `${before ?? ''}${tag}`)));
    } catch {
      // A field without completion is a field still.
    }
  }
}
