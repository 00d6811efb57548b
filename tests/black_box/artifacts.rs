//! Artifacts: made, read, listed, changed and deleted in their workspace, and out of reach from any other.

use crate::support::account::{Account, text};
use crate::support::client::Client;
use crate::support::server::Server;
use serde_json::{Map, Value, json};

const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

/// Makes artifacts with these names, one after the other.
fn make(client: &Client, artifacts: &str, names: &[&str]) {
    for name in names {
        client.post(artifacts, &json!({"name": name})).expect(201);
    }
}

/// The names on a page.
fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| text(&item["name"])).collect()
}

#[test]
fn an_artifact_is_made_and_found_where_its_location_says() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let tenant = owner.workspace();
    let artifacts = format!("/api/v1/workspaces/{tenant}/artifacts/");
    let metadata = json!({
        "size.kb": 12, "most": i64::MAX, "least": i64::MIN, "ratio": 0.5, "huge": 6.022e23, "draft": true,
        "owner_team": "core", "gone": null,
    });
    let body = json!({
        "name": "  Release notes  ", "description": " What is new ", "tags": [" Docs ", "v1_0", "DOCS", "Größe"],
        "artifact_metadata": metadata, "artifact_type": "text.markdown",
    });

    let reply = owner.client.post(&artifacts, &body).expect(201);

    let made = reply.json();
    for (field, value) in [
        ("tenant_id", json!(tenant)),
        ("name", json!("Release notes")),
        ("description", json!("What is new")),
        ("tags", json!(["docs", "v1_0", "größe"])),
        ("artifact_metadata", metadata),
        ("artifact_type", json!("text.markdown")),
        ("created_by", json!(owner.id)),
        ("updated_by", json!(owner.id)),
        ("is_active", json!(true)),
        ("version", json!(1)),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(made["created_at"], made["updated_at"]);
    assert!(text(&made["created_at"]).ends_with('Z'));
    let location = reply.header("location").expect("a Location");
    let found = owner.client.get(location.strip_prefix(&server.url()).unwrap_or(location)).expect(200);
    assert_eq!(found.json(), made);
    assert_eq!(found.header("etag"), reply.header("etag"));
    assert!(reply.header("etag").is_some_and(|tag| tag.starts_with('"') && tag.ends_with('"')));
}

#[test]
fn only_the_name_is_needed() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let made = owner.artifact(&owner.artifacts(), &json!({"name": "n", "description": " "}));
    assert_eq!(made["description"], Value::Null);
    assert_eq!((&made["tags"], &made["artifact_metadata"]), (&json!([]), &json!({})));
    assert_eq!(made["artifact_type"], "default");
}

#[test]
fn every_broken_rule_is_named() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let tags: Vec<String> = (0..21).map(|tag| tag.to_string()).collect();
    let keys: Map<String, Value> = (0..51).map(|key| (key.to_string(), json!(key))).collect();
    for (body, pointers) in [
        (json!({"name": " "}), vec!["/name"]),
        (json!({"name": "n".repeat(256)}), vec!["/name"]),
        (json!({"name": "<script>"}), vec!["/name"]),
        (json!({"name": "a\u{0}b"}), vec!["/name"]),
        (json!({"name": "n", "description": "d".repeat(2001)}), vec!["/description"]),
        (json!({"name": "n", "tags": tags}), vec!["/tags"]),
        (json!({"name": "n", "tags": ["good", "b@d", "t".repeat(51)]}), vec!["/tags/1", "/tags/2"]),
        (json!({"name": "n", "artifact_metadata": keys}), vec!["/artifact_metadata"]),
        (json!({"name": "n", "artifact_metadata": {"a/b": 1}}), vec!["/artifact_metadata/a~1b"]),
        (json!({"name": "n", "artifact_metadata": {"list": [1]}}), vec!["/artifact_metadata/list"]),
        (json!({"name": "n", "artifact_metadata": {"big": i64::MAX as u64 + 1}}), vec!["/artifact_metadata/big"]),
        (json!({"name": "n", "artifact_metadata": {"text": "x".repeat(1001)}}), vec!["/artifact_metadata/text"]),
        (json!({"name": "n", "artifact_type": "Not A Type"}), vec!["/artifact_type"]),
        (
            json!({"name": "", "tags": ["/"], "artifact_metadata": {"m": {}}}),
            vec!["/name", "/tags/0", "/artifact_metadata/m"],
        ),
    ] {
        assert_eq!(owner.client.post(&artifacts, &body).invalid_fields(), pointers, "{body}");
    }
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 0);
}

#[test]
fn the_longest_of_everything_is_taken() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let tags: Vec<String> = (10..30).map(|tag| format!("{tag}{}", "ü".repeat(48))).collect();
    let metadata: Map<String, Value> =
        (10..60).map(|key| (format!("{key}{}", "k".repeat(98)), json!("ü".repeat(1000)))).collect();
    let body = json!({
        "name": "ü".repeat(255), "description": "ü".repeat(2000), "tags": tags, "artifact_metadata": metadata,
    });
    let made = owner.artifact(&owner.artifacts(), &body);
    for field in ["name", "description", "tags", "artifact_metadata"] {
        assert_eq!(made[field], body[field], "{field}");
    }
}

#[test]
fn the_list_is_newest_first_and_paged() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    make(&owner.client, &artifacts, &["one", "two", "three", "four", "five"]);
    let page = |query: &str| owner.client.get(&format!("{artifacts}?{query}")).expect(200).json();

    let first = page("limit=2");
    assert_eq!(names(&first), ["five", "four"]);
    let figures = json!({"total": 5, "limit": 2, "offset": 0, "has_more": true});
    assert!(figures.as_object().expect("an object").iter().all(|(key, value)| first[key] == *value), "{first}");
    assert_eq!(names(&page("limit=2&offset=3")), ["two", "one"]);
    assert_eq!(page("limit=2&offset=3")["has_more"], false);
    let past = page("offset=50");
    assert_eq!((names(&past), &past["total"], &past["has_more"]), (vec![], &json!(5), &json!(false)));
    assert_eq!(page("")["limit"], 20);
    assert_eq!(owner.client.get(&format!("{artifacts}/")).expect(200).json(), page(""));
}

#[test]
fn the_list_is_narrowed_by_text_and_tags() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for (name, description, tags) in [
        ("Alpha report", "first", vec!["red", "big"]),
        ("Beta", "a REPORT of sorts", vec!["green"]),
        ("Gamma", "none", vec!["blue", "big"]),
    ] {
        owner.artifact(&artifacts, &json!({"name": name, "description": description, "tags": tags}));
    }
    for (query, expected) in [
        ("q=report", vec!["Alpha report", "Beta"]),
        ("q=REPORT&tags=red", vec!["Alpha report"]),
        ("q=nothing", vec![]),
        ("tags=red,green", vec!["Beta", "Alpha report"]),
        ("tags=red&tags=blue", vec!["Gamma", "Alpha report"]),
        ("tags=Big", vec!["Gamma", "Alpha report"]),
        ("tags=big&limit=1&offset=1", vec!["Alpha report"]),
    ] {
        assert_eq!(names(&owner.client.get(&format!("{artifacts}?{query}")).expect(200).json()), expected, "{query}");
    }
    let page = owner.client.get(&format!("{artifacts}?tags=big&limit=1")).expect(200).json();
    assert_eq!((&page["total"], &page["has_more"]), (&json!(2), &json!(true)));
}

#[test]
fn the_list_is_narrowed_by_time() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made: Vec<Value> = ["old", "new"].map(|name| owner.artifact(&artifacts, &json!({"name": name}))).into();
    let (old, new) = (text(&made[0]["created_at"]), text(&made[1]["created_at"]));
    assert!(old < new, "times are fine enough to tell two requests apart");
    for (query, expected) in [
        (format!("created_after={new}"), vec!["new"]),
        (format!("created_before={old}"), vec!["old"]),
        (format!("created_after={old}&created_before={new}"), vec!["new", "old"]),
        ("created_after=2999-01-01T00:00:00%2B02:00".to_owned(), vec![]),
    ] {
        assert_eq!(names(&owner.client.get(&format!("{artifacts}?{query}")).expect(200).json()), expected, "{query}");
    }
}

#[test]
fn put_and_patch_change_what_they_name_and_nothing_else() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let body = json!({"name": "n", "description": "d", "tags": ["t"], "artifact_metadata": {"k": 1}});
    let made = owner.artifact(&artifacts, &body);
    let path = format!("{artifacts}/{}", text(&made["id"]));

    let renamed = owner.client.put(&path, &json!({"name": "m"})).expect(200).json();
    let mut expected = made.clone();
    expected["name"] = json!("m");
    expected["version"] = json!(2);
    expected["updated_at"] = renamed["updated_at"].clone();
    assert_eq!(renamed, expected);
    assert!(text(&renamed["updated_at"]) > text(&made["updated_at"]));

    let changes = json!({"description": null, "tags": ["x", "y"], "artifact_metadata": {}, "artifact_type": "zip"});
    let cleared = owner.client.patch(&path, &changes).expect(200).json();
    assert_eq!(cleared["name"], "m");
    assert!(changes.as_object().expect("an object").iter().all(|(key, value)| cleared[key] == *value), "{cleared}");
    assert_eq!(cleared["version"], 3);
    assert_eq!(owner.client.get(&path).expect(200).json(), cleared);
}

#[test]
fn a_bad_change_changes_nothing() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "n"}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    for (body, pointers) in [
        (json!({"name": null}), vec!["/name"]),
        (json!({"name": "m", "tags": ["good", "b@d"]}), vec!["/tags/1"]),
        (
            json!({"description": "d".repeat(2001), "artifact_metadata": {"m": []}}),
            vec!["/description", "/artifact_metadata/m"],
        ),
    ] {
        assert_eq!(owner.client.patch(&path, &body).invalid_fields(), pointers, "{body}");
        assert_eq!(owner.client.put(&path, &body).invalid_fields(), pointers, "{body}");
    }
    assert_eq!(owner.client.get(&path).expect(200).json(), made);
}

#[test]
fn s30_fields_that_are_not_the_callers_to_set_have_no_effect() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let forged = json!({
        "name": "n", "id": NOWHERE, "tenant_id": NOWHERE, "created_by": NOWHERE, "updated_by": NOWHERE, "version": 7,
        "is_active": false, "created_at": "1999-01-01T00:00:00Z", "unheard_of": {"deep": [1]},
    });
    let made = owner.artifact(&artifacts, &forged);
    let path = format!("{artifacts}/{}", text(&made["id"]));
    let changed = owner.client.put(&path, &forged).expect(200).json();
    for artifact in [&made, &changed] {
        let fields = forged.as_object().expect("an object").iter().filter(|(field, _)| *field != "name");
        assert!(fields.clone().all(|(field, value)| artifact.get(field) != Some(value)), "{artifact}");
    }
}

#[test]
fn a_deleted_artifact_is_gone_from_everywhere() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    make(&owner.client, &artifacts, &["stays"]);
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "goes"}))["id"]));

    assert_eq!(owner.client.delete(&path).expect(204).body, "");

    owner.client.get(&path).problem(404, "artifact_not_found");
    owner.client.put(&path, &json!({"name": "back"})).problem(404, "artifact_not_found");
    owner.client.delete(&path).problem(404, "artifact_not_found");
    for query in ["", "?q=goes"] {
        assert!(!owner.client.get(&format!("{artifacts}{query}")).expect(200).body.contains("goes"));
    }
    assert_eq!(owner.client.get(&artifacts).json()["total"], 1);
}

#[test]
fn s26_an_artifact_is_out_of_reach_from_any_other_workspace() {
    let server = Server::shared();
    let (owner, stranger) = (Account::new(&server), Account::new(&server));
    let artifacts = owner.artifacts();
    let id = text(&owner.artifact(&artifacts, &json!({"name": "private"}))["id"]);
    let body = json!({"name": "mine now"});
    // The caller, where, and what is said not to be there.
    for (caller, place, code) in [
        (&stranger, artifacts.clone(), "workspace_not_found"),
        (&stranger, format!("/api/v1/workspaces/{NOWHERE}/artifacts"), "workspace_not_found"),
        (&stranger, stranger.artifacts(), "artifact_not_found"),
        (&owner, owner.artifacts(), "artifact_not_found"),
    ] {
        let path = format!("{place}/{id}");
        let replies = [
            caller.client.get(&path),
            caller.client.put(&path, &body),
            caller.client.patch(&path, &body),
            caller.client.delete(&path),
        ];
        for reply in replies {
            let problem = reply.problem(404, code);
            assert!(!problem["detail"].to_string().contains("private"));
        }
        if code == "workspace_not_found" {
            caller.client.get(&place).problem(404, code);
            caller.client.post(&place, &body).problem(404, code);
        }
    }
    assert_eq!(owner.client.get(&format!("{artifacts}/{id}")).expect(200).json()["name"], "private");
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 1);
}

#[test]
fn a_workspace_lists_its_own_artifacts_only() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let (here, there) = (owner.artifacts(), owner.artifacts());
    make(&owner.client, &here, &["here"]);
    make(&owner.client, &there, &["there", "there too"]);
    assert_eq!(names(&owner.client.get(&here).expect(200).json()), ["here"]);
    assert_eq!(owner.client.get(&format!("{here}?q=here")).expect(200).json()["total"], 1);
    assert_eq!(owner.client.get(&there).expect(200).json()["total"], 2);
}
