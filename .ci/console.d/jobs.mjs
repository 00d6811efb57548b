// What there is to do on the pages besides looking: each job once, as the one who has it, with a script or without.
import assert from 'node:assert/strict';
import { call, check, click, enter, look, register, send, unfold } from './browser.mjs';

/** A member comes, becomes an admin, and goes; another one is invited, and that is taken back. */
async function managePeople(page, place, other) {
  await page.goto(`${place}/members`);
  await unfold(page, 'Add a member');
  const form = page.locator('details', { hasText: 'Add a member' });
  await form.getByLabel('E-mail address of their account').fill(other.email);
  await form.getByRole('button', { name: 'Add' }).click();
  const row = page.locator('.list > li', { hasText: other.email });
  await row.getByRole('combobox').selectOption('admin');
  await send(page, row.getByRole('button', { name: 'Change' }));
  assert.equal(await row.getByRole('combobox').inputValue(), 'admin');
  await row.locator('summary').click();
  await row.getByRole('button', { name: /^Remove/ }).click();
  await row.waitFor({ state: 'detached' });
  await unfold(page, 'Invite with a link');
  await click(page, 'button', 'Make a link');
  await page.goto(`${place}/members`);
  const invited = page.locator('.list > li', { hasText: 'Anyone with the link' });
  await invited.locator('summary').click();
  await invited.getByRole('button').click();
  await invited.waitFor({ state: 'detached' });
}

/** A key is made, works, is revoked, and works no more. */
async function manageKeys(page, place, id, seen) {
  await page.goto(`${place}/api-keys`);
  await unfold(page, 'New API key');
  await page.getByLabel('Name', { exact: true }).fill('nightly import');
  await click(page, 'button', 'Make key');
  const key = (await page.locator('pre.copy code').first().innerText()).trim();
  await seen('key-made');
  await call(`/api/v1/workspaces/${id}/artifacts`, undefined, key, 'GET');
  await page.goto(`${place}/api-keys`);
  assert.doesNotMatch(await page.content(), new RegExp(key.replace(/[^\w]/g, '.')), 'the key is shown again');
  const row = page.locator('.list > li', { hasText: 'nightly import' });
  await row.locator('summary').click();
  await send(page, row.getByRole('button'));
  await assert.rejects(call(`/api/v1/workspaces/${id}/artifacts`, undefined, key, 'GET'), /401/);
}

/** Many at once: a file is imported, some get a tag and lose it, are taken along, and go to the trash and back. */
async function manageMany(page, place, seen) {
  await page.goto(`${place}/import`);
  const file = (content) => ({ name: 'artifacts.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(content) });
  await page.locator('input[type=file]').setInputFiles(file('{"name": "right"}\n{"name": ""}\n'));
  await click(page, 'button', 'Import');
  await page.getByText('Nothing was imported').waitFor();
  await seen('import-refused');
  await page.locator('input[type=file]').setInputFiles(file(Array.from({ length: 3 }, (_, at) => `{"name": "imported-${at}"}\n`).join('')));
  await click(page, 'button', 'Import');
  await page.getByText('3 artifacts were imported').waitFor();
  const select = async () => {
    await page.goto(`${place}?q=imported`);
    for (const box of await page.getByRole('checkbox').all()) await box.check();
    await page.locator('main summary', { hasText: 'With what is selected' }).click();
  };
  await select();
  await page.getByLabel('Tag', { exact: true }).fill('taken-in');
  await seen('selection');
  await click(page, 'button', 'Add tag');
  await page.locator('.results a.tag', { hasText: 'taken-in' }).first().waitFor();
  await select();
  const saved = page.waitForEvent('download');
  await click(page, 'button', 'Export');
  assert.match((await saved).suggestedFilename(), /ndjson$/);
  await page.getByLabel('Tag', { exact: true }).fill('taken-in');
  await click(page, 'button', 'Remove tag');
  await page.locator('.results a.tag', { hasText: 'taken-in' }).first().waitFor({ state: 'detached' });
  await select();
  await click(page, 'button', 'Move to the trash');
  await page.goto(`${place}/trash`);
  await page.locator('.list > li', { hasText: 'imported-0' }).getByRole('button', { name: 'Restore' }).click();
  await page.getByRole('heading', { name: 'imported-0' }).waitFor();
  await page.goto(`${place}/trash`);
  const gone = page.locator('.list > li', { hasText: 'imported-1' });
  await gone.locator('summary').click();
  await gone.getByRole('button', { name: 'Remove for good' }).click();
  await gone.waitFor({ state: 'detached' });
}

/** The workspace gets another name; deleting it asks for that. */
async function endWorkspace(page, place) {
  await page.goto(`${place}/settings`);
  await page.getByLabel('Name', { exact: true }).first().fill('Renamed');
  await click(page, 'button', 'Save');
  await page.locator('.menu .name', { hasText: 'Renamed' }).waitFor();
  await page.goto(`${place}/settings`);
  await unfold(page, 'Delete this workspace');
  const form = page.locator('details', { hasText: 'Delete this workspace' });
  await form.getByRole('textbox').fill('Another');
  await form.locator('form').evaluate((one) => { one.noValidate = true; });
  await form.getByRole('button').click();
  await page.locator('.error').first().waitFor();
  const again = page.locator('details', { hasText: 'Delete this workspace' });
  if (!await again.getByRole('textbox').isVisible()) await again.locator('summary').click();
  await again.getByRole('textbox').fill('Renamed');
  await again.getByRole('button').click();
  await page.getByText('You are in no workspace yet').waitFor();
}

/** One's own account: another name, another password, other sessions ended, everything about oneself taken along. */
async function manageAccount(page, account) {
  const part = async (heading) => {
    await page.goto('/console/account');
    await unfold(page, heading);
    return page.locator('main details', { hasText: heading });
  };
  const names = await part('Change your name');
  await names.getByLabel('First name').fill('Anna');
  await names.getByLabel('Current password').fill(account.password);
  await names.getByRole('button').click();
  await page.locator('.account .name', { hasText: 'Anna' }).waitFor();
  await call('/api/v1/auth/login', account);
  await page.goto('/console/account');
  await send(page, page.getByRole('button', { name: 'Sign out everywhere else' }));
  assert.equal(await page.locator('main .list > li').count(), 1, 'sessions that are left');
  const data = await part('Download everything about you');
  await data.getByLabel('Current password').fill(account.password);
  const saved = page.waitForEvent('download');
  await data.getByRole('button').click();
  assert.match((await saved).suggestedFilename(), /json$/);
  const changed = await part('Change your password');
  await changed.getByLabel('Current password').fill(account.password);
  await changed.getByLabel('New password').fill('Another-Passphrase-2');
  await send(page, changed.getByRole('button'));
  await call('/api/v1/auth/login', { email: account.email, password: 'Another-Passphrase-2' });
}

/** What an operator does with an account and with a workspace, and with the log. */
async function operate(page, workspace, account) {
  await page.goto(`/console/operate/accounts/${account.id}`);
  await unfold(page, 'Disable');
  await send(page, page.getByRole('button', { name: /^Disable/ }));
  await assert.rejects(call('/api/v1/auth/login', account), /40[13]/);
  const summary = page.locator('main summary', { hasText: 'Enable' });
  if (await summary.count() > 0) await summary.click();
  await page.getByRole('button', { name: /^Enable/ }).click();
  await page.locator('main summary', { hasText: 'Disable' }).waitFor();
  await call('/api/v1/auth/login', account);

  await page.goto(`/console/operate/workspaces/${workspace}`);
  await page.getByLabel('Artifacts', { exact: true }).fill('1000');
  await send(page, page.getByRole('button', { name: 'Save', exact: true }));
  assert.equal(await page.getByLabel('Artifacts', { exact: true }).inputValue(), '1000');
  await unfold(page, 'Suspend');
  await page.getByRole('button', { name: /^Suspend/ }).click();
  await page.getByText('Resume').first().waitFor();
  const resume = page.locator('main summary', { hasText: 'Resume' });
  if (await resume.count() > 0) await resume.click();
  await page.getByRole('button', { name: /^Resume/ }).click();
  await page.locator('main summary', { hasText: 'Suspend' }).waitFor();

  await page.goto('/console/operate/log');
  await page.getByRole('combobox').selectOption({ label: 'from debug on' });
  await send(page, page.getByRole('button', { name: 'Set', exact: true }));
  assert.match(await page.getByRole('combobox').locator('option:checked').innerText(), /debug/);
  await page.goto('/console/operate/configuration');
  await send(page, page.getByRole('button', { name: 'Read it again' }));
  await page.getByRole('heading', { name: 'Configuration' }).waitFor();
}

/** Every job, with a script or without. */
export async function jobs(operator, javaScriptEnabled) {
  const script = javaScriptEnabled ? 'with a script' : 'without a script';
  const [account, other] = [await register(), await register({ first_name: 'Bob' })];
  const { id } = await call('/api/v1/workspaces', { name: 'Jobs' }, account.token);
  await call(`/api/v1/workspaces/${id}/artifacts`, { name: 'there-already' }, account.token);
  await check(`operating ${script}`, { javaScriptEnabled }, async (page) => {
    await enter(page, operator);
    await operate(page, id, other);
  });
  await check(`jobs ${script}`, { javaScriptEnabled }, async (page, { problem }) => {
    const seen = (name) => (javaScriptEnabled ? look(page, problem, name, ['phone', 'desk', 'wide']) : Promise.resolve());
    const place = `/console/workspaces/${id}`;
    await enter(page, account);
    await managePeople(page, place, other);
    await manageKeys(page, place, id, seen);
    await manageMany(page, place, seen);
    await endWorkspace(page, place);
    await manageAccount(page, account);
  }, [422]);
}
