//! The trash and the history: restored, purged, told of.

use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::account::{Account, tags, text};
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

/// The versions and changes of a history.
fn changes(history: &Value) -> Vec<(u64, String)> {
    let items = history["items"].as_array().expect("items");
    items.iter().map(|item| (item["version"].as_u64().expect("a version"), text(&item["change"]))).collect()
}

#[test]
fn an_artifact_comes_back_from_the_trash_as_it_was() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "n", "tags": ["t"]}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    let restore = format!("{path}/restore");

    owner.client.call("POST", &restore).problem(404, "artifact_not_found");
    owner.client.delete(&path).expect(204);
    let reply = owner.client.call("POST", &restore).expect(200);
    let restored = reply.json();
    let mut expected = made.clone();
    expected["version"] = json!(3);
    expected["updated_at"] = restored["updated_at"].clone();
    assert_eq!(restored, expected);
    let found = owner.client.get(&path).expect(200);
    assert_eq!((found.json(), found.header("etag")), (restored, reply.header("etag")));
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 1);
    owner.client.call("POST", &restore).problem(404, "artifact_not_found");
    Account::new(&server).client.call("POST", &restore).problem(404, "workspace_not_found");
}

#[test]
fn s36_what_is_in_the_trash_is_missing_whatever_if_match_says() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    let [first, second, both, later] = [&[1][..], &[2], &[1, 2], &[3, 4]].map(|of| tags(&owner.client, &path, of));
    let weak = format!("W/{first}");
    owner.client.delete(&path).expect(204);
    for tags in ["*", &first, &second, &both, &later, &weak, "\"abc\""] {
        let client = owner.client.with("If-Match", tags);
        client.patch(&path, &json!({"name": "m"})).problem(404, "artifact_not_found");
        client.delete(&path).problem(404, "artifact_not_found");
    }
    for tags in [first, later, weak] {
        let client = owner.client.with("If-Match", &tags);
        client.delete(&format!("{path}?purge=true")).problem(412, "version_mismatch");
    }
}

#[test]
fn a_purged_artifact_is_really_gone() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let paths = ["live", "deleted"].map(|name| {
        let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": name}))["id"]));
        owner.client.patch(&path, &json!({"description": "changed"})).expect(200);
        path
    });
    owner.client.delete(&paths[1]).expect(204);
    let [first, current] = [&[1][..], &[7, 3]].map(|of| tags(&owner.client, &paths[0], of));
    owner.client.with("If-Match", &first).delete(&format!("{}?purge=true", paths[0])).problem(412, "version_mismatch");
    let current = owner.client.with("If-Match", &current);
    for (path, client) in [(&paths[0], &owner.client), (&paths[1], &current)] {
        assert_eq!(client.delete(&format!("{path}?purge=true")).expect(204).body, "");
        owner.client.get(path).problem(404, "artifact_not_found");
        owner.client.get(&format!("{path}/history")).problem(404, "artifact_not_found");
        owner.client.call("POST", &format!("{path}/restore")).problem(404, "artifact_not_found");
        owner.client.delete(&format!("{path}?purge=true")).problem(404, "artifact_not_found");
    }
    assert_eq!(owner.client.get(&format!("{artifacts}?include_deleted=true")).expect(200).json()["total"], 0);
    assert_eq!(owner.client.get(&format!("{artifacts}/stats")).expect(200).json()["total_artifacts"], 0);
}

#[test]
fn every_version_is_told_of() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "n", "tags": ["t"]}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    let history = |query: &str| owner.client.get(&format!("{path}/history{query}")).expect(200).json();

    let first = history("");
    assert_eq!((changes(&first), &first["next_cursor"]), (vec![(1, "created".to_owned())], &Value::Null));
    assert_eq!(first["items"][0]["artifact"], made);
    assert_eq!((&first["items"][0]["by"], &first["items"][0]["at"]), (&json!(owner.id), &made["created_at"]));

    let every =
        json!({"name": "m", "description": "d", "tags": [], "artifact_metadata": {"k": 1}, "artifact_type": "zip"});
    owner.client.patch(&path, &every).expect(200);
    let changed = owner.client.patch(&path, &json!({"name": "m", "description": null})).expect(200).json();
    owner.client.delete(&path).expect(204);

    let all = history("");
    let expected = [(4, "deleted"), (3, "updated"), (2, "updated"), (1, "created")];
    assert_eq!(changes(&all), expected.map(|(version, change)| (version, change.to_owned())));
    let fields: Vec<&Value> = all["items"].as_array().expect("items").iter().map(|item| &item["changed"]).collect();
    let of_every = json!(["name", "description", "tags", "artifact_metadata", "artifact_type"]);
    assert_eq!(fields, [&json!([]), &json!(["description"]), &of_every, &json!([])]);
    assert_eq!(all["items"][1]["artifact"], changed);
    assert_eq!((&all["items"][3]["artifact"], &all["items"][0]["artifact"]["is_active"]), (&made, &json!(false)));

    let page = history("?limit=3");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(3));
    let cursor = text(&page["next_cursor"]);
    let last = history(&format!("?limit=3&cursor={cursor}"));
    assert_eq!((changes(&last), &last["next_cursor"]), (vec![(1, "created".to_owned())], &Value::Null));
    assert_eq!(last["items"][0], all["items"][3]);
    owner.client.call("POST", &format!("{path}/restore")).expect(200);
    assert_eq!(changes(&history("?limit=1")), [(5, "restored".to_owned())]);

    let other = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "o"}))["id"]));
    for foreign in [cursor.as_str(), "AAAA"] {
        let reply = owner.client.get(&format!("{other}/history?cursor={foreign}"));
        assert_eq!(reply.invalid_fields(), ["/cursor"]);
    }
    Account::new(&server).client.get(&format!("{path}/history")).problem(404, "workspace_not_found");
}

#[test]
fn s37_in_strict_mode_a_change_says_which_version_it_is_about() {
    let server = Setup::new().env("GHOSTWORKS__SERVER__REQUIRE_IF_MATCH", "true").start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "n"}));
    let path = format!("{artifacts}/{}", text(&made["id"]));

    owner.client.put(&path, &json!({"name": "m"})).problem(428, "precondition_required");
    owner.client.patch(&path, &json!({"name": "m"})).problem(428, "precondition_required");
    owner.client.delete(&path).problem(428, "precondition_required");
    owner.client.delete(&format!("{path}?purge=true")).problem(428, "precondition_required");
    let operations = json!([{"op": "update", "id": made["id"], "name": "m"}, {"op": "delete", "id": made["id"]}]);
    let bulk = owner.client.post(&format!("{artifacts}/bulk"), &json!({"operations": operations})).expect(200).json();
    assert_eq!((&bulk["results"][0]["status"], &bulk["results"][1]["status"]), (&json!(428), &json!(428)));
    assert_eq!(owner.client.get(&path).expect(200).json(), made);

    owner.client.with("If-Match", &tags(&owner.client, &path, &[1])).put(&path, &json!({"name": "m"})).expect(200);
    owner.client.with("If-Match", "*").delete(&path).expect(204);
    owner.client.call("POST", &format!("{path}/restore")).expect(200);
}

#[test]
fn what_has_been_in_the_trash_for_long_is_removed_if_that_is_wanted() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let (workspace, list) = (owner.workspace(), |path: &str| format!("{path}?include_deleted=true"));
    let artifacts = format!("/api/v1/workspaces/{workspace}/artifacts");
    let kept = text(&owner.artifact(&artifacts, &json!({"name": "Kept"}))["id"]);
    let trash = text(&owner.artifact(&artifacts, &json!({"name": "Trash"}))["id"]);
    owner.client.delete(&format!("{artifacts}/{trash}")).expect(204);
    let total = |server: &Server| {
        let client = server.client().bearer(&owner.access);
        client.get(&list(&artifacts)).expect(200).json()["total"].as_u64().expect("a total")
    };
    assert_eq!(total(&server), 2);
    server.stop();

    // The trash is looked through at the start, and it takes a second until it is old enough.
    let setup = setup.env("GHOSTWORKS__STORAGE__TRASH_SECONDS", "1");
    let deadline = Instant::now() + PATIENCE;
    let server = loop {
        let server = setup.start();
        if total(&server) == 1 {
            break server;
        }
        assert!(Instant::now() < deadline, "it is never removed");
        server.stop();
    };
    let client = server.client().bearer(&owner.access);
    client.get(&format!("{artifacts}/{kept}")).expect(200);
    let audit = client.get(&format!("/api/v1/workspaces/{workspace}/audit")).expect(200).json();
    assert_eq!(audit["items"][0]["action"], "artifact.purged", "{audit}");
}
