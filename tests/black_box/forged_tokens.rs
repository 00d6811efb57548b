//! Access tokens that an attacker makes, up to those that are signed with the right key.

use std::net::TcpListener;

use crate::support::account::Account;
use crate::support::server::{Server, Setup};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ghostworks::domain::{Clock as _, SystemClock};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

const ME: &str = "/api/v1/auth/me";
const ATTACKERS_KEY: &[u8] = b"a key that only the attacker has";

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn signed(header: &Value, claims: &Value, key: &[u8]) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn claims(account: &Account) -> Value {
    let claims = account.access.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64url")).expect("JSON")
}

/// The same claims, but for one.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn now() -> i64 {
    SystemClock.now().as_second()
}

#[track_caller]
fn refused(server: &Server, token: &str) {
    server.client().bearer(token).get(ME).problem(401, "not_authenticated");
}

#[test]
fn s22_a_key_that_a_token_brings_along_is_ignored() {
    let server = Server::shared();
    let account = Account::new(&server);
    let claims = claims(&account);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket can be asked");
    let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
    let jwk = json!({"kty": "oct", "alg": "HS256", "kid": "mine", "k": URL_SAFE_NO_PAD.encode(ATTACKERS_KEY)});
    for (header, key) in [
        (json!({"alg": "HS256", "typ": "JWT"}), ATTACKERS_KEY),
        (json!({"alg": "HS256", "typ": "JWT", "jwk": jwk}), ATTACKERS_KEY),
        (json!({"alg": "HS256", "typ": "JWT", "kid": "mine", "jku": url}), ATTACKERS_KEY),
        (json!({"alg": "HS256", "typ": "JWT", "kid": "mine", "x5u": url, "x5c": ["MIIB"]}), ATTACKERS_KEY),
        (json!({"alg": "HS256", "typ": "JWT", "kid": "/dev/null"}), b""),
        (json!({"alg": "HS256", "typ": "JWT", "kid": "../../../../dev/null"}), b"\0"),
        (json!({"alg": "HS256", "typ": "JWT", "kid": "' UNION SELECT 'key' --"}), b"key"),
        (json!({"alg": "HS256", "typ": "JWT", "crit": ["b64"], "b64": false}), ATTACKERS_KEY),
    ] {
        refused(&server, &signed(&header, &claims, key));
    }
    assert!(listener.accept().is_err(), "someone came for the attacker's keys");
    account.client.get(ME).expect(200);
}

#[test]
fn s22_with_our_own_signature_what_the_header_says_of_keys_does_not_matter() {
    let (server, key, account) = with_key();
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(ATTACKERS_KEY)});
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": "/dev/null", "jku": "http://127.0.0.1:1/", "jwk": jwk});
    server.client().bearer(&signed(&header, &claims(&account), &key)).get(ME).expect(200);
}

#[test]
fn s21_no_other_algorithm_is_good_even_with_the_right_key() {
    let (server, key, account) = with_key();
    for alg in ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256"] {
        let token = signed(&json!({"alg": alg, "typ": "JWT"}), &claims(&account), &key);
        refused(&server, &token);
        let (unsigned, _) = token.rsplit_once('.').expect("three parts");
        refused(&server, &format!("{unsigned}."));
        refused(&server, unsigned);
    }
    refused(&server, &signed(&json!({"typ": "JWT"}), &claims(&account), &key));
    refused(&server, &format!("{}x", account.access));
}

#[test]
fn s23_the_right_signature_is_not_enough() {
    let (server, key, account) = with_key();
    let good = claims(&account);
    let sign = |claims: &Value| signed(&json!({"alg": "HS256", "typ": "JWT"}), claims, &key);
    server.client().bearer(&sign(&good)).get(ME).expect(200);
    for (claim, value) in [
        ("exp", json!(now() - 1)),
        ("exp", json!(0)),
        ("exp", json!("never")),
        ("exp", Value::Null),
        ("nbf", json!(now() + 3600)),
        ("aud", json!("another-api")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("iss", json!("somebody")),
        ("iss", Value::Null),
        ("token_type", json!("refresh")),
        ("sub", json!("01890000-0000-7000-8000-000000000000")),
        ("sid", json!("01890000-0000-7000-8000-000000000000")),
        ("sid", Value::Null),
    ] {
        let claims = with(&good, claim, value);
        refused(&server, &sign(&claims));
        let mut missing = claims.clone();
        missing.as_object_mut().expect("an object").remove(claim);
        if claim != "nbf" {
            refused(&server, &sign(&missing));
        }
    }
    server.client().bearer(&sign(&with(&good, "nbf", json!(now() - 3600)))).get(ME).expect(200);
}

#[test]
fn s28_what_a_token_says_of_a_role_counts_for_nothing() {
    let (server, key, account) = with_key();
    let foreign = Account::new(&server).workspace();
    let mut claims = claims(&account);
    (claims["tenant_id"], claims["role"], claims["email"]) =
        (json!(foreign), json!("owner"), json!("root@example.com"));
    let promoted = server.client().bearer(&signed(&json!({"alg": "HS256", "typ": "JWT"}), &claims, &key));
    promoted.get(&format!("/api/v1/workspaces/{foreign}")).problem(404, "workspace_not_found");
    let me = promoted.get(ME).expect(200).json();
    assert_eq!((&me["email"], &me["current_workspace"]), (&json!(account.email), &Value::Null));
}

/// A server, the key that it signs with, and an account.
fn with_key() -> (Server, Vec<u8>, Account) {
    let setup = Setup::new();
    let server = setup.start();
    let key = std::fs::read(setup.data().join("signing.key")).expect("the key");
    let account = Account::new(&server);
    (server, key, account)
}
