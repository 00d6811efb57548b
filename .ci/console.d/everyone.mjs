// Every page as everyone there is, with a script and without: who may see it does, everybody else is told so, and nothing is
// offered that one may not have. And each page as a picture, in every world, as axe sees it.
import assert from 'node:assert/strict';
import { accessible, check, enter, fits, look, still } from './browser.mjs';
import { open, operating, pages, roles, traced } from './worlds.mjs';

/** What somebody is answered whom a page is not for. */
function refusal(role, path) {
  if (path.startsWith('/console/operate')) return 403;
  return role === 'stranger' || role === 'operator' ? 404 : 403;
}

/** The tabs of a workspace that each role has. */
const tabs = {
  member: ['Home', 'Catalog', 'Trash', 'Members'],
  admin: ['Home', 'Catalog', 'Trash', 'Members', 'API keys', 'Audit', 'Requests', 'Settings'],
};
tabs.owner = tabs.admin;

async function visit(page, problem, [name, path, whom, usual = 200], role) {
  const answer = await page.goto(path);
  const expected = whom.includes(role) ? usual : refusal(role, path);
  if (answer.status() !== expected) return problem(`${name} answers ${answer.status()} to the ${role}, not ${expected}`);
  if (await page.locator('main h1').count() !== 1) problem(`${name} has no heading, or several`);
  await fits(page, problem, `${name} of the ${role}`);
  const shown = await page.locator('nav.tabs[aria-label=Workspace] a').allInnerTexts();
  if (shown.length > 0) assert.deepEqual(shown, tabs[role], `the tabs that the ${role} has on ${name}`);
  const offers = await page.locator('.account a', { hasText: 'Operate this server' }).count();
  if (role !== 'operator' && offers > 0) problem(`${name} offers the ${role} to operate the server`);
}

/** All pages of a world, as everyone. */
export async function everyone(world, javaScriptEnabled) {
  const script = javaScriptEnabled ? 'with a script' : 'without a script';
  const trace = await traced(world);
  const all = [...pages(world, trace), ...operating(world, trace)];
  for (const role of roles) {
    await check(`the ${role} ${script}`, { javaScriptEnabled }, async (page, { problem }) => {
      await enter(page, world[role]);
      for (const row of all) await visit(page, problem, row, role);
    }, [403, 404, 422]);
  }
  await check(`nobody ${script}`, { javaScriptEnabled }, async (page, { problem }) => {
    for (const [name, path] of open) {
      await page.goto(path);
      assert.equal(await page.locator('main h1').count(), 1, `headings of ${name}`);
    }
    for (const [name, path] of all.filter(([, , , usual = 200]) => usual !== 404)) {
      await page.goto(path);
      if (await page.getByRole('button', { name: 'Sign in' }).count() === 0) problem(`${name} is shown to nobody`);
    }
  }, [400, 404]);
}

/** Every page of a world as a picture, for axe at both ends of the widths, and whether it stays where it is. */
export async function pictures(state, world, isWhole) {
  const trace = world.artifact && await traced(world);
  const seen = async (page, problem, [name, path]) => {
    await page.goto(path);
    await still(page, problem, `${state}-${name}`);
    for (const summary of await page.locator('main details.panel > summary').all()) await summary.click();
    await look(page, problem, `${state}-${name}`, ['phone', 'desk', 'wide']);
    await accessible(page, problem, `${state}-${name}`, 'phone');
  };
  const rows = pages(world, trace);
  await check(`pictures of what is ${state}`, {}, async (page, { problem }) => {
    await enter(page, world.owner);
    for (const row of rows) await seen(page, problem, row);
  }, [404, 422]);
  if (!isWhole) return;
  await check('pictures for operators', {}, async (page, { problem }) => {
    await enter(page, world.operator);
    for (const row of operating(world, trace)) await seen(page, problem, row);
  });
  await check('pictures for anybody', {}, async (page, { problem }) => {
    for (const row of open) await seen(page, problem, row);
  }, [400, 404]);
}

