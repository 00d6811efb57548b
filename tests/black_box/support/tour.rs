//! A tour through the API: every use case once and well, and the failures that people make.

use serde_json::json;

use super::account::{Account, PASSWORD, login, text};
use super::browser::Browser;
use super::client::Client;
use super::server::{Server, Setup};
use super::unique;

/// What of a tour must show nowhere.
pub struct Secrets(pub Vec<String>);

impl Secrets {
    fn add(&mut self, secret: impl Into<String>) {
        self.0.push(secret.into());
    }
}

/// The token of the operator.
pub const OPERATOR: &str = "operators-have-a-token";

/// A server on which a tour can see everything.
pub fn setup() -> Setup {
    Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR)
}

/// Uses everything there is, on a server of [`setup`].
pub fn tour(server: &Server) -> Secrets {
    let owner = Account::new(server);
    let other = Account::new(server);
    let mut secrets = Secrets(vec![PASSWORD.to_owned(), "Wrong-horse-7".to_owned(), "@example.com".to_owned()]);
    for account in [&owner, &other] {
        secrets.add(&account.email);
        secrets.add(&account.access);
        secrets.add(&account.refresh);
    }
    workspaces(&owner, &other, &mut secrets);
    artifacts(&owner);
    failures(server, &owner);
    accounts(server, &owner, &mut secrets);
    server.client().get("/api/v1/system/stats").expect(200);
    let operator = server.client().bearer(OPERATOR);
    operated_accounts(&operator, &other, &mut secrets);
    operator.send("POST", "/api/v1/operator/reload", "application/json", "").expect(200);
    operator.get("/api/v1/operator/log-level").expect(200);
    operator.get("/api/v1/operator/configuration").expect(200);
    operated_workspaces(&operator, &owner);
    operator.get("/api/v1/operator/read-only").expect(200);
    operator.get("/api/v1/operator/storage").expect(200);
    operator.call("POST", "/api/v1/operator/check").expect(200);
    operator.get("/api/v1/operator/search-index").expect(200);
    operator.call("POST", "/api/v1/operator/signing-key/rotate").expect(200);
    assert_eq!(server.client().bearer(OPERATOR).download("/api/v1/system/backup").0, 200);
    let operator = server.client().bearer(OPERATOR);
    let traces = operator.get("/api/v1/system/traces").expect(200).json();
    operator.get(&format!("/api/v1/system/traces/{}", text(&traces["items"][0]["trace_id"]))).expect(200);
    operator.get("/api/v1/system/log").expect(200);
    operator.get("/api/v1/system/metrics/history").expect(200);
    secrets.add(OPERATOR);
    secrets
}

fn operated_accounts(operator: &Client, other: &Account, secrets: &mut Secrets) {
    operator.get("/api/v1/operator/accounts").expect(200);
    let account = format!("/api/v1/operator/accounts/{}", other.id);
    operator.get(&account).expect(200);
    operator.send("POST", &format!("{account}/enable"), "application/json", "").expect(200);
    operator.send("POST", &format!("{account}/grant-operator"), "application/json", "").expect(200);
    let new = json!({"email": format!("{}@example.com", unique("person")), "first_name": "Tourist-known-by-name"});
    let made = operator.post("/api/v1/operator/accounts", &new).expect(201).json();
    let link = text(&made["link"]["url"]);
    secrets.add(link.split_once("token=").expect("a token").1);
    secrets.add("Tourist-known-by-name");
    operator.get(&format!("{account}/sessions")).expect(200);
    operator.get(&format!("{account}/export")).expect(200);
    operator.put(&format!("{account}/password"), &json!({"new_password": "Further-horse-9"})).expect(200);
    secrets.add("Further-horse-9");
    operator.delete(&format!("{account}/sessions")).expect(200);
    operator.delete(&format!("/api/v1/operator/accounts/{}", text(&made["account"]["id"]))).expect(200);
}

fn operated_workspaces(operator: &Client, owner: &Account) {
    let workspaces = "/api/v1/operator/workspaces";
    operator.get(workspaces).expect(200);
    let workspace = format!("{workspaces}/{}", owner.workspace());
    operator.get(&workspace).expect(200);
    operator.call("POST", &format!("{workspace}/suspend")).expect(200);
    // With a token it is for nobody.
    let artifacts = format!("{workspace}/artifacts");
    operator.get(&format!("{artifacts}/export")).expect(403);
    operator.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", "{}").expect(403);
    operator.delete(&workspace).expect(200);
}

fn workspaces(owner: &Account, other: &Account, secrets: &mut Secrets) {
    let workspace = owner.workspace();
    let path = format!("/api/v1/workspaces/{workspace}");
    let client = &owner.client;
    client.get("/api/v1/workspaces").expect(200);
    client.get(&path).expect(200);
    client.patch(&path, &json!({"name": "Renamed"})).expect(200);
    let member = json!({"email": other.email, "role": "member"});
    client.post(&format!("{path}/members"), &member).expect(201);
    client.get(&format!("{path}/members")).expect(200);
    client.put(&format!("{path}/members/{}/role", other.id), &json!({"role": "admin"})).expect(200);
    client.delete(&format!("{path}/members/{}", other.id)).expect(200);
    invitations(&path, owner, other, secrets);
    let key = client
        .post(&format!("{path}/api-keys"), &json!({"name": "robot", "scopes": ["artifacts:read"]}))
        .expect(201)
        .json();
    secrets.add(text(&key["key"]));
    client.get(&format!("{path}/api-keys")).expect(200);
    client.delete(&format!("{path}/api-keys/{}", text(&key["id"]))).expect(204);
    client.get(&format!("{path}/audit")).expect(200);
    client.get(&format!("{path}/traces")).expect(200);
    client.delete(&path).expect(204);
}

fn invitations(path: &str, owner: &Account, other: &Account, secrets: &mut Secrets) {
    let client = &owner.client;
    let invitations = format!("{path}/invitations");
    let made = client.post(&invitations, &json!({"email": other.email, "role": "member"})).expect(201).json();
    secrets.add(text(&made["token"]));
    client.get(&invitations).expect(200);
    let accept = json!({"token": made["token"]});
    other.client.post("/api/v1/auth/invitations/accept", &accept).expect(200);
    client.post(&format!("{path}/transfer"), &json!({"user_id": other.id})).expect(200);
    other.client.post(&format!("{path}/transfer"), &json!({"user_id": owner.id})).expect(200);
    other.client.call("POST", &format!("{path}/leave")).expect(200);
    let link = client.post(&invitations, &json!({"role": "member"})).expect(201).json();
    secrets.add(text(&link["token"]));
    client.delete(&format!("{invitations}/{}", text(&link["id"]))).expect(204);
}

fn artifacts(owner: &Account) {
    let client = &owner.client;
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "n", "artifact_type": "document"}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    client.get(&path).expect(200);
    client.get(&artifacts).expect(200);
    client.get(&format!("{artifacts}?q=n&limit=1")).expect(200);
    client.get(&format!("{artifacts}/search/advanced?q=n")).expect(200);
    client.patch(&path, &json!({"name": "m"})).expect(200);
    client.get(&format!("{path}/history")).expect(200);
    client.get(&format!("{artifacts}/stats")).expect(200);
    client.get(&format!("{artifacts}/tags?prefix=n")).expect(200);
    let writes = json!({"operations": [{"op": "create", "name": "b"}]});
    client.post(&format!("{artifacts}/bulk"), &writes).expect(200);
    let exported = client.get(&format!("{artifacts}/export")).expect(200).body;
    client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", exported).expect(200);
    client.delete(&path).expect(204);
    client.call("POST", &format!("{path}/restore")).expect(200);
    client.delete(&path).expect(204);
    client.delete(&format!("{path}?purge=true")).expect(204);
}

fn failures(server: &Server, owner: &Account) {
    let client = server.client();
    Browser::of_nobody(&client).send("/console/setup", &[("token", "not-one-that-was-ever-made")]).expect(400);
    login(&client, &owner.email, "Wrong-horse-7").expect(401);
    login(&client, "nobody@example.com", PASSWORD).expect(401);
    client.post("/api/v1/auth/register", &json!({"email": owner.email, "password": PASSWORD})).expect(409);
    owner.client.post("/api/v1/workspaces", &json!({"name": ""})).expect(422);
    client.get("/nowhere").expect(404);
}

fn accounts(server: &Server, owner: &Account, secrets: &mut Secrets) {
    let anyone = server.client();
    anyone.call("POST", "/api/v1/auth/verify-email?verification_token=not-one-that-was-ever-sent").expect(400);
    for path in ["/api/v1/auth/verify-email/resend", "/api/v1/auth/password/forgot"] {
        anyone.post(path, &json!({"email": owner.email})).expect(200);
    }
    let reset = json!({"token": "not-one-that-was-ever-sent", "new_password": "Other-horse-8"});
    anyone.post("/api/v1/auth/password/reset", &reset).expect(400);
    owner.client.get("/api/v1/auth/me").expect(200);
    let names = json!({"current_password": PASSWORD, "last_name": "Tourist-known-by-name"});
    owner.client.patch("/api/v1/auth/me", &names).expect(200);
    let address = json!({"current_password": PASSWORD, "new_email": format!("{}@example.com", unique("person"))});
    owner.client.post("/api/v1/auth/me/email", &address).expect(200);
    owner.client.post("/api/v1/auth/me/export", &json!({"current_password": PASSWORD})).expect(200);
    owner.client.get("/api/v1/auth/sessions").expect(200);
    owner.client.delete("/api/v1/auth/sessions").expect(200);
    let workspace = owner.workspace();
    let refresh = json!({"refresh_token": owner.refresh});
    let tokens = anyone.post("/api/v1/auth/refresh", &refresh).expect(200).json();
    secrets.add(text(&tokens["access_token"]));
    secrets.add(text(&tokens["refresh_token"]));
    let client = anyone.bearer(&text(&tokens["access_token"]));
    let switched = client.call("POST", &format!("/api/v1/workspaces/{workspace}/switch")).expect(200).json();
    secrets.add(text(&switched["access_token"]));
    let client = anyone.bearer(&text(&switched["access_token"]));
    let change = json!({"current_password": PASSWORD, "new_password": "Other-horse-8"});
    client.post("/api/v1/auth/password/change", &change).expect(200);
    secrets.add("Other-horse-8");
    let tokens = login(&anyone, &owner.email, "Other-horse-8").expect(200).json();
    anyone.bearer(&text(&tokens["access_token"])).call("POST", "/api/v1/auth/logout").expect(200);
    let leaving = Account::new(server);
    leaving.client.post("/api/v1/auth/me/delete", &json!({"current_password": PASSWORD})).expect(200);
    secrets.add(&leaving.email);
}
