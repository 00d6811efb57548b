//! Members leave by themselves, and owners hand over: a workspace always has an owner.

use crate::support::account::{Account, text};
use crate::support::client::Reply;
use crate::support::server::Server;
use serde_json::{Value, json};

fn add(by: &Account, workspace: &str, who: &Account, role: &str) {
    by.client.post(&format!("{workspace}/members"), &json!({"email": who.email, "role": role})).expect(201);
}

fn leave(who: &Account, workspace: &str) -> Reply {
    who.client.call("POST", &format!("{workspace}/leave"))
}

fn transfer(by: &Account, workspace: &str, to: &str) -> Reply {
    by.client.post(&format!("{workspace}/transfer"), &json!({"user_id": to}))
}

fn roles(by: &Account, workspace: &str) -> Vec<Value> {
    let members = by.client.get(&format!("{workspace}/members")).expect(200).json();
    members.as_array().expect("members").iter().map(|it| json!([it["user_id"], it["role"]])).collect()
}

#[test]
fn a_member_leaves_and_is_gone_at_once() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let id = ann.workspace();
    let workspace = format!("/api/v1/workspaces/{id}");
    add(&ann, &workspace, &bob, "member");
    let left = leave(&bob, &workspace).expect(200).json();
    assert_eq!((&left["workspace_id"], left["message"].is_string()), (&json!(id), true));
    bob.client.get(&workspace).problem(404, "workspace_not_found");
    leave(&bob, &workspace).problem(404, "workspace_not_found");
    assert_eq!(roles(&ann, &workspace), [json!([ann.id, "owner"])]);
    let audit = ann.client.get(&format!("{workspace}/audit")).expect(200).json();
    let newest = &audit["items"][0];
    assert_eq!((&newest["action"], &newest["actor"]["user_id"]), (&json!("member.removed"), &json!(bob.id)));
    // As older clients know it: by the members' own call, nobody leaves.
    add(&ann, &workspace, &bob, "member");
    bob.client.delete(&format!("{workspace}/members/{}", bob.id)).problem(403, "forbidden");
    ann.client.delete(&format!("{workspace}/members/{}", ann.id)).problem(400, "own_membership");
}

#[test]
fn s29_the_last_owner_hands_over_before_they_leave() {
    let server = Server::shared();
    let (ann, bob, eve) = (Account::new(&server), Account::new(&server), Account::new(&server));
    let workspace = format!("/api/v1/workspaces/{}", ann.workspace());
    add(&ann, &workspace, &bob, "member");
    leave(&ann, &workspace).problem(409, "last_owner");
    transfer(&ann, &workspace, &ann.id).problem(400, "own_membership");
    transfer(&ann, &workspace, &eve.id).problem(404, "member_not_found");
    transfer(&bob, &workspace, &bob.id).problem(403, "forbidden");
    transfer(&eve, &workspace, &eve.id).problem(404, "workspace_not_found");
    assert_eq!(roles(&ann, &workspace), [json!([ann.id, "owner"]), json!([bob.id, "member"])]);

    let answer = transfer(&ann, &workspace, &bob.id).expect(200).json();
    assert_eq!((&answer["user_id"], text(&answer["message"]).is_empty()), (&json!(bob.id), false));
    assert_eq!(roles(&ann, &workspace), [json!([ann.id, "admin"]), json!([bob.id, "owner"])]);
    transfer(&ann, &workspace, &ann.id).problem(403, "forbidden");
    leave(&bob, &workspace).problem(409, "last_owner");
    leave(&ann, &workspace).expect(200);
}

#[test]
fn s29_of_two_owners_who_leave_at_once_one_stays() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    for _ in 0..8 {
        let workspace = format!("/api/v1/workspaces/{}", ann.workspace());
        add(&ann, &workspace, &bob, "owner");
        let barrier = std::sync::Barrier::new(2);
        let statuses = std::thread::scope(|scope| {
            let threads = [&ann, &bob].map(|who| {
                let (barrier, workspace) = (&barrier, &workspace);
                scope.spawn(move || {
                    barrier.wait();
                    leave(who, workspace).status
                })
            });
            threads.map(|thread| thread.join().expect("it leaves or is refused"))
        });
        let mut sorted = statuses;
        sorted.sort_unstable();
        assert_eq!(sorted, [200, 409]);
    }
}
