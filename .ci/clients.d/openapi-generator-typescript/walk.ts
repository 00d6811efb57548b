// Walks through the API with the TypeScript client that openapi-generator made of its document.

import assert from "node:assert/strict";
import { argv } from "node:process";

import * as api from "./index.js";

const credentials = { email: "openapi-generator-typescript@example.com", password: "Uncommon-Passphrase-1" };
// It knows no null among several alternatives.
const metadata = { owner: "team", replicas: 3, public: false };

/** The call must be refused, in a problem document with that status and code. */
async function refused(status: number, code: api.ProblemCode, call: Promise<unknown>): Promise<void> {
  const refusal = await call.then(
    (answer) => assert.fail(`expected ${status}, but the answer is ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  );
  assert(refusal instanceof api.ResponseError, String(refusal));
  const problem = api.ProblemFromJSON(await refusal.response.json());
  assert.deepEqual([refusal.response.status, problem.status, problem.code], [status, status, code]);
}

/** Creates, updates and deletes in one request; the last is refused, because the update made another version. */
async function changeMany(artifacts: api.ArtifactsApi, workspaceId: string, id: string): Promise<void> {
  const operations: api.BulkOperation[] = [
    { op: "create", name: "new", tags: ["bulk"] },
    { op: "update", id, version: 1, name: "renamed" },
    { op: "delete", id, version: 1 },
  ];
  const bulk = await artifacts.bulkWriteArtifacts({ workspaceId, bulkRequest: { operations } });
  assert.deepEqual([bulk.succeeded, bulk.failed], [2, 1]);
  assert.deepEqual(bulk.results.map(({ status }) => status), [201, 200, 412]);
  const [created, updated, deleted] = bulk.results;
  assert.deepEqual([created?.artifact?.tags, updated?.artifact?.name], [["bulk"], "renamed"]);
  assert.deepEqual([deleted?.error?.code, deleted?.artifact], ["version_mismatch", undefined]);
}

async function main(basePath: string): Promise<void> {
  const anybody = new api.AuthApi(new api.Configuration({ basePath }));
  const registered = await anybody.register({ registerRequest: { ...credentials, firstName: "Ada" } });
  assert.equal(registered.email, credentials.email);
  const { accessToken } = await anybody.login({ loginRequest: credentials });
  const signedIn = new api.Configuration({ basePath, accessToken });
  const auth = new api.AuthApi(signedIn);
  const profile = await auth.me();
  assert.deepEqual([profile.id, profile.firstName, profile.lastName], [registered.userId, "Ada", null]);

  const workspaces = new api.WorkspacesApi(signedIn);
  const workspace = await workspaces.createWorkspace({ createWorkspaceRequest: { name: "TypeScript" } });
  assert.equal(workspace.userRole, "owner");
  const known = await workspaces.listWorkspaces();
  assert.deepEqual(known.map(({ id }) => id), [workspace.id]);

  const artifacts = new api.ArtifactsApi(signedIn);
  const workspaceId = workspace.id;
  const first = { name: "first report", tags: ["Made"], artifactMetadata: metadata };
  const artifact = await artifacts.createArtifact({ workspaceId, createArtifactRequest: first });
  assert.deepEqual(artifact.artifactMetadata, metadata);
  const page = await artifacts.listArtifacts({ workspaceId, q: "first", tags: ["made", "other"], limit: 5 });
  assert.deepEqual([page.total, page.items[0]?.id], [1, artifact.id]);
  const found = await artifacts.searchArtifacts({ workspaceId, q: "reports", facets: "tags" });
  assert.equal(found.items[0]?.highlights?.name, "first <mark>report</mark>");
  assert.deepEqual(found.facets?.tags, [{ value: "made", count: 1 }]);

  await changeMany(artifacts, workspaceId, artifact.id);
  await refused(404, "artifact_not_found", artifacts.getArtifact({ workspaceId, artifactId: workspaceId }));
  await auth.logout();
  await refused(401, "not_authenticated", auth.me());
}

await main(argv[2] ?? assert.fail("usage: walk URL"));
