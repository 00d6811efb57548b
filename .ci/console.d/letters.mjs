// What mails lead to: an address that is verified, another password, an address that is changed, an invitation. In development
// the links of mails are in the log.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { call, check, click, look, origin, password, patience, register, signIn, unfold } from './browser.mjs';

const later = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

/** The link to a page in the newest mail to an address, as soon as the log has it. */
async function linkTo(log, page, before) {
  const wanted = new RegExp(`${origin}(/console/${page}\\?token=[\\w-]+)`, 'g');
  for (const deadline = Date.now() + patience; Date.now() < deadline; await later(50)) {
    const found = [...readFileSync(log, 'utf8').slice(before).matchAll(wanted)];
    if (found.length > 0) return found.at(-1)[1];
  }
  throw new Error(`no mail leads to ${page}`);
}

const sizeOf = (log) => readFileSync(log, 'utf8').length;

async function verified(page, seen, log, email) {
  const before = sizeOf(log);
  await page.goto('/console/register');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.locator('form').evaluate((form) => { form.noValidate = true; });
  await click(page, 'button', 'Register');
  await page.locator('.error').first().waitFor();
  assert.equal(await page.getByLabel('E-mail').inputValue(), email, 'what was typed before it was wrong');
  await seen('register-wrong');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await click(page, 'button', 'Register');
  await page.goto(await linkTo(log, 'verify-email', before));
  await seen('verify-asked');
  await page.getByRole('button').last().click();
  await page.locator('.entry').getByRole('link', { name: 'Sign in' }).waitFor();
  await seen('verified');
}

async function forgotten(page, seen, log, email, another) {
  const before = sizeOf(log);
  await page.goto('/console/forgot-password');
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button').last().click();
  await seen('forgot-sent');
  await page.goto(await linkTo(log, 'reset-password', before));
  await seen('reset-asked');
  await page.getByLabel(/password/i).first().fill(another);
  await page.getByRole('button').last().click();
  await page.locator('.entry').getByRole('link', { name: 'Sign in' }).waitFor();
  await page.goto('/console');
  await signIn(page, { email, password });
  await page.getByText('No account has this address with this password').waitFor();
  await seen('sign-in-refused');
  await signIn(page, { email, password: another });
  await page.getByText('You are in no workspace yet').waitFor();
}

async function moved(page, log, other, current) {
  const before = sizeOf(log);
  await page.goto('/console/account');
  await unfold(page, 'Change your address');
  const form = page.locator('details', { hasText: 'Change your address' }).locator('form');
  await form.getByLabel('New e-mail address').fill(other);
  await form.getByLabel('Current password').fill(current);
  await form.getByRole('button').click();
  await page.goto(await linkTo(log, 'verify-email', before));
  await page.getByRole('button').last().click();
  await page.goto('/console/account');
  await page.getByText(other).first().waitFor();
}

async function invited(page, seen, email) {
  const owner = await register();
  const { id } = await call('/api/v1/workspaces', { name: 'Guests' }, owner.token);
  const { token } = await call(`/api/v1/workspaces/${id}/invitations`, { role: 'member', email }, owner.token);
  await page.goto(`/console/invitation?token=${token}`);
  await seen('invited');
  await page.getByRole('button', { name: /accept|join/i }).click();
  await page.getByRole('heading', { name: 'Put something in' }).waitFor();
}

/** Everything that a mail leads to. `log` is the server's. */
export async function letters(log, javaScriptEnabled) {
  const script = javaScriptEnabled ? 'with a script' : 'without a script';
  await check(`mails ${script}`, { javaScriptEnabled }, async (page, { problem }) => {
    const seen = (name) => (javaScriptEnabled ? look(page, problem, `letters-${name}`, ['phone', 'desk', 'wide']) : Promise.resolve());
    const [email, other] = [`mail-${randomUUID()}@example.com`, `mail-${randomUUID()}@example.com`];
    await verified(page, seen, log, email);
    await forgotten(page, seen, log, email, 'Another-Passphrase-2');
    await moved(page, log, other, 'Another-Passphrase-2');
    await invited(page, seen, other);
  }, [401, 422]);
}
