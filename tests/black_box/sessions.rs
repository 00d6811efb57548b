//! Sessions: listing and ending them, the workspace each is in, and accounts that are disabled.

use std::collections::BTreeMap;

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::exposition::Exposition;
use crate::support::server::{Server, Setup};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const SESSIONS: &str = "/api/v1/auth/sessions";
const ME: &str = "/api/v1/auth/me";

fn refresh(client: &Client, token: &str) -> Reply {
    client.post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
}

fn sessions(client: &Client) -> Vec<Value> {
    client.get(SESSIONS).expect(200).json().as_array().expect("an array").clone()
}

fn claims(access: &str) -> Value {
    let part = access.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

#[test]
fn s20_sessions_are_listed_and_ended_one_by_one() {
    let server = Server::shared();
    let account = Account::new(&server);
    let phone = server.client().with("User-Agent", "phone/1");
    let tokens = login(&phone, &account.email, PASSWORD).expect(200).json();
    let other = server.client().bearer(&text(&tokens["access_token"]));

    let listed = sessions(&account.client);
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(false), &json!(true)), "newest first");
    assert_eq!((&listed[0]["user_agent"], &listed[0]["ip"]), (&json!("phone/1"), &json!("127.0.0.1")));
    assert_eq!(listed[0]["created_at"], listed[0]["last_used_at"]);
    assert!(text(&listed[0]["expires_at"]) > text(&listed[0]["created_at"]));
    assert_eq!(listed[1]["id"], claims(&account.access)["sid"]);

    let path = format!("{SESSIONS}/{}", text(&listed[0]["id"]));
    Account::new(&server).client.delete(&path).problem(404, "session_not_found");
    other.get(ME).expect(200);
    account.client.delete(&path).expect(204);
    other.get(ME).problem(401, "not_authenticated");
    refresh(&server.client(), &text(&tokens["refresh_token"])).problem(401, "invalid_refresh_token");
    account.client.delete(&path).problem(404, "session_not_found");
    account.client.delete(&format!("{SESSIONS}/no-id")).problem(400, "invalid_parameter");
    assert_eq!(sessions(&account.client).len(), 1);
}

#[test]
fn s20_all_other_sessions_end_at_once() {
    let server = Server::shared();
    let account = Account::new(&server);
    let others = [(); 3].map(|()| login(&server.client(), &account.email, PASSWORD).expect(200).json());
    let stranger = Account::new(&server);
    let answer = account.client.delete(SESSIONS).expect(200).json();
    assert_eq!(answer["revoked"], 3, "{answer}");
    for tokens in others {
        server.client().bearer(&text(&tokens["access_token"])).get(ME).problem(401, "not_authenticated");
        refresh(&server.client(), &text(&tokens["refresh_token"])).problem(401, "invalid_refresh_token");
    }
    account.client.get(ME).expect(200);
    stranger.client.get(ME).expect(200);
    assert_eq!(account.client.delete(SESSIONS).expect(200).json()["revoked"], 0);
}

#[test]
fn s20_a_session_may_end_itself() {
    let server = Server::shared();
    let account = Account::new(&server);
    let id = text(&sessions(&account.client)[0]["id"]);
    account.client.delete(&format!("{SESSIONS}/{id}")).expect(204);
    account.client.get(SESSIONS).problem(401, "not_authenticated");
}

#[test]
fn switching_points_the_session_at_a_workspace() {
    let server = Server::shared();
    let account = Account::new(&server);
    let (first, second) = (account.workspace(), account.workspace());
    let current = |client: &Client| client.get(ME).expect(200).json()["current_workspace"]["id"].clone();
    assert_eq!(current(&account.client), first);

    let reply = account.client.call("POST", &format!("/api/v1/workspaces/{second}/switch")).expect(200);
    let answer = reply.json();
    assert_eq!((&answer["workspace_id"], &answer["role"]), (&json!(second), &json!("owner")));
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(900)));
    assert!(!text(&answer["message"]).is_empty());
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    for name in ["access_token", "refresh_token"] {
        assert!(reply.set_cookie(name).contains(&text(&answer[name])), "{name}");
    }
    let switched = claims(&text(&answer["access_token"]));
    assert_eq!((&switched["tenant_id"], &switched["role"]), (&json!(second), &json!("owner")));
    assert_eq!(switched["sid"], claims(&account.access)["sid"]);

    assert_eq!(current(&server.client().bearer(&text(&answer["access_token"]))), second);
    assert_eq!(current(&account.client), second, "it is the session that is there");
    let elsewhere = login(&server.client(), &account.email, PASSWORD).expect(200).json();
    assert_eq!(claims(&text(&elsewhere["access_token"]))["tenant_id"], first, "another session");
    let refreshed = refresh(&server.client(), &text(&answer["refresh_token"])).expect(200).json();
    assert_eq!(claims(&text(&refreshed["access_token"]))["tenant_id"], second, "it stays there");
}

#[test]
fn s26_nobody_switches_to_a_foreign_workspace() {
    let server = Server::shared();
    let account = Account::new(&server);
    let foreign = Account::new(&server).workspace();
    for id in [foreign.as_str(), "01890000-0000-7000-8000-000000000000"] {
        let path = format!("/api/v1/workspaces/{id}/switch");
        account.client.call("POST", &path).problem(404, "workspace_not_found");
    }
    refresh(&server.client(), &account.refresh).expect(200);
}

#[test]
fn s18_a_disabled_account_is_signed_out_and_can_not_sign_in() {
    let setup = Setup::new();
    let server = setup.start();
    let (account, other) = (Account::new(&server), Account::new(&server));
    server.stop();

    for word in ["is disabled", "is already disabled"] {
        let (status, output, errors) = setup.run(&["user", "disable", &account.email.to_uppercase()]);
        assert!(status.success(), "{errors}");
        assert_eq!(output, format!("The account {} {word}.\n", account.email));
    }
    let server = setup.start();
    let signed_in = |account: &Account| server.client().bearer(&account.access).get(ME).status;
    assert_eq!((signed_in(&account), signed_in(&other)), (401, 200));
    refresh(&server.client(), &account.refresh).problem(401, "invalid_refresh_token");
    let mut problem = login(&server.client(), &account.email, PASSWORD).problem(401, "invalid_credentials");
    let mut wrong = login(&server.client(), &other.email, "Wrong-horse-7").problem(401, "invalid_credentials");
    for problem in [&mut problem, &mut wrong] {
        problem.as_object_mut().expect("an object").retain(|name, _| name != "request_id" && name != "timestamp");
    }
    assert_eq!(problem, wrong, "s08: it answers like a wrong password");
    server.stop();

    assert!(setup.run(&["user", "enable", &account.email]).0.success());
    let server = setup.start();
    server.client().bearer(&account.access).get(ME).problem(401, "not_authenticated");
    login(&server.client(), &account.email, PASSWORD).expect(200);
}

#[test]
fn an_account_or_a_database_that_is_not_there_can_not_be_disabled() {
    let setup = Setup::new();
    let refused = |words: &[&str]| {
        let (status, output, errors) = setup.run(words);
        assert_eq!((status.success(), output.as_str(), errors.lines().count()), (false, "", 1), "{errors}");
        errors
    };
    assert!(refused(&["user", "disable", "nobody@example.com"]).contains("there is no database in"));
    assert!(!setup.data().exists(), "it makes none");
    setup.start().stop();
    assert!(refused(&["user", "enable", "nobody@example.com"]).contains("no account has this e-mail address"));
    assert_eq!(setup.run(&["user", "disable", "nobody"]).0.code(), Some(2));
}

/// What the database did so far, by operation.
fn work(server: &Server) -> BTreeMap<String, f64> {
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    let counts = scrape.having("database_query_duration_seconds_count", &[]);
    counts.map(|sample| (sample.labels["operation"].clone(), sample.value)).collect()
}

#[test]
fn s08_every_failed_sign_in_costs_the_database_the_same() {
    let setup = Setup::new();
    let server = setup.start();
    let (active, disabled) = (Account::new(&server), Account::new(&server));
    server.stop();
    assert!(setup.run(&["user", "disable", &disabled.email]).0.success());

    let server = setup.start();
    login(&server.client(), &active.email, "Wrong-horse-7").expect(401);
    let once = |email: &str, password: &str| -> BTreeMap<String, f64> {
        let before = work(&server);
        login(&server.client(), email, password).problem(401, "invalid_credentials");
        let after = work(&server);
        after.into_iter().map(|(operation, count)| (operation.clone(), count - before[&operation])).collect()
    };
    // Work beside the requests is counted as well: the least of some attempts has none of it.
    let cost = |email: &str, password: &str| {
        let attempts = (0..3).map(|_| once(email, password));
        let least = |one: BTreeMap<String, f64>, other: BTreeMap<String, f64>| {
            one.into_iter().map(|(operation, count)| (operation.clone(), count.min(other[&operation]))).collect()
        };
        attempts.reduce(least).expect("three attempts")
    };
    let wrong = cost(&active.email, "Wrong-horse-7");
    assert!(wrong.values().sum::<f64>() >= 2.0, "a look-up and an entry in the change log: {wrong:?}");
    for (email, password) in [("nobody@example.com", PASSWORD), ("nobody", PASSWORD), (&disabled.email, PASSWORD)] {
        let cost = cost(email, password);
        let writes = |cost: &BTreeMap<String, f64>| cost["insert"];
        assert!((writes(&cost) - writes(&wrong)).abs() < 0.5, "{email}: {cost:?}, {wrong:?}");
        if email.contains('@') {
            assert_eq!(cost, wrong, "{email}");
        }
    }
}
