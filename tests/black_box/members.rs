//! Members: who is in a workspace, what each may do there, and that it holds from the next request on.

use std::sync::Barrier;

use crate::support::account::{Account, text};
use crate::support::client::Reply;
use crate::support::server::Server;
use serde_json::{Value, json};

const MISSING: &str = "01890000-0000-7000-8000-000000000000";

/// The path of a workspace of `owner`'s.
fn workspace(owner: &Account) -> String {
    format!("/api/v1/workspaces/{}", owner.workspace())
}

fn add(by: &Account, workspace: &str, who: &Account, role: &str) -> Reply {
    by.client.post(&format!("{workspace}/members"), &json!({"email": who.email, "role": role}))
}

fn change(by: &Account, workspace: &str, who: &Account, role: &str) -> Reply {
    by.client.put(&format!("{workspace}/members/{}/role", who.id), &json!({"role": role}))
}

fn remove(by: &Account, workspace: &str, who: &Account) -> Reply {
    by.client.delete(&format!("{workspace}/members/{}", who.id))
}

/// Everyone's id and role.
fn roles(by: &Account, workspace: &str) -> Vec<(String, String)> {
    let members = by.client.get(&format!("{workspace}/members")).expect(200).json();
    members.as_array().expect("an array").iter().map(|it| (text(&it["user_id"]), text(&it["role"]))).collect()
}

#[test]
fn a_member_is_added_seen_promoted_and_removed() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);

    let added = add(&owner, &workspace, &other, "member").expect(201).json();
    assert!(!text(&added["message"]).is_empty());
    assert_eq!((&added["user_id"], &added["email"]), (&json!(other.id), &json!(other.email)));
    assert_eq!(added["role"], "member");
    add(&owner, &workspace, &other, "admin").problem(409, "already_member");
    assert_eq!(other.client.get(&workspace).expect(200).json()["user_role"], "member");

    let listed = other.client.get(&format!("{workspace}/members")).expect(200).json();
    let member = &listed[1];
    for (field, value) in [
        ("id", json!(other.id)),
        ("user_id", json!(other.id)),
        ("user_email", json!(other.email)),
        ("email", json!(other.email)),
        ("user_name", json!(other.email)),
        ("role", json!("member")),
        ("is_active", json!(true)),
        ("first_name", Value::Null),
        ("last_name", Value::Null),
    ] {
        assert_eq!(member[field], value, "{field}");
    }
    assert!(text(&member["joined_at"]).ends_with('Z'));

    let changed = change(&owner, &workspace, &other, "admin").expect(200).json();
    assert_eq!((&changed["old_role"], &changed["new_role"]), (&json!("member"), &json!("admin")));
    assert_eq!((&changed["user_id"], changed["message"].is_string()), (&json!(other.id), true));
    let removed = remove(&owner, &workspace, &other).expect(200).json();
    assert_eq!((&removed["user_id"], removed["message"].is_string()), (&json!(other.id), true));
    assert_eq!(roles(&owner, &workspace), [(owner.id.clone(), "owner".to_owned())]);
    remove(&owner, &workspace, &other).problem(404, "member_not_found");
    change(&owner, &workspace, &other, "admin").problem(404, "member_not_found");
}

#[test]
fn s28_a_demoted_or_removed_member_is_denied_on_the_next_request() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let audit = format!("{workspace}/audit");
    let artifacts = format!("{workspace}/artifacts");
    for _ in 0..3 {
        add(&owner, &workspace, &other, "admin").expect(201);
        other.client.get(&audit).expect(200);
        change(&owner, &workspace, &other, "member").expect(200);
        other.client.get(&audit).problem(403, "forbidden");
        other.client.post(&artifacts, &json!({"name": "still a member"})).expect(201);
        remove(&owner, &workspace, &other).expect(200);
        for path in [&workspace, &artifacts, &audit] {
            other.client.get(path).problem(404, "workspace_not_found");
        }
        other.client.post(&artifacts, &json!({"name": "too late"})).problem(404, "workspace_not_found");
        assert_eq!(other.client.get("/api/v1/workspaces").expect(200).json(), json!([]));
    }
}

#[test]
fn s29_nobody_changes_their_own_membership_so_an_owner_stays() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    change(&owner, &workspace, &owner, "member").problem(400, "own_membership");
    remove(&owner, &workspace, &owner).problem(400, "own_membership");
    add(&owner, &workspace, &other, "owner").expect(201);
    change(&owner, &workspace, &owner, "member").problem(400, "own_membership");
    change(&other, &workspace, &owner, "member").expect(200);
    change(&owner, &workspace, &other, "member").problem(403, "forbidden");
    assert_eq!(roles(&other, &workspace).iter().filter(|(_, role)| role == "owner").count(), 1);
}

#[test]
fn s29_of_two_owners_who_turn_on_each_other_one_stays() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let demote = |by: &Account, workspace: &str, who: &Account| change(by, workspace, who, "member").status;
    let expel = |by: &Account, workspace: &str, who: &Account| remove(by, workspace, who).status;
    type Deed<'a> = &'a (dyn Fn(&Account, &str, &Account) -> u16 + Sync);
    let pairs: [(Deed<'_>, Deed<'_>); 3] = [(&demote, &expel), (&demote, &demote), (&expel, &expel)];
    for (hers, his) in pairs.into_iter().cycle().take(24) {
        let workspace = workspace(&ann);
        add(&ann, &workspace, &bob, "owner").expect(201);
        let barrier = Barrier::new(2);
        let statuses = std::thread::scope(|scope| {
            let [hers, his] = [(hers, &ann, &bob), (his, &bob, &ann)].map(|(deed, by, who)| {
                let (barrier, workspace) = (&barrier, &workspace);
                scope.spawn(move || {
                    barrier.wait();
                    deed(by, workspace, who)
                })
            });
            (hers.join().expect("an answer"), his.join().expect("an answer"))
        });
        // Whoever comes too late is no owner any more, or not even a member.
        let owner = match statuses {
            (200, 403 | 404) => &ann,
            (403 | 404, 200) => &bob,
            other => panic!("{other:?}"),
        };
        let owners: Vec<_> = roles(owner, &workspace).into_iter().filter(|(_, role)| role == "owner").collect();
        assert_eq!(owners, [(owner.id.clone(), "owner".to_owned())]);
    }
}

#[test]
fn only_an_owner_makes_an_owner() {
    let server = Server::shared();
    let (owner, admin, other) = (Account::new(&server), Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    add(&owner, &workspace, &admin, "admin").expect(201);
    add(&admin, &workspace, &other, "owner").problem(403, "forbidden");
    add(&admin, &workspace, &other, "admin").expect(201);
    for by in [&admin, &other] {
        change(by, &workspace, &owner, "member").problem(403, "forbidden");
        remove(by, &workspace, &owner).problem(403, "forbidden");
    }
}

#[test]
fn s30_fields_that_are_not_the_callers_to_set_have_no_effect() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let before = owner.client.get(&workspace).expect(200).json();
    let body = json!({
        "name": "Honest", "id": MISSING, "tenant_id": MISSING, "slug": "stolen", "created_by": MISSING,
        "member_count": 99, "user_role": "member", "role": "member", "created_at": "2000-01-01T00:00:00Z",
    });
    let after = owner.client.put(&workspace, &body).expect(200).json();
    for field in ["id", "slug", "member_count", "user_role", "created_at"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let body = json!({"email": other.email, "role": "member", "user_id": owner.id, "is_active": false, "id": MISSING});
    let added = owner.client.post(&format!("{workspace}/members"), &body).expect(201).json();
    assert_eq!(added["user_id"], json!(other.id));
}

#[test]
fn every_broken_rule_is_named() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let members = format!("{workspace}/members");
    owner
        .client
        .post(&members, &json!({"email": "nobody@example.com", "role": "member"}))
        .problem(404, "user_not_found");
    for (body, pointer) in [
        (json!({"email": "no address", "role": "member"}), "/email"),
        (json!({"email": owner.email, "role": "king"}), "/role"),
        (json!({"email": owner.email}), "/role"),
        (json!({"role": "member"}), "/email"),
    ] {
        assert_eq!(owner.client.post(&members, &body).invalid_fields(), [pointer], "{body}");
    }
    let role = format!("{members}/{MISSING}/role");
    assert_eq!(owner.client.put(&role, &json!({"role": "OWNER"})).invalid_fields(), ["/role"]);
    for (body, pointer) in [
        (json!({"name": null}), "/name"),
        (json!({"name": "x".repeat(256)}), "/name"),
        (json!({"is_active": null}), "/is_active"),
        (json!({"description": "d".repeat(1001)}), "/description"),
    ] {
        assert_eq!(owner.client.put(&workspace, &body).invalid_fields(), [pointer], "{body}");
        assert_eq!(owner.client.patch(&workspace, &body).invalid_fields(), [pointer], "{body}");
    }
}

#[test]
fn an_update_of_a_workspace_changes_what_it_names() {
    let server = Server::shared();
    let (owner, admin, member) = (Account::new(&server), Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    add(&owner, &workspace, &admin, "admin").expect(201);
    add(&owner, &workspace, &member, "member").expect(201);
    let body = json!({"description": "Tools", "settings": {"theme": "dark"}});
    let first = admin.client.put(&workspace, &body).expect(200).json();
    assert_eq!((&first["name"], &first["description"]), (&json!("A workspace"), &json!("Tools")));
    assert_eq!((&first["settings"], &first["user_role"]), (&json!({"theme": "dark"}), &json!("admin")));
    assert_eq!(first["member_count"], 3);
    member.client.put(&workspace, &json!({"name": "Mine"})).problem(403, "forbidden");

    let body = json!({"name": "Acme", "description": null, "is_active": false});
    let second = owner.client.patch(&workspace, &body).expect(200).json();
    assert_eq!((&second["name"], &second["description"]), (&json!("Acme"), &Value::Null));
    assert_eq!((&second["settings"], &second["is_active"]), (&json!({"theme": "dark"}), &json!(false)));
    assert_eq!(owner.client.get(&workspace).expect(200).json(), second);
}
