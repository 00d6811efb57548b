//! Clients at once: of whatever they can't all have, exactly one gets it.

use std::collections::HashSet;
use std::sync::Barrier;

use crate::support::account::{Account, PASSWORD, login, register, tags, text};
use crate::support::client::Reply;
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::json;

/// How often each race is run: the threads meet in another order each time.
const RUNS: usize = 10;

/// How many run when it is more than two.
const CROWD: usize = 6;

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

/// Makes the same call many times at once; each is told its number.
fn crowd(call: impl Fn(usize) -> Reply + Sync) -> Vec<Reply> {
    let barrier = Barrier::new(CROWD);
    let run = |number| {
        barrier.wait();
        call(number)
    };
    let run = &run;
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..CROWD).map(|number| scope.spawn(move || run(number))).collect();
        racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
    })
}

/// The one that got what all wanted, after checking that it is one and that all others were refused like this.
#[track_caller]
fn winner(replies: &[Reply], success: u16, refused: (u16, &str)) -> Reply {
    let (won, lost): (Vec<&Reply>, Vec<&Reply>) = replies.iter().partition(|reply| reply.status == success);
    for reply in &lost {
        reply.problem(refused.0, refused.1);
    }
    let [winner] = won[..] else { panic!("{} winners: {replies:?}", won.len()) };
    winner.clone()
}

#[test]
fn one_gets_an_address() {
    let server = Server::shared();
    for _ in 0..RUNS {
        let email = format!("{}@example.com", unique("wanted"));
        let spellings = [email.clone(), email.to_uppercase()];
        let replies = crowd(|number| register(&server.client(), &spellings[number % 2]));
        let id = winner(&replies, 201, (409, "email_taken")).json()["user_id"].clone();
        let access = text(&login(&server.client(), &email, PASSWORD).expect(200).json()["access_token"]);
        assert_eq!(server.client().bearer(&access).get("/api/v1/auth/me").expect(200).json()["id"], id);
    }
}

#[test]
fn one_gets_a_slug() {
    let server = Server::shared();
    let people = [Account::new(&server), Account::new(&server)];
    for run in 1..=RUNS {
        let body = json!({"name": "Wanted", "slug": unique("wanted")});
        let replies = crowd(|number| people[number % 2].client.post("/api/v1/workspaces", &body));
        winner(&replies, 201, (409, "slug_taken"));
        let own = |person: &Account| person.client.get("/api/v1/workspaces").expect(200).json();
        let all: usize = people.iter().map(|person| own(person).as_array().map_or(0, Vec::len)).sum();
        assert_eq!(all, run);
    }
}

#[test]
fn slugs_that_are_made_from_one_name_differ() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for _ in 0..RUNS {
        let body = json!({"name": unique("Wanted")});
        let replies = crowd(|_| owner.client.post("/api/v1/workspaces", &body).expect(201));
        let slugs: HashSet<String> = replies.iter().map(|reply| text(&reply.json()["slug"])).collect();
        assert_eq!(slugs.len(), CROWD, "{slugs:?}");
    }
}

#[test]
fn a_member_is_added_once() {
    let server = Server::shared();
    let (owner, admin, other) = (Account::new(&server), Account::new(&server), Account::new(&server));
    for _ in 0..RUNS {
        let members = format!("/api/v1/workspaces/{}/members", owner.workspace());
        owner.client.post(&members, &json!({"email": admin.email, "role": "admin"})).expect(201);
        let replies = crowd(|number| {
            let (by, role) = [(&owner, "admin"), (&admin, "member")][number % 2];
            by.client.post(&members, &json!({"email": other.email, "role": role}))
        });
        let added = winner(&replies, 201, (409, "already_member")).json();
        let listed = owner.client.get(&members).expect(200).json();
        let listed = listed.as_array().expect("an array");
        assert_eq!(listed.len(), 3, "{listed:?}");
        let member = listed.iter().find(|member| member["user_id"] == json!(other.id)).expect("it is listed");
        assert_eq!(member["role"], added["role"]);
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
        winner(&race(|| demote(&ann, &bob), || demote(&bob, &ann)), 200, (403, "forbidden"));
        assert_eq!(owners(&members, [&ann, &bob]), 1);
    }
}

#[test]
fn s29_of_two_owners_who_remove_each_other_one_stays() {
    let server = Server::shared();
    for _ in 0..RUNS {
        let (ann, bob, members) = two_owners(&server);
        let remove = |by: &Account, whom: &Account| by.client.delete(&format!("{members}/{}", whom.id));
        winner(&race(|| remove(&ann, &bob), || remove(&bob, &ann)), 200, (404, "workspace_not_found"));
        assert_eq!(owners(&members, [&ann, &bob]), 1);
    }
}

#[test]
fn s29_of_owners_who_demote_each_other_in_a_ring_one_stays() {
    let server = Server::shared();
    let people: Vec<Account> = (0..CROWD).map(|_| Account::new(&server)).collect();
    for _ in 0..RUNS {
        let members = format!("/api/v1/workspaces/{}/members", people[0].workspace());
        for person in &people[1..] {
            people[0].client.post(&members, &json!({"email": person.email, "role": "owner"})).expect(201);
        }
        let replies = crowd(|number| {
            let path = format!("{members}/{}/role", people[(number + 1) % CROWD].id);
            people[number].client.put(&path, &json!({"role": "member"}))
        });
        let done = replies.iter().filter(|reply| reply.status == 200).count();
        replies.iter().filter(|reply| reply.status != 200).for_each(|it| drop(it.problem(403, "forbidden")));
        let left = owners(&members, [&people[0], &people[1]]);
        assert_eq!((left, left > 0), (CROWD - done, true), "{replies:?}");
    }
}

/// The path of a new artifact.
fn anvil(owner: &Account, artifacts: &str) -> String {
    format!("{artifacts}/{}", text(&owner.artifact(artifacts, &json!({"name": "Anvil"}))["id"]))
}

#[test]
fn s36_one_changes_a_version() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for _ in 0..RUNS {
        let path = anvil(&owner, &artifacts);
        // Some send several tags, and of those one that comes true only by another's change.
        let tags = [tags(&owner.client, &path, &[1]), tags(&owner.client, &path, &[1, 7])];
        let attempt = |number: usize| {
            let body = json!({"name": format!("Anvil {number}")});
            owner.client.with("If-Match", &tags[number % 2]).patch(&path, &body)
        };
        let winner = winner(&crowd(attempt), 200, (412, "version_mismatch")).json();
        assert_eq!(owner.client.get(&path).expect(200).json(), winner);
        assert_eq!(winner["version"], 2);
    }
}

#[test]
fn s36_of_a_change_and_a_bulk_write_of_one_version_one_happens() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for _ in 0..RUNS {
        let artifacts = owner.artifacts();
        let path = anvil(&owner, &artifacts);
        let operations = json!([
            {"op": "create", "name": "Tongs"},
            {"op": "update", "id": path.rsplit('/').next(), "version": 1, "name": "Bellows"},
        ]);
        let bulk = json!({"operations": operations, "atomic": true});
        let first = tags(&owner.client, &path, &[1]);
        let [bulk, single] = race(
            || owner.client.post(&format!("{artifacts}/bulk"), &bulk),
            || owner.client.with("If-Match", &first).patch(&path, &json!({"name": "Hammer"})),
        );
        let (name, total) = if bulk.status == 200 {
            single.problem(412, "version_mismatch");
            ("Bellows", 2)
        } else {
            bulk.problem(409, "bulk_failed");
            assert_eq!(single.status, 200);
            ("Hammer", 1)
        };
        let artifact = owner.client.get(&path).expect(200).json();
        assert_eq!((&artifact["name"], &artifact["version"]), (&json!(name), &json!(2)));
        assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], total);
    }
}

#[test]
fn every_change_without_a_condition_happens_in_turn() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for _ in 0..RUNS {
        let path = anvil(&owner, &artifacts);
        let change = |number: usize| owner.client.patch(&path, &json!({"name": format!("Anvil {number}")})).expect(200);
        let replies = crowd(change);
        let versions: HashSet<Option<u64>> = replies.iter().map(|reply| reply.json()["version"].as_u64()).collect();
        assert_eq!(versions.len(), CROWD, "{versions:?}");
        let history = owner.client.get(&format!("{path}/history")).expect(200).json();
        for reply in replies {
            let changed = reply.json();
            let items = history["items"].as_array().expect("items");
            let version = items.iter().find(|item| item["version"] == changed["version"]).expect("it is kept");
            assert_eq!(version["artifact"], changed);
        }
    }
}

#[test]
fn one_deletes_one_restores_one_purges() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let figures = || {
        let stats = owner.client.get(&format!("{artifacts}/stats")).expect(200).json();
        [&stats["active_artifacts"], &stats["total_artifacts"]].map(|count| count.as_u64().expect("a number"))
    };
    let gone = (404, "artifact_not_found");
    for _ in 0..RUNS {
        let path = anvil(&owner, &artifacts);
        winner(&crowd(|_| owner.client.delete(&path)), 204, gone);
        assert_eq!(figures(), [0, 1]);
        let restored = winner(&crowd(|_| owner.client.call("POST", &format!("{path}/restore"))), 200, gone);
        assert_eq!((&restored.json()["version"], figures()), (&json!(3), [1, 1]));
        winner(&crowd(|_| owner.client.delete(&format!("{path}?purge=true"))), 204, gone);
        assert_eq!(figures(), [0, 0]);
    }
}

#[test]
fn what_is_written_to_a_workspace_goes_with_it() {
    let server = Setup::new().start();
    let owner = Account::new(&server);
    for _ in 0..RUNS {
        let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
        let replies = crowd(|number| match number {
            0 => owner.client.delete(&workspace),
            _ => owner.client.post(&format!("{workspace}/artifacts"), &json!({"name": "Anvil"})),
        });
        assert_eq!(replies[0].status, 204);
        for reply in replies[1..].iter().filter(|reply| reply.status != 201) {
            reply.problem(404, "workspace_not_found");
        }
        owner.client.get(&format!("{workspace}/artifacts")).problem(404, "workspace_not_found");
        let stats = server.client().get("/api/v1/system/stats").expect(200).json();
        let counts = ["users", "workspaces", "artifacts", "active_artifacts"].map(|name| stats[name].as_u64());
        assert_eq!(counts, [1, 0, 0, 0].map(Some));
    }
}

#[test]
fn s39_with_one_idempotency_key_one_is_carried_out() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for _ in 0..RUNS {
        let artifacts = owner.artifacts();
        let client = owner.client.with("Idempotency-Key", &unique("key"));
        let replies = crowd(|_| client.post(&artifacts, &json!({"name": "Anvil"})));
        // Who comes while the first is being served is told so; who comes after that gets the same answer.
        let (done, told): (Vec<&Reply>, Vec<&Reply>) = replies.iter().partition(|reply| reply.status == 201);
        told.iter().for_each(|reply| drop(reply.problem(409, "idempotency_in_flight")));
        assert!(done.iter().all(|reply| reply.body == done[0].body), "{done:?}");
        assert_eq!(done.iter().filter(|reply| reply.header("idempotency-replayed").is_none()).count(), 1);
        assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 1);
    }
}

#[test]
fn s39_of_different_requests_with_one_idempotency_key_one_is_carried_out() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for _ in 0..RUNS {
        let artifacts = owner.artifacts();
        let client = owner.client.with("Idempotency-Key", &unique("key"));
        let replies = crowd(|number| client.post(&artifacts, &json!({"name": format!("Anvil {number}")})));
        let (done, refused): (Vec<&Reply>, Vec<&Reply>) = replies.iter().partition(|reply| reply.status == 201);
        assert_eq!(done.len(), 1, "{replies:?}");
        for reply in refused {
            let code = reply.json()["code"].clone();
            assert!([json!("idempotency_in_flight"), json!("idempotency_key_reused")].contains(&code), "{reply:?}");
        }
        let listed = owner.client.get(&artifacts).expect(200).json();
        assert_eq!(listed["items"], json!([done[0].json()]));
    }
}

#[test]
fn s14_one_refreshes_with_a_token_and_a_second_ends_the_session() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "0").start();
    for _ in 0..RUNS {
        let account = Account::new(&server);
        let refresh = |token: &str| server.client().post("/api/v1/auth/refresh", &json!({"refresh_token": token}));
        let replies = crowd(|_| refresh(&account.refresh));
        let tokens = winner(&replies, 200, (401, "invalid_refresh_token")).json();
        // Nobody knows which of them is the thief.
        for access in [&account.access, &text(&tokens["access_token"])] {
            server.client().bearer(access).get("/api/v1/auth/me").problem(401, "not_authenticated");
        }
        refresh(&text(&tokens["refresh_token"])).problem(401, "invalid_refresh_token");
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
        let passwords = ["Another-horse-8", "Yet-another-horse-9"];
        let replies = race(|| attempt(passwords[0]), || attempt(passwords[1]));
        winner(&replies, 200, (422, "validation_failed"));
        let has_won = |reply: &Reply| if reply.status == 200 { 200 } else { 401 };
        for (reply, password) in replies.iter().zip(passwords) {
            login(&server.client(), &account.email, password).expect(has_won(reply));
        }
    }
}
