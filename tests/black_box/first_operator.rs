//! The link with which the first operator is made: where it is, what it is good for, and when it is dead.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::browser::Browser;
use crate::support::client::Reply;
use crate::support::server::{Server, Setup};
use crate::support::unique;

const ACCOUNTS: &str = "/api/v1/operator/accounts";
const SETUP: &str = "/console/setup";

fn address() -> String {
    format!("{}@example.com", unique("first"))
}

/// The link in the file, as long as it is there.
fn link(setup: &Setup) -> Option<String> {
    fs::read_to_string(setup.data().join("setup-link")).ok().map(|text| text.trim().to_owned())
}

/// The token of the link in the file.
fn token(setup: &Setup) -> String {
    link(setup).expect("a link").split_once("token=").expect("a token").1.to_owned()
}

fn set_up(server: &Server, token: &str, email: &str, password: &str) -> Reply {
    let fields = [("token", token), ("email", email), ("password", password), ("first_name", "Ann"), ("last_name", "")];
    Browser::of_nobody(&server.client()).send(SETUP, &fields)
}

#[test]
fn s61_the_link_makes_one_operator_and_is_in_no_log() {
    let setup = Setup::new();
    let server = setup.start();
    let found = link(&setup).expect("a link");
    assert!(found.starts_with(&format!("{}{SETUP}?token=", server.url())), "{found}");
    let mode = fs::metadata(setup.data().join("setup-link")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = token(&setup);
    server.until("the log names the file", || server.stderr().contains("setup-link"));
    let browser = Browser::of_nobody(&server.client());
    let page = browser.get(found.strip_prefix(&server.url()).expect("here")).expect(200);
    assert!(page.body.contains("name=\"token\"") && page.body.contains("The first operator"), "{}", page.body);

    // What is wrong with what was typed does not cost the link.
    assert!(set_up(&server, &token, "nobody", "short").expect(422).body.contains("must be an e-mail address"));
    let taken = Account::new(&server);
    set_up(&server, &token, &taken.email, PASSWORD).expect(422);
    let email = address();
    let elsewhere = server.client().with("Sec-Fetch-Site", "cross-site");
    elsewhere.send("POST", SETUP, "application/x-www-form-urlencoded", format!("token={token}")).expect(403);
    set_up(&server, &token, &email, PASSWORD).expect(200);
    let tokens = login(&server.client(), &email, PASSWORD).expect(200).json();
    let operator = server.client().bearer(&text(&tokens["access_token"]));
    operator.get(ACCOUNTS).expect(200);
    assert_eq!(operator.get("/api/v1/auth/me").expect(200).json()["is_verified"], true);

    set_up(&server, &token, &address(), PASSWORD).expect(400);
    browser.get(&format!("{SETUP}?token={token}")).expect(400);
    server.until("the file is gone", || link(&setup).is_none());
    assert!(!server.stderr().contains(&token), "{}", server.stderr());
    server.stop();
    let server = setup.start();
    assert_eq!(link(&setup), None, "there is an operator");
    set_up(&server, &token, &address(), PASSWORD).expect(400);
}

#[test]
fn s61_the_link_is_dead_once_there_is_an_operator_and_after_a_restart() {
    let setup = Setup::new();
    let server = setup.start();
    let first = token(&setup);
    // Registering makes nobody an operator.
    let account = Account::new(&server);
    account.client.get(ACCOUNTS).problem(403, "forbidden");
    server.stop();
    assert_eq!(link(&setup), None, "it is not good without the server");
    let server = setup.start();
    let second = token(&setup);
    assert_ne!(first, second);
    for wrong in [&*first, "", "nonsense", &second[1..]] {
        set_up(&server, wrong, &address(), PASSWORD).expect(400);
    }
    let (status, _, errors) = setup.run(&["user", "grant-operator", &account.email]);
    assert!(status.success(), "{errors}");
    set_up(&server, &second, &address(), PASSWORD).expect(400);
    Browser::of_nobody(&server.client()).get(&format!("{SETUP}?token={second}")).expect(400);
}

#[test]
fn s61_of_many_who_use_the_link_at_once_one_becomes_the_operator() {
    let setup = Setup::new();
    let server = setup.start();
    let token = token(&setup);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..8).map(|_| scope.spawn(|| set_up(&server, &token, &address(), PASSWORD).status)).collect();
        tries.into_iter().map(|it| it.join().expect("an answer")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 7, "{statuses:?}");
}

#[test]
fn without_the_console_there_is_no_link() {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__CONSOLE", "false");
    let server = setup.start();
    assert_eq!(link(&setup), None);
    server.stop();
}
