//! What one client, one account and one address may hold of the server: memory and connections.

use std::net::Ipv4Addr;

use serde_json::json;

use crate::support::account::{Account, PASSWORD, login};
use crate::support::exposition::Exposition;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";
const HALF_A_HEAD: &str = "GET /livez HTTP/1.1\r\nHost: ";
const MIB: usize = 1 << 20;
/// The least memory that can be configured.
const MEMORY: &str = "16777216";

fn patient() -> Setup {
    ["HEADER", "BODY", "IDLE"]
        .into_iter()
        .fold(Setup::new(), |setup, name| setup.env(&format!("GHOSTWORKS__SERVER__{name}_TIMEOUT_SECONDS"), "300"))
}

fn resident(server: &Server) -> f64 {
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    scrape.sum("process_resident_memory_bytes", &[]).expect("it is told")
}

/// Starts a request whose body lacks its last byte.
fn unfinished(server: &Server, path: &str, headers: &str, length: usize) -> Raw {
    let mut raw = Raw::connect(server.address());
    raw.try_send(format!("POST {path} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {length}\r\n\r\n"));
    raw.try_send(vec![b' '; length - 1]);
    raw
}

/// The statuses of answers that have come.
fn statuses(connections: &mut [Raw]) -> Vec<String> {
    let answered = connections.iter_mut().filter(|raw| raw.has_answer());
    answered.map(|raw| raw.read_answer().split(' ').nth(1).unwrap_or_default().to_owned()).collect()
}

#[test]
fn s47_answers_that_are_the_same_for_all_are_held_once() {
    let server = patient().start();
    let size = server.client().get("/docs").expect(200).body.len();
    let before = resident(&server);
    let mut unread: Vec<Raw> = (0..400).map(|_| Raw::connect(server.address())).collect();
    for (raw, path) in unread.iter_mut().zip(["/docs", "/redoc", "/openapi.json", "/openapi.yaml"].iter().cycle()) {
        raw.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").repeat(3));
    }
    server.until("all of it was asked for", || unread.iter().all(Raw::has_answer));
    let more = resident(&server) - before;
    assert!(more < 400.0 * 100e3, "{more} bytes more, for answers of {size}");
}

#[test]
fn s47_bodies_of_strangers_are_small_and_an_address_has_its_share() {
    let server = patient().env("GHOSTWORKS__SERVER__MEMORY_BYTES", MEMORY).start();
    let account = Account::new(&server);
    let headers = "Content-Type: application/json\r\n";
    let large = unfinished(&server, "/api/v1/auth/login", headers, MIB).read_answer();
    assert!(large.starts_with("HTTP/1.1 413 "), "{large}");

    let mut held: Vec<Raw> = (0..100).map(|_| unfinished(&server, "/api/v1/auth/login", headers, 64 << 10)).collect();

    server.until("some were refused", || held.iter().any(Raw::has_answer));
    let refused = held.iter().position(Raw::has_answer).expect("one was");
    let answer = held.swap_remove(refused).read_answer();
    assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("\"memory_share_spent\""), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nretry-after: "), "{answer}");
    assert!(statuses(&mut held).iter().all(|status| status == "429"));
    // What fits the buffers of a connection is taken all the same.
    login(&server.client(), &account.email, PASSWORD).expect(200);
    // And all of it again, when they have left.
    drop(held);
    let padded = format!("{{\"email\": \"{}\", \"password\": \"{PASSWORD}\"{}}}", account.email, " ".repeat(60_000));
    server.until("all was given back", || {
        server.client().send("POST", "/api/v1/auth/login", "application/json", padded.clone()).status == 200
    });
}

#[test]
fn s47_an_account_has_its_share_and_others_theirs() {
    let server = patient()
        .env("GHOSTWORKS__SERVER__MEMORY_BYTES", MEMORY)
        .env("GHOSTWORKS__SERVER__MAX_IMPORT_BYTES", MIB.to_string())
        .start();
    let (greedy, other) = (Account::new(&server), Account::new(&server));
    let import = format!("{}/import", greedy.artifacts());
    let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/x-ndjson\r\n", greedy.access);

    let mut held: Vec<Raw> = (0..60).map(|_| unfinished(&server, &import, &headers, MIB)).collect();

    server.until("most were refused", || held.iter().filter(|raw| raw.has_answer()).count() >= 56);
    assert_eq!(statuses(&mut held), vec!["429"; 56], "a quarter of 16 MiB is 4");
    let lines = "{\"name\": \"n\"}\n".to_owned() + &" ".repeat(900_000);
    other.client.send("POST", &format!("{}/import", other.artifacts()), "application/x-ndjson", lines).expect(200);
    greedy.artifact(&greedy.artifacts(), &json!({"name": "small"}));
}

#[test]
fn s47_exports_that_nobody_reads_are_refused_beyond_the_share() {
    let server = patient().env("GHOSTWORKS__SERVER__MEMORY_BYTES", MEMORY).start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let line = json!({"name": "n", "description": "d".repeat(2000)}).to_string() + "\n";
    owner.client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", line.repeat(1500)).expect(200);
    let before = resident(&server);
    let mut unread: Vec<Raw> = (0..100).map(|_| Raw::connect(server.address())).collect();
    for raw in &mut unread {
        let token = &owner.access;
        raw.send(format!("GET {artifacts}/export HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n"));
    }
    server.until("all were answered", || unread.iter().all(Raw::has_answer));
    let more = resident(&server) - before;
    assert!(more < 64e6, "{more} bytes more");
    let refused = unread.iter_mut().map(Raw::read_head).filter(|head| head.starts_with("HTTP/1.1 429 "));
    assert!(refused.count() >= 90);
}

#[test]
fn s47_who_takes_nothing_is_reset_and_leaves_nothing_in_the_system() {
    let server = Setup::new().env("GHOSTWORKS__SERVER__IDLE_TIMEOUT_SECONDS", "1").start();
    let mut unread = Raw::connect(server.address());
    // More answers than fit into the buffers of the system, on either side.
    for _ in 0..100 {
        unread.try_send("GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    server.until("it was reset", || unread.was_reset());
}

#[test]
fn s48_one_address_does_not_keep_others_out() {
    let server = patient().env("GHOSTWORKS__SERVER__MAX_CONNECTIONS", "64").start();
    let greedy: Vec<Raw> = (0..200)
        .map(|_| {
            let mut raw = Raw::connect_from(Ipv4Addr::new(127, 0, 0, 2), server.address());
            raw.try_send(HALF_A_HEAD);
            raw
        })
        .collect();
    let mut others: Vec<Raw> = (0..16).map(|_| Raw::connect(server.address())).collect();
    for raw in &mut others {
        assert!(raw.send(LIVEZ).read_answer().starts_with("HTTP/1.1 200 "));
    }
    server.client().get("/docs").expect(200);
    server.until("its oldest were closed", || greedy.iter().filter(|raw| raw.has_answer()).count() >= 200 - 32);
}

#[test]
fn s48_probes_and_scrapes_are_answered_when_all_connections_are_taken() {
    let server = patient()
        .env("GHOSTWORKS__SERVER__MAX_CONNECTIONS", "64")
        .env("GHOSTWORKS__SERVER__HEADER_TIMEOUT_SECONDS", "2")
        .start();
    let register = "POST /api/v1/auth/register HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    let mut busy: Vec<Raw> = (0..64)
        .map(|number| {
            let mut raw = Raw::connect_from(Ipv4Addr::new(127, 0, 0, 2 + number / 16), server.address());
            raw.send(register);
            raw
        })
        .collect();
    let in_progress = || {
        let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
        scrape.sum("http_requests_in_progress", &[("endpoint", "/api/v1/auth/register")]).unwrap_or_default()
    };
    server.until("all are taken", || in_progress() > 63.0);
    // As many as there are, and more, that say nothing.
    let _silent: Vec<Raw> = (0..200).map(|_| Raw::connect(server.address())).collect();
    for path in ["/livez", "/readyz", "/metrics"] {
        server.client().get(path).expect(200);
    }
    let crowded = server.client().get("/docs");
    crowded.problem(503, "overloaded");
    assert!(crowded.header("retry-after").is_some());
    drop(busy.pop());
    server.client().get("/docs").expect(200);
}

#[test]
fn s44_heads_are_as_large_as_promised_and_no_larger() {
    let server = Server::shared();
    let head = |fields: &str| format!("GET /livez HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    let long = |length: usize| head(&format!("X-Long: {}\r\n", "x".repeat(length)));
    let many = |count: usize| head(&(0..count).map(|number| format!("X-{number}: x\r\n")).collect::<String>());
    for (head, status) in [
        (long(60 << 10), "200"),
        (long(65 << 10), "431"),
        (long(100 << 10), "431"),
        (long(1 << 20), "431"),
        (many(99), "200"),
        (many(100), "431"),
        (many(2000), "431"),
    ] {
        let mut raw = Raw::connect(server.address());
        raw.try_send(&head);
        let answer = raw.read_answer();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{} bytes: {answer}", head.len());
    }
}
