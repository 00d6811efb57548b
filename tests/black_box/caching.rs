//! Who may store an answer on its way: nobody one with a secret, nobody but the client one that depends on who asks.

use crate::support::account::{Account, PASSWORD, text};
use crate::support::client::Reply;
use crate::support::server::Server;
use serde_json::json;

#[track_caller]
fn assert_secret(reply: &Reply) {
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", reply.body);
}

#[track_caller]
fn assert_private(reply: &Reply) {
    let cache_control = reply.header("cache-control").unwrap_or_default();
    assert!(cache_control.starts_with("private"), "{cache_control:?} on {}", reply.body);
    let vary =
        reply.headers.get_all("vary").iter().map(|line| line.to_str().expect("text")).collect::<Vec<_>>().join(", ");
    assert!(vary.contains("Authorization") && vary.contains("Cookie"), "{vary:?} on {}", reply.body);
}

#[test]
fn s41_answers_with_secrets_are_never_stored() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    let login = json!({"email": owner.email, "password": PASSWORD});
    let key = json!({"name": "CI", "scopes": ["artifacts:read"]});
    assert_secret(&server.client().post("/api/v1/auth/login", &login).expect(200));
    assert_secret(&owner.client.get("/api/v1/auth/me").expect(200));
    assert_secret(&owner.client.post(&format!("{workspace}/api-keys"), &key).expect(201));
    assert_secret(&owner.client.post(&format!("{workspace}/api-keys/"), &key).expect(201));
    assert_secret(&owner.client.post(&format!("{workspace}/switch"), &json!({})).expect(200));
}

#[test]
fn s41_answers_that_depend_on_who_asks_are_stored_by_the_client_alone() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.client.post(&artifacts, &json!({"name": "Anvil"})).expect(201);
    let artifact = format!("{artifacts}/{}", text(&made.json()["id"]));
    assert_private(&made);
    for path in ["/api/v1/workspaces", &artifacts, &artifact] {
        assert_private(&owner.client.get(path).expect(200));
        assert_private(&server.client().get(path).expect(401));
    }
    assert_private(&owner.client.with("If-None-Match", "*").get(&artifact).expect(304));
    assert_eq!(server.client().get("/livez").expect(200).header("cache-control"), None);
}
