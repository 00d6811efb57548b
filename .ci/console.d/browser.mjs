// A real browser, and what its checks have in common: pages whose complaints are noted, accounts, and a close look at a page.
//
// The first argument of the program is the URL of a running ghostworks. playwright-core and axe-core must be installed beside it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

export const { origin } = new URL(process.argv[2]);
export const patience = 60_000;
export const password = 'Uncommon-Passphrase-1';
export const widths = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 860 }, wide: { width: 1920, height: 1080 } };
/** What was wrong, each in a line. */
export const problems = [];

const shots = process.env.SHOTS;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A picture of a page that never ends would be of no use. */
const highest = 4000;
/** What moves by itself once a page is there: nothing that one would see. */
const stillness = 0.02;

export const chromiumFlags = [
  '--no-sandbox', // Chromium has none for root.
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];
export const executablePath = '/usr/bin/chromium';
export const browser = await chromium.launch({ executablePath, args: chromiumFlags });

/** Calls the API: a POST, unless the method is another. */
export async function call(path, body, token, method = 'POST') {
  const answer = await fetch(origin + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(patience),
  });
  assert.ok(answer.ok, `${path} answered ${answer.status}: ${await answer.clone().text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

/** A new account, and a token of its own for the API. */
export async function register(names = { first_name: 'Ann' }) {
  const account = { email: `console-${randomUUID()}@example.com`, password };
  const { user_id: id } = await call('/api/v1/auth/register', { ...account, ...names });
  const { access_token: token } = await call('/api/v1/auth/login', account);
  return { ...account, id, token };
}

/**
 * A page in a browser of its own, whose complaints are noted. What the page is refused as expected is named by `allow`: for
 * Chromium every answer of 400 and above is an error.
 */
export async function open(name, options) {
  const context = await browser.newContext({ baseURL: origin, viewport: widths.desk, ...options });
  context.setDefaultTimeout(patience);
  const allowed = new Set();
  const problem = (text) => problems.push(`${name}: ${text}`);
  context.on('console', (message) => {
    const refused = message.text().match(/^Failed to load resource: the server responded with a status of (\d+)/);
    if (refused && allowed.has(Number(refused[1]))) return;
    if (message.type() === 'error') problem(`${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => problem(error.error().stack));
  context.on('dialog', (dialog) => {
    problem(`asks: ${dialog.message()}`);
    dialog.dismiss();
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin) problem(`requests ${url}`);
  });
  const page = await context.newPage();
  return { page, problem, allow: (...statuses) => statuses.forEach((status) => allowed.add(status)) };
}

/** Opens a page for what `use` does there; whatever fails is noted, with where. `refusals` are statuses that it expects to see. */
export async function check(name, options, use, refusals = []) {
  const opened = await open(name, options);
  opened.allow(...refusals);
  try {
    await use(opened.page, opened);
  } catch (error) {
    opened.problem(`at ${opened.page.url()}: ${error.message}`);
  }
  await opened.page.context().close();
}

export async function signIn(page, account) {
  await page.getByLabel('E-mail address').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Goes to the console and signs in. */
export async function enter(page, account) {
  await page.goto('/console');
  await signIn(page, account);
  await page.locator('.account').waitFor();
}

/** A button or a link that is called exactly so. */
export const click = (page, role, name) => page.getByRole(role, { name, exact: true }).click();

/** Presses a button that sends a form, and waits for the page that comes of it. */
export async function send(page, button) {
  await Promise.all([page.waitForEvent('framenavigated'), button.click()]);
  await page.waitForLoadState();
}

/** Opens what is folded away under this heading. */
export const unfold = (page, heading) => page.locator('main summary', { hasText: heading }).first().click();

/** Says if the page is wider than the screen. */
export async function fits(page, problem, name) {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  if (content > screen) problem(`${name} is ${content} pixels wide on a screen of ${screen}`);
}

/** Says what axe finds in either theme. */
export async function accessible(page, problem, name, size = 'desk') {
  await page.setViewportSize(widths[size]);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    for (const { id, nodes } of violations) {
      problem(`${name}: axe finds ${id} at ${nodes[0].target} in ${colorScheme}, ${size}`);
    }
  }
}

/**
 * Takes pictures of where the page is, at every width and in both themes, and says if it is wider than the screen, or what axe
 * finds. Without SHOTS, the name of a directory, no pictures are kept.
 */
export async function look(page, problem, name, sizes = ['phone', 'desk']) {
  for (const size of sizes) {
    await page.setViewportSize(widths[size]);
    await fits(page, problem, name);
    for (const colorScheme of shots ? ['light', 'dark'] : []) {
      await page.emulateMedia({ colorScheme });
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      const clip = { x: 0, y: 0, width: widths[size].width, height: Math.min(Math.max(height, widths[size].height), highest) };
      await page.screenshot({ path: `${shots}/${name}-${size}-${colorScheme}.png`, fullPage: true, clip });
    }
  }
  await accessible(page, problem, name);
  await page.setViewportSize(widths.desk);
}

/** How much moved while the page was loaded, as browsers count it; says if one could see it. */
export async function still(page, problem, name) {
  const moved = await page.evaluate(() => new Promise((done) => {
    let sum = 0;
    const add = (list) => list.getEntries().forEach((entry) => { sum += entry.hadRecentInput ? 0 : entry.value; });
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
  }));
  if (moved > stillness) problem(`${name} moves while it is loaded: ${moved.toFixed(3)}`);
}

/** Says what was wrong, and ends: with a failure, if anything was. */
export async function finish(words) {
  const version = browser.version();
  await browser.close();
  for (const problem of problems) console.error(`console: ${problem}`);
  if (problems.length > 0) process.exit(1);
  console.log(`${words} in Chromium ${version}`);
}
