//! Changing the password.

use std::sync::Barrier;

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::server::{Server, Setup};
use serde_json::json;

const CHANGE: &str = "/api/v1/auth/password/change";
const ME: &str = "/api/v1/auth/me";
const NEW_PASSWORD: &str = "Another-horse-8";

fn change(client: &Client, current: &str, new: &str) -> Reply {
    client.post(CHANGE, &json!({"current_password": current, "new_password": new}))
}

#[test]
fn s19_changing_the_password_needs_the_current_one_and_ends_other_sessions() {
    let server = Server::shared();
    let account = Account::new(&server);
    let elsewhere = login(&server.client(), &account.email, PASSWORD).expect(200).json();
    let other = server.client().bearer(&text(&elsewhere["access_token"]));

    assert_eq!(change(&account.client, "Wrong-horse-7", NEW_PASSWORD).invalid_fields(), ["/current_password"]);
    other.get(ME).expect(200);
    assert!(!text(&change(&account.client, PASSWORD, NEW_PASSWORD).expect(200).json()["message"]).is_empty());

    account.client.get(ME).expect(200);
    let refresh = |token: &str| server.client().post("/api/v1/auth/refresh", &json!({"refresh_token": token}));
    refresh(&account.refresh).expect(200);
    other.get(ME).problem(401, "not_authenticated");
    refresh(&text(&elsewhere["refresh_token"])).problem(401, "invalid_refresh_token");
    login(&server.client(), &account.email, PASSWORD).problem(401, "invalid_credentials");
    login(&server.client(), &account.email, NEW_PASSWORD).expect(200);
}

#[test]
fn s04_s06_s07_a_new_password_follows_the_rules_of_registration() {
    let server = Server::shared();
    let account = Account::new(&server);
    let huge = format!("Aa1!{}", "x".repeat(100_000));
    for password in ["Short-7", "P@ssw0rd", "alllower-7", &huge, &account.email] {
        assert_eq!(change(&account.client, PASSWORD, password).invalid_fields(), ["/new_password"], "{password:.20}");
    }
    assert_eq!(change(&account.client, &huge, NEW_PASSWORD).invalid_fields(), ["/current_password"]);
    change(&server.client(), PASSWORD, NEW_PASSWORD).problem(401, "not_authenticated");
    login(&server.client(), &account.email, PASSWORD).expect(200);
}

#[test]
fn s02_a_hash_of_another_cost_lets_one_in_and_is_renewed() {
    let cheap = Setup::new();
    let server = cheap.start();
    let account = Account::new(&server);
    server.stop();
    let dearer = cheap.clone().env("GHOSTWORKS__AUTH__HASH_ITERATIONS", "2");
    let server = dearer.start();
    login(&server.client(), &account.email, PASSWORD).expect(200);
    server.stop();
    let file = std::fs::read(dearer.data().join("ghostworks.redb")).expect("the database");
    let renewed = b"$argon2id$v=19$m=64,t=2,p=1$";
    assert!(file.windows(renewed.len()).any(|window| window == renewed));
}

#[test]
fn s19_no_sign_in_with_the_old_password_outlives_the_change() {
    let server = Server::shared();
    for _ in 0..10 {
        let account = Account::new(&server);
        let barrier = Barrier::new(4);
        let signed_in: Vec<Reply> = std::thread::scope(|scope| {
            let logins: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        login(&server.client(), &account.email, PASSWORD)
                    })
                })
                .collect();
            barrier.wait();
            change(&account.client, PASSWORD, NEW_PASSWORD).expect(200);
            logins.into_iter().map(|login| login.join().expect("an answer")).collect()
        });
        for reply in signed_in {
            if reply.status == 200 {
                let access = text(&reply.json()["access_token"]);
                server.client().bearer(&access).get(ME).problem(401, "not_authenticated");
            } else {
                reply.problem(401, "invalid_credentials");
            }
        }
        account.client.get(ME).expect(200);
    }
}

#[test]
fn s02_of_many_sign_ins_at_once_that_renew_a_hash_all_succeed() {
    let cheap = Setup::new();
    let server = cheap.start();
    let account = Account::new(&server);
    server.stop();
    let server = cheap.env("GHOSTWORKS__AUTH__HASH_ITERATIONS", "2").start();
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                login(&server.client(), &account.email, PASSWORD).expect(200);
            });
        }
    });
}
