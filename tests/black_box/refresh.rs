//! Sessions that survive a second tab, an answer that was lost, and a switch of the workspace.

use std::sync::Barrier;
use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";
const TABS: usize = 20;

fn refresh(client: &Client, token: &str) -> Reply {
    client.post(REFRESH, &json!({"refresh_token": token}))
}

fn refresh_token(reply: Reply) -> String {
    text(&reply.expect(200).json()["refresh_token"])
}

fn is_signed_in(server: &Server, tokens: &Value) -> bool {
    server.client().bearer(&text(&tokens["access_token"])).get(ME).status == 200
}

#[test]
fn s14_s58_many_tabs_that_refresh_at_once_get_the_same_refresh_token() {
    // With the limits on: ten a minute from one address.
    let server = Setup::new().rate_limited().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "60").start();
    let account = Account::new(&server);
    let barrier = Barrier::new(TABS);
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let tab = || {
            barrier.wait();
            refresh(&server.client(), &account.refresh).expect(200).json()
        };
        let tabs: Vec<_> = (0..TABS).map(|_| scope.spawn(tab)).collect();
        tabs.into_iter().map(|tab| tab.join().expect("an answer")).collect()
    });
    let token = text(&answers[0]["refresh_token"]);
    for tokens in &answers {
        assert_eq!(tokens["refresh_token"], token);
        assert!(is_signed_in(&server, tokens));
    }
    assert_ne!(token, account.refresh);
    refresh(&server.client(), &token).expect(200);
}

#[test]
fn a_tab_that_is_behind_gets_the_newest_refresh_token() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "60").start();
    let account = Account::new(&server);
    let second = refresh_token(refresh(&server.client(), &account.refresh));
    let third = refresh_token(refresh(&server.client(), &second));
    for behind in [&account.refresh, &second, &account.refresh] {
        assert_eq!(refresh_token(refresh(&server.client(), behind)), third);
    }
    let fourth = refresh_token(refresh(&server.client(), &third));
    assert_eq!(refresh_token(refresh(&server.client(), &account.refresh)), fourth);
}

#[test]
fn s58_an_answer_that_was_lost_is_given_again_by_a_server_with_other_keys() {
    let setup = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "60");
    let setup = setup.env("GHOSTWORKS__AUTH__SIGNING_KEY", "5e1f0c8a9b7d4e2f6a3c1b0d8e9f7a6b");
    let server = setup.start();
    let account = Account::new(&server);
    let second = refresh_token(refresh(&server.client(), &account.refresh));
    server.kill();
    let setup = setup.env("GHOSTWORKS__AUTH__SIGNING_KEY", "0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d");
    let server = setup.start();
    let again = refresh(&server.client(), &account.refresh).expect(200).json();
    assert_eq!(again["refresh_token"], second);
    assert!(is_signed_in(&server, &again));
}

#[test]
fn s13_after_the_grace_a_spent_token_ends_the_session() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "1").start();
    let account = Account::new(&server);
    let tokens = refresh(&server.client(), &account.refresh).expect(200).json();
    // The end of the grace comes by the clock alone, and no event tells of it: ask until it has come.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let reply = refresh(&server.client(), &account.refresh);
        if reply.status == 401 {
            reply.problem(401, "invalid_refresh_token");
            break;
        }
        assert_eq!(refresh_token(reply), tokens["refresh_token"]);
        assert!(Instant::now() < deadline, "the grace never ends");
    }
    assert!(!is_signed_in(&server, &tokens), "the session has ended");
    refresh(&server.client(), &text(&tokens["refresh_token"])).problem(401, "invalid_refresh_token");
}

#[test]
fn a_repeat_does_not_count_against_the_limit_and_guesses_do() {
    let server = Setup::new().rate_limited().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "60").start();
    let account = Account::new(&server);
    let spent = refresh(&server.client(), &account.refresh).expect(200);
    assert_eq!(spent.header("ratelimit-remaining"), Some("9"));
    for _ in 0..12 {
        refresh(&server.client(), &account.refresh).expect(200);
    }
    for left in (0..9).rev() {
        let reply = refresh(&server.client(), "nonsense");
        reply.problem(401, "invalid_refresh_token");
        assert_eq!(reply.header("ratelimit-remaining"), Some(left.to_string().as_str()));
    }
    refresh(&server.client(), "nonsense").problem(429, "rate_limited");
    refresh(&server.client(), &text(&spent.json()["refresh_token"])).problem(429, "rate_limited");
    refresh(&server.client(), &account.refresh).expect(200);
}

#[test]
fn a_repeat_by_another_client_is_seen_in_the_audit_view() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "60").start();
    let account = Account::new(&server);
    let audit = format!("/api/v1/workspaces/{}/audit", account.workspace());
    let browser = server.client().with("User-Agent", "browser/1");
    for client in [&browser, &browser, &server.client().with("User-Agent", "stranger/1")] {
        refresh(client, &account.refresh).expect(200);
    }
    let entries = account.client.get(&audit).expect(200).json();
    let newest: Vec<&str> = entries["items"]
        .as_array()
        .expect("entries")
        .iter()
        .take(2)
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    assert_eq!(newest, ["session.refresh_repeated", "session.refreshed"]);
    assert_eq!(entries["items"][0]["actor"]["user_agent"], "stranger/1");
}

#[test]
fn a_switch_spends_no_refresh_token() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "0").start();
    let account = Account::new(&server);
    let path = format!("/api/v1/workspaces/{}/switch", account.workspace());
    let mut lines = vec![account.refresh.clone()];
    for _ in 0..7 {
        lines.push(text(&account.client.call("POST", &path).expect(200).json()["refresh_token"]));
    }
    // Each line goes on by itself.
    for _ in 0..2 {
        lines = lines.iter().map(|token| refresh_token(refresh(&server.client(), token))).collect();
    }
    let newest = text(&account.client.call("POST", &path).expect(200).json()["refresh_token"]);
    refresh(&server.client(), &lines[0]).problem(401, "invalid_refresh_token");
    account.client.get(ME).expect(200);
    refresh(&server.client(), &newest).expect(200);
    refresh(&server.client(), &lines[7]).expect(200);
    // Reuse in any of them ends the session.
    refresh(&server.client(), &newest).problem(401, "invalid_refresh_token");
    account.client.get(ME).problem(401, "not_authenticated");
    refresh(&server.client(), &lines[5]).problem(401, "invalid_refresh_token");
}

#[test]
fn of_too_many_sessions_the_one_unused_longest_ends() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__SESSIONS_PER_ACCOUNT", "3").start();
    let account = Account::new(&server);
    let sign_in = || login(&server.client(), &account.email, PASSWORD).expect(200).json();
    let (second, third) = (sign_in(), sign_in());
    refresh(&server.client(), &account.refresh).expect(200);
    let fourth = sign_in();
    assert!(!is_signed_in(&server, &second));
    assert!(is_signed_in(&server, &third) && is_signed_in(&server, &fourth));
    account.client.get(ME).expect(200);
    assert_eq!(account.client.get("/api/v1/auth/sessions").expect(200).json().as_array().map(Vec::len), Some(3));
}
