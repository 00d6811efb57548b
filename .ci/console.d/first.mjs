// From the first start to the trace of one's own write: the setup link makes the first operator, who makes a workspace, puts
// something in, and sees where the time of that went.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { call, check, click, look, origin, password, signIn } from './browser.mjs';

/** The first operator, whom the link makes that the server has left in its data directory. */
export async function firstStart(dataDir) {
  const account = { email: 'operator@example.com', password };
  await check('the first start', {}, async (page, { problem }) => {
    const link = new URL(readFileSync(`${dataDir}/setup-link`, 'utf8').trim());
    assert.equal(link.origin, origin);
    await page.goto(link.pathname + link.search);
    await look(page, problem, 'first-setup', ['phone', 'desk', 'wide']);
    await page.getByLabel('E-mail address').fill(account.email);
    await page.getByLabel('Password').fill(account.password);
    await page.getByLabel('First name').fill('Olga');
    await click(page, 'button', 'Make my account');
    await page.getByRole('heading', { name: 'You operate this server' }).waitFor();
    await look(page, problem, 'first-made', ['phone', 'desk', 'wide']);
    await click(page, 'link', 'Sign in');
    await signIn(page, account);
    await page.getByText('You are in no workspace yet').waitFor();
    await look(page, problem, 'first-workspaces', ['phone', 'desk', 'wide']);
    await page.getByLabel('Name').fill('First');
    await click(page, 'button', 'Create workspace');
    await page.getByRole('heading', { name: 'Put something in' }).waitFor();
    await click(page, 'link', 'New artifact');
    await page.getByLabel('Name', { exact: true }).fill('first-service');
    await click(page, 'button', 'Create artifact');
    await page.getByRole('heading', { name: 'first-service' }).waitFor();
    await click(page, 'link', 'where its time went');
    const parts = page.locator('table.waterfall tbody');
    await parts.getByText('artifact.create', { exact: true }).waitFor();
    assert.match(await parts.innerText(), /commit\D+[\d.]+ m?s/);
    await page.goto(link.pathname + link.search, { waitUntil: 'load' }).then((answer) => assert.equal(answer.status(), 400));
  }, [400]);
  const { access_token: token } = await call('/api/v1/auth/login', account);
  const { id } = await call('/api/v1/auth/me', undefined, token, 'GET');
  return { ...account, id, token };
}
