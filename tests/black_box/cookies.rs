//! Cookies as browsers send them, and signing out with whatever is left of the pair.

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};
use serde_json::json;

const REFRESH: &str = "/api/v1/auth/refresh";
const LOGOUT: &str = "/api/v1/auth/logout";
const ME: &str = "/api/v1/auth/me";

/// A browser on our own site that sends these cookies.
fn browser(server: &Server, cookies: &str) -> Client {
    server.client().with("Cookie", cookies).with("Sec-Fetch-Site", "same-origin")
}

fn cookie(name: &str, token: &str) -> String {
    format!("{name}=\"Bearer {token}\"")
}

/// What the answer does with cookies of this name: path, and whether it removes it.
fn changes(reply: &Reply, name: &str) -> Vec<(String, bool)> {
    let set = reply.headers.get_all("set-cookie").into_iter().map(|value| value.to_str().expect("text"));
    let set = set.filter(|cookie| cookie.starts_with(&format!("{name}=")));
    let path = |cookie: &str| cookie.split("; ").find_map(|it| it.strip_prefix("Path=")).expect("a path").to_owned();
    let mut changes: Vec<_> = set.map(|cookie| (path(cookie), cookie.contains("Max-Age=0"))).collect();
    changes.sort();
    changes
}

#[track_caller]
fn is_cleared(reply: &Reply) {
    assert_eq!(changes(reply, "access_token"), [("/".to_owned(), true)]);
    let both = ["/api/v1/auth", "/api/v1/auth/refresh"].map(|path| (path.to_owned(), true));
    assert_eq!(changes(reply, "refresh_token"), both);
}

#[test]
fn cookies_are_bytes() {
    let server = Server::shared();
    let account = Account::new(&server);
    let ours = cookie("access_token", &account.access);
    for other in ["__utmz=Unders\u{f8}gelse".as_bytes(), b"a=\xff\xfe", b"", b"=", b"a", b"a=\"b; c"] {
        let mut request = format!("GET {ME} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ").into_bytes();
        request.extend_from_slice(other);
        request.extend_from_slice(format!("; {ours}; z=1\r\n\r\n").as_bytes());
        let answer = Raw::connect(server.address()).send(request).read_to_end();
        assert!(answer.starts_with("HTTP/1.1 200"), "{other:?}: {answer}");
    }
}

#[test]
fn of_several_cookies_of_one_name_the_current_one_counts() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_GRACE_SECONDS", "0").start();
    let (account, ended) = (Account::new(&server), Account::new(&server));
    ended.client.call("POST", LOGOUT).expect(200);
    let access = [cookie("access_token", &ended.access), cookie("access_token", &account.access)].join("; ");
    let me = browser(&server, &access).get(ME).expect(200).json();
    assert_eq!(me["id"], account.id);

    let second = server.client().post(REFRESH, &json!({"refresh_token": account.refresh})).expect(200).json();
    // The spent one is sent first, for its path is longer.
    let stale =
        [&account.refresh, &ended.refresh, &text(&second["refresh_token"])].map(|it| cookie("refresh_token", it));
    let reply = browser(&server, &stale.join("; ")).call("POST", REFRESH).expect(200);
    let third = text(&reply.json()["refresh_token"]);
    let paths = [("/api/v1/auth".to_owned(), false), ("/api/v1/auth/refresh".to_owned(), true)];
    assert_eq!(changes(&reply, "refresh_token"), paths, "and the old path is over");

    // When none is current, reuse counts.
    let spent = [&account.refresh, &ended.refresh].map(|it| cookie("refresh_token", it)).join("; ");
    browser(&server, &spent).call("POST", REFRESH).problem(401, "invalid_refresh_token");
    server.client().post(REFRESH, &json!({"refresh_token": third})).problem(401, "invalid_refresh_token");
}

#[test]
fn s17_signing_out_takes_whatever_of_the_pair_there_is() {
    // Access tokens that are over as soon as the clock moves on.
    let server = Setup::new().env("GHOSTWORKS__AUTH__ACCESS_TOKEN_SECONDS", "1").start();
    let account = Account::new(&server);
    let anyone = server.client();
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while account.client.get(ME).status == 200 {
        assert!(std::time::Instant::now() < deadline, "the access token never ends");
    }
    let old_access = account.access.clone();
    type SignOut = fn(&Server, &str, &str) -> Reply;
    let ways: [(&str, SignOut); 8] = [
        ("a cookie of a program that says no origin", |server, access, _| {
            server.client().with("Cookie", &cookie("access_token", access)).call("POST", LOGOUT)
        }),
        ("a bearer, and a body that is not taken", |server, access, _| {
            server.client().bearer(access).with("Content-Encoding", "gzip").post(LOGOUT, &json!({}))
        }),
        ("an access token as bearer", |server, access, _| server.client().bearer(access).call("POST", LOGOUT)),
        ("a refresh token as bearer", |server, _, refresh| server.client().bearer(refresh).call("POST", LOGOUT)),
        ("a refresh token in the body", |server, _, refresh| {
            server.client().post(LOGOUT, &json!({"refresh_token": refresh}))
        }),
        ("an access cookie", |server, access, _| browser(server, &cookie("access_token", access)).call("POST", LOGOUT)),
        ("a refresh cookie", |server, _, refresh| {
            browser(server, &cookie("refresh_token", refresh)).call("POST", LOGOUT)
        }),
        ("a bearer that is nothing, and a cookie", |server, _, refresh| {
            browser(server, &cookie("refresh_token", refresh)).bearer("nothing").post(LOGOUT, &json!({}))
        }),
    ];
    for (way, sign_out) in ways {
        let tokens = login(&anyone, &account.email, PASSWORD).expect(200).json();
        let (access, refresh) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
        let reply = sign_out(&server, &access, &refresh);
        assert_eq!(reply.status, 200, "{way}: {}", reply.body);
        assert_eq!(reply.json()["message"], "Logged out successfully");
        is_cleared(&reply);
        anyone.post(REFRESH, &json!({"refresh_token": refresh})).problem(401, "invalid_refresh_token");
        sign_out(&server, &access, &refresh).expect(200);
    }
    // The first session, by an access token that was over long ago.
    server.client().bearer(&old_access).call("POST", LOGOUT).expect(200);
    anyone.post(REFRESH, &json!({"refresh_token": account.refresh})).problem(401, "invalid_refresh_token");
}

#[test]
fn signing_out_without_a_token_of_ours_ends_nothing_and_clears_the_cookies() {
    let server = Server::shared();
    let account = Account::new(&server);
    let anyone = server.client();
    for reply in [
        anyone.call("POST", LOGOUT),
        anyone.post(LOGOUT, &json!({})),
        anyone.bearer("nothing").call("POST", LOGOUT),
        anyone.bearer(&format!("{}x", account.access)).call("POST", LOGOUT),
    ] {
        reply.problem(401, "not_authenticated");
        is_cleared(&reply);
    }
    // A browser is rid of cookies whatever they hold, and a refresh token that nobody knows is dead already.
    for reply in [
        browser(&server, "access_token=nothing").call("POST", LOGOUT),
        anyone.with("Cookie", "refresh_token=").call("POST", LOGOUT),
        browser(&server, &cookie("refresh_token", "nothing")).bearer("nothing").call("POST", LOGOUT),
        anyone.post(LOGOUT, &json!({"refresh_token": "nothing"})),
    ] {
        let reply = reply.expect(200);
        assert_eq!(reply.json()["message"], "Logged out successfully");
        is_cleared(&reply);
    }
    // Another site can't sign anybody out, not even by having the cookies removed.
    let cookies = anyone.with("Cookie", &cookie("access_token", &account.access));
    for (header, value) in [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://elsewhere.example")] {
        let reply = cookies.with(header, value).call("POST", LOGOUT);
        reply.problem(403, "foreign_origin");
        assert_eq!(changes(&reply, "access_token"), []);
        // Browsers leave cookies out of what another site sends, and would take their removal all the same.
        let reply = anyone.with(header, value).call("POST", LOGOUT);
        reply.problem(403, "foreign_origin");
        assert_eq!(changes(&reply, "access_token"), []);
    }
    // Knowing which session it is does not end it.
    let mut guessed = account.refresh.clone();
    guessed.replace_range(guessed.len() - 8.., "AAAAAAAA");
    anyone.post(LOGOUT, &json!({"refresh_token": guessed}));
    account.client.get(ME).expect(200);
    anyone.post(REFRESH, &json!({"refresh_token": account.refresh})).expect(200);
}
