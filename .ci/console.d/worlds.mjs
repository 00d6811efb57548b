// What there is to look at: a workspace with nothing in it, a typical one, and one where everything is as long and as strange as
// it may be. And the pages of each, with whom they are for.
import assert from 'node:assert/strict';
import { call, origin, patience, register } from './browser.mjs';

export const roles = ['stranger', 'member', 'admin', 'owner', 'operator'];
const inside = ['member', 'admin', 'owner'];
const managing = ['admin', 'owner'];

const kinds = ['service', 'dataset', 'document', 'build', 'model'];
const teams = ['payments', 'search', 'platform', 'identity', 'analytics', 'mobile'];
const things = ['API', 'gateway', 'events', 'handbook', 'image', 'ranking', 'ledger', 'exporter', 'schema', 'runbook'];
const strange = 'עברית \u2067mixed\u2069 مرحبا "><script>window.forged = 1</script><img src=x onerror=window.forged=1>';

/** An artifact such as a team has. */
function typical(at) {
  const [team, thing, kind] = [teams[at % teams.length], things[at % things.length], kinds[at % kinds.length]];
  return {
    name: `${team}-${thing.toLowerCase()}${at < 30 ? '' : `-${at}`}`,
    artifact_type: kind,
    tags: [team, ...['tier-1', 'public', 'legacy'].filter((_, bit) => (at >> bit) & 1)],
    description: `The **${thing}** of the ${team} team.\n\n- asked ${at * 7} times a day\n- see the [handbook](https://example.com/${team})`,
    artifact_metadata: {
      owner: `team-${team}`, replicas: (at % 5) + 1, size_bytes: 1024 * 1024 * (at + 3), public: at % 2 === 0,
      released: `2026-0${(at % 9) + 1}-1${at % 9}T08:00:00Z`, repository: `https://example.com/${team}/${at}`,
    },
  };
}

/** The longest and strangest artifacts that there may be. */
function overfull() {
  const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`key.${at}.${'k'.repeat(40)}`, 'v'.repeat(at * 20)]));
  const tags = Array.from({ length: 20 }, (_, at) => `${at} ${'t'.repeat(46)}`);
  return [
    { name: 'N'.repeat(255), tags, artifact_metadata: metadata, description: 'D'.repeat(2000) },
    { name: 'שירות חיוב', tags: ['חיוב'], description: strange, artifact_metadata: { strange, backwards: 'שלום' } },
  ];
}

/** Takes artifacts in, ten thousand at a time. */
async function fill(workspace, token, count) {
  for (let from = 0; from < count; from += 10_000) {
    const length = Math.min(10_000, count - from);
    const lines = Array.from({ length }, (_, at) => `${JSON.stringify(typical(from + at))}\n`);
    const answer = await fetch(`${origin}/api/v1/workspaces/${workspace}/artifacts/import`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-ndjson', Authorization: `Bearer ${token}` },
      body: lines.join(''),
      signal: AbortSignal.timeout(10 * patience),
    });
    assert.ok(answer.ok, `importing answered ${answer.status}: ${await answer.clone().text()}`);
    await answer.text();
  }
}

/** A workspace of an owner, with an admin and a member; the stranger is in none. */
async function people(name, description, names) {
  const [owner, admin, member, stranger] = await Promise.all(names.map((first_name) => register({ first_name, last_name: 'Example' })));
  const { id } = await call('/api/v1/workspaces', { name, description }, owner.token);
  for (const [account, role] of [[admin, 'admin'], [member, 'member']]) {
    await call(`/api/v1/workspaces/${id}/members`, { email: account.email, role }, owner.token);
  }
  return { id, owner, admin, member, stranger };
}

/** The worlds. `operator` operates the server, and is in none of their workspaces; `count` is how many artifacts the overfull one has. */
export async function worlds(operator, count) {
  const empty = await people('Nothing yet', '', ['Ada', 'Ben', 'Cleo', 'Dan']);
  const usual = await people('Acme Platform', 'What the teams of Acme run, write and train', ['Olivia', 'Adam', 'Mina', 'Sam']);
  await fill(usual.id, usual.owner.token, 60);
  const long = 'W'.repeat(50);
  const names = ['Ö'.repeat(100), 'שם ארוך מאוד', '<b>Bold</b>', 'Eve'];
  const full = await people(`${long}${long}`, 'x'.repeat(1000), names);
  await fill(full.id, full.owner.token, count);
  usual.artifact = await used(usual, typical(0));
  [full.artifact] = await Promise.all(overfull().map((raw) => used(full, raw)));
  for (const world of [usual, full]) await around(world);
  return { empty: { ...empty, operator }, typical: { ...usual, operator }, overfull: { ...full, operator } };
}

/** An artifact with a history. */
async function used({ id, owner, member }, raw) {
  const made = await call(`/api/v1/workspaces/${id}/artifacts`, raw, owner.token);
  const place = `/api/v1/workspaces/${id}/artifacts/${made.id}`;
  await call(place, { tags: [...raw.tags.slice(0, 19), 'reviewed'] }, member.token, 'PATCH');
  await call(place, { description: `${raw.description.slice(0, 1900)}\n\nIt was moved to another cluster.` }, owner.token, 'PATCH');
  return made.id;
}

/** What there is around the artifacts: something in the trash, an API key, an invitation. */
async function around(world) {
  const { id, owner } = world;
  const { id: trashed } = await call(`/api/v1/workspaces/${id}/artifacts`, { name: 'retired-service', tags: ['legacy'] }, owner.token);
  await call(`/api/v1/workspaces/${id}/artifacts/${trashed}`, undefined, owner.token, 'DELETE');
  world.trashed = trashed;
  await call(`/api/v1/workspaces/${id}/api-keys`, { name: 'nightly import', scopes: ['artifacts:read', 'artifacts:write'] }, owner.token);
  await call(`/api/v1/workspaces/${id}/invitations`, { role: 'member', email: 'guest@example.com' }, owner.token);
}

/** The pages that anybody may look at. */
export const open = [
  ['sign-in', '/console'],
  ['register', '/console/register'],
  ['forgot', '/console/forgot-password'],
  ['verify', '/console/verify-email?token=nothing'],
  ['reset', '/console/reset-password?token=nothing'],
  ['invited-over', '/console/invitation?token=nothing'],
  ['setup-over', '/console/setup?token=nothing'],
];

/** The pages of a world: a name, a path, whom they are for, and what they answer if not 200. */
export function pages({ id, artifact, trashed }, trace) {
  const place = `/console/workspaces/${id}`;
  const one = `${place}/artifacts/${artifact}`;
  const all = [
    ['workspaces', '/console/workspaces', roles],
    ['account', '/console/account', roles],
    ['find', '/console/find?q=pay', roles],
    ['not-found', '/console/workspaces/nowhere', roles, 404],
    ['home', `${place}/home`, inside],
    ['catalog', place, inside],
    ['catalog-found', `${place}?q=gateway&type=dataset&sort=name`, inside],
    ['catalog-nothing', `${place}?q=zyzzyva+AND+-zyzzyva&tag=none`, inside],
    ['catalog-refused', `${place}?q=%22open&sort=colour`, inside, 422],
    ['new', `${place}/new`, inside],
    ['import', `${place}/import`, inside],
    ['tags', `${place}/tags`, inside],
    ['trash', `${place}/trash`, inside],
    ['members', `${place}/members`, inside],
    ['api-keys', `${place}/api-keys`, managing],
    ['audit', `${place}/audit`, managing],
    ['requests', `${place}/traces`, managing],
    ['settings', `${place}/settings`, managing],
    ['artifact', artifact && one, inside],
    ['edit', artifact && `${one}/edit`, inside],
    ['history', artifact && `${one}/history`, inside],
    ['trashed', trashed && `${place}/artifacts/${trashed}`, inside],
    ['request', trace && `${place}/traces/${trace}`, managing],
  ];
  return all.filter(([, path]) => path);
}

/** The pages for operators. */
export const operating = (world, trace) => [
  ['overview', '/console/operate', ['operator']],
  ['traces', '/console/operate/traces', ['operator']],
  ['trace', `/console/operate/traces/${trace}`, ['operator']],
  ['accounts', '/console/operate/accounts', ['operator']],
  ['account-of', `/console/operate/accounts/${world.member.id}`, ['operator']],
  ['workspaces-of-all', '/console/operate/workspaces', ['operator']],
  ['workspace-of', `/console/operate/workspaces/${world.id}`, ['operator']],
  ['storage', '/console/operate/storage', ['operator']],
  ['configuration', '/console/operate/configuration', ['operator']],
  ['log', '/console/operate/log', ['operator']],
];

/** The trace of a change that somebody makes in a world. */
export async function traced({ id, owner }) {
  const answer = await fetch(`${origin}/api/v1/workspaces/${id}/artifacts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${owner.token}` },
    body: JSON.stringify({ name: 'traced', tags: ['traced'] }),
    signal: AbortSignal.timeout(patience),
  });
  assert.equal(answer.status, 201, await answer.text());
  return answer.headers.get('traceresponse').split('-')[1];
}
