// Hostile content in every field: markup, scripts, text from right to left, words without an end. It is stored, or refused; either
// way every page shows it as the text that it is.
import assert from 'node:assert/strict';
import { call, check, enter, fits, look, register, send, unfold } from './browser.mjs';
import { pages } from './worlds.mjs';

/** What would run, if it were taken for more than text. */
const scripts = [
  '"><script>window.forged=1</script>',
  "'><img src=x onerror=window.forged=1>",
  '<svg/onload=window.forged=1>',
  '{{7*7}}${7*7}<%= 7*7 %>',
  '</title></textarea></code></pre><script>window.forged=1</script>',
];
const backwards = 'שלום עולם مرحبا';
const endless = 'Donaudampfschifffahrtsgesellschaft'.repeat(7).slice(0, 200);

/** A description with everything that Markdown could be made to do. */
const markdown = [
  '[click](javascript:window.forged=1) [data](data:text/html,<script>window.forged=1</script>) <javascript:window.forged=1>',
  '![seen](http://elsewhere.example/seen.png) <img src="http://elsewhere.example/seen.png">',
  '<script>window.forged=1</script><iframe src="http://elsewhere.example/"></iframe><style>body{display:none}</style>',
  '<form action="http://elsewhere.example/"><input name="password"><button>Sign in</button></form>',
  '<a href="http://elsewhere.example/" onclick="window.forged=1" style="position:fixed;inset:0">over all</a>',
  '<div id="main" class="error" hidden>clobbered</div><meta http-equiv="refresh" content="0;url=http://elsewhere.example/">',
  `# ${backwards}`, `\`${endless}\``, `| ${endless} | b |\n|---|---|\n| 1 | 2 |`, `> ${'> '.repeat(100)}deep`, `${'- '.repeat(80)}deep`,
].join('\n\n');

/** Whether anything of it did more than being shown. */
async function harmless(page, problem, name) {
  await fits(page, problem, name);
  const found = await page.evaluate(() => ({
    forged: 'forged' in window,
    handlers: [...document.querySelectorAll('*')].filter((one) => [...one.attributes].some(({ name }) => /^on|^style$/.test(name))).length,
    inline: [...document.scripts].filter((one) => !one.src).length,
    frames: document.querySelectorAll('iframe, object, embed, base, style, meta[http-equiv]').length,
    remote: [...document.images].filter((one) => new URL(one.src).origin !== location.origin).length,
    forms: [...document.forms].filter((one) => new URL(one.action).origin !== location.origin).length,
    links: [...document.links].filter((one) => !/^https?:$/.test(one.protocol)).length,
    outgoing: [...document.links].filter((one) => one.origin !== location.origin && !/noopener/.test(one.rel)).length,
    mains: document.querySelectorAll('#main').length,
  }));
  const expected = { forged: false, handlers: 0, inline: 0, frames: 0, remote: 0, forms: 0, links: 0, outgoing: 0, mains: 1 };
  for (const [what, count] of Object.entries(expected)) {
    if (found[what] !== count) problem(`${name}: ${what} is ${found[what]}`);
  }
}

/** The field with a label; by its role, for the text of a label has that of the area in it. */
const labelled = (page, name) =>
  page.getByRole('textbox', { name, exact: true }).or(page.getByRole('combobox', { name, exact: true })).first();

/** Writes into the form on a page, and sends it; what is refused stands there again as it was typed. */
async function write(page, problem, name, values, button) {
  for (const [label, value] of Object.entries(values)) await labelled(page, label).fill(value);
  await page.locator('form', { has: page.getByRole('button', { name: button, exact: true }) }).first()
    .evaluate((form) => { form.noValidate = true; });
  await send(page, page.getByRole('button', { name: button, exact: true }));
  await harmless(page, problem, `${name} after sending`);
  if (await page.locator('main .error').count() === 0) return true;
  for (const [label, value] of Object.entries(values)) {
    const field = labelled(page, label);
    if (await field.count() > 0) assert.equal(await field.inputValue(), value, `${label} of ${name}, refused`);
  }
  return false;
}

/** Somebody whose every word is hostile, with a workspace of such words, and what they made there. */
async function written(page, problem, script) {
  const account = await register({ first_name: script.slice(0, 100), last_name: backwards }).catch(() => register());
  await enter(page, account);
  await page.getByLabel('Name', { exact: true }).waitFor();
  const [name, description] = ['Name', 'What it is for (optional)'];
  const isTaken = await write(page, problem, 'workspace', { [name]: script, [description]: `${script} ${backwards} ${endless}` }, 'Create workspace');
  assert.ok(isTaken, `a workspace is not called ${script}`);
  const id = new URL(page.url()).pathname.split('/')[3];
  const place = `/console/workspaces/${id}`;
  const labels = { name: 'Name', type: 'Type (optional)', tags: 'Tags (with commas between them)', description: 'Description (Markdown)', metadata: 'Metadata (one line for each: key: value)' };
  await page.goto(`${place}/new`);
  const values = { [labels.name]: script, [labels.type]: script, [labels.tags]: script.replaceAll(',', ''), [labels.description]: markdown, [labels.metadata]: `${script}: ${script}` };
  // A type and a key of this kind are refused; the rest is not.
  await write(page, problem, 'artifact', values, 'Create artifact');
  if (await page.getByRole('button', { name: 'Create artifact' }).count() > 0) {
    await write(page, problem, 'artifact', { ...values, [labels.type]: 'service', [labels.metadata]: `value: ${script}\nlink: javascript:window.forged=1\nendless: ${endless}` }, 'Create artifact');
  }
  await page.getByRole('link', { name: 'Edit' }).waitFor();
  const artifact = new URL(page.url()).pathname.split('/')[5];
  await page.goto(`${place}/api-keys`);
  await unfold(page, 'New API key');
  await write(page, problem, 'key', { Name: script.slice(0, 100) }, 'Make key');
  return { account, id, artifact, place };
}

/** Parameters of URLs, which anybody may send as a link. */
const links = (place, script) => {
  const said = encodeURIComponent(script);
  return [
    `/console?next=${said}`, `/console?next=//elsewhere.example/`, `/console/find?q=${said}`, `${place}?q=${said}`, `${place}?tag=${said}&type=${said}`,
    `${place}?sort=${said}&cursor=${said}`, `${place}/tags?prefix=${said}`, `${place}/import?imported=${said}`, `${place}/audit?about=${said}&who=${said}&ip=${said}&artifact=${said}`,
    `${place}/traces?route=${said}&operation=${said}&from=${said}`, `${place}/trash?after=${said}`, `${place}/artifacts/${said}`, `${place}/traces/${said}`,
    `/console/register?invitation=${said}`, `/console/invitation?token=${said}`, `/console/verify-email?token=${said}`, `/console/reset-password?token=${said}`,
    `/console/setup?token=${said}`, `/console/workspaces/${said}`, `/console/${said}`,
  ];
};

const ofOperators = (script) => {
  const said = encodeURIComponent(script);
  return ['', '/traces?route=', '/accounts?email=', '/accounts?q=', '/workspaces?slug=', '/workspaces?q=', '/log?q=', '/log?level=', '/traces/']
    .map((place) => `/console/operate${place}${place ? said : ''}`);
};

export async function hostile(operator) {
  for (const [at, script] of scripts.entries()) {
    await check(`hostile ${at}`, {}, async (page, { problem }) => {
      const { account, id, artifact, place } = await written(page, problem, script);
      const renamed = await call(`/api/v1/workspaces/${id}/artifacts/${artifact}`, { name: `${backwards} ${endless}`, tags: [endless.slice(0, 50), backwards] }, account.token, 'PATCH');
      assert.equal(renamed.version, 2);
      await call(`/api/v1/workspaces/${id}/artifacts`, { name: script, description: markdown, tags: [script.slice(0, 50)] }, account.token);
      for (const [name, path] of pages({ id, artifact })) {
        await page.goto(path);
        for (const summary of await page.locator('main details > summary').all()) if (await summary.isVisible()) await summary.click();
        await harmless(page, problem, name);
        if (at === 0) await look(page, problem, `hostile-${name}`);
      }
      for (const path of links(place, script)) {
        await page.goto(path);
        assert.equal(new URL(page.url()).pathname.split('/')[1], 'console');
        await harmless(page, problem, path);
      }
    }, [400, 403, 404, 422]);
    await check(`hostile ${at}, seen by an operator`, {}, async (page, { problem }) => {
      await enter(page, operator);
      for (const path of ofOperators(script)) {
        await page.goto(path);
        await harmless(page, problem, path);
      }
    }, [400, 404, 422]);
  }
}
