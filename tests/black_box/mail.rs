//! E-mails: what arrives at a mail server, and what its token is good for.

use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::client::{Client, Reply};
use crate::support::mail::MailServer;
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::json;

const RESEND: &str = "/api/v1/auth/verify-email/resend";
const FORGOT: &str = "/api/v1/auth/password/forgot";
const RESET: &str = "/api/v1/auth/password/reset";
const ME: &str = "/api/v1/auth/me";
const NEW_PASSWORD: &str = "Another-horse-8";

fn verify(client: &Client, token: &str) -> Reply {
    client.call("POST", &format!("/api/v1/auth/verify-email?verification_token={token}"))
}

fn reset(client: &Client, token: &str, password: &str) -> Reply {
    client.post(RESET, &json!({"token": token, "new_password": password}))
}

fn ask(client: &Client, path: &str, email: &str) -> Reply {
    client.post(path, &json!({"email": email}))
}

fn address() -> String {
    format!("{}@example.com", unique("reader"))
}

/// A server that sends its e-mails to a mail server of this test.
fn with_mail() -> (MailServer, Setup) {
    let mail = MailServer::start();
    let setup = Setup::new().env("GHOSTWORKS__MAIL__SMTP_URL", mail.url());
    (mail, setup)
}

#[test]
fn registering_sends_an_e_mail_that_verifies_the_address_once() {
    let (mail, setup) = with_mail();
    let server = setup.env("GHOSTWORKS__MAIL__FROM", "The House <house@example.org>").start();
    let account = Account::new(&server);
    let message = mail.next();
    assert_eq!(message.to, account.email);
    assert_eq!(message.line("Subject:"), "Subject: Verify your e-mail address");
    assert!(message.line("From:").contains("<house@example.org>"), "{message:?}");
    for head in ["Date:", "Message-ID:", "Auto-Submitted: auto-generated"] {
        message.line(head);
    }
    assert!(message.content.lines().any(|line| line == message.token()), "also without the link: {message:?}");
    let page = format!("{}/console/verify-email?token=", server.url());
    assert!(message.content.contains(&page), "the link leads to where the server listens: {message:?}");

    assert_eq!(account.client.get(ME).expect(200).json()["is_verified"], false);
    let reply = verify(&server.client(), &message.token()).expect(200);
    assert!(!text(&reply.json()["message"]).is_empty());
    assert_eq!(account.client.get(ME).expect(200).json()["is_verified"], true);
    verify(&server.client(), &message.token()).problem(400, "invalid_token");
}

#[test]
fn only_the_newest_e_mail_is_good() {
    let (mail, setup) = with_mail();
    let server = setup.start();
    let account = Account::new(&server);
    let first = mail.next().token();
    ask(&server.client(), RESEND, &account.email.to_uppercase()).expect(200);
    let second = mail.next().token();
    assert_ne!(first, second);
    verify(&server.client(), &first).problem(400, "invalid_token");
    verify(&server.client(), &second).expect(200);

    // Verified, it is not written to again: the next e-mail is another one's.
    ask(&server.client(), RESEND, &account.email).expect(200);
    let other = address();
    register(&server.client(), &other).expect(201);
    assert_eq!(mail.next().to, other);
}

#[test]
fn an_e_mail_lets_one_choose_another_password_once_and_ends_all_sessions() {
    let (mail, setup) = with_mail();
    let server = setup.start();
    let account = Account::new(&server);
    let verification = mail.next().token();
    ask(&server.client(), FORGOT, &account.email).expect(200);
    let message = mail.next();
    assert_eq!(
        (message.to.as_str(), message.line("Subject:")),
        (account.email.as_str(), "Subject: Choose a new password")
    );
    let token = message.token();

    // What is wrong with the password does not cost the token.
    assert_eq!(reset(&server.client(), &token, "short").invalid_fields(), ["/new_password"]);
    assert_eq!(reset(&server.client(), &token, "P@ssw0rd").invalid_fields(), ["/new_password"]);
    reset(&server.client(), &verification, NEW_PASSWORD).problem(400, "invalid_token");
    verify(&server.client(), &token).problem(400, "invalid_token");
    account.client.get(ME).expect(200);

    reset(&server.client(), &token, NEW_PASSWORD).expect(200);
    account.client.get(ME).problem(401, "not_authenticated");
    let refresh = json!({"refresh_token": account.refresh});
    server.client().post("/api/v1/auth/refresh", &refresh).problem(401, "invalid_refresh_token");
    login(&server.client(), &account.email, PASSWORD).problem(401, "invalid_credentials");
    login(&server.client(), &account.email, NEW_PASSWORD).expect(200);
    reset(&server.client(), &token, PASSWORD).problem(400, "invalid_token");
}

#[test]
fn asking_again_for_a_reset_leaves_the_link_before_good_and_fills_no_mailbox() {
    let (mail, setup) = with_mail();
    let server = setup.start();
    let (account, other) = (Account::new(&server), Account::new(&server));
    for _ in [&account, &other] {
        mail.next();
    }
    for _ in 0..20 {
        ask(&server.client(), FORGOT, &account.email).expect(200);
    }
    let first = mail.next().token();
    for _ in 1..5 {
        assert_eq!(mail.next().to, account.email);
    }
    // The sixth and those after it are not sent: the next e-mail is another one's.
    ask(&server.client(), FORGOT, &other.email).expect(200);
    assert_eq!(mail.next().to, other.email);
    reset(&server.client(), &first, NEW_PASSWORD).expect(200);
    login(&server.client(), &account.email, NEW_PASSWORD).expect(200);
}

#[test]
fn a_new_device_signs_in_after_a_reset_while_somebody_guesses() {
    let (mail, setup) = with_mail();
    let server = setup.rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start();
    let at = |address: &str| server.client().with("X-Forwarded-For", address);
    let account = Account::new(&server);
    mail.next();
    for number in 1..=10 {
        login(&at(&format!("198.51.100.{number}")), &account.email, "Wrong-guess-1");
    }
    let new = at("203.0.113.7");
    login(&new, &account.email, PASSWORD).problem(429, "rate_limited");
    ask(&new, FORGOT, &account.email).expect(200);
    let reply = reset(&new, &mail.next().token(), NEW_PASSWORD).expect(200);
    login(&new, &account.email, NEW_PASSWORD).expect(200);
    let device = reply.set_cookie("device").split("; ").next().expect("a pair").to_owned();
    login(&at("203.0.113.8").with("Cookie", &device), &account.email, NEW_PASSWORD).expect(200);
    login(&at("203.0.113.9"), &account.email, NEW_PASSWORD).problem(429, "rate_limited");
}

#[test]
fn a_reset_says_which_api_keys_exist_and_ends_them_unless_told() {
    let (mail, setup) = with_mail();
    let server = setup.start();
    let (account, other) = (Account::new(&server), Account::new(&server));
    mail.next();
    mail.next();
    let key = |account: &Account, workspace: &str| {
        let body = json!({"name": "CI", "scopes": ["artifacts:read"]});
        account.client.post(&format!("/api/v1/workspaces/{workspace}/api-keys"), &body).expect(201).json()
    };
    let workspaces = [account.workspace(), account.workspace()];
    let keys = [key(&account, &workspaces[0]), key(&account, &workspaces[1])];
    let members = format!("/api/v1/workspaces/{}/members", workspaces[0]);
    account.client.post(&members, &json!({"email": other.email, "role": "admin"})).expect(201);
    let others = key(&other, &workspaces[0]);
    let works = |key: &serde_json::Value, workspace: &str| {
        let path = format!("/api/v1/workspaces/{workspace}/artifacts");
        server.client().bearer(&text(&key["key"])).get(&path).status == 200
    };
    let reset = |revoke: Option<bool>, password: &str| {
        ask(&server.client(), FORGOT, &account.email).expect(200);
        let mut body = json!({"token": mail.next().token(), "new_password": password});
        if let Some(revoke) = revoke {
            body["revoke_api_keys"] = json!(revoke);
        }
        server.client().post(RESET, &body).expect(200).json()
    };
    let listed = |answer: &serde_json::Value, revoked: bool| {
        let item = |(key, workspace): (&serde_json::Value, &String)| json!({"id": key["id"], "workspace_id": workspace, "name": "CI", "revoked": revoked});
        let mut expected: Vec<_> = keys.iter().zip(&workspaces).map(item).collect();
        let mut found = answer["api_keys"].as_array().expect("keys").clone();
        expected.sort_by_key(|key| text(&key["id"]));
        found.sort_by_key(|key| text(&key["id"]));
        assert_eq!(found, expected);
    };

    listed(&reset(Some(false), NEW_PASSWORD), false);
    assert!(works(&keys[0], &workspaces[0]) && works(&keys[1], &workspaces[1]));
    let answer = reset(None, PASSWORD);
    listed(&answer, true);
    assert!(text(&answer["message"]).contains("revoked"), "{answer}");
    assert!(!works(&keys[0], &workspaces[0]) && !works(&keys[1], &workspaces[1]));
    assert!(works(&others, &workspaces[0]), "another one's");
    let signed_in = login(&server.client(), &account.email, PASSWORD).expect(200).json();
    let audit = format!("/api/v1/workspaces/{}/audit", workspaces[1]);
    let entries = server.client().bearer(&text(&signed_in["access_token"])).get(&audit).expect(200).json();
    let actions: Vec<_> = entries["items"].as_array().expect("entries").iter().map(|it| it["action"].clone()).collect();
    assert!(actions.contains(&json!("api_key.revoked")), "{actions:?}");
    assert_eq!(reset(None, NEW_PASSWORD)["api_keys"], json!([]));
}

#[test]
fn changing_the_password_makes_an_e_mail_void() {
    let (mail, setup) = with_mail();
    let server = setup.start();
    let account = Account::new(&server);
    mail.next();
    ask(&server.client(), FORGOT, &account.email).expect(200);
    let token = mail.next().token();
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    account.client.post("/api/v1/auth/password/change", &change).expect(200);
    reset(&server.client(), &token, PASSWORD).problem(400, "invalid_token");
}

#[test]
fn an_e_mail_is_good_for_a_limited_time() {
    let (mail, setup) = with_mail();
    let server = setup
        .env("GHOSTWORKS__AUTH__VERIFICATION_TOKEN_SECONDS", "1")
        .env("GHOSTWORKS__AUTH__RESET_TOKEN_SECONDS", "1")
        .start();
    let account = Account::new(&server);
    let verification = mail.next().token();
    ask(&server.client(), FORGOT, &account.email).expect(200);
    let token = mail.next().token();
    // The end comes by the clock alone. A password that won't do tells whether the token still would.
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while reset(&server.client(), &token, "short").status == 422 {
        assert!(std::time::Instant::now() < deadline, "the token never ends");
    }
    reset(&server.client(), &token, NEW_PASSWORD).problem(400, "invalid_token");
    verify(&server.client(), &verification).problem(400, "invalid_token");
}

#[test]
fn s09_asking_answers_alike_for_any_address() {
    let (mail, setup) = with_mail();
    let server = setup.start();
    let account = Account::new(&server);
    mail.next();
    for path in [RESEND, FORGOT] {
        let known = ask(&server.client(), path, &account.email).expect(200);
        assert_eq!(mail.next().to, account.email, "{path}");
        let unknown = ask(&server.client(), path, &address()).expect(200);
        assert_eq!(known.body, unknown.body);
        assert_eq!(ask(&server.client(), path, "nobody").invalid_fields(), ["/email"]);
    }
    // E-mails go out one after the other: when the last has come, there was none for the unknown addresses.
    ask(&server.client(), FORGOT, &account.email).expect(200);
    assert_eq!(mail.next().to, account.email);
    assert!(!mail.has_more());
}

#[test]
fn s09_asking_waits_for_no_mail_server() {
    // It accepts connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("smtp://{}", silent.local_addr().expect("an address"));
    let server = Setup::new().env("GHOSTWORKS__MAIL__SMTP_URL", url).start();
    let account = Account::new(&server);
    for _ in 0..3 {
        ask(&server.client(), FORGOT, &account.email).expect(200);
    }
    server.client().get("/readyz").expect(200);
}

#[test]
fn s42_an_e_mail_that_is_refused_is_logged_without_its_address() {
    let mail = MailServer::answering("550 5.1.1 <reader@example.com> is nobody here");
    let server = Setup::new().env("GHOSTWORKS__MAIL__SMTP_URL", mail.url()).start();
    let email = address();
    register(&server.client(), &email).expect(201);
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while !server.stderr().contains("an e-mail was not sent") {
        assert!(std::time::Instant::now() < deadline, "{}", server.stderr());
        std::thread::yield_now();
    }
    let log = server.stderr();
    assert!(log.contains("550") && !log.contains("@example.com"), "{log}");
}

#[test]
fn without_a_mail_server_the_link_is_in_the_log_in_development_only() {
    let server = Setup::new().start();
    let email = address();
    assert_eq!(register(&server.client(), &email).expect(201).json()["verification_required"], true);
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    let token = loop {
        let log = server.stderr();
        if let Some((_, rest)) = log.split_once("verify-email?token=") {
            break rest.split('"').next().expect("the end of a field").to_owned();
        }
        assert!(std::time::Instant::now() < deadline, "{log}");
    };
    verify(&server.client(), &token).expect(200);

    let server = Setup::new().real_hashing().env("ENVIRONMENT", "production").start();
    assert_eq!(register(&server.client(), &email).expect(201).json()["verification_required"], false);
    for path in [RESEND, FORGOT] {
        ask(&server.client(), path, &email).problem(503, "mail_not_configured");
        ask(&server.client(), path, &address()).problem(503, "mail_not_configured");
    }
    assert!(!server.stderr().contains("token="), "{}", server.stderr());
}

#[test]
fn s08_an_address_that_must_be_verified_first_fails_like_any_other() {
    let (mail, setup) = with_mail();
    let server = setup.env("GHOSTWORKS__AUTH__REQUIRE_VERIFIED_EMAIL", "true").start();
    let email = address();
    register(&server.client(), &email).expect(201);
    let problem = |password: &str| {
        let mut problem = login(&server.client(), &email, password).problem(401, "invalid_credentials");
        problem.as_object_mut().expect("an object").retain(|name, _| name != "request_id" && name != "timestamp");
        problem
    };
    assert_eq!(problem(PASSWORD), problem("Wrong-horse-7"));
    verify(&server.client(), &mail.next().token()).expect(200);
    login(&server.client(), &email, PASSWORD).expect(200);
}

#[test]
fn what_is_no_token_is_refused() {
    let server = Server::shared();
    for token in ["", "x", "eyJhbGciOiJIUzI1NiJ9.e30.x", &"A".repeat(64), &"A".repeat(10_000)] {
        reset(&server.client(), token, NEW_PASSWORD).problem(400, "invalid_token");
    }
    for token in ["x", &"A".repeat(64)] {
        verify(&server.client(), token).problem(400, "invalid_token");
    }
    server.client().call("POST", "/api/v1/auth/verify-email").problem(400, "invalid_parameter");
}

#[test]
fn mail_that_can_not_work_is_refused_at_the_start() {
    for (key, value) in [
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "smtp://"),
        ("FROM", "nobody"),
        ("VERIFY_LINK", "http://a.example/"),
    ] {
        let setup = Setup::new().env("GHOSTWORKS__MAIL__SMTP_URL", "smtp://user:hunter2@127.0.0.1:1");
        let refusal = setup.env(&format!("GHOSTWORKS__MAIL__{key}"), value).start_refused();
        assert!(refusal.stderr.contains(&format!("mail.{}", key.to_lowercase())), "{}", refusal.stderr);
        assert!(!refusal.stderr.contains("hunter2"), "{}", refusal.stderr);
    }
    let production = Setup::new().real_hashing().env("ENVIRONMENT", "production");
    let refusal = production.env("GHOSTWORKS__AUTH__REQUIRE_VERIFIED_EMAIL", "true").start_refused();
    assert!(refusal.stderr.contains("auth.require_verified_email"), "{}", refusal.stderr);
}

#[test]
fn an_address_that_the_mail_server_cannot_take_is_called_that() {
    let (mail, setup) = with_mail();
    let server = setup.start();
    register(&server.client(), &format!("{}\u{e9}@example.com", unique("letters"))).expect(201);
    let said = "the address has letters beyond ASCII, and the mail server takes no such address (it has no SMTPUTF8)";
    server.until("says why", || server.stderr().contains(said));
    assert!(!server.stderr().contains("can't be reached"), "{}", server.stderr());
    assert!(!mail.has_more());
}
