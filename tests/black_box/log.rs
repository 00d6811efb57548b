//! The log: it never holds up a request, nor the end.

use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::exposition::Exposition;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};

/// Requests on one connection between two looks at the metrics, each of which writes a line.
const REQUESTS: usize = 200;

fn dropped_lines(server: &Server) -> f64 {
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    scrape.sum("telemetry_log_lines_dropped_total", &[]).expect("it is there from the start")
}

#[test]
fn s49_a_log_that_nobody_reads_holds_nothing_up() {
    let mut server = Setup::new().unread_log().start();
    let deadline = Instant::now() + PATIENCE;
    let path = format!("/{}", "x".repeat(200));
    let mut raw = Raw::connect(server.address());
    while dropped_lines(&server) < 1.0 {
        assert!(Instant::now() < deadline, "no line was dropped");
        for _ in 0..REQUESTS {
            raw.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        }
        for _ in 0..REQUESTS {
            let answer = raw.read_answer();
            assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        }
    }

    server.terminate();

    assert!(server.wait().success());
}
