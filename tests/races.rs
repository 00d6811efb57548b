//! Two clients at once: of whatever both can't have, exactly one gets it.

#[expect(dead_code, reason = "each file of tests uses its own part of the harness")]
mod support;

use std::sync::Barrier;

use serde_json::json;
use support::account::{Account, PASSWORD, register, text};
use support::client::Reply;
use support::server::Server;
use support::unique;

/// How often each race is run: the threads meet in another order each time.
const RUNS: usize = 10;

/// Makes both calls at the same time.
fn race(first: impl FnOnce() -> Reply + Send, second: impl FnOnce() -> Reply + Send) -> [Reply; 2] {
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            barrier.wait();
            first()
        });
        barrier.wait();
        let second = second();
        [first.join().expect("no panic"), second]
    })
}

/// The two statuses, the smaller first.
fn statuses(replies: &[Reply; 2]) -> [u16; 2] {
    let mut statuses = [replies[0].status, replies[1].status];
    statuses.sort_unstable();
    statuses
}

#[test]
fn one_of_two_gets_an_address() {
    let server = Server::shared();
    for _ in 0..RUNS {
        let email = format!("{}@example.com", unique("wanted"));
        let attempt = || register(&server.client(), &email);
        assert_eq!(statuses(&race(attempt, attempt)), [201, 409]);
    }
}

#[test]
fn one_of_two_gets_a_slug() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    for _ in 0..RUNS {
        let body = json!({"name": "Wanted", "slug": unique("wanted")});
        let attempt = |by: &Account| by.client.post("/api/v1/workspaces", &body);
        assert_eq!(statuses(&race(|| attempt(&ann), || attempt(&bob))), [201, 409]);
    }
}

#[test]
fn a_member_is_added_once() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    for _ in 0..RUNS {
        let members = format!("/api/v1/workspaces/{}/members", owner.workspace());
        let attempt = || owner.client.post(&members, &json!({"email": other.email, "role": "member"}));
        assert_eq!(statuses(&race(attempt, attempt)), [201, 409]);
        let listed = owner.client.get(&members).expect(200).json();
        assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
    }
}

/// A workspace with two owners.
fn two_owners(server: &Server) -> (Account, Account, String) {
    let (ann, bob) = (Account::new(server), Account::new(server));
    let members = format!("/api/v1/workspaces/{}/members", ann.workspace());
    ann.client.post(&members, &json!({"email": bob.email, "role": "owner"})).expect(201);
    (ann, bob, members)
}

/// How many owners a workspace has, as whoever can still see it sees it.
fn owners(members: &str, who: [&Account; 2]) -> usize {
    let seen = who.iter().map(|account| account.client.get(members)).find(|reply| reply.status == 200);
    let seen = seen.expect("somebody is left").json();
    seen.as_array().expect("an array").iter().filter(|member| member["role"] == "owner").count()
}

#[test]
fn s29_of_two_owners_who_demote_each_other_one_stays() {
    let server = Server::shared();
    for _ in 0..RUNS {
        let (ann, bob, members) = two_owners(&server);
        let demote = |by: &Account, whom: &Account| {
            by.client.put(&format!("{members}/{}/role", whom.id), &json!({"role": "member"}))
        };
        let replies = race(|| demote(&ann, &bob), || demote(&bob, &ann));
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "{replies:?}");
        assert_eq!(owners(&members, [&ann, &bob]), 1);
    }
}

#[test]
fn s29_of_two_owners_who_remove_each_other_one_stays() {
    let server = Server::shared();
    for _ in 0..RUNS {
        let (ann, bob, members) = two_owners(&server);
        let remove = |by: &Account, whom: &Account| by.client.delete(&format!("{members}/{}", whom.id));
        let replies = race(|| remove(&ann, &bob), || remove(&bob, &ann));
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "{replies:?}");
        assert_eq!(owners(&members, [&ann, &bob]), 1);
    }
}

#[test]
fn one_of_two_changes_a_version() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for _ in 0..RUNS {
        let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]));
        let attempt = |name: &str| owner.client.with("If-Match", "\"1\"").patch(&path, &json!({"name": name}));
        let replies = race(|| attempt("Bellows"), || attempt("Tongs"));
        assert_eq!(statuses(&replies), [200, 412]);
        let winner = replies.iter().find(|reply| reply.status == 200).expect("a winner").json();
        assert_eq!(owner.client.get(&path).expect(200).json(), winner);
        assert_eq!(winner["version"], 2);
    }
}

#[test]
fn s39_of_two_with_one_idempotency_key_one_is_carried_out() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for _ in 0..RUNS {
        let artifacts = owner.artifacts();
        let client = owner.client.with("Idempotency-Key", &unique("key"));
        let attempt = || client.post(&artifacts, &json!({"name": "Anvil"}));
        let replies = race(attempt, attempt);
        // Who comes while the other is being served is told so; who comes after that gets the same answer.
        let statuses = statuses(&replies);
        assert!(matches!(statuses, [201, 201 | 409]), "{statuses:?}");
        if statuses == [201, 201] {
            assert_eq!(replies[0].body, replies[1].body);
        }
        assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 1);
    }
}

#[test]
fn s14_of_two_refreshes_of_one_token_one_wins() {
    let server = Server::shared();
    for _ in 0..RUNS {
        let account = Account::new(&server);
        let body = json!({"refresh_token": account.refresh});
        let attempt = || server.client().post("/api/v1/auth/refresh", &body);
        assert_eq!(statuses(&race(attempt, attempt)), [200, 401]);
    }
}

#[test]
fn a_password_is_changed_once() {
    let server = Server::shared();
    for _ in 0..RUNS {
        let account = Account::new(&server);
        let attempt = |new: &str| {
            let body = json!({"current_password": PASSWORD, "new_password": new});
            account.client.post("/api/v1/auth/password/change", &body)
        };
        assert_eq!(statuses(&race(|| attempt("Another-horse-8"), || attempt("Yet-another-horse-9"))), [200, 422]);
    }
}
