// Forms from elsewhere, as a real browser sends them: from a page of another origin of the same site, with the cookies that the
// browser adds; and as a program does, without saying where they come from. All are refused, and nothing happens.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { browser, call, check, enter, origin, patience } from './browser.mjs';

/** A page that sends a form as soon as it is looked at. */
const page = (action, fields) => `<!doctype html><form method="post" action="${action}">
${Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`).join('')}</form>`;

async function elsewhere(action, fields, use) {
  const server = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end(page(action, fields)));
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  await use(`http://127.0.0.1:${server.address().port}/`);
  server.closeAllConnections();
  await new Promise((done) => { server.close(done); });
}

/** Forms that come from a page elsewhere, or say nothing of where they come from. */
export async function foreignForms(world) {
  const action = `${origin}/console/workspaces/${world.id}/new`;
  await check('a page elsewhere', {}, async (own, { problem }) => {
    await enter(own, world.owner);
    const cookies = await own.context().cookies();
    await elsewhere(action, { name: 'forged', form_key: '1' }, async (place) => {
      // In a context of its own, for requests to this place are as they should be.
      const context = await browser.newContext();
      await context.addCookies(cookies);
      const forged = await context.newPage();
      await forged.goto(place);
      const answered = forged.waitForResponse(action, { timeout: patience });
      await forged.evaluate(() => document.forms[0].submit());
      const status = (await answered).status();
      if (status !== 403) problem(`a form from ${place} is answered ${status}`);
      await context.close();
    });
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const token = await own.locator('input[name=form_token]').first().getAttribute('value');
    const said = { own: { Origin: origin }, fetched: { 'Sec-Fetch-Site': 'same-origin' } };
    const attempts = [
      ['neither header', {}, { form_token: token, name: 'forged' }],
      ['another origin', { Origin: 'http://elsewhere.example' }, { form_token: token, name: 'forged' }],
      ['no origin that one may know', { Origin: 'null' }, { form_token: token, name: 'forged' }],
      ['no token', said.own, { name: 'forged' }],
      ['the token of another form', said.fetched, { form_token: 'A'.repeat(43), name: 'forged' }],
    ];
    for (const [what, headers, fields] of attempts) {
      const answer = await fetch(action, {
        method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers: { Cookie: cookie, ...headers }, signal: AbortSignal.timeout(patience),
      });
      if (answer.status !== 403) problem(`a form with ${what} is answered ${answer.status}`);
    }
    const right = await fetch(action, {
      method: 'POST', redirect: 'manual', body: new URLSearchParams({ form_token: token, name: 'not-forged' }), headers: { Cookie: cookie, ...said.own }, signal: AbortSignal.timeout(patience),
    });
    assert.equal(right.status, 303, 'with everything right, the same is done');
    const found = await call(`/api/v1/workspaces/${world.id}/artifacts?q=name:forged+-name:not`, undefined, world.owner.token, 'GET');
    assert.equal(found.total, 0, 'artifacts that were forged');
  });
}
