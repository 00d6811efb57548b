//! Which refresh token counts, and what it gives.

use crate::auth::{ME, REFRESH, address, refresh};
use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::client::{Client, Reply};
use crate::support::server::{Server, Setup};
use serde_json::json;

/// A spent refresh token is reuse at once.
fn without_grace() -> Setup {
    Setup::new().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "0")
}

#[test]
fn s12_a_refresh_gives_a_new_pair_and_ends_the_old_refresh_token() {
    let server = without_grace().start();
    let account = Account::new(&server);
    let reply = refresh(&server.client(), &account.refresh).expect(200);
    let tokens = reply.json();
    assert_ne!(tokens["refresh_token"], account.refresh);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(900)));
    assert!(reply.set_cookie("refresh_token").contains(&text(&tokens["refresh_token"])));
    server.client().bearer(&text(&tokens["access_token"])).get(ME).expect(200);
    refresh(&server.client(), &account.refresh).problem(401, "invalid_refresh_token");
}

#[test]
fn a_refresh_token_is_taken_from_the_body_the_header_or_the_cookie() {
    let server = Server::shared();
    let email = address();
    register(&server.client(), &email).expect(201);
    let mut reply = login(&server.client(), &email, PASSWORD).expect(200);
    let origin = server.url();
    for place in ["body", "header", "cookie"] {
        let token = text(&reply.json()["refresh_token"]);
        let cookie = reply.set_cookie("refresh_token").split("; ").next().expect("a pair").to_owned();
        let client = server.client();
        reply = match place {
            "body" => refresh(&client, &token),
            "header" => client.bearer(&token).call("POST", REFRESH),
            _ => client.with("Cookie", &cookie).with("Origin", &origin).call("POST", REFRESH),
        }
        .expect(200);
    }
}

#[test]
fn of_several_refresh_tokens_the_body_counts_then_the_bearer_then_the_cookie() {
    let server = Server::shared();
    let accounts = [(); 3].map(|()| Account::new(&server));
    let [first, second, third] = &accounts;
    let with_cookie = |client: &Client| client.with("Cookie", &format!("refresh_token=\"Bearer {}\"", third.refresh));
    let owner = |reply: Reply| {
        let access = text(&reply.expect(200).json()["access_token"]);
        server.client().bearer(&access).get(ME).expect(200).json()["id"].clone()
    };

    // The cookie comes from a foreign place, which does not matter as long as another token is there.
    let all = with_cookie(&server.client().bearer(&second.refresh));
    assert_eq!(owner(refresh(&all, &first.refresh)), first.id);
    assert_eq!(owner(all.send("POST", REFRESH, "application/json", "not JSON")), second.id);
    // An access token is no refresh token, and does not hide one.
    let own = with_cookie(&server.client().bearer(&third.access)).with("Sec-Fetch-Site", "same-origin");
    assert_eq!(owner(own.call("POST", REFRESH)), third.id);
}

#[test]
fn what_is_wrong_with_a_refresh_matters_when_no_token_came() {
    let server = Server::shared();
    let account = Account::new(&server);
    let client = server.client();
    for body in ["", " ", "{}", "{\"refresh_token\": null}"] {
        client.send("POST", REFRESH, "application/json", body).problem(401, "invalid_refresh_token");
    }
    client.send("POST", REFRESH, "application/json", "{").problem(400, "invalid_json");
    client.send("POST", REFRESH, "text/plain", "{}").problem(415, "unsupported_media_type");
    assert_eq!(client.post(REFRESH, &json!({"refresh_token": 7})).invalid_fields(), ["/refresh_token"]);
    let cookie = format!("refresh_token=\"Bearer {}\"", account.refresh);
    let foreign = client.with("Cookie", &cookie).with("Sec-Fetch-Site", "cross-site");
    foreign.call("POST", REFRESH).problem(403, "foreign_origin");

    let bearer = client.bearer(&account.refresh);
    bearer.send("POST", REFRESH, "application/json", "").expect(200);
}

#[test]
fn s13_reusing_a_refresh_token_ends_the_whole_session() {
    let server = without_grace().start();
    let account = Account::new(&server);
    let tokens = refresh(&server.client(), &account.refresh).expect(200).json();
    refresh(&server.client(), &account.refresh).problem(401, "invalid_refresh_token");

    refresh(&server.client(), &text(&tokens["refresh_token"])).problem(401, "invalid_refresh_token");
    server.client().bearer(&text(&tokens["access_token"])).get(ME).problem(401, "not_authenticated");
    login(&server.client(), &account.email, PASSWORD).expect(200);
}

#[test]
fn s15_a_session_does_not_outlive_its_absolute_end() {
    let setup = Setup::new()
        .env("GHOSTWORKS__AUTH__REFRESH_IDLE_SECONDS", "1")
        .env("GHOSTWORKS__AUTH__REFRESH_ABSOLUTE_SECONDS", "1");
    let server = setup.start();
    let account = Account::new(&server);
    // The end comes by the clock alone, and no event tells of it: ask until it has come.
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while account.client.get(ME).status == 200 {
        assert!(std::time::Instant::now() < deadline, "the session never ends");
    }
    account.client.get(ME).problem(401, "not_authenticated");
    refresh(&server.client(), &account.refresh).problem(401, "invalid_refresh_token");
}
