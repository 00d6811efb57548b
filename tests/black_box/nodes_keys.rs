//! Signing keys that servers share: in the database, sealed with a key that each is given.

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::nodes::{KEY, OPERATOR, node};
use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::postgres;
use crate::support::server::Server;

const ANOTHER: &str = "Wm9e3kT7yQ1vR5uB8xN2cJ6hL0pD4sGfAaZzEeUuIi8=";
const ME: &str = "/api/v1/auth/me";

/// Whether a token was signed with the key that servers are given.
fn is_of_the_given_key(token: &str) -> bool {
    let (message, signature) = token.rsplit_once('.').expect("a token");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
    let mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("a key");
    mac.chain_update(message).verify_slice(&signature).is_ok()
}

fn token(server: &Server, account: &Account) -> String {
    text(&login(&server.client(), &account.email, PASSWORD).expect(200).json()["access_token"])
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_rotated_key_is_known_everywhere_before_the_first_token_that_it_signs() {
    let url = postgres::database();
    // Each token has a session of its own.
    let start = || node(&url).env("GHOSTWORKS__AUTH__SESSIONS_PER_ACCOUNT", "10000").start();
    let (one, other) = (start(), start());
    let ann = Account::new(&one);
    assert!(is_of_the_given_key(&ann.access), "the first is the one that is given: what it signed before goes on");
    let operator = one.client().bearer(OPERATOR);
    let rotated = operator.post("/api/v1/operator/signing-key/rotate", &json!({})).expect(200).json();
    assert!(text(&rotated["signs_from"]) < text(&rotated["former_until"]), "{rotated}");
    let deadline = Instant::now() + Duration::from_secs(90);
    let (mut by_one, mut by_other) = (false, false);
    while !(by_one && by_other) {
        assert!(Instant::now() < deadline, "it never signed");
        for (server, there, is_new) in [(&one, &other, &mut by_one), (&other, &one, &mut by_other)] {
            let token = token(server, &ann);
            there.client().bearer(&token).get(ME).expect(200);
            *is_new = !is_of_the_given_key(&token);
        }
        other.client().bearer(&ann.access).get(ME).expect(200);
    }
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_server_that_was_given_another_key_says_so_and_they_are_sealed_again() {
    let url = postgres::database();
    let own = node(&url);
    let server = own.start();
    let ann = Account::new(&server);
    let other = node(&url).env("GHOSTWORKS__AUTH__SIGNING_KEY", ANOTHER);
    let refused = other.start_refused();
    assert!(!refused.status.success() && refused.stderr.contains("key reseal"), "{}", refused.stderr);
    server.stop();
    let former = own.scratch().join("former");
    fs::write(&former, format!("{KEY}\n")).expect("a file");
    let former = former.to_str().expect("a path");
    let wrong = node(&url).env("GHOSTWORKS__AUTH__SIGNING_KEY", format!("{ANOTHER}more"));
    let (status, _, errors) = other.run(&["key", "reseal", "--former-key-file", "/dev/null"]);
    assert!(!status.success(), "{errors}");
    let (status, said, errors) = other.run(&["key", "reseal", "--former-key-file", former]);
    assert!(status.success(), "{said}{errors}");
    let server = other.start();
    server.client().bearer(&ann.access).get(ME).expect(200);
    for refused in [own.start_refused(), wrong.start_refused()] {
        assert!(refused.stderr.contains("sealed with"), "{}", refused.stderr);
    }
}
