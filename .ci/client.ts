// Walks through the API with the TypeScript client that openapi-typescript made of its document.

import assert from "node:assert/strict";
import { argv } from "node:process";

import createClient from "openapi-fetch";

import type { components, paths } from "./schema";

const credentials = { email: "typescript@example.com", password: "Uncommon-Passphrase-1" };
const metadata = { owner: "team", replicas: 3, public: false, note: null };

type Answer<Data> = { data?: Data; error?: components["schemas"]["Problem"]; response: Response };

/** What a call that must succeed answers. */
async function answer<Data>(call: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await call;
  return data ?? assert.fail(`${response.url} answers ${response.status}: ${error?.detail}`);
}

/** The call must be refused with that status. */
async function refused(status: number, call: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await call;
  assert.equal(response.status, status);
  assert.equal(error?.status, status);
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

  const all = "/api/v1/workspaces/{workspace_id}/artifacts";
  const inWorkspace = { workspace_id: workspace.id };
  const artifact = await answer(
    client.POST(all, {
      params: { path: inWorkspace },
      body: { name: "first", tags: ["Made"], artifact_metadata: metadata },
    }),
  );
  assert.deepEqual(artifact.artifact_metadata, metadata);
  const page = await answer(
    client.GET(all, { params: { path: inWorkspace, query: { q: "first", tags: ["made", "other"], limit: 5 } } }),
  );
  assert.equal(page.total, 1);
  assert.equal(page.items[0]?.id, artifact.id);

  const one = "/api/v1/workspaces/{workspace_id}/artifacts/{artifact_id}";
  const path = { ...inWorkspace, artifact_id: artifact.id };
  const read = await client.GET(one, { params: { path } });
  assert.deepEqual(read.data, artifact);
  const etag = read.response.headers.get("ETag") ?? assert.fail("no ETag");
  const update = { params: { path, header: { "If-Match": etag } }, body: { name: "second", description: null } };
  const updated = await answer(client.PUT(one, update));
  assert.deepEqual([updated.name, updated.tags], ["second", ["made"]]);
  await refused(412, client.PUT(one, update));
  const deleted = await client.DELETE(one, { params: { path } });
  assert.equal(deleted.response.status, 204);
  await refused(404, client.GET(one, { params: { path } }));

  await answer(client.POST("/api/v1/auth/logout"));
  await refused(401, client.GET("/api/v1/auth/me"));
}

await main(argv[2] ?? assert.fail("usage: client URL"));
