//! Accounts and sessions: registering, signing in, refreshing, signing out.

use std::sync::Barrier;

use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::client::{Client, Reply};
use crate::support::server::{Server, Setup};
use crate::support::unique;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const REGISTER: &str = "/api/v1/auth/register";
pub(super) const REFRESH: &str = "/api/v1/auth/refresh";
const LOGOUT: &str = "/api/v1/auth/logout";
pub(super) const ME: &str = "/api/v1/auth/me";

pub(super) fn address() -> String {
    format!("{}@example.com", unique("someone"))
}

pub(super) fn refresh(client: &Client, token: &str) -> Reply {
    client.post(REFRESH, &json!({"refresh_token": token}))
}

#[test]
fn registering_answers_the_account() {
    let server = Server::shared();
    let answer = register(&server.client(), "Ann.Example@Example.COM").expect(201).json();
    assert_eq!(answer["email"], "ann.example@example.com");
    assert_eq!(answer["verification_required"], true);
    assert_eq!(text(&answer["user_id"]).len(), 36);
    assert!(!text(&answer["message"]).is_empty());
}

#[test]
fn an_address_is_registered_once_whatever_its_case() {
    let server = Server::shared();
    let email = address();
    register(&server.client(), &email).expect(201);
    register(&server.client(), &email.to_uppercase()).problem(409, "email_taken");
    login(&server.client(), &email.to_uppercase(), PASSWORD).expect(200);
}

#[test]
fn one_of_many_at_once_gets_the_address() {
    let server = Server::shared();
    let email = address();
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(|| register(&server.client(), &email).status)).collect();
        racers.into_iter().map(|racer| racer.join().expect("an answer")).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![409; 7]].concat());
}

#[test]
fn what_can_not_be_an_account_is_refused_field_by_field() {
    let server = Server::shared();
    for (body, pointers) in [
        (json!({"email": "nobody", "password": PASSWORD}), vec!["/email"]),
        (json!({"email": address(), "password": PASSWORD, "first_name": "f".repeat(101)}), vec!["/first_name"]),
        (json!({"email": address(), "password": PASSWORD, "last_name": "l\u{7}"}), vec!["/last_name"]),
        (json!({"email": "a b@example.com", "password": "no"}), vec!["/email", "/password"]),
    ] {
        assert_eq!(server.client().post(REGISTER, &body).invalid_fields(), pointers, "{body}");
    }
}

#[test]
fn s04_s06_s07_weak_and_absurd_passwords_are_refused() {
    let server = Server::shared();
    let email = address();
    let huge = format!("Aa1!{}", "x".repeat(60_000));
    let too_long = format!("Aa1!{}", "x".repeat(125));
    for password in
        ["Short-7", "P@ssw0rd", "alllower-7", "ALLUPPER-7", "No-digits-here", "NoSpecial77", &too_long, &huge]
    {
        let body = json!({"email": email, "password": password});
        assert_eq!(server.client().post(REGISTER, &body).invalid_fields(), ["/password"], "{password:.20}");
    }
    let absurd = json!({"email": email, "password": format!("Aa1!{}", "x".repeat(100_000))});
    server.client().post(REGISTER, &absurd).problem(413, "payload_too_large");
    let own_address = json!({"email": "Own.Address1@example.com", "password": "Own.Address1@example.com"});
    assert_eq!(server.client().post(REGISTER, &own_address).invalid_fields(), ["/password"]);
    assert_eq!(login(&server.client(), &email, &huge).invalid_fields(), ["/password"]);
}

#[test]
fn s05_a_passphrase_is_enough_with_the_composition_rules_off() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__PASSWORD_COMPOSITION", "false").start();
    let passphrase = "a long walk along the harbour before the first ferry leaves at six";
    let email = address();
    server.client().post(REGISTER, &json!({"email": email, "password": passphrase})).expect(201);
    login(&server.client(), &email, passphrase).expect(200);
}

#[test]
fn the_longest_password_counts_to_its_last_character() {
    let server = Server::shared();
    let email = address();
    let longest = format!("Aa1!{}", "ü".repeat(124));
    server.client().post(REGISTER, &json!({"email": email, "password": longest})).expect(201);
    login(&server.client(), &email, &longest).expect(200);
    login(&server.client(), &email, &longest.replace("üü", "ü")).problem(401, "invalid_credentials");
}

#[test]
fn signing_in_gives_tokens_and_cookies() {
    let server = Server::shared();
    let email = address();
    register(&server.client(), &email).expect(201);
    let reply = login(&server.client(), &email, PASSWORD).expect(200);
    let tokens = reply.json();
    assert_eq!(tokens["token_type"], "bearer");
    assert_eq!(tokens["expires_in"], 900);
    assert_eq!(reply.header("cache-control"), Some("no-store"));

    for (name, path) in [("access_token", "Path=/"), ("refresh_token", "Path=/api/v1/auth")] {
        let cookie = reply.set_cookie(name);
        let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
        assert!(cookie.contains(&text(&tokens[name])), "{name} carries the token");
        for attribute in ["HttpOnly", "SameSite=Lax", path] {
            assert!(attributes.contains(&attribute), "{attribute} in {attributes:?}");
        }
        assert!(!attributes.contains(&"Secure"), "development has no TLS");
    }
}

#[test]
fn s41_nothing_about_accounts_is_stored_on_the_way() {
    let server = Server::shared();
    let account = Account::new(&server);
    for reply in [
        account.client.get(ME).expect(200),
        server.client().get(ME).expect(401),
        server.client().get(REGISTER).expect(405),
        server.client().send("POST", REGISTER, "application/json", "{").expect(400),
        login(&server.client(), &account.email, "Wrong-horse-7").expect(401),
        server.client().get("/api/v1/auth/nowhere").expect(404),
        account.client.call("POST", LOGOUT).expect(200),
    ] {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", reply.body);
    }
}

#[test]
fn cookies_are_secure_outside_development() {
    let server = Setup::new().real_hashing().env("ENVIRONMENT", "production").start();
    let email = address();
    register(&server.client(), &email).expect(201);
    let reply = login(&server.client(), &email, PASSWORD).expect(200);
    for name in ["access_token", "refresh_token"] {
        assert!(reply.set_cookie(name).split("; ").any(|attribute| attribute == "Secure"), "{name}");
    }
}

#[test]
fn s08_every_failed_sign_in_answers_alike() {
    let server = Server::shared();
    let email = address();
    register(&server.client(), &email).expect(201);
    let problems = [(email.as_str(), "Wrong-horse-7"), (&address(), PASSWORD), ("no address", PASSWORD)].map(|it| {
        let reply = login(&server.client(), it.0, it.1);
        assert_eq!(reply.header("www-authenticate").map(|it| it.starts_with("Bearer")), Some(true));
        let mut problem = reply.problem(401, "invalid_credentials");
        problem.as_object_mut().expect("an object").retain(|name, _| name != "request_id" && name != "timestamp");
        problem
    });
    assert_eq!(problems[0]["detail"], "Invalid email or password");
    assert_eq!(problems[0], problems[1]);
    assert_eq!(problems[0], problems[2]);
}

#[test]
fn s01_s16_secrets_are_not_in_the_file() {
    let setup = Setup::new().real_hashing();
    let server = setup.start();
    let account = Account::new(&server);
    server.stop();

    let file = std::fs::read(setup.data().join("ghostworks.redb")).expect("the database");
    let has = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(!has(PASSWORD));
    let secret = account.refresh.rsplit(['.', '_']).next().expect("a part");
    assert!(!has(&account.refresh) && !has(secret));
}

#[test]
fn s03_a_flood_of_sign_ins_is_bounded() {
    let server = Setup::new()
        .env("GHOSTWORKS__AUTH__HASH_MEMORY_KIB", "32768")
        .env("GHOSTWORKS__AUTH__HASH_ITERATIONS", "4")
        .env("GHOSTWORKS__AUTH__HASH_CONCURRENCY", "1")
        .env("GHOSTWORKS__AUTH__HASH_QUEUE", "1")
        .start();
    let barrier = Barrier::new(16);
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let flood: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    login(&server.client(), "nobody@example.com", PASSWORD)
                })
            })
            .collect();
        server.client().get("/livez").expect(200);
        flood.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    let (refused, answered): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 503);
    assert!(!refused.is_empty() && !answered.is_empty());
    for reply in refused {
        reply.problem(503, "overloaded");
        assert!(reply.header("retry-after").is_some_and(|it| it.parse::<u32>().is_ok()));
    }
    for reply in answered {
        reply.problem(401, "invalid_credentials");
    }
    // No place is lost: who comes after the flood is served.
    login(&server.client(), "nobody@example.com", PASSWORD).problem(401, "invalid_credentials");
}

#[test]
fn an_access_token_says_who_and_until_when() {
    let server = Server::shared();
    let account = Account::new(&server);
    let part = account.access.split('.').nth(1).expect("three parts");
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON");

    assert_eq!(claims["sub"], account.id);
    assert_eq!(claims["email"], account.email);
    assert_eq!(claims["token_type"], "access");
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("ghostworks"), &json!("ghostworks-api")));
    assert_eq!(claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp - iat), Some(900));
    for claim in ["jti", "sid"] {
        assert_eq!(text(&claims[claim]).len(), 36, "{claim}");
    }
    assert!(["tenant_id", "role"].iter().all(|claim| claims.get(claim) == Some(&Value::Null)), "{claims}");
}

#[test]
fn me_is_the_account() {
    let server = Server::shared();
    let email = address();
    let body = json!({"email": email, "password": PASSWORD, "first_name": " Ann ", "last_name": "Example"});
    let id = server.client().post(REGISTER, &body).expect(201).json()["user_id"].clone();
    let access = text(&login(&server.client(), &email, PASSWORD).expect(200).json()["access_token"]);

    let me = server.client().bearer(&access).get(ME).expect(200).json();

    for (field, value) in [
        ("id", id),
        ("email", json!(email)),
        ("first_name", json!("Ann")),
        ("last_name", json!("Example")),
        ("full_name", json!("Ann Example")),
        ("is_verified", json!(false)),
        ("is_active", json!(true)),
        ("current_workspace", Value::Null),
    ] {
        assert_eq!(me[field], value, "{field}");
    }
    assert!(text(&me["created_at"]).ends_with('Z') && text(&me["updated_at"]).ends_with('Z'));
}

#[test]
fn s30_an_account_can_not_verify_itself() {
    let server = Server::shared();
    let email = address();
    let id = "01890000-0000-7000-8000-000000000000";
    let body = json!({"email": email, "password": PASSWORD, "is_verified": true, "id": id, "role": "owner"});
    server.client().post(REGISTER, &body).expect(201);
    let access = text(&login(&server.client(), &email, PASSWORD).expect(200).json()["access_token"]);
    let me = server.client().bearer(&access).get(ME).expect(200).json();
    assert_eq!(me["is_verified"], false);
    assert_ne!(me["id"], id);
}

#[test]
fn s17_signing_out_ends_both_tokens() {
    let server = Server::shared();
    let account = Account::new(&server);
    let elsewhere = login(&server.client(), &account.email, PASSWORD).expect(200).json();

    let reply = account.client.call("POST", LOGOUT).expect(200);
    assert!(!text(&reply.json()["message"]).is_empty());
    for name in ["access_token", "refresh_token"] {
        let cookie = reply.set_cookie(name);
        assert!(cookie.contains("Max-Age=0") && !cookie.contains(&account.access), "{cookie}");
    }
    account.client.get(ME).problem(401, "not_authenticated");
    refresh(&server.client(), &account.refresh).problem(401, "invalid_refresh_token");
    server.client().bearer(&text(&elsewhere["access_token"])).get(ME).expect(200);
}

#[test]
fn s24_a_token_is_good_for_its_own_purpose_only() {
    let server = Server::shared();
    let account = Account::new(&server);
    server.client().bearer(&account.refresh).get(ME).problem(401, "not_authenticated");
    refresh(&server.client(), &account.access).problem(401, "invalid_refresh_token");
    account.client.get(ME).expect(200);
}

#[test]
fn s43_a_cookie_reads_but_writes_only_from_our_own_origin() {
    let server = Server::shared();
    let account = Account::new(&server);
    let reply = login(&server.client(), &account.email, PASSWORD).expect(200);
    let cookie = reply.set_cookie("access_token").split("; ").next().expect("a pair");
    let client = server.client().with("Cookie", cookie);
    let write = |client: Client| client.post("/api/v1/workspaces/", &json!({"name": "By cookie"}));

    client.get(ME).expect(200);
    write(client.clone()).problem(403, "foreign_origin");
    write(client.with("Origin", "https://evil.example")).problem(403, "foreign_origin");
    write(client.with("Sec-Fetch-Site", "cross-site")).problem(403, "foreign_origin");
    write(client.with("Origin", &server.url())).expect(201);
    write(client.with("Sec-Fetch-Site", "same-origin")).expect(201);
}
