//! Accounts that may operate the server: by their sessions, at once, and by nothing else.

use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::client::Client;
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::{Value, json};

const ACCOUNTS: &str = "/api/v1/operator/accounts";
const TOKEN: &str = "0123456789abcdefoperator";

fn started() -> (Setup, Server) {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN);
    let server = setup.start();
    (setup, server)
}

fn run(setup: &Setup, words: &[&str]) -> String {
    let (status, output, errors) = setup.run(words);
    assert!(status.success(), "{words:?}: {errors}");
    output
}

/// An account that may operate.
fn operator(server: &Server) -> Account {
    let account = Account::new(server);
    set(&server.client().bearer(TOKEN), &account, "grant-operator");
    account
}

fn set(by: &Client, account: &Account, what: &str) -> Value {
    by.send("POST", &format!("{ACCOUNTS}/{}/{what}", account.id), "application/json", "").expect(200).json()
}

#[test]
fn an_account_operates_from_the_next_request_on_until_it_is_revoked() {
    let (_, server) = started();
    let account = Account::new(&server);
    let token = server.client().bearer(TOKEN);
    account.client.get(ACCOUNTS).problem(403, "forbidden");
    for _ in 0..2 {
        assert_eq!(set(&token, &account, "grant-operator")["account"]["is_operator"], true);
    }
    account.client.get(ACCOUNTS).expect(200);
    account.client.get("/api/v1/system/traces").expect(200);
    // Operators make others, and take it from themselves.
    let other = Account::new(&server);
    set(&account.client, &other, "grant-operator");
    assert_eq!(set(&account.client, &account, "revoke-operator")["account"]["is_operator"], false);
    account.client.get(ACCOUNTS).problem(403, "forbidden");
    assert_eq!(set(&other.client, &other, "revoke-operator")["account"]["is_operator"], false, "the last one");
    other.client.get(ACCOUNTS).problem(403, "forbidden");
    account.client.get("/api/v1/auth/me").expect(200);
    let nobody = format!("{ACCOUNTS}/00000000-0000-7000-8000-000000000000/grant-operator");
    token.send("POST", &nobody, "application/json", "").problem(404, "user_not_found");
}

#[test]
fn neither_an_api_key_nor_a_token_says_that_its_account_may_operate() {
    let (_, server) = started();
    let account = Account::new(&server);
    let before = account.access.split('.').nth(1).expect("claims").len();
    set(&server.client().bearer(TOKEN), &account, "grant-operator");
    let tokens = login(&server.client(), &account.email, PASSWORD).expect(200).json();
    assert_eq!(text(&tokens["access_token"]).split('.').nth(1).expect("claims").len(), before);
    let keys = format!("/api/v1/workspaces/{}/api-keys", account.workspace());
    let body = json!({"name": "robot", "scopes": ["artifacts:read", "artifacts:write"]});
    let key = text(&account.client.post(&keys, &body).expect(201).json()["key"]);
    server.client().bearer(&key).get(ACCOUNTS).problem(403, "api_key_not_allowed");
}

#[test]
fn what_an_operator_does_is_their_doing() {
    let (_, server) = started();
    let (ann, bob) = (operator(&server), Account::new(&server));
    let workspace = bob.workspace();
    set(&ann.client, &bob, "disable");
    set(&ann.client, &bob, "enable");
    let tokens = login(&server.client(), &bob.email, PASSWORD).expect(200).json();
    let bobs = server.client().bearer(&text(&tokens["access_token"]));
    let log = bobs.get(&format!("/api/v1/workspaces/{workspace}/audit")).expect(200).json();
    let entries = log["items"].as_array().expect("items");
    let disabled = entries.iter().find(|entry| entry["action"] == "user.disabled").expect("it is there");
    assert_eq!(disabled["actor"]["user_id"], ann.id);
}

#[test]
fn a_write_of_an_operator_by_cookie_must_come_from_here() {
    let (_, server) = started();
    let (ann, bob) = (operator(&server), Account::new(&server));
    let browser = server.client().with("Cookie", &format!("access_token=\"Bearer {}\"", ann.access));
    let disable = format!("{ACCOUNTS}/{}/disable", bob.id);
    browser.get(ACCOUNTS).expect(200);
    browser.call("POST", &disable).problem(403, "foreign_origin");
    let elsewhere = browser.with("Sec-Fetch-Site", "cross-site").with("Origin", "https://evil.example");
    elsewhere.call("POST", &disable).problem(403, "foreign_origin");
    browser.with("Sec-Fetch-Site", "same-origin").call("POST", &disable).expect(200);
}

#[test]
fn s61_where_only_operators_listen_their_accounts_are_let_in() {
    let setup = Setup::new()
        .env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN)
        .env("GHOSTWORKS__SERVER__OPERATOR_LISTEN", "127.0.0.1:0");
    let server = setup.start();
    let address = std::iter::from_fn(|| server.next_stdout_line());
    let address = address.map(|line| line.trim().to_owned()).find(|line| line.starts_with("operator"));
    let inner = Client::new(address.expect("a line").trim_start_matches("operator").trim());
    let account = Account::new(&server);
    inner.bearer(&account.access).get(ACCOUNTS).problem(403, "forbidden");
    inner.get(ACCOUNTS).problem(401, "not_authenticated");
    set(&inner.bearer(TOKEN), &account, "grant-operator");
    inner.bearer(&account.access).get(ACCOUNTS).expect(200);
    inner.bearer(&account.access).get("/api/v1/auth/me").problem(404, "not_found");
}

#[test]
fn the_command_line_grants_and_revokes_with_and_without_a_server() {
    let setup = Setup::new();
    let server = setup.start();
    let account = Account::new(&server);
    let said = |words: &str| format!("The account {} {words}.\n", account.email);
    assert_eq!(run(&setup, &["user", "grant-operator", &account.email]), said("may operate the server"));
    assert_eq!(run(&setup, &["user", "grant-operator", &account.email]), said("may operate the server already"));
    account.client.get(ACCOUNTS).expect(200);
    server.stop();
    assert!(run(&setup, &["user", "show", &account.email]).contains("operator"));
    assert_eq!(run(&setup, &["user", "revoke-operator", &account.email]), said("may operate the server no longer"));
    assert_eq!(run(&setup, &["user", "revoke-operator", &account.email]), said("may not operate the server anyway"));
    assert!(!run(&setup, &["user", "list"]).contains("operator"));
    let json: Value =
        serde_json::from_str(&run(&setup, &["user", "grant-operator", "--json", &account.email])).unwrap();
    assert_eq!(json, json!({"email": account.email, "is_operator": true, "changed": true}));
    let server = setup.start();
    server.client().bearer(&account.access).get(ACCOUNTS).expect(200);
}

#[test]
fn operators_register_as_many_as_they_like() {
    let setup = Setup::new().rate_limited().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN);
    let server = setup.env("GHOSTWORKS__LIMITS__REGISTER_PER_MINUTE", "1").start();
    let email = || format!("{}@example.com", unique("person"));
    let first = register(&server.client().bearer(TOKEN), &email()).expect(201);
    assert_eq!(first.header("ratelimit-limit"), None);
    register(&server.client().bearer(TOKEN), &email()).expect(201);
    register(&server.client(), &email()).expect(201);
    register(&server.client(), &email()).problem(429, "rate_limited");
    register(&server.client().bearer(TOKEN), &email()).expect(201);
}
