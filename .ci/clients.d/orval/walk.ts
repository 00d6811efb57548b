// Walks through the API with the TypeScript client that orval made of its document.

import assert from "node:assert/strict";

import * as api from "./ghostworks.js";

const credentials = { email: "orval@example.com", password: "Uncommon-Passphrase-1" };
const metadata = { owner: "team", replicas: 3, public: false, note: null };

/** What a call that must succeed answers. */
async function answer<Status extends number, Answer extends { status: number; data: unknown }>(
  status: Status,
  call: Promise<Answer>,
): Promise<Extract<Answer, { status: Status }>["data"]> {
  const { data, status: actual } = await call;
  assert.equal(actual, status, JSON.stringify(data));
  return data;
}

/** The call must be refused, in a problem document with that status and code. */
async function refused<Status extends number, Answer extends { status: number; data: unknown }>(
  status: Status,
  code: api.ProblemCode,
  call: Promise<Answer>,
): Promise<void> {
  const problem = (await answer(status, call)) as api.Problem;
  assert.deepEqual([problem.status, problem.code], [status, code]);
}

/** Creates, updates and deletes in one request; the last is refused, because the update made another version. */
async function changeMany(workspace: string, id: string, signedIn: RequestInit): Promise<void> {
  const operations: api.BulkOperation[] = [
    { op: "create", name: "new", tags: ["bulk"] },
    { op: "update", id, version: 1, name: "renamed" },
    { op: "delete", id, version: 1 },
  ];
  const bulk = await answer(200, api.bulkWriteArtifacts(workspace, { operations }, signedIn));
  assert.deepEqual([bulk.succeeded, bulk.failed], [2, 1]);
  assert.deepEqual(bulk.results.map(({ status }) => status), [201, 200, 412]);
  const [created, updated, deleted] = bulk.results;
  assert.deepEqual([created?.artifact?.tags, updated?.artifact?.name], [["bulk"], "renamed"]);
  assert.deepEqual([deleted?.error?.code, deleted?.artifact], ["version_mismatch", undefined]);
}

async function main(): Promise<void> {
  const registered = await answer(201, api.register({ ...credentials, first_name: "Ada" }));
  assert.equal(registered.email, credentials.email);
  const { access_token } = await answer(200, api.login(credentials));
  const signedIn = { headers: { Authorization: `Bearer ${access_token}` } };
  const profile = await answer(200, api.me(signedIn));
  assert.deepEqual([profile.id, profile.first_name, profile.last_name], [registered.user_id, "Ada", null]);

  const workspace = await answer(201, api.createWorkspace({ name: "orval" }, signedIn));
  assert.equal(workspace.user_role, "owner");
  const known = await answer(200, api.listWorkspaces(undefined, signedIn));
  assert.deepEqual(known.map(({ id }) => id), [workspace.id]);

  const first = { name: "first report", tags: ["Made"], artifact_metadata: metadata };
  const artifact = await answer(201, api.createArtifact(workspace.id, first, signedIn));
  assert.deepEqual(artifact.artifact_metadata, metadata);
  const list = { q: "first", tags: ["made", "other"], limit: 5 };
  const page = await answer(200, api.listArtifacts(workspace.id, list, signedIn));
  assert.deepEqual([page.total, page.items[0]?.id], [1, artifact.id]);
  const found = await answer(200, api.searchArtifacts(workspace.id, { q: "reports", facets: "tags" }, signedIn));
  assert.equal(found.items[0]?.highlights?.name, "first <mark>report</mark>");
  assert.deepEqual(found.facets?.tags, [{ value: "made", count: 1 }]);

  await changeMany(workspace.id, artifact.id, signedIn);
  await refused(404, "artifact_not_found", api.getArtifact(workspace.id, workspace.id, signedIn));
  await answer(200, api.logout(undefined, signedIn));
  await refused(401, "not_authenticated", api.me(signedIn));
}

await main();
