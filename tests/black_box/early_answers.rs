//! Answers that come before a request is read, and what becomes of its connection.

use crate::support::raw::Raw;
use crate::support::server::Server;

const JSON: &str = "application/json";
const ONE_MIB: usize = 1024 * 1024;

#[test]
fn who_sends_a_whole_body_before_reading_gets_the_answer_that_refused_it() {
    let server = Server::shared();
    let body = vec![b' '; 20 * ONE_MIB];
    let head = |framing: String| format!("POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n");
    let announced = head(format!("Content-Type: {JSON}\r\nContent-Length: {}", body.len()));
    let of_a_wrong_type = head(format!("Content-Type: text/csv\r\nContent-Length: {}", body.len()));
    for (head, status) in [(announced, "413"), (of_a_wrong_type, "415")] {
        let answer = Raw::connect(server.address()).send(head).send(&body).read_to_end();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[test]
fn s45_what_is_not_http_is_a_400_and_the_end() {
    let server = Server::shared();
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nBad Header: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: minus\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "GET /livez HTTP/1.1\nHost: h\n\n",
        "GET /livez HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
    ] {
        // What follows is not taken for another request.
        let smuggled = format!("{request}GET /health HTTP/1.1\r\nHost: h\r\n\r\n");
        let answer = Raw::connect(server.address()).send(smuggled).read_to_end();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{request:?}: {answer:?}");
        assert!(!answer.to_lowercase().contains("hyper"), "{answer:?}");
    }
    server.client().get("/livez").expect(200);
}

#[test]
fn s45_what_comes_after_an_ambiguous_size_of_a_chunk_is_no_request() {
    let server = Server::shared();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    for size in ["0".repeat(10_000) + "2", "0".repeat(10_000), "1\n".to_owned(), "-1".to_owned()] {
        let body = format!("{size}\r\n{{}}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: h\r\n\r\n");
        let answer = Raw::connect(server.address()).send(head).send(body).read_to_end();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{size:.10}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{size:.10}: {answer:?}");
    }
}

#[test]
fn s45_a_request_for_two_hosts_is_refused() {
    let server = Server::shared();
    for (target, host, status) in [
        ("http://h/livez", "h", "200"),
        ("http://other/livez", "h", "400"),
        ("http://user@h/livez", "h", "400"),
        ("http://user@h/livez", "user@h", "400"),
    ] {
        let mut raw = Raw::connect(server.address());
        raw.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let answer = raw.read_answer();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}, {host}: {answer}");
    }
}

#[test]
fn an_early_answer_to_a_body_announces_that_the_connection_closes() {
    let server = Server::shared();
    let mut raw = Raw::connect(server.address());
    raw.send(
        "POST /api/v1/workspaces HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n",
    );
    let answer = raw.read_to_end();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
}

#[test]
fn an_early_answer_to_a_request_without_body_keeps_the_connection() {
    let server = Server::shared();
    let mut raw = Raw::connect(server.address());
    for _ in 0..2 {
        raw.send("GET /api/v1/workspaces HTTP/1.1\r\nHost: h\r\n\r\n");
        let answer = raw.read_answer();
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert!(!answer.to_lowercase().contains("connection: close"), "{answer}");
    }
}

#[test]
fn s45_a_head_without_measure_is_refused() {
    let server = Server::shared();
    let long_target = format!("GET /livez?{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(70_000));
    let long_field = format!("GET /livez HTTP/1.1\r\nHost: h\r\nX-Long: {}", "x".repeat(70_000));
    let many_fields = format!("GET /livez HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(101));
    for (request, status) in [(long_target, "431"), (long_field, "431"), (many_fields, "431")] {
        let mut raw = Raw::connect(server.address());
        // The server may refuse before it has taken all of it.
        raw.try_send(&request);
        let answer = raw.read_to_end();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.40}: {answer:?}");
    }
    let large =
        format!("GET /livez HTTP/1.1\r\nHost: h\r\nX-Long: {}\r\n{}\r\n", "x".repeat(60_000), "X: y\r\n".repeat(98));
    let answer = Raw::connect(server.address()).send(large).read_answer();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
