// Two people change one artifact; a session ends while somebody writes; a form is sent twice. No text is lost, nothing is done
// that nobody meant.
import assert from 'node:assert/strict';
import { call, check, click, enter, look, open, register, signIn } from './browser.mjs';

const fields = { name: 'shared-service', artifact_type: 'service', tags: ['shared'], description: 'As it was.', artifact_metadata: { owner: 'ann' } };

async function shared(world) {
  const artifacts = `/api/v1/workspaces/${world.id}/artifacts`;
  const { id } = await call(artifacts, fields, world.owner.token);
  return { api: `${artifacts}/${id}`, page: `/console/workspaces/${world.id}/artifacts/${id}` };
}

const stored = ({ api }, world) => call(api, undefined, world.owner.token, 'GET');

/** A description, where it is shown. */
const shown = (page, text) => page.locator('.prose', { hasText: text });

/** Who comes second sees both versions, and chooses. */
export async function twoPeople(world, javaScriptEnabled) {
  const script = javaScriptEnabled ? 'with a script' : 'without a script';
  const artifact = await shared(world);
  const { page: other, allow } = await open(`the first of two ${script}`, { javaScriptEnabled });
  allow(409);
  await check(`the second of two ${script}`, { javaScriptEnabled }, async (page, { problem }) => {
    await enter(other, world.member);
    await enter(page, world.owner);
    for (const one of [other, page]) await one.goto(`${artifact.page}/edit`);
    await other.getByLabel('Description').fill('As the first one wrote it.');
    await other.getByLabel('Tags').fill('shared, first');
    await click(other, 'button', 'Save');
    await shown(other, 'As the first one wrote it.').waitFor();

    await page.getByLabel('Description').fill('As the second one wrote it.');
    await page.getByLabel('Metadata').fill('owner: bob');
    await click(page, 'button', 'Save');
    const both = page.locator('.warning');
    await both.getByText('Somebody changed this while you were writing').waitFor();
    assert.match(await both.innerText(), /first/);
    assert.equal((await stored(artifact, world)).description, 'As the first one wrote it.', 'nothing is written over unasked');
    assert.equal(await page.getByLabel('Description').inputValue(), 'As the second one wrote it.');
    assert.equal((await page.getByLabel('Metadata').inputValue()).trim(), 'owner: bob');
    if (javaScriptEnabled) await look(page, problem, 'conflict', ['phone', 'desk', 'wide']);
    await click(page, 'button', 'Save yours over it');
    await shown(page, 'As the second one wrote it.').waitFor();
    await page.goto(`${artifact.page}/history`);
    await page.getByText('Version 3').first().waitFor();
    if (javaScriptEnabled) await look(page, problem, 'history-of-three', ['phone', 'desk', 'wide']);

    // Who comes second may also leave it as it is now.
    await other.goto(`${artifact.page}/edit`);
    await call(artifact.api, { description: 'As a program wrote it.' }, world.owner.token, 'PATCH');
    await other.getByLabel('Name', { exact: true }).fill('never');
    await click(other, 'button', 'Save');
    await click(other, 'link', 'leave it as it is now');
    await shown(other, 'As a program wrote it.').waitFor();
    assert.equal((await stored(artifact, world)).name, fields.name);
    await deletedMeanwhile(world, page, other);
  }, [409, 404]);
  await other.context().close();
}

/** What somebody writes about an artifact that somebody else has deleted is not lost with it. */
async function deletedMeanwhile(world, page, other) {
  const artifact = await shared(world);
  await page.goto(`${artifact.page}/edit`);
  await page.getByLabel('Description').fill('A text that took an hour.');
  await other.goto(artifact.page);
  await other.locator('summary', { hasText: 'Delete' }).click();
  await click(other, 'button', 'Move to the trash');
  await other.getByRole('heading', { name: 'Trash' }).waitFor();
  await click(page, 'button', 'Save');
  await page.getByText('Somebody deleted this while you were writing').waitFor();
  assert.equal(await page.getByLabel('Description').inputValue(), 'A text that took an hour.');
}

/** Ends every session of an account but that of the token. */
async function endSessions(account) {
  const { access_token: token } = await call('/api/v1/auth/login', account);
  const sessions = await call('/api/v1/auth/sessions', undefined, token, 'GET');
  for (const session of (sessions.items ?? sessions).filter((one) => !one.is_current && !one.current)) {
    await call(`/api/v1/auth/sessions/${session.id ?? session.session_id}`, undefined, token, 'DELETE');
  }
}

/** A session that ends while somebody writes: the text waits until they are signed in again, and is then sent. */
export async function endedSession(world, javaScriptEnabled) {
  const script = javaScriptEnabled ? 'with a script' : 'without a script';
  const text = 'Line one\n\n<b>line</b> "two" & more — שלום';
  await check(`a session that ends ${script}`, { javaScriptEnabled }, async (page, { problem }) => {
    const account = await register();
    await call(`/api/v1/workspaces/${world.id}/members`, { email: account.email, role: 'member' }, world.owner.token);
    const artifact = await shared(world);
    await enter(page, account);
    await page.goto(`${artifact.page}/edit`);
    await page.getByLabel('Description').fill(text);
    await page.getByLabel('Tags').fill('kept, over, signing in');
    await endSessions(account);
    await click(page, 'button', 'Save');
    await page.getByText('Your session has ended').waitFor();
    if (javaScriptEnabled) await look(page, problem, 'ended', ['phone', 'desk', 'wide']);
    await signIn(page, { ...account, password: 'Not-the-Passphrase-1' });
    await page.getByText('No account has this address with this password').waitFor();
    await signIn(page, account);
    await page.getByRole('heading', { name: 'You are signed in again' }).waitFor();
    if (javaScriptEnabled) await look(page, problem, 'ended-again', ['phone', 'desk', 'wide']);
    await click(page, 'button', 'Send it now');
    await page.getByRole('heading', { name: fields.name }).waitFor();
    const now = await stored(artifact, world);
    assert.equal(now.description, text);
    assert.deepEqual(now.tags.sort(), ['kept', 'over', 'signing in']);

    await secretsStayHidden(page, account);
  }, [401]);
}

/** A password that waited with the rest is not shown. */
async function secretsStayHidden(page, account) {
  await page.goto('/console/account');
  const form = page.locator('details', { hasText: 'Change your password' });
  await form.locator('summary').click();
  await form.getByLabel('Current password').fill(account.password);
  await form.getByLabel('New password').fill('Unseen-Passphrase-3');
  await endSessions(account);
  await form.getByRole('button').click();
  await signIn(page, account);
  await page.getByRole('heading', { name: 'You are signed in again' }).waitFor();
  assert.doesNotMatch(await page.locator('main').innerText(), /Passphrase/, 'a password is shown');
}

/** What is sent twice, by a double click or by loading again, is done once. */
export async function sentTwice(world) {
  await check('sent twice', {}, async (page) => {
    await enter(page, world.owner);
    await page.goto(`/console/workspaces/${world.id}/new`);
    await page.getByLabel('Name', { exact: true }).fill('made-once');
    await page.getByRole('button', { name: 'Create artifact' }).dblclick();
    await page.getByRole('heading', { name: 'made-once' }).waitFor();
    await page.reload();
    const found = await call(`/api/v1/workspaces/${world.id}/artifacts?q=name:made-once`, undefined, world.owner.token, 'GET');
    assert.equal(found.total, 1, 'artifacts that were made');
  });
}
