//! How often one may ask: by address, by account, and what the answers say of it.

use crate::support::account::{Account, PASSWORD, login, register};
use crate::support::client::{Client, Reply};
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::json;

const FORGOT: &str = "/api/v1/auth/password/forgot";

/// Limited, and behind a proxy, so that a test can choose the clients' addresses.
fn start() -> Server {
    Setup::new().rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start()
}

/// A client at `address`.
fn at(server: &Server, address: &str) -> Client {
    server.client().with("X-Forwarded-For", address)
}

/// Limit, what remains, and seconds until all is there again.
#[track_caller]
fn allowance(reply: &Reply) -> [u32; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| {
        let value = reply.header(name).unwrap_or_else(|| panic!("no {name} in {:?}", reply.headers));
        value.parse().unwrap_or_else(|_| panic!("{name}: {value}"))
    })
}

/// The seconds to wait, after checking that the answer is a whole refusal.
#[track_caller]
fn refused(reply: &Reply) -> u32 {
    reply.problem(429, "rate_limited");
    assert_eq!(allowance(reply)[1], 0);
    reply.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("Retry-After")
}

#[test]
fn s10_one_address_is_refused_after_its_limit() {
    let server = start();
    let client = at(&server, "203.0.113.1");
    for left in (0..5).rev() {
        let reply = login(&client, &format!("{}@example.com", unique("nobody")), PASSWORD);
        reply.problem(401, "invalid_credentials");
        let [limit, remaining, reset] = allowance(&reply);
        assert_eq!((limit, remaining), (5, left));
        assert!((1..=60).contains(&reset), "{reset}");
    }
    let wait = refused(&login(&client, "nobody@example.com", PASSWORD));
    assert!((1..=12).contains(&wait), "{wait}");
    refused(&client.post("/api/v1/auth/login/", &json!({})));

    login(&at(&server, "203.0.113.2"), "nobody@example.com", PASSWORD).problem(401, "invalid_credentials");
    register(&client, &format!("{}@example.com", unique("person"))).expect(201);
}

#[test]
fn each_class_has_a_limit_of_its_own() {
    let server = start();
    let client = at(&server, "203.0.113.3");
    let body = json!({});
    for (path, limit) in [
        ("/api/v1/auth/register", 5),
        ("/api/v1/auth/refresh", 10),
        ("/api/v1/workspaces", 10),
        ("/api/v1/workspaces/", 10),
    ] {
        let first = client.post(path, &body);
        let [of, remaining, _] = allowance(&first);
        assert!(first.status < 429 && of == limit && remaining < limit, "{path}: {:?}", first.headers);
    }
    // Whatever it answers, all that sends mail or follows from it shares one limit.
    for path in [FORGOT, "/api/v1/auth/password/reset", "/api/v1/auth/verify-email", FORGOT, FORGOT] {
        assert_ne!(client.post(path, &body).status, 429);
    }
    refused(&client.post("/api/v1/auth/verify-email/resend", &body));
}

#[test]
fn another_spelling_of_a_path_is_not_another_limit() {
    let server = start();
    let client = at(&server, "203.0.113.4");
    for path in ["/api/v1/auth/%6Cogin", "/api/v1//auth/login", "/api/v1/auth/LOGIN", "/api/v1/auth/login//"] {
        assert_eq!(client.post(path, &json!({"email": "a@example.com", "password": PASSWORD})).status, 404, "{path}");
    }
}

#[test]
fn s10_guesses_at_one_account_are_limited_wherever_they_come_from_and_not_for_good() {
    let server = start();
    let owner = Account::new(&server);
    // One of ten attempts went into signing in above.
    let guess = |number: u32| login(&at(&server, &format!("198.51.100.{number}")), &owner.email, "Wrong-guess-1");
    for number in 1..=9 {
        guess(number).problem(401, "invalid_credentials");
    }
    let wait = refused(&guess(10));
    assert!((1..=6).contains(&wait), "one is there again within six seconds, not {wait}");
    let shouted = owner.email.to_uppercase();
    refused(&login(&at(&server, "198.51.100.11"), &shouted, PASSWORD));

    login(&at(&server, "198.51.100.12"), "other@example.com", "Wrong-guess-1").problem(401, "invalid_credentials");
    owner.client.get("/api/v1/auth/me").expect(200);
    let metrics = server.client().get("/metrics").expect(200).body;
    let failed = "auth_attempts_total{method=\"password\",success=\"false\"} 12";
    assert!(metrics.lines().any(|line| line == failed), "those refused count as failed: {metrics}");
}

#[test]
fn ipv6_is_limited_by_network() {
    let server = start();
    for host in 1..=5 {
        let client = at(&server, &format!("2001:db8:1:1::{host}"));
        login(&client, &format!("{}@example.com", unique("nobody")), PASSWORD).expect(401);
    }
    refused(&login(&at(&server, "2001:db8:1:1:ffff::1"), "nobody@example.com", PASSWORD));
    login(&at(&server, "2001:db8:1:2::1"), "nobody@example.com", PASSWORD).expect(401);
}

#[test]
fn an_account_has_a_limit_whatever_its_address() {
    let setup = Setup::new().rate_limited().env("GHOSTWORKS__LIMITS__SIGNED_IN_PER_MINUTE", "4");
    let server = setup.env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let from = |address: &str| ann.client.with("X-Forwarded-For", address).get("/api/v1/auth/me");
    let first = from("198.51.100.1").expect(200);
    assert_eq!(allowance(&first)[..2], [4, 3]);
    for number in 2..=3 {
        from(&format!("198.51.100.{number}")).expect(200);
    }
    let missing = ann.client.get("/api/v1/workspaces/0197a2b4-0000-7000-8000-000000000000");
    missing.problem(404, "workspace_not_found");
    assert_eq!(allowance(&missing)[..2], [4, 0], "errors tell it too");
    refused(&from("198.51.100.4"));
    bob.client.get("/api/v1/auth/me").expect(200);
}

#[test]
fn what_is_not_limited_says_nothing_of_limits() {
    let limited = start();
    let unlimited = Setup::new().start();
    for reply in [limited.client().get("/health"), login(&unlimited.client(), "nobody@example.com", PASSWORD)] {
        assert_eq!(reply.header("ratelimit-limit"), None);
    }
    for _ in 0..10 {
        login(&unlimited.client(), "nobody@example.com", PASSWORD).expect(401);
    }
}

#[test]
fn s10_s56_guessing_keeps_nobody_out_where_they_signed_in_before() {
    let server = start();
    let email = format!("{}@example.com", unique("owner"));
    register(&at(&server, "203.0.113.20"), &email).expect(201);
    let home = login(&at(&server, "203.0.113.20"), &email, PASSWORD).expect(200);
    let device = home.set_cookie("device").split("; ").next().expect("a pair").to_owned();
    let guess = |number: u32| login(&at(&server, &format!("198.51.100.{number}")), &email, "Wrong-guess-1");
    for number in 20..29 {
        guess(number).problem(401, "invalid_credentials");
    }
    for number in 29..40 {
        refused(&guess(number));
    }

    // At home, and with the browser anywhere, also where somebody guesses.
    login(&at(&server, "203.0.113.20"), &email, PASSWORD).expect(200);
    login(&at(&server, "203.0.113.21").with("Cookie", &device), &email, PASSWORD).expect(200);
    for _ in 0..5 {
        login(&at(&server, "203.0.113.22"), "nobody@example.com", "Wrong-guess-1");
    }
    refused(&login(&at(&server, "203.0.113.22"), &email, PASSWORD));
    login(&at(&server, "203.0.113.22").with("Cookie", &device), &email, PASSWORD).expect(200);

    // Nobody becomes known by saying so, or by a device of another account.
    let other = Account::new(&server);
    let stranger = login(&at(&server, "203.0.113.24"), &other.email, PASSWORD).expect(200);
    let foreign = stranger.set_cookie("device").split("; ").next().expect("a pair").to_owned();
    for cookie in ["device=nonsense", &foreign] {
        refused(&login(&at(&server, "203.0.113.25").with("Cookie", cookie), &email, PASSWORD));
    }
    refused(&login(&at(&server, "203.0.113.26"), &email, PASSWORD));
    refused(&guess(41));
}

#[test]
fn s10_guesses_from_a_known_place_are_limited_as_well() {
    let server = start();
    let owner = Account::new(&server);
    let device = login(&at(&server, "203.0.113.30"), &owner.email, PASSWORD).expect(200);
    let device = device.set_cookie("device").split("; ").next().expect("a pair").to_owned();
    let guess = |number: u32| {
        login(&at(&server, &format!("198.51.100.{number}")).with("Cookie", &device), &owner.email, "Wrong-guess-1")
    };
    for number in 50..60 {
        guess(number).problem(401, "invalid_credentials");
    }
    refused(&guess(60));
    // A device that says to be known counts against the limit of its address all the same.
    let client = at(&server, "203.0.113.31").with("Cookie", "device=nonsense");
    for _ in 0..5 {
        login(&client, "nobody@example.com", "Wrong-guess-1").problem(401, "invalid_credentials");
    }
    refused(&login(&client, "nobody@example.com", "Wrong-guess-1"));
}

#[test]
fn guesses_at_the_current_password_count_as_attempts_to_sign_in() {
    let server = start();
    let account = Account::new(&server);
    let guess = |path: &str| {
        let body = json!({"current_password": "Wrong-horse-7", "new_password": "Another-horse-8"});
        account.client.post(&format!("/api/v1/auth/{path}"), &body)
    };
    guess("password/change").problem(422, "validation_failed");
    let replies: Vec<Reply> = (0..10).map(|_| guess("me/export")).collect();
    refused(replies.last().expect("a reply"));
    refused(&guess("password/change"));
    refused(&guess("me/delete"));
}

#[test]
fn a_mailbox_is_not_flooded_from_many_addresses() {
    let server = start();
    let person = format!("{}@example.com", unique("person"));
    let ask = |path: &str, from: u32, email: &str| {
        at(&server, &format!("198.51.100.{from}")).post(path, &json!({"email": email}))
    };
    for from in 0..10 {
        ask(FORGOT, from, &person).expect(200);
    }
    // However it is typed, and whether or not there is an account.
    let wait = refused(&ask(FORGOT, 10, &person.to_uppercase()));
    assert!((60..=3600).contains(&wait), "{wait}");
    ask("/api/v1/auth/verify-email/resend", 11, &person).expect(200);
    ask(FORGOT, 12, &format!("{}@example.com", unique("other"))).expect(200);
}
