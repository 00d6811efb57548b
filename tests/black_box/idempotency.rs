//! A write that is sent twice with the same key is carried out once, and answered alike.

use std::sync::Barrier;

use crate::support::account::{Account, text};
use crate::support::client::{Client, Reply};
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::{Value, json};

/// A caller that sends `key` along.
fn with_key(client: &Client, key: &str) -> Client {
    client.with("Idempotency-Key", key)
}

fn anvil() -> Value {
    json!({"name": "Anvil"})
}

fn total(client: &Client, artifacts: &str) -> Value {
    client.get(artifacts).expect(200).json()["total"].clone()
}

#[track_caller]
fn assert_replayed(again: &Reply, first: &Reply) {
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    for name in ["content-type", "location", "etag"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
    assert_ne!(first.header("x-request-id"), again.header("x-request-id"));
}

#[test]
fn s39_the_same_request_gets_the_first_answer_again() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let client = with_key(&owner.client, "key-1");
    let first = client.post(&artifacts, &anvil()).expect(201);
    assert!(first.header("etag").is_some() && first.header("location").is_some());
    for path in [artifacts.clone(), format!("{artifacts}/")] {
        assert_replayed(&client.post(&path, &anvil()), &first);
    }
    assert_eq!(total(&owner.client, &artifacts), 1);

    let body = json!({"name": "Once", "slug": unique("once")});
    let first = client.post("/api/v1/workspaces", &body).expect(201);
    assert_replayed(&client.post("/api/v1/workspaces", &body), &first);
    with_key(&owner.client, "key-2").post("/api/v1/workspaces", &body).problem(409, "slug_taken");
}

#[test]
fn s39_another_body_under_the_same_key_is_refused() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let client = with_key(&owner.client, "key-1");
    client.post(&artifacts, &anvil()).expect(201);
    client.post(&artifacts, &json!({"name": "Hammer"})).problem(422, "idempotency_key_reused");
    client.post(&format!("{artifacts}?x=1"), &anvil()).problem(422, "idempotency_key_reused");
    client.post(&owner.artifacts(), &json!({"name": "Elsewhere"})).expect(201);
    assert_eq!(total(&owner.client, &artifacts), 1);
}

#[test]
fn s39_of_many_at_once_one_is_carried_out() {
    const MANY: usize = 8;
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for round in 1..=10 {
        let client = with_key(&owner.client, &format!("round-{round}"));
        let barrier = Barrier::new(MANY);
        let replies: Vec<Reply> = std::thread::scope(|scope| {
            let send = || {
                barrier.wait();
                client.post(&artifacts, &anvil())
            };
            let senders: Vec<_> = (0..MANY).map(|_| scope.spawn(send)).collect();
            senders.into_iter().map(|sender| sender.join().expect("an answer")).collect()
        });
        let (done, in_flight): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
        let first = done.iter().find(|reply| reply.header("idempotency-replayed").is_none()).expect("one did it");
        assert!(done.iter().all(|reply| reply.body == first.body));
        for reply in in_flight {
            reply.problem(409, "idempotency_in_flight");
            assert!(reply.header("retry-after").is_some());
        }
        assert_eq!(total(&owner.client, &artifacts), round);
    }
}

#[test]
fn s39_an_answer_outlives_a_restart_and_a_kill() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let client = |server: &Server| with_key(&server.client().bearer(&owner.access), "key-1");
    let first = client(&server).post(&artifacts, &anvil()).expect(201);
    server.stop();
    let server = setup.start();
    assert_replayed(&client(&server).post(&artifacts, &anvil()), &first);
    server.kill();
    let server = setup.start();
    assert_replayed(&client(&server).post(&artifacts, &anvil()), &first);
    assert_eq!(total(&server.client().bearer(&owner.access), &artifacts), 1);
}

#[test]
fn s39_a_kill_in_the_middle_never_lets_it_happen_twice() {
    const WRITES: usize = 200;
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let create = |client: &Client, number: usize| {
        let body = json!({"name": format!("number {number}")}).to_string();
        with_key(client, &format!("number-{number}")).try_send("POST", &artifacts, "application/json", body)
    };
    let client = server.client().bearer(&owner.access);
    std::thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        for worker in 0..4 {
            let (client, create, tell) = (&client, &create, tell.clone());
            scope.spawn(move || {
                let numbers = (worker..WRITES).step_by(4);
                numbers.map_while(|number| create(client, number).ok()).try_for_each(|_| tell.send(()))
            });
        }
        drop(tell);
        told.iter().nth(WRITES / 4);
        server.kill();
    });

    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    for number in 0..WRITES {
        let reply = create(&client, number).expect("an answer");
        if reply.status != 201 {
            reply.problem(409, "idempotency_answer_lost");
        }
    }
    assert_eq!(total(&client, &artifacts), WRITES);
}

#[test]
fn who_leaves_before_the_answer_gets_it_later() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let body = anvil().to_string();
    let head = format!(
        "POST {artifacts} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: key-1\r\nContent-Length: {}\r\n\r\n",
        owner.access,
        body.len()
    );
    for _ in 0..20 {
        Raw::connect(server.address()).send(format!("{head}{body}"));
    }
    let client = with_key(&owner.client, "key-1");
    let mut replies = std::iter::repeat_with(|| client.post(&artifacts, &anvil()));
    let reply = replies.find(|reply| reply.json()["code"] != "idempotency_in_flight");
    reply.expect("an answer").expect(201);
    assert_eq!(total(&owner.client, &artifacts), 1);
}

#[test]
fn a_failure_leaves_the_key_free() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let client = with_key(&owner.client, "key-1");
    client.post(&artifacts, &json!({"name": ""})).problem(422, "validation_failed");
    client.send("POST", &artifacts, "text/plain", "x").problem(415, "unsupported_media_type");
    client.post(&artifacts, &anvil()).expect(201);
}

#[test]
fn keys_are_each_callers_own() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let create = |account: &Account| {
        let client = with_key(&account.client, "the-same-key");
        text(&client.post("/api/v1/workspaces", &json!({"name": "Mine"})).expect(201).json()["id"])
    };
    assert_ne!(create(&ann), create(&bob));
    assert_eq!(create(&ann), create(&ann));
    let stranger = with_key(&server.client(), "the-same-key");
    stranger.post("/api/v1/workspaces", &json!({"name": "Mine"})).problem(401, "not_authenticated");
}

#[test]
fn a_key_must_be_one() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let longest = "k".repeat(255);
    for bad in ["", "two words", "ümlaut", &format!("{longest}k")] {
        with_key(&owner.client, bad).post(&artifacts, &anvil()).problem(400, "invalid_parameter");
    }
    let twice = with_key(&with_key(&owner.client, "a"), "b");
    twice.post(&artifacts, &anvil()).problem(400, "invalid_parameter");
    with_key(&owner.client, &longest).post(&artifacts, &anvil()).expect(201);
}

#[test]
fn limits_on_bodies_hold_with_a_key() {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__MAX_BODY_BYTES", "1000");
    let server = setup.start();
    let owner = Account::new(&server);
    let body = json!({"name": "Anvil", "description": "x".repeat(1000)});
    with_key(&owner.client, "key-1").post(&owner.artifacts(), &body).problem(413, "payload_too_large");
}

#[test]
fn where_answers_hold_secrets_a_key_is_ignored() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let client = with_key(&server.client(), "key-1");
    let login = json!({"email": owner.email, "password": crate::support::account::PASSWORD});
    let tokens = [(); 2].map(|()| client.post("/api/v1/auth/login", &login).expect(200));
    assert_ne!(tokens[0].body, tokens[1].body);
    assert_eq!(tokens[1].header("idempotency-replayed"), None);
}

#[test]
fn s59_a_secret_is_answered_once_and_the_second_time_names_what_was_made() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let keys = format!("/api/v1/workspaces/{}/api-keys", owner.workspace());
    let client = with_key(&owner.client, "key-1");
    let body = json!({"name": "CI", "scopes": ["artifacts:read"]});
    let made = client.post(&keys, &body).expect(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));

    let again = client.post(&keys, &body);
    assert_eq!(again.problem(409, "already_done")["id"], made.json()["id"]);
    assert!(!again.body.contains("gwk_"), "{}", again.body);
    client.post(&keys, &json!({"name": "Other", "scopes": ["artifacts:read"]})).problem(422, "idempotency_key_reused");
    let listed = owner.client.get(&keys).expect(200).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
}

#[test]
fn a_switch_under_a_key_is_made_once() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = owner.workspace();
    let switch = format!("/api/v1/workspaces/{workspace}/switch");
    let client = with_key(&owner.client, "key-1");
    let first = client.call("POST", &switch).expect(200).json();
    let again = client.call("POST", &switch);
    assert_eq!(again.problem(409, "already_done")["id"], workspace);
    assert!(!again.body.contains(&text(&first["refresh_token"])), "{}", again.body);
    server.client().bearer(&text(&first["access_token"])).get("/api/v1/auth/me").expect(200);
    with_key(&owner.client, "key-2").call("POST", &switch).expect(200);
    owner.client.call("POST", &switch).expect(200);
}

#[test]
fn what_operators_make_under_a_key_is_made_once() {
    const OPERATOR: &str = "0123456789abcdefoperator";
    const ACCOUNTS: &str = "/api/v1/operator/accounts";
    let server = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR).start();
    let by_token = server.client().bearer(OPERATOR);
    let operator = Account::new(&server);
    by_token.send("POST", &format!("{ACCOUNTS}/{}/grant-operator", operator.id), "application/json", "").expect(200);
    for (number, anybody) in [&by_token, &operator.client].into_iter().enumerate() {
        let client = with_key(anybody, "key-1");
        let body = json!({"email": format!("made-{number}@example.com")});
        let made = client.post(ACCOUNTS, &body).expect(201).json();
        let again = client.post(ACCOUNTS, &body);
        assert_eq!(again.problem(409, "already_done")["id"], made["account"]["id"]);
        // A password is no part of what is compared: a digest of it would be guessed.
        let other = json!({"email": format!("made-{number}@example.com"), "password": "Another-horse-7"});
        assert_eq!(client.post(ACCOUNTS, &other).problem(409, "already_done")["id"], made["account"]["id"]);
        with_key(anybody, "key-2").post(ACCOUNTS, &body).problem(409, "email_taken");

        let link = format!("{ACCOUNTS}/{}/reset-link", text(&made["account"]["id"]));
        let url = text(&client.call("POST", &link).expect(200).json()["url"]);
        let again = client.call("POST", &link);
        again.problem(409, "already_done");
        assert!(!again.body.contains(url.rsplit('=').next().expect("a token")), "{}", again.body);
    }
    // Others learn nothing.
    let stranger = Account::new(&server);
    with_key(&stranger.client, "key-1")
        .post(ACCOUNTS, &json!({"email": "made-0@example.com"}))
        .problem(403, "forbidden");
    with_key(&server.client(), "key-1").post(ACCOUNTS, &json!({"email": "made-0@example.com"})).expect(401);
    // A key of another method does nothing.
    let path = format!("{ACCOUNTS}/{}/password", stranger.id);
    let set = json!({"new_password": "Another-horse-7"});
    let replies = [(); 2].map(|()| with_key(&by_token, "key-3").put(&path, &set).expect(200));
    assert_eq!(replies[1].header("idempotency-replayed"), None);
}

#[test]
fn s28_who_is_no_member_any_more_gets_no_old_answer() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let tenant = owner.workspace();
    let workspace = format!("/api/v1/workspaces/{tenant}");
    let (members, artifacts) = (format!("{workspace}/members"), format!("{workspace}/artifacts"));
    let admit = || owner.client.post(&members, &json!({"email": other.email, "role": "admin"})).expect(201);
    admit();
    let body = json!({"name": "CI", "scopes": ["artifacts:write"]});
    let api_key = text(&other.client.post(&format!("{workspace}/api-keys"), &body).expect(201).json()["key"]);
    let (person, machine) = (with_key(&other.client, "k"), with_key(&server.client().bearer(&api_key), "k"));
    let add = json!({"email": Account::new(&server).email, "role": "member"});
    let first = person.post(&artifacts, &anvil()).expect(201);
    let added = person.post(&members, &add).expect(201);
    let made = machine.post(&artifacts, &anvil()).expect(201);
    assert_ne!(made.json()["id"], first.json()["id"], "a machine's keys are its own");
    machine.post(&members, &add).problem(403, "api_key_not_allowed");
    // The id spelt in another way is the same workspace.
    let spelt = artifacts.replace('-', "%2D");
    person.post(&spelt, &anvil()).expect(201);

    owner.client.delete(&format!("{members}/{}", other.id)).expect(200);
    for path in [&artifacts, &spelt] {
        person.post(path, &anvil()).problem(404, "workspace_not_found");
        person.post(path, &json!({"name": "Another"})).problem(404, "workspace_not_found");
    }
    person.post(&members, &add).problem(404, "workspace_not_found");
    machine.post(&artifacts, &anvil()).problem(404, "workspace_not_found");

    admit();
    assert_replayed(&person.post(&artifacts, &anvil()), &first);
    assert_replayed(&person.post(&members, &add), &added);
    assert_replayed(&machine.post(&artifacts, &anvil()), &made);
    owner.client.delete(&workspace).expect(204);
    person.post(&artifacts, &anvil()).problem(404, "workspace_not_found");
    for id in ["1", "not-an-id", "%ff"] {
        person.post(&format!("/api/v1/workspaces/{id}/artifacts"), &anvil()).problem(400, "invalid_parameter");
    }
}

#[test]
fn s51_answers_beyond_what_an_account_may_store_are_kept_in_short_and_then_keys_are_refused() {
    let setup = Setup::new().env("GHOSTWORKS__LIMITS__IDEMPOTENCY_BYTES", "20000");
    let server = setup.start();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let artifacts = owner.artifacts();
    let body = json!({"name": "large", "description": "d".repeat(1900)});
    let create = |client: &Client, number: usize| with_key(client, &format!("key-{number}")).post(&artifacts, &body);
    let refused = (0..400).find(|number| create(&owner.client, *number).status != 201).expect("keys end at some time");
    create(&owner.client, refused).problem(409, "quota_exceeded");
    let written = usize::try_from(total(&owner.client, &artifacts).as_u64().expect("a number")).expect("few");
    assert_eq!(written, refused, "what was refused did not happen");

    assert_eq!(create(&owner.client, 0).header("idempotency-replayed"), Some("true"));
    let detail = text(&create(&owner.client, refused - 1).problem(409, "already_done")["detail"]);
    let newest = owner.client.get(&artifacts).expect(200).json()["items"][0]["id"].clone();
    assert!(detail.contains(&text(&newest)), "{detail} does not name {newest}");
    owner.client.post(&artifacts, &body).expect(201);
    with_key(&other.client, "key-0").post(&other.artifacts(), &body).expect(201);

    // The count is of what is stored, and not of what was seen since the start.
    let access = owner.access.clone();
    server.stop();
    let server = setup.start();
    let client = server.client().bearer(&access);
    assert!((refused + 1..refused + 60).any(|number| create(&client, number).status == 409), "it began again");
}
