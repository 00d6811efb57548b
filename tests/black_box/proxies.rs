//! Where a request comes from: the peer, or what a proxy of ours says.

use crate::support::account::{PASSWORD, login};
use crate::support::otlp::Collector;
use crate::support::server::{Server, Setup};
use serde_json::json;

const FORGED: &str = "203.0.113.99";

/// How many logins from ever new pretended addresses are let through, of twenty.
fn logins_let_through(server: &Server) -> usize {
    let attempts = 0..20;
    let statuses = attempts.map(|number| {
        let client = server.client().with("X-Forwarded-For", &format!("203.0.113.{number}"));
        let client = client.with("Forwarded", &format!("for=203.0.113.{number}"));
        let client = client.with("X-Real-IP", &format!("203.0.113.{number}"));
        login(&client, &format!("nobody-{number}@example.com"), PASSWORD).status
    });
    statuses.filter(|status| *status == 401).count()
}

#[test]
fn s11_an_address_is_believed_of_a_configured_proxy_alone() {
    assert_eq!(logins_let_through(&Setup::new().rate_limited().start()), 5, "no proxy is configured");
    let elsewhere = Setup::new().rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8");
    assert_eq!(logins_let_through(&elsewhere.start()), 5, "the peer is not the proxy");
    let here = Setup::new().rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1/32");
    assert_eq!(logins_let_through(&here.start()), 20, "the peer is the proxy");
}

#[test]
fn s11_what_a_client_sent_to_the_proxy_is_passed_over() {
    let setup = Setup::new().rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8");
    let server = setup.start();
    for number in 0..6 {
        let chain = format!("203.0.113.{number}, 198.51.100.7, 10.0.0.2");
        let reply = login(&server.client().with("X-Forwarded-For", &chain), "nobody@example.com", PASSWORD);
        assert_eq!(reply.status, if number < 5 { 401 } else { 429 });
    }
}

#[test]
fn s41_hsts_is_sent_to_who_came_by_tls() {
    let behind = Setup::new().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start();
    let by_tls = behind.client().with("X-Forwarded-Proto", "https");
    for path in ["/health", "/nowhere", "/docs"] {
        assert_eq!(by_tls.get(path).header("strict-transport-security"), Some("max-age=31536000"), "{path}");
        assert_eq!(behind.client().get(path).header("strict-transport-security"), None, "{path}");
    }
    let alone = Setup::new().start();
    let pretended = alone.client().with("X-Forwarded-Proto", "https").get("/health");
    assert_eq!(pretended.header("strict-transport-security"), None);
}

#[test]
fn the_trace_tells_the_clients_address_and_scheme() {
    let collector = Collector::start();
    let setup = Setup::new().traces_to(&collector.endpoint());
    let server = setup.env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start();
    let client = server.client().with("X-Forwarded-For", FORGED).with("X-Forwarded-Proto", "https");
    let reply = client.post("/api/v1/auth/logout", &json!({})).expect(401);
    let trace = reply.header("traceresponse").and_then(|ids| ids.split('-').nth(1)).expect("a trace id");
    let span = collector.span(trace, "POST /api/v1/auth/logout");
    assert_eq!(span.attribute("client.address"), FORGED);
    assert_eq!(span.attribute("url.scheme"), "https");
}
