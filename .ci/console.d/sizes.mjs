// How much a page is over the wire, as a browser counts it: the first one with everything that it needs, the others with what
// the browser keeps. And how long the server takes for it.
import { call, check, enter, origin, patience, signIn } from './browser.mjs';
import { operating, pages, traced } from './worlds.mjs';

const first = 40 * 1000;
const others = 25 * 1000;
/** The most milliseconds that half of the requests may take. */
const milliseconds = 5;
const asked = 101;

/** Loads a page; says how many bytes came over the wire for it. */
async function weighed(page, load) {
  const devtools = await page.context().newCDPSession(page);
  let bytes = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await devtools.send('Network.enable');
  await load();
  await page.waitForLoadState('networkidle');
  await devtools.detach();
  return bytes;
}

/** What every page weighs; `isJudged` if it is a usual one. */
export async function sizes(state, world, isJudged) {
  const trace = world.artifact && await traced(world);
  const most = { bytes: 0 };
  const judge = (problem, name, bytes, limit) => {
    if (bytes > most.bytes) Object.assign(most, { name, bytes });
    if (isJudged && bytes > limit) problem(`${name} is ${bytes} bytes over the wire, more than ${limit}`);
  };
  for (const [account, rows] of [[world.owner, pages(world, trace)], [world.operator, operating(world, trace)]]) {
    await check(`sizes of what is ${state}`, {}, async (page, { problem }) => {
      judge(problem, 'the first page', await weighed(page, () => page.goto('/console')), first);
      await signIn(page, account);
      await page.locator('.account').waitFor();
      for (const [name, path] of rows) judge(problem, name, await weighed(page, () => page.goto(path)), others);
    }, [404, 422]);
  }
  console.log(`      the largest page of what is ${state} is ${most.name}: ${(most.bytes / 1000).toFixed(1)} kB over the wire`);
}

/** How long the server takes for the pages that one has open all day, half of the time; judged unless LATENCIES is off. */
export async function latencies(world) {
  const { total } = await call(`/api/v1/workspaces/${world.id}/artifacts?limit=1`, undefined, world.owner.token, 'GET');
  await check('latencies', {}, async (page, { problem }) => {
    await enter(page, world.owner);
    const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    const place = `/console/workspaces/${world.id}`;
    const all = { home: `${place}/home`, catalog: place, found: `${place}?q=gateway&tag=payments`, artifact: `${place}/artifacts/${world.artifact}` };
    const told = [];
    for (const [name, path] of Object.entries(all)) {
      const took = [];
      for (let at = 0; at < asked; at += 1) {
        const before = performance.now();
        const answer = await fetch(origin + path, { headers: { Cookie: cookie }, redirect: 'error', signal: AbortSignal.timeout(patience) });
        await answer.arrayBuffer();
        took.push(performance.now() - before);
      }
      const half = took.sort((a, b) => a - b)[(asked - 1) / 2];
      told.push(`${name} ${half.toFixed(1)} ms`);
      if (process.env.LATENCIES !== 'off' && half > milliseconds) problem(`${name} takes ${half.toFixed(1)} ms, half of the time`);
    }
    console.log(`      with ${total} artifacts, half of the time: ${told.join(', ')}`);
  });
}
