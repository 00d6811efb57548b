// A day's work by keyboard alone: signing in, a workspace, an artifact, a search, a tag that is completed, a change, the palette,
// the trash, signing out. What has the focus can be seen.
import assert from 'node:assert/strict';
import { check, register } from './browser.mjs';

/** Goes on with Tab until what is called so has the focus. */
async function to(page, role, name) {
  const wanted = page.getByRole(role, { name, exact: true }).first();
  await wanted.waitFor();
  for (let at = 0; at < 80; at += 1) {
    if (await wanted.evaluate((one) => one === document.activeElement)) {
      const { outlineStyle, outlineWidth } = await wanted.evaluate((one) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return { outlineStyle, outlineWidth };
      });
      assert.ok(outlineStyle !== 'none' && outlineWidth !== '0px', `one can't see that ${name} has the focus`);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never comes to ${role} ${name}`);
}

/** A heading of the page that the last key leads to. */
async function arrived(page, name) {
  await page.getByRole('heading', { name, exact: true }).waitFor();
  await page.waitForLoadState();
}

async function work(page, account) {
  const type = (text) => page.keyboard.type(text);
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  await page.goto('/console');
  await to(page, 'textbox', 'E-mail address');
  await type(account.email);
  await to(page, 'textbox', 'Password');
  await type(account.password);
  await press('Enter');
  await to(page, 'textbox', 'Name');
  await type('Keys');
  await to(page, 'button', 'Create workspace');
  await press('Enter');
  await to(page, 'link', 'New artifact');
  await press('Enter');
  await to(page, 'textbox', 'Name');
  await type('typed-service');
  await press('Tab', 'Tab');
  await type('typed, keys');
  await press('Control+Enter');
  await arrived(page, 'typed-service');
  await press('/');
  await type('typed');
  await press('Enter');
  await to(page, 'checkbox', 'Select typed-service');
  await press('Space');
  await to(page, 'link', 'typed-service');
  await press('Enter');
  await arrived(page, 'typed-service');
  await to(page, 'link', 'Edit');
  await press('Enter');
  await to(page, 'textbox', 'Description (Markdown)');
  await type('Written with keys.');
  await press('Control+Enter');
  await page.locator('.prose', { hasText: 'Written with keys.' }).waitFor();
  await press('Control+k');
  await type('members');
  await page.locator('dialog.palette a', { hasText: 'Members' }).first().waitFor();
  await press('ArrowDown', 'Enter');
  await arrived(page, 'Members');
  await press('Control+k');
  await type('typed');
  await page.locator('dialog.palette a', { hasText: 'typed-service' }).waitFor();
  await press('Enter');
  await arrived(page, 'typed-service');
  await to(page, 'link', 'where its time went');
  await press('Enter');
  await page.locator('table.waterfall').waitFor();
  await page.goBack();
  await deleteAndLeave(page, account, press);
}

async function deleteAndLeave(page, account, press) {
  const summary = (text) => page.locator('summary', { hasText: text }).first();
  const toSummary = async (text) => {
    for (let at = 0; at < 80 && !await summary(text).evaluate((one) => one === document.activeElement); at += 1) await press('Tab');
    await press('Enter');
  };
  await toSummary('Delete');
  await to(page, 'button', 'Move to the trash');
  await press('Enter');
  await arrived(page, 'Trash');
  await toSummary('Ann');
  await page.getByText(account.email).waitFor();
  await press('Escape');
  assert.ok(await summary('Ann').evaluate((one) => one === document.activeElement && !one.parentElement.open), 'Escape closes the menu, and stays there');
  await press('Enter');
  await to(page, 'button', 'Sign out');
  await press('Enter');
  await arrived(page, 'Sign in');
}

export async function keyboard() {
  const account = await register();
  await check('by keyboard', {}, (page) => work(page, account));
}
