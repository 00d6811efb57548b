//! Who gets at the metrics and at the documentation.

use crate::support::client::Client;
use crate::support::server::Setup;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn s40_metrics_can_have_an_address_of_their_own() {
    let setup = Setup::new().env("GHOSTWORKS__TELEMETRY__METRICS_LISTEN", "127.0.0.1:0");
    let server = setup.start();
    let lines = [(); 4].map(|()| server.next_stdout_line().expect("a line"));
    let address = lines[2].trim().strip_prefix("metrics").expect("where the metrics are").trim();
    let scraper = Client::new(address.strip_suffix("/metrics").expect("a path"));

    let metrics = scraper.get("/metrics").expect(200);
    assert!(metrics.body.contains("http_requests_in_progress"), "{}", metrics.body);
    assert_eq!(metrics.header("x-content-type-options"), Some("nosniff"));
    scraper.get("/metrics/").expect(200);
    for path in ["/", "/health", "/docs", "/api/v1/system/stats"] {
        scraper.get(path).problem(404, "not_found");
    }
    scraper.call("POST", "/metrics").problem(405, "method_not_allowed");

    server.client().get("/metrics").problem(404, "not_found");
    server.client().get("/health").expect(200);
    server.stop();
}

#[test]
fn s40_metrics_can_need_a_token() {
    let server = Setup::new().env("GHOSTWORKS__TELEMETRY__METRICS_TOKEN", TOKEN).start();
    let client = server.client();
    client.bearer(TOKEN).get("/metrics").expect(200);
    for wrong in [client.clone(), client.bearer("wrong"), client.bearer(""), client.bearer(&TOKEN[1..])] {
        let reply = wrong.get("/metrics");
        reply.problem(401, "not_authenticated");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    assert!(!server.stderr().contains(TOKEN));
}

#[test]
fn s40_the_documentation_can_be_closed() {
    let server = Setup::new().env("GHOSTWORKS__SERVER__DOCS", "false").start();
    let client = server.client();
    for path in ["/docs", "/redoc", "/openapi.json", "/openapi.yaml", "/docs/"] {
        client.get(path).problem(404, "not_found");
    }
    assert!(!client.get("/console").expect(200).body.contains("/docs"));
    let index = client.get("/").expect(200).json();
    assert_eq!(index["message"], "Ghostworks API");
    client.get("/health").expect(200);
}
