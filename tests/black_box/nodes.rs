//! Several servers on one PostgreSQL: what one has done holds for the next request at the other.

use std::net::TcpListener;
use std::sync::Barrier;

use serde_json::{Value, json};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::Client;
use crate::support::postgres;
use crate::support::server::{Server, Setup};
use crate::support::unique;

/// A key that all servers sign with.
pub const KEY: &str = "5Ys1nP0p7eU9xqJm3sKZVtQ4aYb8wRcD6fGhLk2jM1o=";
/// What operators of any of them present.
pub const OPERATOR: &str = "the-token-of-the-operator-of-both";

/// A server on a database.
pub fn node(url: &str) -> Setup {
    Setup::new()
        .env("GHOSTWORKS__STORAGE__URL", url)
        .env("GHOSTWORKS__AUTH__SIGNING_KEY", KEY)
        .env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR)
}

/// Two servers on a database.
pub fn two_at(url: &str) -> [Server; 2] {
    [node(url).start(), node(url).start()]
}

/// Two servers on a database of their own.
fn two() -> [Server; 2] {
    two_at(&postgres::database())
}

/// The same caller at another server.
fn at(server: &Server, account: &Account) -> Client {
    server.client().bearer(&account.access)
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn what_one_server_has_written_is_there_and_found_at_the_other() {
    let [one, other] = two();
    let ann = Account::new(&one);
    let there = at(&other, &ann);
    let artifacts = ann.artifacts();
    for number in 0..20 {
        let id =
            text(&ann.client.post(&artifacts, &json!({"name": format!("Anvil {number}")})).expect(201).json()["id"]);
        there.get(&format!("{artifacts}/{id}")).expect(200);
        let found = there.get(&format!("{artifacts}?q=anvil+{number}")).expect(200).json();
        assert!(
            found["items"].as_array().is_some_and(|items| items.iter().any(|it| it["id"] == id.as_str())),
            "{found}"
        );
    }
    assert_eq!(there.get(&artifacts).expect(200).json()["total"], 20);
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn s17_s18_s28_sessions_roles_and_keys_hold_on_the_next_request_anywhere() {
    let [one, other] = two();
    let (owner, member) = (Account::new(&one), Account::new(&one));
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    let (owner_there, member_there) = (at(&other, &owner), at(&other, &member));
    for _ in 0..5 {
        owner
            .client
            .post(&format!("{workspace}/members"), &json!({"email": member.email, "role": "admin"}))
            .expect(201);
        member_there.get(&format!("{workspace}/audit")).expect(200);
        owner_there.put(&format!("{workspace}/members/{}/role", member.id), &json!({"role": "member"})).expect(200);
        member.client.get(&format!("{workspace}/audit")).problem(403, "forbidden");
        owner_there.delete(&format!("{workspace}/members/{}", member.id)).expect(200);
        member.client.get(&workspace).expect(404);
    }
    let made = owner.client.post(&format!("{workspace}/api-keys"), &json!({"name": "k", "scopes": ["artifacts:read"]}));
    let key = made.expect(201).json();
    let by_key = other.client().bearer(&text(&key["key"]));
    by_key.get(&format!("{workspace}/artifacts")).expect(200);
    owner.client.delete(&format!("{workspace}/api-keys/{}", text(&key["id"]))).expect(204);
    by_key.get(&format!("{workspace}/artifacts")).expect(401);
    member_there.send("POST", "/api/v1/auth/logout", "application/json", "").expect(200);
    member.client.get("/api/v1/auth/me").expect(401);
    assert!(login(&other.client(), &member.email, PASSWORD).status == 200);
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn what_is_sent_to_both_at_once_is_done_once() {
    let [one, other] = two();
    let ann = Account::new(&one);
    let clients = [ann.client.clone(), at(&other, &ann)];
    let artifacts = ann.artifacts();
    for round in 0..10 {
        let barrier = Barrier::new(2);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let sent = clients.each_ref().map(|client| {
                let (client, barrier, artifacts) =
                    (client.with("Idempotency-Key", &format!("k{round}")), &barrier, &artifacts);
                scope.spawn(move || {
                    barrier.wait();
                    client.post(artifacts, &json!({"name": format!("Once {round}")})).status
                })
            });
            sent.into_iter().map(|sent| sent.join().expect("an answer")).collect()
        });
        assert!(statuses.contains(&201), "{statuses:?}");
        assert_eq!(ann.client.get(&artifacts).expect(200).json()["total"], round + 1, "{statuses:?}");
    }
    // One of two gets a slug, an address, a version.
    let slug = unique("both");
    let body = json!({"name": "Both", "slug": slug});
    let made = clients.each_ref().map(|client| client.post("/api/v1/workspaces", &body).status);
    assert!(made.contains(&201) && made.contains(&409), "{made:?}");
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_file_is_moved_over_and_back() {
    let setup = Setup::new();
    let server = setup.start();
    let ann = Account::new(&server);
    let artifacts = ann.artifacts();
    let id = text(&ann.client.post(&artifacts, &json!({"name": "Moved", "tags": ["a"]})).expect(201).json()["id"]);
    ann.client.patch(&format!("{artifacts}/{id}"), &json!({"name": "Moved twice"})).expect(200);
    ann.client.post(&artifacts, &json!({"name": "Another"})).expect(201);
    let (_, workspace) = artifacts.trim_end_matches("/artifacts").rsplit_once('/').expect("an id");
    let lists =
        [artifacts.clone(), format!("/api/v1/workspaces/{workspace}/audit"), format!("{artifacts}/{id}/history")];
    let next = |server: &Server, list: &String| -> Value {
        at(server, &ann).get(&format!("{list}?limit=1")).expect(200).json()["next_cursor"].clone()
    };
    let cursors = lists.each_ref().map(|list| text(&next(&server, list)));
    let go_on = |server: &Server| {
        for (list, cursor) in lists.iter().zip(&cursors) {
            at(server, &ann).get(&format!("{list}?limit=1&cursor={cursor}")).problem(410, "cursor_expired");
        }
    };
    let url = postgres::database();
    let (status, _, said) = setup.run(&["move", "--to", &url]);
    assert!(!status.success() && said.contains("read-only on"), "{said}");
    server.stop();
    let (status, said, errors) = setup.run(&["move", "--to", &url]);
    assert!(status.success() && said.contains("Set storage.url"), "{said}{errors}");
    let (status, _, errors) = setup.run(&["move", "--to", &url]);
    assert!(!status.success() && errors.contains("--force"), "{errors}");

    let moved = setup.clone().env("GHOSTWORKS__STORAGE__URL", &url);
    let server = moved.start();
    let history = |server: &Server| -> Value {
        at(server, &ann).get(&format!("{artifacts}/{id}/history")).expect(200).json()["items"].clone()
    };
    let before = history(&server);
    go_on(&server);
    assert_eq!(before.as_array().map(Vec::len), Some(2), "{before}");
    let found = at(&server, &ann).get(&format!("{artifacts}?q=twice")).expect(200).json();
    assert_eq!(found["total"], 1, "{found}");
    let (status, said, errors) = moved.run(&["check"]);
    assert!(status.success(), "{said}{errors}");
    let file = setup.scratch().join("back.backup");
    let (status, _, errors) = moved.run(&["backup", file.to_str().expect("a path")]);
    assert!(status.success(), "{errors}");
    server.stop();

    let (status, _, errors) = setup.run(&["restore", "--force", file.to_str().expect("a path")]);
    assert!(status.success(), "{errors}");
    let server = setup.start();
    assert_eq!(history(&server), before);
    go_on(&server);
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_host_that_says_nothing_is_passed_over() {
    // It takes connections, and nobody is there to answer.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().expect("its address");
    let url = postgres::database();
    let (before, rest) = url.split_once('@').expect("a user");
    let only = format!("{before}@{silent}/nothing?connect_timeout=1");
    let refused = Setup::new().env("GHOSTWORKS__STORAGE__URL", only).start_refused();
    assert!(refused.stderr.contains("did not answer in time"), "{}", refused.stderr);
    assert!(!refused.stderr.contains(before), "no password: {}", refused.stderr);
    let both = format!("{before}@{silent},{rest}?connect_timeout=3");
    let server = Setup::new().env("GHOSTWORKS__STORAGE__URL", both).start();
    Account::new(&server).artifacts();
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_database_that_takes_no_writes_is_read_all_the_same() {
    let url = postgres::database();
    let server = Setup::new().env("GHOSTWORKS__STORAGE__URL", &url).start();
    let ann = Account::new(&server);
    let artifacts = ann.artifacts();
    let (_, name) = url.rsplit_once('/').expect("a name");
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    // From another database, where one may write.
    postgres::run_elsewhere(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on; {end}"));
    server.until("read again", || ann.client.get(&artifacts).status == 200);
    server.until("read-only", || ann.client.post(&artifacts, &json!({"name": "n"})).status == 503);
    ann.client.post(&artifacts, &json!({"name": "n"})).problem(503, "read_only");
    postgres::run_elsewhere(&format!("ALTER DATABASE {name} RESET ALL; {end}"));
    server.until("written again", || ann.client.post(&artifacts, &json!({"name": "n"})).status == 201);
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_data_directory_is_one_servers() {
    let setup = Setup::new().env("GHOSTWORKS__STORAGE__URL", postgres::database());
    let server = setup.start();
    let refused = setup.start_refused();
    assert!(refused.stderr.contains("in use by another ghostworks"), "{}", refused.stderr);
    let (status, said, errors) = setup.run(&["user", "list"]);
    assert!(status.success(), "the one that runs is asked: {said}{errors}");
    server.stop();
    let (status, said, errors) = setup.run(&["user", "list"]);
    assert!(status.success(), "and without one, the database: {said}{errors}");
}
