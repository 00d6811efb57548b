//! Workspaces: made, listed, seen by their members and by nobody else.

use crate::support::account::{Account, text};
use crate::support::server::Server;
use crate::support::unique;
use serde_json::{Value, json};

const WORKSPACES: &str = "/api/v1/workspaces/";

#[test]
fn whoever_makes_a_workspace_owns_it() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let slug = unique("owned");
    let body = json!({"name": "  Acme  ", "slug": slug, "description": "Tools", "settings": {"theme": {"dark": true}}});

    let made = owner.client.post(WORKSPACES, &body).expect(201).json();

    for (field, value) in [
        ("name", json!("Acme")),
        ("slug", json!(slug)),
        ("description", json!("Tools")),
        ("settings", json!({"theme": {"dark": true}})),
        ("is_active", json!(true)),
        ("member_count", json!(1)),
        ("user_role", json!("owner")),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(made["created_at"], made["updated_at"]);
    assert!(text(&made["created_at"]).ends_with('Z'));
    assert_eq!(owner.client.get(&format!("{WORKSPACES}{}", text(&made["id"]))).expect(200).json(), made);
}

#[test]
fn only_the_name_is_needed() {
    let server = Server::shared();
    let made = Account::new(&server).client.post(WORKSPACES, &json!({"name": "Plain"})).expect(201).json();
    assert_eq!(made["description"], Value::Null);
    assert_eq!(made["settings"], json!({}));
}

#[test]
fn a_slug_is_made_from_the_name_and_made_unique() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let name = unique("Größe & Co");
    let slugs: Vec<String> = (0..3)
        .map(|_| text(&owner.client.post(WORKSPACES, &json!({"name": name})).expect(201).json()["slug"]))
        .collect();
    let first = &slugs[0];
    assert!(first.starts_with("grosse-co-") || first.starts_with("groesse-co-"), "{first}");
    assert_eq!(slugs[1..], [format!("{first}-2"), format!("{first}-3")]);
}

#[test]
fn a_slug_that_was_asked_for_is_given_once() {
    let server = Server::shared();
    let body = json!({"name": "First", "slug": unique("only-one")});
    Account::new(&server).client.post(WORKSPACES, &body).expect(201);
    Account::new(&server).client.post(WORKSPACES, &body).problem(409, "slug_taken");
}

#[test]
fn one_of_many_at_once_gets_the_slug() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let body = json!({"name": "Race", "slug": unique("race")});
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(|| owner.client.post(WORKSPACES, &body).status)).collect();
        racers.into_iter().map(|racer| racer.join().expect("an answer")).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![409; 7]].concat());
}

#[test]
fn the_list_has_the_callers_workspaces_only() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let mine = [owner.workspace(), owner.workspace()];
    other.workspace();

    let listed = owner.client.get(WORKSPACES).expect(200).json();
    let ids: Vec<String> = listed.as_array().expect("an array").iter().map(|it| text(&it["id"])).collect();
    assert_eq!(ids, mine);
    assert_eq!(Account::new(&server).client.get(WORKSPACES).expect(200).json(), json!([]));
}

#[test]
fn a_foreign_workspace_is_as_good_as_missing() {
    let server = Server::shared();
    let (owner, stranger) = (Account::new(&server), Account::new(&server));
    let foreign = stranger.client.get(&format!("{WORKSPACES}{}", owner.workspace()));
    let missing = stranger.client.get(&format!("{WORKSPACES}01890000-0000-7000-8000-000000000000"));

    let bodies = [foreign, missing].map(|reply| {
        let mut problem = reply.problem(404, "workspace_not_found");
        let members = problem.as_object_mut().expect("an object");
        members.remove("instance");
        members.retain(|name, _| name != "request_id" && name != "timestamp");
        problem
    });
    assert_eq!(bodies[0], bodies[1]);
}

#[test]
fn paths_answer_with_and_without_a_slash_at_the_end() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let id = owner.workspace();
    for path in ["/api/v1/workspaces", "/api/v1/workspaces/"] {
        owner.client.get(path).expect(200);
        owner.client.post(path, &json!({"name": "Slashes"})).expect(201);
    }
    owner.client.get(&format!("/api/v1/workspaces/{id}")).expect(200);
    owner.client.get(&format!("/api/v1/workspaces/{id}/")).expect(200);
}

#[test]
fn s30_fields_that_are_not_the_callers_to_set_have_no_effect() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let foreign = "01890000-0000-7000-8000-000000000000";
    let body = json!({
        "name": "Honest", "id": foreign, "tenant_id": foreign, "role": "member", "created_by": foreign,
        "member_count": 99, "user_role": "member", "unheard_of": 1,
    });
    let made = owner.client.post(WORKSPACES, &body).expect(201).json();
    assert_ne!(made["id"], foreign);
    assert_eq!((&made["member_count"], &made["user_role"]), (&json!(1), &json!("owner")));
}

#[test]
fn every_broken_rule_is_named() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let many: serde_json::Map<String, Value> = (0..51).map(|key| (key.to_string(), json!(key))).collect();
    for (body, pointers) in [
        (json!({"name": ""}), vec!["/name"]),
        (json!({"name": "a".repeat(256)}), vec!["/name"]),
        (json!({"name": "Good", "slug": "Not a slug"}), vec!["/slug"]),
        (json!({"name": "Good", "slug": ""}), vec!["/slug"]),
        (json!({"name": "Good", "slug": "a".repeat(101)}), vec!["/slug"]),
        (json!({"name": "Good", "description": "d".repeat(1001)}), vec!["/description"]),
        (json!({"name": "Good", "settings": many}), vec!["/settings"]),
        (json!({"name": " ", "slug": "_", "description": "d".repeat(1001)}), vec!["/name", "/slug", "/description"]),
    ] {
        assert_eq!(owner.client.post(WORKSPACES, &body).invalid_fields(), pointers, "{body}");
    }
}

#[test]
fn the_longest_of_everything_is_taken() {
    let server = Server::shared();
    let slug = unique(&"s".repeat(90));
    let body = json!({"name": "ü".repeat(100), "slug": slug, "description": "ü".repeat(1000)});
    let made = Account::new(&server).client.post(WORKSPACES, &body).expect(201).json();
    for field in ["name", "slug", "description"] {
        assert_eq!(made[field], body[field]);
    }
}

#[test]
fn a_workspace_outlives_a_restart() {
    let setup = crate::support::server::Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let path = format!("{WORKSPACES}{}", owner.workspace());
    let before = owner.client.get(&path).expect(200).json();
    server.stop();

    let server = setup.start();
    assert_eq!(server.client().bearer(&owner.access).get(&path).expect(200).json(), before);
}
