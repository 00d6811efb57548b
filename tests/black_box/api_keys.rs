//! API keys: made by admins, good for artifacts of one workspace, and dead as soon as they should be.

use std::fs;
use std::path::Path;

use crate::support::account::{Account, text};
use crate::support::client::Client;
use crate::support::exposition::Exposition;
use crate::support::server::{Server, Setup};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const BOTH: [&str; 2] = ["artifacts:read", "artifacts:write"];

/// Makes a key and returns it, with its text.
fn make(by: &Account, workspace: &str, scopes: &[&str]) -> Value {
    let body = json!({"name": "CI", "scopes": scopes});
    by.client.post(&format!("{workspace}/api-keys"), &body).expect(201).json()
}

fn workspace(owner: &Account) -> String {
    format!("/api/v1/workspaces/{}", owner.workspace())
}

fn holder(server: &Server, key: &Value) -> Client {
    server.client().bearer(&text(&key["key"]))
}

#[test]
fn a_key_is_shown_once_and_works_with_the_artifacts_of_its_workspace() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let keys = format!("{workspace}/api-keys");
    let made = make(&owner, &workspace, &BOTH);
    let secret = text(&made["key"]);
    assert!(secret.starts_with("gwk_") && secret.len() >= 4 + 86, "{secret}");
    assert_eq!((&made["name"], &made["scopes"]), (&json!("CI"), &json!(BOTH)));
    assert_eq!((&made["created_by"], &made["expires_at"]), (&json!(owner.id), &Value::Null));

    let listed = owner.client.get(&keys).expect(200);
    assert!(!listed.body.contains(&secret) && !listed.body.contains("digest"), "{}", listed.body);
    assert_eq!((&listed.json()[0]["id"], &listed.json()[0]["last_used_at"]), (&made["id"], &Value::Null));

    let holder = holder(&server, &made);
    let artifacts = format!("{workspace}/artifacts");
    let artifact = holder.post(&artifacts, &json!({"name": "made by a machine"})).expect(201).json();
    assert_eq!(artifact["created_by"], json!(owner.id));
    let path = format!("{artifacts}/{}", text(&artifact["id"]));
    assert_eq!(holder.get(&path).expect(200).json(), artifact);
    assert_eq!(holder.get(&artifacts).expect(200).json()["total"], 1);
    holder.patch(&path, &json!({"name": "changed by a machine"})).expect(200);
    holder.delete(&path).expect(204);
    assert!(text(&owner.client.get(&keys).expect(200).json()[0]["last_used_at"]).ends_with('Z'));

    let audit = owner.client.get(&format!("{workspace}/audit")).expect(200).json();
    assert_eq!(audit["items"][0]["action"], "artifact.deleted");
    let actor = &audit["items"][0]["actor"];
    assert_eq!((&actor["user_id"], &actor["api_key_id"]), (&json!(owner.id), &made["id"]));
}

#[test]
fn a_key_does_what_it_was_made_for_where_it_was_made() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let (own, other) = (workspace(&owner), workspace(&owner));
    let (reader, writer) = (make(&owner, &own, &BOTH[..1]), make(&owner, &own, &BOTH[1..]));
    let (reader, writer) = (holder(&server, &reader), holder(&server, &writer));
    let (artifacts, foreign) = (format!("{own}/artifacts"), format!("{other}/artifacts"));

    reader.get(&artifacts).expect(200);
    reader.post(&artifacts, &json!({"name": "no"})).problem(403, "missing_scope");
    writer.post(&artifacts, &json!({"name": "yes"})).expect(201);
    writer.get(&artifacts).problem(403, "missing_scope");
    reader.get(&foreign).problem(404, "workspace_not_found");
    writer.post(&foreign, &json!({"name": "no"})).problem(404, "workspace_not_found");

    let keys = format!("{own}/api-keys");
    for path in
        ["/api/v1/auth/me", "/api/v1/workspaces", &own, &keys, &format!("{own}/members"), &format!("{own}/audit")]
    {
        reader.get(path).problem(403, "api_key_not_allowed");
    }
    let body = json!({"name": "another", "scopes": BOTH});
    writer.post(&keys, &body).problem(403, "api_key_not_allowed");
    writer.delete(&own).problem(403, "api_key_not_allowed");
}

#[test]
fn what_is_no_good_key_is_not_signed_in() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let artifacts = format!("{workspace}/artifacts");
    let (key, another) = (make(&owner, &workspace, &BOTH), make(&owner, &workspace, &BOTH));
    let (text_of, other) = (text(&key["key"]), text(&another["key"]));
    // The ids of the one with the secret of the other.
    let mixed = format!("{}{}", &text_of[..47], &other[47..]);
    for bad in ["gwk_", "gwk_AAAA", &text_of[..text_of.len() - 4], &mixed, &text_of.replace("gwk_", "gwk-")] {
        server.client().bearer(bad).get(&artifacts).problem(401, "not_authenticated");
        server.client().bearer(bad).get("/api/v1/auth/me").problem(401, "not_authenticated");
    }

    let holder = holder(&server, &key);
    holder.get(&artifacts).expect(200);
    let path = format!("{workspace}/api-keys/{}", text(&key["id"]));
    owner.client.delete(&path).expect(204);
    holder.get(&artifacts).problem(401, "not_authenticated");
    owner.client.delete(&path).problem(404, "api_key_not_found");
    server.client().bearer(&other).get(&artifacts).expect(200);
}

#[test]
fn a_key_ends_when_it_said_it_would() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    // On a machine that is slow enough, the end is over before the key is made: then once more.
    let key = (0..20).find_map(|_| make_short(&owner, &workspace)).expect("a key");
    let holder = holder(&server, &key);
    let artifacts = format!("{workspace}/artifacts");
    let mut asked = (0..100_000).map(|_| holder.get(&artifacts)).skip_while(|reply| reply.status == 200);
    asked.next().expect("it ends").problem(401, "not_authenticated");
    let listed = owner.client.get(&format!("{workspace}/api-keys")).expect(200).json();
    assert_eq!((&listed[0]["id"], &listed[0]["expires_at"]), (&key["id"], &key["expires_at"]), "it is still listed");
}

/// Makes a key that ends in a second by the server's clock; none if that was too short.
fn make_short(by: &Account, workspace: &str) -> Option<Value> {
    let now = text(&by.client.get("/health").expect(200).json()["timestamp"]);
    let end = now.parse::<jiff::Timestamp>().expect("a time") + jiff::SignedDuration::from_secs(1);
    let body = json!({"name": "short", "scopes": BOTH, "expires_at": end.to_string()});
    let made = by.client.post(&format!("{workspace}/api-keys"), &body);
    (made.status == 201).then(|| made.json())
}

#[test]
fn a_key_is_no_better_than_who_made_it() {
    let server = Server::shared();
    let (owner, admin) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let (members, artifacts) = (format!("{workspace}/members"), format!("{workspace}/artifacts"));
    owner.client.post(&members, &json!({"email": admin.email, "role": "admin"})).expect(201);
    let holder = holder(&server, &make(&admin, &workspace, &BOTH));
    holder.get(&artifacts).expect(200);
    owner.client.delete(&format!("{members}/{}", admin.id)).expect(200);
    holder.get(&artifacts).problem(404, "workspace_not_found");
}

#[test]
fn s18_a_disabled_account_has_no_keys_either() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let key = make(&owner, &workspace, &BOTH);
    let artifacts = format!("{workspace}/artifacts");
    holder(&server, &key).get(&artifacts).expect(200);
    server.stop();
    assert!(setup.run(&["user", "disable", &owner.email]).0.success());
    let server = setup.start();
    holder(&server, &key).get(&artifacts).problem(401, "not_authenticated");
    server.stop();
    assert!(setup.run(&["user", "enable", &owner.email]).0.success());
    let server = setup.start();
    holder(&server, &key).get(&artifacts).expect(200);
}

#[test]
fn admins_make_see_and_revoke_keys() {
    let server = Server::shared();
    let (owner, member) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let keys = format!("{workspace}/api-keys");
    let key = make(&owner, &workspace, &BOTH);
    owner.client.post(&format!("{workspace}/members"), &json!({"email": member.email, "role": "member"})).expect(201);
    member.client.get(&keys).problem(403, "forbidden");
    member.client.post(&keys, &json!({"name": "CI", "scopes": BOTH})).problem(403, "forbidden");
    member.client.delete(&format!("{keys}/{}", text(&key["id"]))).problem(403, "forbidden");
}

#[test]
fn every_broken_rule_is_named() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let keys = format!("{}/api-keys", workspace(&owner));
    for (body, pointer) in [
        (json!({"name": " ", "scopes": BOTH}), "/name"),
        (json!({"name": "n".repeat(101), "scopes": BOTH}), "/name"),
        (json!({"name": "CI", "scopes": []}), "/scopes"),
        (json!({"name": "CI"}), "/scopes"),
        (json!({"name": "CI", "scopes": ["artifacts:purge"]}), "/scopes/0"),
        (json!({"name": "CI", "scopes": BOTH, "expires_at": "2001-01-01T00:00:00Z"}), "/expires_at"),
        (json!({"name": "CI", "scopes": BOTH, "expires_at": "tomorrow"}), "/expires_at"),
    ] {
        assert_eq!(owner.client.post(&keys, &body).invalid_fields(), [pointer], "{body}");
    }
}

#[test]
fn s16_of_a_key_only_a_digest_is_stored_and_uses_outlive_a_restart() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let key = make(&owner, &workspace, &BOTH);
    let artifacts = format!("{workspace}/artifacts");
    holder(&server, &key).get(&artifacts).expect(200);
    let keys = format!("{workspace}/api-keys");
    let before = owner.client.get(&keys).expect(200).json();
    let secret = text(&key["key"]);
    assert!(!server.stderr().contains(&secret[4..]));
    server.stop();

    let stored = contents(setup.data());
    let is_stored = |bytes: &[u8]| stored.windows(bytes.len()).any(|window| window == bytes);
    let decoded = URL_SAFE_NO_PAD.decode(&secret[4..]).expect("base64url");
    assert!(is_stored(&decoded[..16]) && is_stored(&decoded[16..32]), "the ids are");
    assert!(!is_stored(&decoded[32..]) && !is_stored(&secret.as_bytes()[secret.len() - 40..]), "the secret is");
    let server = setup.start();
    assert_eq!(server.client().bearer(&owner.access).get(&keys).expect(200).json(), before);
    assert!(before[0]["last_used_at"].is_string());
    holder(&server, &key).get(&artifacts).expect(200);
}

/// Every byte of every file in a directory.
fn contents(directory: &Path) -> Vec<u8> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.is_file()).flat_map(|path| fs::read(path).expect("a file")).collect()
}

#[test]
fn keys_that_are_presented_are_counted() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let key = holder(&server, &make(&owner, &workspace, &BOTH));
    let artifacts = format!("{workspace}/artifacts");
    key.get(&artifacts).expect(200);
    key.get(&artifacts).expect(200);
    server.client().bearer("gwk_bad").get(&artifacts).expect(401);
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    let counted = |success| scrape.sum("auth_attempts_total", &[("method", "api_key"), ("success", success)]);
    assert_eq!((counted("true"), counted("false")), (Some(2.0), Some(1.0)));
}
