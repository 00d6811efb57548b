//! A flood of wrong passwords, which keeps nobody out.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::support::account::{Account, PASSWORD};
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};

const ATTACKERS: usize = 24;

/// One hash at a time, that takes long, and few that may wait.
fn server() -> Server {
    Setup::new()
        .env("GHOSTWORKS__AUTH__HASH_MEMORY_KIB", "8192")
        .env("GHOSTWORKS__AUTH__HASH_ITERATIONS", "2")
        .env("GHOSTWORKS__AUTH__HASH_CONCURRENCY", "1")
        .env("GHOSTWORKS__AUTH__HASH_QUEUE", "8")
        .start()
}

/// Signs in from an address of this machine, and returns the status.
fn sign_in(server: &Server, from: Ipv4Addr, email: &str, password: &str) -> String {
    let body = json!({"email": email, "password": password}).to_string();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json";
    let mut raw = Raw::connect_from(from, server.address());
    raw.send(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    raw.read_answer().split(' ').nth(1).unwrap_or_default().to_owned()
}

/// Runs `work` while many connections try passwords without a pause: `whose` says from where, and at which account.
fn during_a_flood(server: &Server, whose: impl Fn(usize) -> (Ipv4Addr, String) + Sync, work: impl FnOnce()) {
    let (is_over, refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for number in 0..ATTACKERS {
            let (from, email) = whose(number);
            let (is_over, refused) = (&is_over, &refused);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    if sign_in(server, from, &email, "a wrong Password-1") == "503" {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Until the queue is full.
        server.until("the flood was felt", || refused.load(Ordering::Relaxed) > 0);
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        is_over.store(true, Ordering::Relaxed);
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
fn s03_guesses_at_an_account_keep_its_owner_out_from_nowhere() {
    let server = server();
    let owner = Account::new(&server);
    let attackers = Ipv4Addr::new(127, 0, 0, 2);
    during_a_flood(
        &server,
        |_| (attackers, owner.email.clone()),
        || {
            for from in [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 3)].repeat(5) {
                assert_eq!(sign_in(&server, from, &owner.email, PASSWORD), "200", "from {from}");
            }
        },
    );
}

#[test]
fn s03_a_flood_from_the_owners_own_address_keeps_nobody_out_who_was_there_before() {
    let server = server();
    let owner = Account::new(&server);
    let home = Ipv4Addr::LOCALHOST;
    during_a_flood(
        &server,
        |number| (home, format!("nobody-{number}@example.com")),
        || {
            for _ in 0..10 {
                assert_eq!(sign_in(&server, home, &owner.email, PASSWORD), "200");
            }
        },
    );
}
