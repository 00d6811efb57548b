//! The audit view: who did what, newest first, and of no other workspace.

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

fn workspace(owner: &Account) -> String {
    format!("/api/v1/workspaces/{}", owner.workspace())
}

/// What was done, oldest first, read in pages of `limit`.
fn entries(by: &Account, workspace: &str, limit: usize) -> Vec<Value> {
    let mut all = by.client.pages(&format!("{workspace}/audit"), limit);
    all.reverse();
    all
}

fn actions(entries: &[Value]) -> Vec<String> {
    entries.iter().map(|entry| text(&entry["action"])).collect()
}

#[test]
fn every_change_is_there_with_who_and_from_where() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let (members, artifacts) = (format!("{workspace}/members"), format!("{workspace}/artifacts"));
    let client = owner.client.with("User-Agent", "auditor/1");
    client.patch(&workspace, &json!({"name": "Audited"})).expect(200);
    client.post(&members, &json!({"email": other.email, "role": "member"})).expect(201);
    client.put(&format!("{members}/{}/role", other.id), &json!({"role": "admin"})).expect(200);
    client.delete(&format!("{members}/{}", other.id)).expect(200);
    let artifact = text(&client.post(&artifacts, &json!({"name": "Anvil"})).expect(201).json()["id"]);
    client.patch(&format!("{artifacts}/{artifact}"), &json!({"name": "Bellows"})).expect(200);
    client.delete(&format!("{artifacts}/{artifact}")).expect(204);
    let keys = format!("{workspace}/api-keys");
    let key = client.post(&keys, &json!({"name": "CI", "scopes": ["artifacts:read"]})).expect(201).json();
    client.delete(&format!("{keys}/{}", text(&key["id"]))).expect(204);

    let entries = entries(&owner, &workspace, 100);
    let expected = [
        "workspace.created",
        "workspace.updated",
        "member.added",
        "member.role_changed",
        "member.removed",
        "artifact.created",
        "artifact.updated",
        "artifact.deleted",
        "api_key.created",
        "api_key.revoked",
    ];
    assert_eq!(actions(&entries), expected);
    for entry in &entries[1..] {
        assert_eq!(entry["actor"]["user_id"], json!(owner.id), "{entry}");
        assert_eq!(entry["actor"]["api_key_id"], Value::Null);
        assert_eq!((&entry["actor"]["ip"], &entry["actor"]["user_agent"]), (&json!("127.0.0.1"), &json!("auditor/1")));
        assert!(text(&entry["at"]).ends_with('Z') && entry["id"].is_string(), "{entry}");
    }
    assert_eq!(entries[3]["target"], json!({"type": "member", "id": other.id}));
    assert_eq!(entries[3]["details"], json!({"old_role": "member", "new_role": "admin"}));
    assert_eq!(entries[6]["target"], json!({"type": "artifact", "id": artifact}));
    assert_eq!(entries[6]["details"]["version"], 2);
    assert_eq!(entries[8]["target"], json!({"type": "api_key", "id": key["id"]}));
}

#[test]
fn pages_follow_each_other_also_while_more_is_written() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let artifacts = format!("{workspace}/artifacts");
    for _ in 0..6 {
        owner.artifact(&artifacts, &json!({"name": "Anvil"}));
    }
    let whole = entries(&owner, &workspace, 100);
    assert_eq!(whole.len(), 7);
    for limit in [1, 2, 3, 7] {
        assert_eq!(entries(&owner, &workspace, limit), whole);
    }
    let first = owner.client.get(&format!("{workspace}/audit?limit=3")).expect(200).json();
    owner.artifact(&artifacts, &json!({"name": "Bellows"}));
    let next = format!("{workspace}/audit?limit=100&cursor={}", text(&first["next_cursor"]));
    let second = owner.client.get(&next).expect(200).json();
    let read = [first["items"].as_array().expect("items"), second["items"].as_array().expect("items")];
    let mut read: Vec<Value> = read.into_iter().flatten().cloned().collect();
    read.reverse();
    assert_eq!(read, whole, "what came later is not among it, and nothing twice");
}

#[test]
fn s31_no_entry_of_another_workspace_is_seen_and_its_cursor_refused() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let (hers, his) = (workspace(&ann), workspace(&bob));
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(ann.artifact(&format!("{hers}/artifacts"), &json!({"name": "Anvil"}))["id"].clone());
        bob.artifact(&format!("{his}/artifacts"), &json!({"name": "Bellows"}));
    }
    let seen = entries(&ann, &hers, 2);
    let targets: Vec<Value> = seen[1..].iter().map(|entry| entry["target"]["id"].clone()).collect();
    assert_eq!(targets, made);
    ann.client.get(&format!("{his}/audit")).problem(404, "workspace_not_found");

    let cursor = text(&bob.client.get(&format!("{his}/audit?limit=1")).expect(200).json()["next_cursor"]);
    for foreign in [cursor.as_str(), "AAAA", "not a cursor", ""] {
        let foreign = foreign.replace(' ', "%20");
        let refused = ann.client.get(&format!("{hers}/audit?cursor={foreign}"));
        assert_eq!(refused.invalid_fields(), ["/cursor"], "{foreign}");
    }
}

#[test]
fn signing_in_and_out_is_seen_by_ones_workspace_and_failing_to_is_not() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let before = actions(&entries(&owner, &workspace, 100));
    for _ in 0..3 {
        login(&server.client(), &owner.email, "Wrong-horse-7").problem(401, "invalid_credentials");
    }
    assert_eq!(actions(&entries(&owner, &workspace, 100)), before, "anyone who knows an address could fill its log");

    let tokens = login(&server.client(), &owner.email, PASSWORD).expect(200).json();
    server.client().bearer(&text(&tokens["access_token"])).call("POST", "/api/v1/auth/logout").expect(200);
    let after = entries(&owner, &workspace, 1);
    assert_eq!(actions(&after)[before.len()..], ["session.opened", "session.closed"]);
    assert_eq!(after[before.len()]["actor"]["user_id"], json!(owner.id));
}

#[test]
fn admins_read_it_a_page_at_a_time() {
    let server = Server::shared();
    let (owner, member) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let audit = format!("{workspace}/audit");
    owner.client.post(&format!("{workspace}/members"), &json!({"email": member.email, "role": "member"})).expect(201);
    member.client.get(&audit).problem(403, "forbidden");
    for limit in ["0", "101"] {
        assert_eq!(owner.client.get(&format!("{audit}?limit={limit}")).invalid_fields(), ["/limit"]);
    }
    owner.client.get(&format!("{audit}?limit=many")).problem(400, "invalid_parameter");
}

#[test]
fn an_entry_leads_to_its_trace() {
    let collector = crate::support::otlp::Absent::new();
    let server = Setup::new().traces_to(&collector.endpoint()).start();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let client = owner.client.with("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"));
    client.patch(&workspace, &json!({"name": "Traced"})).expect(200);
    let newest = owner.client.get(&format!("{workspace}/audit?limit=1")).expect(200).json();
    assert_eq!(newest["items"][0]["trace_id"], json!(trace));
}
