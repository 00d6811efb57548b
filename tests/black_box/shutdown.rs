//! Stopping in good order, and the timeouts that keep slow clients from holding a server up.

use std::net::TcpStream;
use std::time::Instant;

use crate::support::exposition::Exposition;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};

/// Longer than any test waits: a test that relies on one timeout puts this in place of the others.
const FOR_EVER: &str = "3600";
/// Probes are answered beyond the connections that there may be.
const NO_PROBE: &str = "GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n";
const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";
const HALF_A_HEAD: &str = "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Ty";
const HALF_A_BODY: &str =
    "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";

/// With every timeout for ever, except the one to drain, which is short.
fn patient() -> Setup {
    ["HEADER", "BODY", "IDLE"]
        .iter()
        .fold(Setup::new(), |setup, timeout| {
            setup.env(&format!("GHOSTWORKS__SERVER__{timeout}_TIMEOUT_SECONDS"), FOR_EVER)
        })
        .env("GHOSTWORKS__SERVER__DRAIN_TIMEOUT_SECONDS", "1")
}

/// Waits until it has `count` requests in progress, the one that asks not counted.
fn wait_for_requests_in_progress(server: &Server, count: f64) {
    let deadline = Instant::now() + crate::support::PATIENCE;
    let in_progress = || {
        let scrape = Exposition::parse(&server.client().get("/metrics").body);
        scrape.sum("http_requests_in_progress", &[]).unwrap_or_default() - 1.0
    };
    while in_progress() < count {
        assert!(Instant::now() < deadline, "the request never arrives");
    }
}

#[test]
fn a_request_in_progress_is_answered_before_the_end() {
    // A hash that takes long enough to be caught in the middle.
    let mut server = Setup::new()
        .env("GHOSTWORKS__AUTH__HASH_MEMORY_KIB", "65536")
        .env("GHOSTWORKS__AUTH__HASH_ITERATIONS", "8")
        .env("GHOSTWORKS__SERVER__DRAIN_TIMEOUT_SECONDS", "60")
        .start();
    let body = r#"{"email": "nobody@example.com", "password": "Correct-horse-7"}"#;
    let mut raw = Raw::connect(server.address());
    let length = body.len();
    raw.send(format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
    wait_for_requests_in_progress(&server, 1.0);

    server.terminate();

    let answer = raw.read_to_end();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(server.wait().success(), "{}", server.stderr());
}

#[test]
fn an_interrupt_ends_it_in_good_order_too() {
    let mut server = Setup::new().start();
    server.interrupt();
    assert!(server.wait().success(), "{}", server.stderr());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = patient().env("GHOSTWORKS__SERVER__DRAIN_TIMEOUT_SECONDS", FOR_EVER).start();
    let mut raw = Raw::connect(server.address());
    raw.send(HALF_A_BODY);
    wait_for_requests_in_progress(&server, 1.0);
    server.terminate();
    while TcpStream::connect(server.address()).is_ok() {
        std::thread::yield_now();
    }

    server.interrupt();

    assert!(!server.wait().success(), "it was told not to wait");
}

#[test]
fn half_sent_requests_do_not_hold_up_the_end() {
    let mut server = patient().start();
    let mut held = [HALF_A_HEAD, HALF_A_BODY, ""].map(|part| {
        let mut raw = Raw::connect(server.address());
        raw.send(part);
        raw
    });
    wait_for_requests_in_progress(&server, 1.0);

    server.terminate();

    assert!(server.wait().success(), "{}", server.stderr());
    for raw in &mut held {
        raw.read_to_end();
    }
}

#[test]
fn an_idle_connection_is_closed_at_the_end() {
    let mut server = patient().env("GHOSTWORKS__SERVER__DRAIN_TIMEOUT_SECONDS", FOR_EVER).start();
    let mut raw = Raw::connect(server.address());
    raw.send(LIVEZ).read_answer();
    server.terminate();
    assert_eq!(raw.read_to_end(), "");
    assert!(server.wait().success(), "{}", server.stderr());
}

#[test]
fn s44_a_half_sent_head_is_closed_by_its_timeout() {
    let server = patient().env("GHOSTWORKS__SERVER__HEADER_TIMEOUT_SECONDS", "1").start();
    Raw::connect(server.address()).send(HALF_A_HEAD).read_to_end();
    server.client().get("/livez").expect(200);
}

#[test]
fn s44_a_half_sent_body_is_closed_by_its_timeout() {
    let server = patient().env("GHOSTWORKS__SERVER__BODY_TIMEOUT_SECONDS", "1").start();
    let answer = Raw::connect(server.address()).send(HALF_A_BODY).read_to_end();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    server.client().get("/livez").expect(200);
}

#[test]
fn s44_an_idle_connection_is_closed_by_its_timeout() {
    let server = patient().env("GHOSTWORKS__SERVER__IDLE_TIMEOUT_SECONDS", "1").start();
    let mut raw = Raw::connect(server.address());
    let answer = raw.send(LIVEZ).read_answer();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(raw.read_to_end(), "");
}

#[test]
fn s44_a_connection_that_never_says_anything_is_closed_like_a_half_sent_head() {
    let server = patient().env("GHOSTWORKS__SERVER__HEADER_TIMEOUT_SECONDS", "1").start();
    assert_eq!(Raw::connect(server.address()).read_to_end(), "");
}

#[test]
fn a_connection_may_rest_for_longer_than_a_head_may_take() {
    let server = patient().env("GHOSTWORKS__SERVER__HEADER_TIMEOUT_SECONDS", "1").start();
    let mut kept = Raw::connect(server.address());
    kept.send(LIVEZ).read_answer();
    // Begun later, and closed by the timeout: so the other has rested for longer than that.
    Raw::connect(server.address()).send(HALF_A_HEAD).read_to_end();

    let answer = kept.send(LIVEZ).read_answer();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // Once the next head has begun, it has no longer than the first.
    assert_eq!(kept.send(HALF_A_HEAD).read_to_end(), "");
}

#[test]
fn s44_hundreds_of_slow_clients_do_not_keep_others_from_being_served() {
    let server = patient().env("GHOSTWORKS__SERVER__HEADER_TIMEOUT_SECONDS", "3").start();
    let mut held: Vec<Raw> = (0..200).map(|_| Raw::connect(server.address())).collect();
    let mut dripping: Vec<Raw> = (0..100).map(|_| Raw::connect(server.address())).collect();
    for raw in &mut held[..100] {
        raw.try_send(HALF_A_HEAD);
    }
    for raw in &mut dripping {
        raw.try_send("GET /livez HTTP/1.1\r\nX-Long: ");
    }

    let deadline = Instant::now() + crate::support::PATIENCE;
    while !dripping.is_empty() {
        assert!(Instant::now() < deadline, "{} are dripping still", dripping.len());
        dripping.retain_mut(|raw| raw.try_send("x"));
        server.client().get("/livez").expect(200);
    }
    for raw in &mut held {
        assert_eq!(raw.read_to_end(), "");
    }
}

#[test]
fn s44_a_client_that_does_not_take_its_answers_is_cut_off() {
    let server = patient()
        .env("GHOSTWORKS__SERVER__MAX_CONNECTIONS", "1")
        .env("GHOSTWORKS__SERVER__IDLE_TIMEOUT_SECONDS", "1")
        .start();
    // More than all buffers on the way hold.
    let mut greedy = Raw::connect(server.address());
    greedy.send("GET /docs HTTP/1.1\r\nHost: h\r\n\r\n".repeat(50));

    let answer = Raw::connect(server.address()).send(NO_PROBE).read_head();

    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let taken = greedy.read_to_end();
    assert!(taken.matches("HTTP/1.1 200 ").count() < 50, "all of it was taken");
}

#[test]
fn s44_no_more_connections_than_configured_are_served_at_once() {
    let server = patient().env("GHOSTWORKS__SERVER__MAX_CONNECTIONS", "2").start();
    let mut served = [(); 2].map(|()| {
        let mut raw = Raw::connect(server.address());
        raw.send(LIVEZ).read_answer();
        raw
    });
    let mut waiting = Raw::connect(server.address());
    waiting.send(NO_PROBE);
    for _ in 0..100 {
        for raw in &mut served {
            raw.send(LIVEZ).read_answer();
        }
    }
    assert!(!waiting.has_answer(), "a third connection was served");

    drop(served);
    assert!(waiting.read_head().starts_with("HTTP/1.1 200 "));
}
