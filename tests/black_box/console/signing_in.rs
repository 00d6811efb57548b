//! Signing in to the console, and for how long that lasts.

use super::led_to;
use crate::support::account::{Account, PASSWORD, text};
use crate::support::browser::Browser;
use crate::support::server::{Server, Setup};
use serde_json::json;

/// Whether the browser is signed in.
fn is_in(browser: &Browser) -> bool {
    browser.get("/console/workspaces").status == 200
}

#[test]
fn a_password_gives_a_cookie_for_the_console_alone() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let nobody = Browser::of_nobody(&server.client());
    assert_eq!(led_to(&nobody.get("/console/workspaces")), "/console?next=%2Fconsole%2Fworkspaces");

    let wrong = nobody.sign_in(&ann.email, "Wrong-horse-7").expect(401);
    assert!(wrong.body.contains("role=\"alert\"") && wrong.headers.get("set-cookie").is_none(), "{}", wrong.body);
    assert!(wrong.body.contains(&ann.email) && !wrong.body.contains("Wrong-horse-7"), "{}", wrong.body);

    let reply = nobody.sign_in(&ann.email, PASSWORD);
    assert_eq!(led_to(&reply), "/console");
    let cookie = reply.set_cookie("console");
    for part in ["Path=/console", "HttpOnly", "SameSite=Lax", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "in development, over plain HTTP: {cookie}");
    assert!(reply.set_cookie("device").contains("Path=/console"));
    let browser = nobody.with_cookie(&reply);
    assert!(browser.get("/console/workspaces").expect(200).body.contains(&ann.email));
    let value = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair").1;
    server.client().with("Cookie", &format!("access_token=\"Bearer {value}\"")).get("/api/v1/auth/me").expect(401);
    server.client().bearer(value).get("/api/v1/auth/me").expect(401);
}

#[test]
fn one_is_led_to_where_one_was_going_and_nowhere_else() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let nobody = Browser::of_nobody(&server.client());
    let sign_in =
        |next: &str| nobody.send("/console/sign-in", &[("email", &ann.email), ("password", PASSWORD), ("next", next)]);
    assert_eq!(led_to(&sign_in("/console/workspaces?x=1")), "/console/workspaces?x=1");
    for elsewhere in ["https://evil.example/", "//evil.example", "/docs", "/console\\evil", "/consoles"] {
        assert_eq!(led_to(&sign_in(elsewhere)), "/console", "{elsewhere}");
    }
    let browser = nobody.with_cookie(&sign_in(""));
    assert_eq!(led_to(&browser.get("/console")), "/console/workspaces", "in no workspace yet");
    let workspace = ann.workspace();
    assert_eq!(led_to(&browser.get("/console")), format!("/console/workspaces/{workspace}"));
    assert_eq!(led_to(&browser.get("/console?next=/console/workspaces")), "/console/workspaces");
}

#[test]
fn a_cookie_is_good_for_as_long_as_its_session() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let browser = || Browser::of(&server, &ann);

    let leaving = browser();
    let page = leaving.get("/console/workspaces").expect(200);
    let reply = leaving.submit(&page, "/console/sign-out", &[]);
    assert_eq!(led_to(&reply), "/console");
    assert!(reply.set_cookie("console").contains("Max-Age=0"));
    assert_eq!(reply.header("clear-site-data"), Some("\"cache\""));
    assert!(!is_in(&leaving), "signed out");

    let revoked = browser();
    let sessions = ann.client.get("/api/v1/auth/sessions").expect(200).json();
    let newest = text(&sessions[0]["id"]);
    ann.client.delete(&format!("/api/v1/auth/sessions/{newest}")).expect(204);
    assert!(!is_in(&revoked), "revoked");

    let other = browser();
    let change = json!({"current_password": PASSWORD, "new_password": "Another-horse-8"});
    ann.client.post("/api/v1/auth/password/change", &change).expect(200);
    assert!(!is_in(&other), "another password");
}

#[test]
fn a_session_that_rests_too_long_is_over() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_IDLE_SECONDS", "1").start();
    let browser = Browser::of(&server, &Account::new(&server));
    let session = server.client();
    // Not by asking with the cookie, for that would prolong it.
    let began = std::time::Instant::now();
    server.until("over", || {
        session.get("/livez").expect(200);
        began.elapsed() > std::time::Duration::from_secs(2)
    });
    assert!(!is_in(&browser));
}

#[test]
fn a_session_in_use_is_prolonged() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__REFRESH_IDLE_SECONDS", "5").start();
    let browser = Browser::of(&server, &Account::new(&server));
    let began = std::time::Instant::now();
    server.until("used for longer than it may rest", || {
        assert!(is_in(&browser), "after {:?}", began.elapsed());
        began.elapsed() > std::time::Duration::from_secs(6)
    });
}

#[test]
fn over_plain_http_outside_development_a_page_says_why_it_cant_work() {
    let setup = Setup::new().env("ENVIRONMENT", "production").real_hashing();
    let server = setup.env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start();
    let ann = Account::new(&server);
    let page = server.client().get("/console").expect(200);
    assert!(page.body.contains("X-Forwarded-Proto") && !page.body.contains("type=\"password\""), "{}", page.body);
    let reply = Browser::of_nobody(&server.client()).sign_in(&ann.email, PASSWORD).expect(200);
    assert!(reply.body.contains("X-Forwarded-Proto") && reply.headers.get("set-cookie").is_none(), "{}", reply.body);

    let by_tls = Browser::of_nobody(&server.client().with("X-Forwarded-Proto", "https"));
    let reply = by_tls.sign_in(&ann.email, PASSWORD).expect(303);
    assert!(reply.set_cookie("console").contains("Secure"));
    assert!(is_in(&by_tls.with_cookie(&reply)));
}

#[test]
fn attempts_are_limited_as_those_of_the_api_are() {
    let server = Setup::new().rate_limited().start();
    let nobody = Browser::of_nobody(&server.client());
    let statuses: Vec<u16> = (0..6).map(|_| nobody.sign_in("nobody@example.com", PASSWORD).status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    let refused = nobody.sign_in("nobody@example.com", PASSWORD);
    assert!(refused.header("retry-after").is_some() && refused.body.contains("Too many requests"), "{}", refused.body);
}

/// The links of this kind in what was logged, where e-mails go in development.
fn mailed(server: &Server, kind: &str) -> Option<String> {
    let log = server.stderr();
    let (_, rest) = log.rsplit_once(&format!("/console/{kind}?token="))?;
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
}

#[test]
fn one_registers_verifies_the_address_and_chooses_another_password_by_the_links_of_e_mails() {
    let server = Setup::new().start();
    let nobody = Browser::of_nobody(&server.client());
    let entry = nobody.get("/console").expect(200).body;
    assert!(
        entry.contains("href=\"/console/register\"") && entry.contains("href=\"/console/forgot-password\""),
        "{entry}"
    );
    let email = "new@example.com";
    let register =
        |password| nobody.send("/console/register", &[("email", email), ("password", password), ("first_name", "Ann")]);
    let refused = register("short").expect(422).body;
    assert!(refused.contains("must be at least 8") && refused.contains("value=\"Ann\""), "{refused}");
    register(PASSWORD).expect(200);
    assert!(register(PASSWORD).expect(422).body.contains("is taken"));

    server.until("an e-mail to verify the address", || mailed(&server, "verify-email").is_some());
    let token = mailed(&server, "verify-email").expect("a token");
    let page = nobody.get(&format!("/console/verify-email?token={token}")).expect(200);
    nobody.get(&format!("/console/verify-email?token={token}")).expect(200);
    nobody.submit(&page, "/console/verify-email", &[]).expect(200);
    nobody.submit(&page, "/console/verify-email", &[]).expect(400);

    let said =
        |email: &str| nobody.send("/console/forgot-password", &[("email", email)]).expect(200).body.replace(email, "");
    assert_eq!(said(email), said("unknown@example.com"), "nobody learns who has an account");
    server.until("an e-mail to reset the password", || mailed(&server, "reset-password").is_some());
    let token = mailed(&server, "reset-password").expect("a token");
    let page = nobody.get(&format!("/console/reset-password?token={token}")).expect(200);
    let choose = |password| nobody.submit(&page, "/console/reset-password", &[("new_password", password)]);
    choose("short").expect(422);
    choose("Another-horse-8").expect(200);
    choose("Another-horse-9").expect(400);
    nobody.sign_in(email, PASSWORD).expect(401);
    nobody.sign_in(email, "Another-horse-8").expect(303);
}

#[test]
fn signing_in_again_ends_the_session_that_the_browser_had() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let before = Browser::of(&server, &ann);
    let reply = before.sign_in(&bob.email, "Wrong-horse-7").expect(401);
    assert!(reply.headers.get("set-cookie").is_none() && is_in(&before), "what fails changes nothing");
    let after = Browser::of_nobody(&server.client()).with_cookie(&before.sign_in(&bob.email, PASSWORD));
    assert!(is_in(&after) && !is_in(&before));
    ann.client.get("/api/v1/auth/me").expect(200);
}
