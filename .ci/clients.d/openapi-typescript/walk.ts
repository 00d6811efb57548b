// Walks through the API with the TypeScript client that openapi-typescript made of its document.

import assert from "node:assert/strict";
import { argv } from "node:process";

import createClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./schema";

const credentials = { email: "openapi-typescript@example.com", password: "Uncommon-Passphrase-1" };
const metadata = { owner: "team", replicas: 3, public: false, note: null };

const all = "/api/v1/workspaces/{workspace_id}/artifacts";

type Answer<Data> = { data?: Data; error?: components["schemas"]["Problem"]; response: Response };

/** What a call that must succeed answers. */
async function answer<Data>(call: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await call;
  return data ?? assert.fail(`${response.url} answers ${response.status}: ${error?.detail}`);
}

/** The call must be refused, in a problem document with that status and code. */
async function refused(status: number, code: components["schemas"]["ProblemCode"], call: Promise<Answer<unknown>>) {
  const { error, response } = await call;
  assert.deepEqual([response.status, error?.status, error?.code], [status, status, code]);
}

/** Creates, updates and deletes in one request; the last is refused, because the update made another version. */
async function changeMany(client: Client<paths>, workspace_id: string): Promise<void> {
  const params = { path: { workspace_id } };
  const { id } = await answer(client.POST(all, { params, body: { name: "known" } }));
  const operations: components["schemas"]["BulkOperation"][] = [
    { op: "create", name: "new", tags: ["bulk"] },
    { op: "update", id, version: 1, name: "renamed" },
    { op: "delete", id, version: 1 },
  ];
  const { results, succeeded, failed } = await answer(client.POST(`${all}/bulk`, { params, body: { operations } }));
  assert.deepEqual([succeeded, failed], [2, 1]);
  assert.deepEqual(results.map(({ status }) => status), [201, 200, 412]);
  assert.deepEqual([results[0]?.artifact?.tags, results[1]?.artifact?.name], [["bulk"], "renamed"]);
  assert.deepEqual([results[2]?.error?.code, results[2]?.artifact], ["version_mismatch", undefined]);
}

async function main(baseUrl: string): Promise<void> {
  const client = createClient<paths>({ baseUrl });

  const ada = { ...credentials, first_name: "Ada" };
  const registered = await answer(client.POST("/api/v1/auth/register", { body: ada }));
  assert.equal(registered.email, credentials.email);
  const { access_token } = await answer(client.POST("/api/v1/auth/login", { body: credentials }));
  client.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${access_token}`);
    },
  });

  const workspace = await answer(client.POST("/api/v1/workspaces", { body: { name: "TypeScript" } }));
  assert.equal(workspace.user_role, "owner");
  const known = await answer(client.GET("/api/v1/workspaces"));
  assert.deepEqual(known.map(({ id }) => id), [workspace.id]);
  const profile = await answer(client.GET("/api/v1/auth/me"));
  assert.deepEqual([profile.id, profile.first_name, profile.last_name], [registered.user_id, "Ada", null]);

  const inWorkspace = { workspace_id: workspace.id };
  const artifact = await answer(
    client.POST(all, {
      params: { path: inWorkspace },
      body: { name: "first report", tags: ["Made"], artifact_metadata: metadata },
    }),
  );
  assert.deepEqual(artifact.artifact_metadata, metadata);
  const page = await answer(
    client.GET(all, { params: { path: inWorkspace, query: { q: "first", tags: ["made", "other"], limit: 5 } } }),
  );
  assert.equal(page.total, 1);
  assert.equal(page.items[0]?.id, artifact.id);
  const search = { params: { path: inWorkspace, query: { q: "reports", facets: "tags" } } };
  const found = await answer(client.GET(`${all}/search/advanced`, search));
  assert.equal(found.items[0]?.highlights?.name, "first <mark>report</mark>");
  assert.deepEqual(found.facets?.tags, [{ value: "made", count: 1 }]);

  const one = "/api/v1/workspaces/{workspace_id}/artifacts/{artifact_id}";
  const path = { ...inWorkspace, artifact_id: artifact.id };
  const read = await client.GET(one, { params: { path } });
  assert.deepEqual(read.data, artifact);
  const etag = read.response.headers.get("ETag") ?? assert.fail("no ETag");
  const update = { params: { path, header: { "If-Match": etag } }, body: { name: "second", description: null } };
  const updated = await answer(client.PUT(one, update));
  assert.deepEqual([updated.name, updated.tags], ["second", ["made"]]);
  await refused(412, "version_mismatch", client.PUT(one, update));
  const deleted = await client.DELETE(one, { params: { path } });
  assert.equal(deleted.response.status, 204);
  await changeMany(client, workspace.id);
  await refused(404, "artifact_not_found", client.GET(one, { params: { path } }));

  await answer(client.POST("/api/v1/auth/logout"));
  await refused(401, "not_authenticated", client.GET("/api/v1/auth/me"));
}

await main(argv[2] ?? assert.fail("usage: client URL"));
