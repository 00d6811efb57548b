// What Lighthouse says of the main pages, as on a desk and as on a phone.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import lighthouse, { desktopConfig } from 'lighthouse';
import { chromium } from 'playwright-core';
import { chromiumFlags, enter, executablePath, origin, problems } from './browser.mjs';
import { traced } from './worlds.mjs';

const least = 95;
const onlyCategories = ['performance', 'accessibility', 'best-practices'];
const kinds = { desk: desktopConfig, phone: undefined };

async function freePort() {
  const probe = createServer();
  await new Promise((done) => { probe.listen(0, '127.0.0.1', done); });
  const { port } = probe.address();
  await new Promise((done) => { probe.close(done); });
  return port;
}

/** A browser with a profile, in which `use` gets a page and a way to have a page judged. */
async function inProfile(use) {
  const profile = mkdtempSync(join(tmpdir(), 'lighthouse-'));
  const port = await freePort();
  const args = [...chromiumFlags, `--remote-debugging-port=${port}`];
  const context = await chromium.launchPersistentContext(profile, { executablePath, args, baseURL: origin });
  try {
    await use(context.pages()[0] ?? await context.newPage(), (name, path) => judge(port, name, path));
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function judge(port, name, path) {
  for (const [kind, config] of Object.entries(kinds)) {
    // Who is signed in stays so.
    const flags = { port, onlyCategories, disableStorageReset: true, logLevel: 'silent' };
    const { lhr } = await lighthouse(origin + path, flags, config);
    if (lhr.finalDisplayedUrl !== origin + path) problems.push(`Lighthouse: ${name} leads to ${lhr.finalDisplayedUrl}`);
    const scores = onlyCategories.map((id) => [id, Math.round(lhr.categories[id].score * 100)]);
    console.log(`      ${name} on a ${kind}: ${scores.map(([id, score]) => `${id} ${score}`).join(', ')}`);
    for (const [id, score] of scores.filter(([, score]) => score < least)) {
      const faults = lhr.categories[id].auditRefs.map((ref) => lhr.audits[ref.id]).filter((audit) => audit.score !== null && audit.score < 0.9);
      const told = faults.map((audit) => `${audit.id}${audit.displayValue ? ` ${audit.displayValue}` : ''}`).join(', ');
      problems.push(`Lighthouse: ${id} of ${name} on a ${kind} is ${score}, less than ${least}: ${told}`);
    }
  }
}

/** The main pages: of anybody, of a workspace, and of those who operate the server. */
export async function judged(world) {
  const place = `/console/workspaces/${world.id}`;
  await traced(world);
  await inProfile(async (page, score) => {
    await score('sign-in', '/console');
    await enter(page, world.owner);
    await score('home', `${place}/home`);
    await score('catalog', place);
    await score('artifact', `${place}/artifacts/${world.artifact}`);
  });
  await inProfile(async (page, score) => {
    await enter(page, world.operator);
    await score('overview', '/console/operate');
    await score('traces', '/console/operate/traces');
  });
}
