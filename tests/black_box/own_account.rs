//! One's own account: what one is called, one's address, what there is about one. Each takes the current password.

use serde_json::{Value, json};

use crate::support::account::{Account, PASSWORD, login, register};
use crate::support::client::{Client, Reply};
use crate::support::mail::MailServer;
use crate::support::server::{Server, Setup};
use crate::support::unique;

const ME: &str = "/api/v1/auth/me";
const EMAIL: &str = "/api/v1/auth/me/email";
const EXPORT: &str = "/api/v1/auth/me/export";

fn address() -> String {
    format!("{}@example.com", unique("moved"))
}

fn verify(client: &Client, token: &str) -> Reply {
    client.call("POST", &format!("/api/v1/auth/verify-email?verification_token={token}"))
}

fn ask(account: &Account, new: &str) -> Reply {
    account.client.post(EMAIL, &json!({"current_password": PASSWORD, "new_email": new}))
}

/// A server that sends its e-mails to a mail server of this test, and an account on it.
fn with_mail() -> (MailServer, Server, Account) {
    let mail = MailServer::start();
    let server = Setup::new().env("GHOSTWORKS__MAIL__SMTP_URL", mail.url()).start();
    let account = Account::new(&server);
    mail.next();
    (mail, server, account)
}

#[test]
fn names_change_with_the_password_and_one_at_a_time() {
    let server = Server::shared();
    let account = Account::new(&server);
    let change = |body: &Value| account.client.patch(ME, body);
    let both = json!({"current_password": PASSWORD, "first_name": " Ada ", "last_name": "Lovelace"});
    assert_eq!(change(&both).expect(200).json()["full_name"], "Ada Lovelace");
    let one = json!({"current_password": PASSWORD, "first_name": "Augusta"});
    assert_eq!(change(&one).expect(200).json()["full_name"], "Augusta Lovelace");
    let none = json!({"current_password": PASSWORD, "first_name": null, "last_name": " "});
    assert_eq!(change(&none).expect(200).json()["full_name"], account.email);
    assert_eq!(account.client.get(ME).expect(200).json()["first_name"], Value::Null);
    let before = account.client.get(ME).expect(200).json();
    change(&json!({"current_password": PASSWORD, "first_name": null})).expect(200);
    assert_eq!(account.client.get(ME).expect(200).json(), before, "nothing has changed");
    let wrong = json!({"current_password": "Wrong-horse-7", "first_name": "Eve"});
    assert_eq!(change(&wrong).invalid_fields(), ["/current_password"]);
    let broken = json!({"current_password": PASSWORD, "first_name": "a\nb", "last_name": "x".repeat(101)});
    assert_eq!(change(&broken).invalid_fields(), ["/first_name", "/last_name"]);
    assert_eq!(change(&json!({"first_name": "Eve"})).invalid_fields(), ["/current_password"]);
    assert_eq!(account.client.get(ME).expect(200).json()["first_name"], Value::Null);
}

#[test]
fn another_address_counts_when_it_is_proved_and_the_former_is_told() {
    let (mail, server, account) = with_mail();
    let new = address();
    let wrong = json!({"current_password": "Wrong-horse-7", "new_email": new});
    assert_eq!(account.client.post(EMAIL, &wrong).invalid_fields(), ["/current_password"]);
    assert_eq!(ask(&account, "nobody").invalid_fields(), ["/new_email"]);
    assert_eq!(ask(&account, &account.email.to_uppercase()).invalid_fields(), ["/new_email"]);
    // What was sent to the former address before is void afterwards.
    server.client().post("/api/v1/auth/password/forgot", &json!({"email": account.email})).expect(200);
    let reset = mail.next().token();
    ask(&account, &new.to_uppercase()).expect(200);
    let message = mail.next();
    assert_eq!((message.to.as_str(), message.line("Subject:")), (&*new, "Subject: Prove that this address is yours"));
    assert_eq!(account.client.get(ME).expect(200).json()["email"], account.email);
    login(&server.client(), &new, PASSWORD).problem(401, "invalid_credentials");

    verify(&server.client(), &message.token()).expect(200);
    let told = mail.next();
    assert_eq!(
        (told.to.as_str(), told.line("Subject:")),
        (&*account.email, "Subject: Your account has another address")
    );
    assert!(!told.content.contains(&new), "{told:?}");
    let me = account.client.get(ME).expect(200).json();
    assert_eq!((&me["email"], &me["is_verified"]), (&json!(new), &json!(true)));
    login(&server.client(), &account.email, PASSWORD).problem(401, "invalid_credentials");
    login(&server.client(), &new, PASSWORD).expect(200);
    verify(&server.client(), &message.token()).problem(400, "invalid_token");
    let reset = json!({"token": reset, "new_password": "Another-horse-8"});
    server.client().post("/api/v1/auth/password/reset", &reset).problem(400, "invalid_token");
    // The former address is free.
    register(&server.client(), &account.email).expect(201);
}

#[test]
fn s09_whether_another_address_has_an_account_shows_nowhere() {
    let (mail, server, account) = with_mail();
    let other = Account::new(&server);
    mail.next();
    let free = address();
    assert_eq!(ask(&account, &other.email).expect(200).body, ask(&account, &free).expect(200).body);
    let message = mail.next();
    assert_eq!(message.to, free, "nothing was sent to the other account");
    // Somebody else comes first.
    register(&server.client(), &free).expect(201);
    mail.next();
    verify(&server.client(), &message.token()).problem(409, "email_taken");
    assert_eq!(account.client.get(ME).expect(200).json()["email"], account.email);
}

#[test]
fn only_the_newest_request_for_another_address_counts_and_another_password_voids_it() {
    let (mail, server, account) = with_mail();
    let (first, second) = (address(), address());
    ask(&account, &first).expect(200);
    let early = mail.next().token();
    ask(&account, &second).expect(200);
    let late = mail.next().token();
    verify(&server.client(), &early).problem(400, "invalid_token");
    let change = json!({"current_password": PASSWORD, "new_password": "Another-horse-8"});
    account.client.post("/api/v1/auth/password/change", &change).expect(200);
    verify(&server.client(), &late).problem(400, "invalid_token");
    assert_eq!(account.client.get(ME).expect(200).json()["email"], account.email);
}

#[test]
fn one_gets_what_there_is_about_oneself() {
    let server = Server::shared();
    let account = Account::new(&server);
    let data = account.client.post(EXPORT, &json!({"current_password": PASSWORD})).expect(200);
    assert_eq!(data.header("cache-control"), Some("no-store"));
    let data = data.json();
    assert_eq!(data["account"]["email"], account.email);
    // In which order is not for a test to say: the e-mail of the registration is prepared beside the sign-in.
    let activity: Vec<&Value> = data["activity"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert!(activity.contains(&&json!("user.registered")), "{activity:?}");
    assert!(activity.contains(&&json!("session.opened")), "{activity:?}");
    let wrong = account.client.post(EXPORT, &json!({"current_password": "Wrong-horse-7"}));
    assert_eq!(wrong.invalid_fields(), ["/current_password"]);
}

#[test]
fn without_mail_the_address_stays() {
    let server = Setup::new().real_hashing().env("ENVIRONMENT", "staging").start();
    let account = Account::new(&server);
    ask(&account, &address()).problem(503, "mail_not_configured");
}
