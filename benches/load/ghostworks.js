// What a service like this one is usually judged by: 50 people at a time, each of whom looks at the health, at who they
// are, at a list, adds an artifact and searches for it. See README.md.

import { check } from "k6";
import http from "k6/http";

const URL = __ENV.GHOSTWORKS_URL || "http://127.0.0.1:8000";
const USERS = Number(__ENV.USERS || 50);
const DURATION = __ENV.DURATION || "30s";
const PASSWORD = "Uncommon-Passphrase-1";
// What was created is deleted in the end, this many at a time.
const BATCH = 20;

const latencies = {
  http_req_duration: ["p(95)<200"],
  "http_req_duration{name:health}": ["p(95)<50"],
  "http_req_duration{name:search}": ["p(95)<500"],
};

export const options = {
  vus: USERS,
  duration: DURATION,
  setupTimeout: "60s",
  teardownTimeout: "300s",
  thresholds: {
    checks: ["rate==1"],
    http_req_failed: ["rate==0"],
    ...(__ENV.LATENCIES === "off" ? {} : latencies),
  },
};

function request(method, path, name, body, token) {
  const headers = { "Content-Type": "application/json" };
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  return http.request(method, URL + path, body && JSON.stringify(body), { headers, tags: { name } });
}

/** What the answer holds, provided that it has the status. */
function answer(response, status) {
  const expected = `${response.request.method} is answered with ${status}`;
  if (!check(response, { [expected]: () => response.status === status })) {
    throw new Error(`${response.request.method} ${response.request.url}: ${response.status} ${response.body}`);
  }
  return response.body ? response.json() : null;
}

/** An account with a workspace for each virtual user. */
export function setup() {
  return Array.from({ length: USERS }, (_, number) => {
    const credentials = { email: `load-${Date.now()}-${number}@example.com`, password: PASSWORD };
    answer(request("POST", "/api/v1/auth/register", "register", credentials), 201);
    const { access_token: token } = answer(request("POST", "/api/v1/auth/login", "login", credentials), 200);
    const workspace = answer(request("POST", "/api/v1/workspaces", "workspace", { name: "Load" }, token), 201);
    return { token, artifacts: `/api/v1/workspaces/${workspace.id}/artifacts` };
  });
}

export default function (people) {
  const { token, artifacts } = people[(__VU - 1) % people.length];
  const word = `w${__VU}x${__ITER}`;
  answer(request("GET", "/health", "health"), 200);
  answer(request("GET", "/api/v1/auth/me", "me", null, token), 200);
  answer(request("GET", `${artifacts}?limit=20`, "list", null, token), 200);
  const body = { name: `Artifact ${word}`, description: "Under load", tags: ["load"], artifact_metadata: { n: 1 } };
  answer(request("POST", artifacts, "create", body, token), 201);
  const found = answer(request("GET", `${artifacts}?q=${word}`, "search", null, token), 200);
  check(found, { "a new artifact is found at once": (page) => page.total >= 1 });
}

/** Deletes what was created. */
export function teardown(people) {
  for (const { token, artifacts } of people) {
    const params = { headers: { Authorization: `Bearer ${token}` }, tags: { name: "delete" } };
    let page;
    do {
      page = answer(request("GET", `${artifacts}?limit=100`, "list to delete", null, token), 200);
      for (let from = 0; from < page.items.length; from += BATCH) {
        const batch = page.items.slice(from, from + BATCH);
        const deletions = batch.map(({ id }) => ["DELETE", `${URL}${artifacts}/${id}`, null, params]);
        http.batch(deletions).forEach((response) => answer(response, 204));
      }
    } while (page.has_more);
  }
}
