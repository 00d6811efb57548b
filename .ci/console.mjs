// Walks through the console as a person does, with a script and without one: from the first page to an artifact of one's own
// and back. Fails on whatever the browser complains of, on any request to another origin, on a page that is wider than
// the screen, and on what axe finds in either theme. With SHOTS=DIRECTORY, keeps a picture of every page: phone and desk, light and dark.
//
// Usage: node console.mjs URL   (playwright-core and axe-core must be installed beside it). With OPERATOR_TOKEN, that of the
// server, the pages for operators as well. `.ci/full console` looks closer, by what is in console.d.
import assert from 'node:assert/strict';
import { call, finish, look, open, register, signIn } from './console.d/browser.mjs';

async function walk(name, javaScriptEnabled) {
  const { page, problem } = await open(name, { javaScriptEnabled });
  const seen = (what) => (javaScriptEnabled ? look(page, problem, what) : Promise.resolve());
  const account = await register();
  const click = (role, label) => page.getByRole(role, { name: label, exact: true }).click();
  try {
    await page.goto('/');
    assert.equal(new URL(page.url()).pathname, '/console');
    await seen('sign-in');
    await signIn(page, account);
    await page.getByText('You are in no workspace yet').waitFor();
    await seen('workspaces-none');
    await page.getByLabel('Name').fill('Acme Platform');
    await click('button', 'Create workspace');
    await page.getByRole('heading', { name: 'Put something in' }).waitFor();
    await seen('catalog-empty');
    await click('link', 'New artifact');
    await seen('new');
    await page.getByLabel('Name', { exact: true }).fill('billing-api');
    await page.getByLabel('Type').fill('service');
    await page.getByLabel('Tags').fill('payments, edge');
    await page.getByLabel('Description').fill('Charges **customers**.\n\n- takes orders\n- sends invoices');
    await page.getByLabel('Metadata').fill('owner: team-billing\nreplicas: 3\ndocs: https://example.com/docs');
    await click('button', 'Create artifact');
    await page.getByRole('heading', { name: 'billing-api' }).waitFor();
    assert.equal(await page.locator('.prose strong').innerText(), 'customers');
    await seen('artifact');
    await click('link', 'Edit');
    await page.getByLabel('Tags').fill('payments, retired');
    await click('button', 'Save');
    await click('link', 'History');
    await page.getByText('Version 2').first().waitFor();
    await seen('history');
    await click('button', 'Restore version 1');
    await page.getByRole('link', { name: 'edge', exact: true }).waitFor();
    await page.getByRole('searchbox').fill('customers');
    await page.getByRole('searchbox').press('Enter');
    assert.equal(await page.locator('.results mark').first().innerText(), 'customers');
    await seen('catalog-found');
    await page.locator('.results').getByRole('link', { name: 'billing-api' }).click();
    await page.locator('summary', { hasText: 'Delete' }).click();
    await click('button', 'Move to the trash');
    await page.getByRole('heading', { name: 'Trash' }).waitFor();
    await seen('trash');
    await click('button', 'Restore');
    await page.getByRole('heading', { name: 'billing-api' }).waitFor();
    await page.locator('.account summary').click();
    await seen('account-menu');
    await click('button', 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  } catch (error) {
    problem(`at ${page.url()}: ${error.message}`);
  }
  await page.context().close();
}

// A link brings somebody without an account into a workspace; they see what there is about them, and leave.
async function invite(name, javaScriptEnabled) {
  const { page, problem } = await open(`invite ${name}`, { javaScriptEnabled });
  const guest = await open(`invited ${name}`, { javaScriptEnabled });
  const seen = (page, what) => (javaScriptEnabled ? look(page, problem, what) : Promise.resolve());
  const account = await register();
  try {
    const { token } = account;
    const { id } = await call('/api/v1/workspaces', { name: 'Guests' }, token);
    await page.goto('/console');
    await signIn(page, account);
    await page.goto(`/console/workspaces/${id}/members`);
    await page.locator('summary', { hasText: 'Invite with a link' }).click();
    await page.getByRole('button', { name: 'Make a link' }).click();
    const link = new URL(await page.locator('pre.copy').innerText());
    await seen(page, 'invitation-made');
    await page.goto(`/console/workspaces/${id}/members`);
    await page.getByText('Anyone with the link').waitFor();
    await seen(page, 'members-invited');

    await guest.page.goto(link.pathname + link.search);
    await guest.page.getByRole('heading', { name: 'You are invited' }).waitFor();
    await seen(guest.page, 'invited');
    await guest.page.getByRole('link', { name: 'Register' }).click();
    await seen(guest.page, 'invited-register');
    const email = `guest-${name.replaceAll(' ', '-')}-${Date.now()}@example.com`;
    await guest.page.getByLabel('E-mail').fill(email);
    await guest.page.getByLabel('Password', { exact: true }).fill(account.password);
    await guest.page.getByRole('button', { name: 'Register' }).click();
    await guest.page.goto('/console');
    await signIn(guest.page, { email, password: account.password });
    await guest.page.goto(`/console/workspaces/${id}/members`);
    await guest.page.getByText(account.email).waitFor();
    await guest.page.goto('/console/account');
    for (const summary of await guest.page.locator('main summary').all()) await summary.click();
    await seen(guest.page, 'account');
    await guest.page.goto(`/console/workspaces/${id}/members`);
    await guest.page.locator('summary', { hasText: 'Leave this workspace' }).click();
    await guest.page.getByRole('button', { name: 'Leave' }).click();
    await guest.page.getByText('You are in no workspace yet').waitFor();
  } catch (error) {
    problem(`at ${page.url()} and ${guest.page.url()}: ${error.message}`);
  }
  await guest.page.context().close();
  await page.context().close();
}

// Everything as long and as strange as it may be.
async function overfull() {
  const { page, problem } = await open('overfull', {});
  const account = await register();
  try {
    const { token } = account;
    const long = 'W'.repeat(50);
    const { id } = await call('/api/v1/workspaces', { name: `${long}${long}`, description: 'x'.repeat(1000) }, token);
    const artifacts = `/api/v1/workspaces/${id}/artifacts`;
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`key.${at}.${'k'.repeat(40)}`, 'v'.repeat(at * 20)]));
    const tags = Array.from({ length: 20 }, (_, at) => `${at} ${'t'.repeat(46)}`);
    const hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
    const made = await call(artifacts, { name: 'N'.repeat(255), tags, artifact_metadata: metadata, description: 'D'.repeat(2000) }, token);
    await call(artifacts, { name: 'שירות חיוב', tags: ['חיוב'], description: `مرحبا ${hostile}`, artifact_metadata: { hostile } }, token);
    const operations = Array.from({ length: 60 }, (_, at) => ({
      op: 'create', name: `service-${at}`, artifact_type: ['service', 'dataset', 'document'][at % 3],
      tags: ['payments', 'edge', 'internal', 'legacy'].slice(0, at % 5), description: `The service number ${at}, which does what services do.`,
    }));
    await call(`${artifacts}/bulk`, { operations }, token);
    await page.goto('/console');
    await signIn(page, account);
    await page.getByRole('heading', { name: 'Catalog' }).waitFor();
    const catalog = `/console/workspaces/${id}`;
    const places = {
      'overfull-catalog': catalog,
      'overfull-last': `${catalog}?sort=created_at`,
      'overfull-workspaces': '/console/workspaces',
      'overfull-home': `${catalog}/home`,
      'overfull-settings': `${catalog}/settings`,
      'overfull-import': `${catalog}/import`,
      'overfull-members': `${catalog}/members`,
      'overfull-audit': `${catalog}/audit`,
      'overfull-found': `${catalog}?q=service`,
      'overfull-find': '/console/find?q=service',
      'overfull-artifact': `${catalog}/artifacts/${made.id}`,
      'overfull-edit': `${catalog}/artifacts/${made.id}/edit`,
      'overfull-history': `${catalog}/artifacts/${made.id}/history`,
    };
    for (const [name, place] of Object.entries(places)) {
      await page.goto(place);
      await look(page, problem, name);
    }
  } catch (error) {
    problem(`at ${page.url()}: ${error.message}`);
  }
  await page.context().close();
}

// What operators see: how the server does, where the time of requests went, and what can be set.
async function operate() {
  const { page, problem } = await open('operate', {});
  const account = await register();
  try {
    await call(`/api/v1/operator/accounts/${account.id}/grant-operator`, undefined, process.env.OPERATOR_TOKEN);
    await page.goto('/console');
    await signIn(page, account);
    await page.locator('.account summary').click();
    await page.getByRole('link', { name: 'Operate this server' }).click();
    await page.getByRole('heading', { name: 'The last hour' }).waitFor();
    await look(page, problem, 'operate-overview');
    // A cell of the map of latencies leads to its requests, and each of those to where its time went.
    await page.locator('.heat tbody tr', { hasText: 'POST /console/sign-in' }).getByRole('button').last().click();
    await page.getByText('How long it takes').waitFor();
    await look(page, problem, 'operate-requests');
    await page.locator('.requests a.title').first().click();
    await page.getByText('log info: request').waitFor();
    await look(page, problem, 'operate-trace');
    const saved = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download as OTLP' }).click();
    assert.match((await saved).suggestedFilename(), /^trace-[0-9a-f]{32}\.json$/);
    for (const name of ['Accounts', 'Storage', 'Configuration', 'Log']) {
      await page.locator('.tabs').getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { name, exact: true }).first().waitFor();
      await look(page, problem, `operate-${name.toLowerCase()}`);
    }
    await page.keyboard.press('Control+k');
    await page.keyboard.type('stor');
    await page.locator('dialog.palette a', { hasText: 'Storage' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Storage' }).waitFor();
  } catch (error) {
    problem(`at ${page.url()}: ${error.message}`);
  }
  await page.context().close();
}

await walk('with a script', true);
await walk('without a script', false);
await invite('with a script', true);
await invite('without a script', false);
await overfull();
if (process.env.OPERATOR_TOKEN) await operate();
await finish('the console works, with a script and without,');
