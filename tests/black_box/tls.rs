//! TLS and HTTP/2, by frames as no client would send them.

use std::net::Ipv4Addr;
use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::exposition::Exposition;
use crate::support::h2::{self, Frames};
use crate::support::server::{Server, Setup};
use crate::support::tls::{Identity, Stream, with_tls};

/// The frames of a flood, by their number.
type Flood<'a> = &'a dyn Fn(u32) -> Vec<u8>;

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The bytes that the process holds.
fn resident(server: &Server, identity: &Identity) -> f64 {
    // From another address: what one may hold is spent.
    let mut stream = Stream::connect_from(Ipv4Addr::new(127, 0, 0, 2), server, identity);
    let answer = stream.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").read_answer();
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    Exposition::parse(body).sum("process_resident_memory_bytes", &[]).expect("it is measured")
}

fn is_served(server: &Server, identity: &Identity) {
    let answer = Stream::connect(server, identity, b"http/1.1").send(LIVEZ).read_answer();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn s41_tls_is_spoken_with_a_header_that_keeps_browsers_on_it() {
    let (setup, identity) = with_tls();
    let server = setup.start();
    let answer = Stream::connect(&server, &identity, b"http/1.1").send(LIVEZ).read_answer();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nstrict-transport-security: "), "{answer}");
    assert_eq!(Server::shared().client().get("/livez").header("strict-transport-security"), None, "without TLS");
    let (status, _, errors) = setup.run(&["healthcheck", "--url", &format!("https://{}/readyz", server.address())]);
    assert!(status.success(), "{errors}");
    server.stop();
}

#[test]
fn http_2_is_spoken_with_whoever_agrees() {
    let (setup, identity) = with_tls();
    let server = setup.start();
    let mut frames = Frames::connect(&server, &identity, &[]);
    for stream in [1, 3, 5] {
        frames.send(&h2::get(stream, "/docs"));
        frames.send(&h2::window_update(stream, 1 << 24)).send(&h2::window_update(0, 1 << 24));
        let (mut status, mut bytes) = (None, 0);
        while let Some(frame) = frames.next_of(stream) {
            match frame.kind {
                h2::HEADERS => status = Some(frame.payload[0]),
                h2::DATA => bytes += frame.payload.len(),
                _ => {}
            }
            if frame.ends_stream() {
                break;
            }
        }
        assert_eq!(status, Some(h2::STATUS_200));
        assert!(bytes > 1_000_000, "{bytes} bytes of a page");
    }
}

#[test]
fn a_certificate_is_read_again_when_it_changes() {
    let (setup, identity) = with_tls();
    let server = setup.start();
    let mut kept = Stream::connect(&server, &identity, b"http/1.1");
    kept.send(LIVEZ).read_answer();
    let next = Identity::new();
    next.write(setup.scratch());
    let deadline = Instant::now() + PATIENCE;
    while !Stream::is_trusted(&server, &next) {
        assert!(Instant::now() < deadline, "the new certificate is not served:\n{}", server.stderr());
    }
    assert!(kept.send(LIVEZ).read_answer().starts_with("HTTP/1.1 200 "), "the older connection has ended");
    // Half of a change: the key of another certificate. What was in force stays.
    Identity::new().write_key(setup.scratch());
    while !server.stderr().contains("can't be used") {
        assert!(Instant::now() < deadline, "nothing is said of it:\n{}", server.stderr());
        is_served(&server, &next);
    }
    is_served(&server, &next);
}

#[test]
fn a_certificate_that_can_t_be_used_is_refused_with_what_to_do() {
    let (setup, _) = with_tls();
    Identity::new().write_key(setup.scratch());
    let refusal = setup.start_refused();
    assert!(refusal.stderr.contains("is not that of the certificate"), "{}", refusal.stderr);
    let refusal = setup.env("GHOSTWORKS__SERVER__TLS_KEY", "/nowhere/key.pem").start_refused();
    assert!(refusal.stderr.contains("/nowhere/key.pem"), "{}", refusal.stderr);
    let refusal = Setup::new().env("GHOSTWORKS__SERVER__TLS_KEY", "/nowhere/key.pem").start_refused();
    assert!(refusal.stderr.contains("server.tls_certificate"), "{}", refusal.stderr);
}

#[test]
fn s44_floods_of_http_2_end_their_connection_and_nobody_elses() {
    let (setup, identity) = with_tls();
    let server = setup.start();
    let ping = h2::frame(6, 0, 0, &[0; 8]);
    let settings = h2::frame(4, 0, 0, &[]);
    let priority = h2::frame(2, 0, 1, &[0, 0, 0, 0, 1]);
    let rapid_reset = |stream| [h2::get(stream, "/livez"), h2::frame(3, 0, stream, &[0, 0, 0, 8])].concat();
    let continuation = |number: u32| {
        let name = format!("x-{number}");
        let field = [&[0, name.len() as u8], name.as_bytes(), &[4], b"long"].concat();
        if number == 0 { h2::unfinished_get(1, "/livez") } else { h2::frame(9, 0, 1, &field) }
    };
    let empty_data =
        |number: u32| if number == 0 { h2::post(1, "/api/v1/auth/login") } else { h2::frame(0, 0, 1, &[]) };
    let floods: [(&str, Flood<'_>); 6] = [
        ("ping", &|_| ping.clone()),
        ("settings", &|_| settings.clone()),
        ("priority", &|_| priority.clone()),
        ("rapid reset", &|number| rapid_reset(2 * number + 1)),
        ("continuation", &continuation),
        ("empty data", &empty_data),
    ];
    let before = resident(&server, &identity);
    for (name, flood) in floods {
        let mut frames = Frames::connect(&server, &identity, &[]);
        let ended = (0..100_000).any(|number| !frames.try_send(&flood(number)));
        assert!(ended, "a flood of {name} was taken");
        is_served(&server, &identity);
    }
    let mut frames = Frames::connect(&server, &identity, &[]);
    frames.send(&h2::get_with(1, "/livez", &"x".repeat(60_000)));
    let refused = frames.next_of(1).is_none_or(|frame| frame.kind != h2::HEADERS || frame.payload[0] != h2::STATUS_200);
    assert!(refused, "a head of 60 KB was taken");
    let more = resident(&server, &identity) - before;
    assert!(more < 32e6, "{more} bytes more");
    server.stop();
}

#[test]
fn s47_answers_of_http_2_that_nobody_takes_are_counted() {
    let (setup, identity) = with_tls();
    let server = setup.env("GHOSTWORKS__SERVER__MEMORY_BYTES", "16777216").start();
    let before = resident(&server, &identity);
    let mut refused = 0;
    let unread: Vec<Frames> = (0..30)
        .map(|_| {
            // A window of nothing: no answer can leave.
            let mut frames = Frames::connect(&server, &identity, &[(4, 0)]);
            let streams: Vec<u32> = (0..32).map(|number| 2 * number + 1).collect();
            let requests: Vec<u8> = streams.iter().flat_map(|stream| h2::get(*stream, "/docs")).collect();
            frames.send(&requests);
            let heads = streams.iter().map(|_| frames.next_of_kind(h2::HEADERS).expect("an answer"));
            refused += heads.filter(|head| head.payload[0] != h2::STATUS_200).count();
            frames
        })
        .collect();
    assert!(refused > 500, "of 960 requests, {refused} were refused");
    let more = resident(&server, &identity) - before;
    assert!(more < 64e6, "{more} bytes more");
    is_served(&server, &identity);
    drop(unread);
}

#[test]
fn s44_silence_and_stalled_windows_end_their_connection() {
    let (setup, identity) = with_tls();
    let server = setup
        .env("GHOSTWORKS__SERVER__HEADER_TIMEOUT_SECONDS", "1")
        .env("GHOSTWORKS__SERVER__IDLE_TIMEOUT_SECONDS", "1")
        .start();
    Frames::connect(&server, &identity, &[]).read_to_end();
    // A window of nothing: the answer can't leave.
    let mut stalled = Frames::connect(&server, &identity, &[(4, 0)]);
    stalled.send(&h2::get(1, "/docs"));
    stalled.read_to_end();
    let mut rested = Frames::connect(&server, &identity, &[]);
    rested.send(&h2::get(1, "/livez"));
    rested.read_to_end();
    is_served(&server, &identity);
}
