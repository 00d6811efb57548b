//! A request whose client leaves: traced, logged and counted as such, with whom it was for.

use serde_json::json;

use crate::support::account::{Account, PASSWORD};
use crate::support::exposition::Exposition;
use crate::support::otlp::Collector;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};

const ROUTE: &str = "/api/v1/auth/password/change";

fn value(server: &Server, name: &str, labels: &[(&str, &str)]) -> f64 {
    Exposition::parse(&server.client().get("/metrics").expect(200).body).sum(name, labels).unwrap_or(0.0)
}

#[test]
fn it_ends_once_everywhere() {
    let collector = Collector::start();
    // Hashing a password takes a while.
    let setup = Setup::new()
        .traces_to(&collector.endpoint())
        .env("GHOSTWORKS__AUTH__HASH_MEMORY_KIB", "1024")
        .env("GHOSTWORKS__AUTH__HASH_ITERATIONS", "1000");
    let server = setup.start();
    let account = Account::new(&server);
    let body = json!({"current_password": PASSWORD, "new_password": "Another-horse-8"}).to_string();
    let head = format!(
        "POST {ROUTE} HTTP/1.1\r\nHost: api.example.com:8443\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nX-Request-ID: left-alone\r\n\r\n",
        account.access,
        body.len()
    );
    let mut client = Raw::connect(server.address());
    client.send(head).send(body);
    server.until("hashed", || value(&server, "auth_hashing_active", &[]) > 0.0);
    drop(client);

    let span = collector
        .wait_for("the operation", |spans| spans.iter().find(|span| span.name == "auth.password_change").cloned());
    for (attribute, expected) in [
        ("operation.success", json!(false)),
        ("error.type", json!("cancelled")),
        ("error.message", json!("the client left")),
        ("user.id", json!(account.id)),
    ] {
        assert_eq!(span.attribute(attribute), &expected, "{attribute}");
    }
    assert!(span.is_error);
    let request = collector.span(&span.trace, &format!("POST {ROUTE}"));
    assert_eq!(request.attribute("http.response.status_code"), 499);
    assert_eq!(request.attribute("server.address"), "api.example.com");
    assert_eq!(request.attribute("server.port"), 8443);
    let counted = value(&server, "http_requests_total", &[("endpoint", ROUTE), ("status_code", "499")]);
    assert_eq!(counted, 1.0);
    let log = server.stderr();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("left-alone")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    for part in ["\"status\":499", &account.id, &span.trace, "\"sampled\":true"] {
        assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
    }
}
