//! The signing key rotates: what it signed goes on until it has ended, and nobody has to sign in again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::Client;
use crate::support::server::{Server, Setup};

const ME: &str = "/api/v1/auth/me";
const ROTATE: &str = "/api/v1/operator/signing-key/rotate";

fn rotate(setup: &Setup) -> String {
    let (status, said, errors) = setup.run(&["key", "rotate"]);
    assert!(status.success(), "{errors}");
    said
}

fn status(server: &Server, token: &str) -> u16 {
    server.client().bearer(token).get(ME).status
}

fn another_token(client: &Client, account: &Account) -> String {
    text(&login(client, &account.email, PASSWORD).expect(200).json()["access_token"])
}

#[test]
fn s21_tokens_from_before_go_on_after_two_rotations_and_a_restart() {
    let setup = Setup::new();
    let server = setup.start();
    let account = Account::new(&server);
    let key = || fs::read(setup.data().join("signing.key")).expect("the key");
    let first = key();
    assert!(rotate(&setup).starts_with("Another key signs from now on; the former one is believed until 2"));
    assert_ne!(key(), first);
    let second = another_token(&server.client(), &account);
    rotate(&setup);
    let third = another_token(&server.client(), &account);
    let of_another = Account::new(&Setup::new().start()).access;
    let answered = |server: &Server| [&account.access, &second, &third, &of_another].map(|token| status(server, token));
    assert_eq!(answered(&server), [200, 200, 200, 401]);
    let refresh = json!({"refresh_token": account.refresh});
    server.client().post("/api/v1/auth/refresh", &refresh).expect(200);
    assert!(server.stderr().contains("another key signs access tokens"));
    server.stop();
    let former = setup.data().join("signing.key.former");
    assert_eq!(fs::metadata(&former).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(answered(&setup.start()), [200, 200, 200, 401]);
}

#[test]
fn s21_a_former_key_that_has_ended_is_believed_no_longer() {
    let setup = Setup::new();
    let server = setup.start();
    let account = Account::new(&server);
    rotate(&setup);
    let newer = another_token(&server.client(), &account);
    server.stop();
    let former = setup.data().join("signing.key.former");
    let line = fs::read_to_string(&former).expect("a file");
    let (_, key) = line.split_once(' ').expect("an end and a key");
    fs::write(&former, format!("2020-01-01T00:00:00Z {key}")).expect("a file");
    let server = setup.start();
    assert_eq!((status(&server, &account.access), status(&server, &newer)), (401, 200));
}

#[test]
fn a_list_goes_on_where_it_was() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for name in ["Anvil", "Bellows"] {
        owner.artifact(&artifacts, &json!({"name": name}));
    }
    let page = owner.client.get(&format!("{artifacts}?limit=1")).expect(200).json();
    rotate(&setup);
    let cursor = text(&page["next_cursor"]);
    let page = owner.client.get(&format!("{artifacts}?limit=1&cursor={cursor}")).expect(200).json();
    assert_eq!(page["items"][0]["name"], "Anvil", "{page}");
}

#[test]
fn without_a_server_the_files_are_changed() {
    let setup = Setup::new();
    let server = setup.start();
    let account = Account::new(&server);
    server.stop();
    let (done, said, errors) = setup.run(&["key", "rotate", "--json"]);
    assert!(done.success(), "{errors}");
    let rotated: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert!(text(&rotated["former_until"]).ends_with('Z'));
    assert_eq!(status(&setup.start(), &account.access), 200);
}

#[test]
fn a_key_that_is_configured_is_not_rotated_here() {
    let configured = Setup::new().env("GHOSTWORKS__AUTH__SIGNING_KEY", "0123456789abcdefghijklmnopqrstuv");
    let setup = configured.env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", "0123456789abcdefoperator");
    let server = setup.start();
    let refused = || {
        let (status, _, errors) = setup.run(&["key", "rotate"]);
        assert_eq!(status.code(), Some(1));
        assert!(errors.contains("auth.signing_key"), "{errors}");
    };
    refused();
    let operator = server.client().bearer("0123456789abcdefoperator");
    operator.call("POST", ROTATE).problem(409, "signing_key_configured");
    server.stop();
    refused();
    assert!(!setup.data().join("signing.key").exists());
}

#[test]
fn the_former_key_of_a_file_that_changed_is_believed_for_a_while() {
    let setup = Setup::new();
    let file = setup.scratch().join("key");
    fs::write(&file, "0123456789abcdefghijklmnopqrstuv\n").expect("a file");
    let setup = setup.env("GHOSTWORKS__AUTH__SIGNING_KEY_FILE", file.to_str().expect("a printable path"));
    let server = setup.start();
    let account = Account::new(&server);
    fs::write(&file, "vutsrqponmlkjihgfedcba9876543210\n").expect("a file");
    let (_, said, errors) = setup.run(&["reload"]);
    assert_eq!(said, "Changed: auth.signing_key.\n", "{errors}");
    let newer = another_token(&server.client(), &account);
    assert_eq!((status(&server, &account.access), status(&server, &newer)), (200, 200));
    server.stop();
    let server = setup.start();
    assert_eq!((status(&server, &account.access), status(&server, &newer)), (401, 200), "the other one signs");
}
