// Reads and uses the documentation pages as a person with a browser does, and fails on whatever the browser complains
// of (scripts that throw, requests that fail, the content security policy) and on any request to another origin.
//
// Usage: node browser.mjs URL   (playwright-core must be installed beside it)
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chromium } from 'playwright-core';

const { origin } = new URL(process.argv[2]);
const patience = 60_000;
const account = { email: `browser-${randomUUID()}@example.com`, password: 'Uncommon-Passphrase-1' };
const problems = [];

// Called outside the browser, so that it gets no cookie: what the pages may do, they may by "Authorize" alone.
async function call(path, body) {
  const answer = await fetch(origin + path, {
    ...(body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(patience),
  });
  assert.ok(answer.ok, `${path} answered ${answer.status}`);
  return answer.json();
}

async function check(path, use) {
  const context = await browser.newContext();
  context.setDefaultTimeout(patience);
  const problem = (text) => problems.push(`${path}: ${text}`);
  context.on('console', (message) => {
    if (message.type() === 'error') problem(`${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => problem(error.error().stack));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) problem(`requests ${url}`);
  });
  const page = await context.newPage();
  try {
    await page.goto(origin + path);
    assert.equal(await page.title(), 'Ghostworks API');
    await use(page);
  } catch (error) {
    problem(error.message);
  }
  await context.close();
}

async function swaggerUi(page) {
  await page.locator('.opblock').last().waitFor();
  assert.equal(await page.locator('.opblock').count(), operations.length, 'operations shown');
  const groups = await page.locator('.opblock-tag').evaluateAll((tags) => tags.map((tag) => tag.dataset.tag));
  assert.deepEqual(groups.slice(0, 4), ['Auth', 'Workspaces', 'Members', 'Artifacts'], 'the order of the groups');
  assert.equal(await page.locator('.operation-filter-input').count(), 1, 'filter boxes');
  assert.ok((await page.locator('.bar a').first().getAttribute('href')) === 'openapi.json');

  await page.locator('.auth-wrapper .authorize').first().click();
  const bearer = page.locator('.auth-container');
  assert.equal(await bearer.count(), 1, 'ways to authorize');
  await bearer.locator('input').fill(token);
  await bearer.locator('button.authorize').click();
  await bearer.getByText('Authorized', { exact: true }).waitFor();
  await bearer.locator('button.btn-done').click();

  await page.reload();
  await page.locator('.auth-wrapper .authorize.locked').first().waitFor();
  await tryOut(page, 'get', '/api/v1/auth/me', undefined, 200, account.email);
  await tryOut(page, 'post', '/api/v1/workspaces', { name: 'Seen in a browser' }, 201, 'seen-in-a-browser');
}

async function swaggerUiWithSlash(page) {
  await page.locator('.opblock').last().waitFor();
  assert.equal(await page.locator('.bar a').first().evaluate((link) => link.href), `${origin}/openapi.json`);
}

async function tryOut(page, method, path, body, status, answer) {
  const operation = page.locator(`.opblock-${method}`).filter({ has: page.locator(`[data-path="${path}"]`) });
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  if (body) await operation.locator('textarea').fill(JSON.stringify(body));
  await operation.getByRole('button', { name: 'Execute' }).click();
  const row = operation.locator('.live-responses-table tbody tr.response');
  await row.waitFor();
  assert.equal((await row.locator('.response-col_status').innerText()).trim(), `${status}`, `${method} ${path}`);
  await row.locator('.response-col_description').getByText(answer).first().waitFor();
}

async function redoc(page) {
  await page.locator('h2').last().waitFor();
  const shown = await page.locator('h2:visible').allInnerTexts();
  assert.deepEqual(shown.map((title) => title.trim()).sort(), operations.map((it) => it.summary).sort());

  // The search runs in a worker, which the policy must allow.
  await page.getByPlaceholder('Search').fill('Create an artifact');
  await page.getByRole('search').getByRole('menuitem', { name: 'Create an artifact' }).waitFor();
}

const { paths } = await call('/openapi.json');
const operations = Object.values(paths).flatMap((path) => Object.values(path));
assert.ok(operations.length > 0, 'the OpenAPI document has no operations');
await call('/api/v1/auth/register', account);
const { access_token: token } = await call('/api/v1/auth/login', account);

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox', // Chromium has none for root.
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ],
});
await check('/docs', swaggerUi);
await check('/docs/', swaggerUiWithSlash);
await check('/redoc', redoc);
const version = browser.version();
await browser.close();

for (const problem of problems) console.error(`browser: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`Swagger UI and Redoc show ${operations.length} operations in Chromium ${version}; trying them out works`);
