//! Requests by scripts of other web pages.

use crate::support::account::Account;
use crate::support::client::Reply;
use crate::support::server::{Server, Setup};
use serde_json::json;

const CONSOLE: &str = "https://console.example.com";
const STRANGER: &str = "https://stranger.example";

fn start() -> Server {
    Setup::new().env("GHOSTWORKS__SERVER__CORS_ORIGINS", format!("{CONSOLE}, http://localhost:3000")).start()
}

/// A header's items, in lower case.
fn items(reply: &Reply, name: &str) -> Vec<String> {
    let value = reply.header(name).unwrap_or_else(|| panic!("no {name} in {:?}", reply.headers));
    value.split(',').map(|item| item.trim().to_lowercase()).collect()
}

#[test]
fn s41_a_listed_origin_may_read_every_answer() {
    let server = start();
    let client = server.client().with("Origin", CONSOLE);
    for (path, status) in [("/health", 200), ("/nowhere", 404), ("/api/v1/auth/me", 401)] {
        let reply = client.get(path).expect(status);
        assert_eq!(reply.header("access-control-allow-origin"), Some(CONSOLE), "{path}");
        assert_eq!(reply.header("access-control-allow-credentials"), Some("true"), "{path}");
        assert!(items(&reply, "vary").contains(&"origin".to_owned()), "{path}");
        let exposed = items(&reply, "access-control-expose-headers");
        for name in ["etag", "location", "x-request-id", "ratelimit-remaining", "retry-after", "idempotency-replayed"] {
            assert!(exposed.contains(&name.to_owned()), "{name} is not in {exposed:?}");
        }
    }
}

#[test]
fn s41_no_other_origin_may() {
    let server = start();
    for origin in [STRANGER, "null", "https://console.example.com.stranger.example", "http://console.example.com", ""] {
        let client = server.client().with("Origin", origin);
        let asked = client.with("Access-Control-Request-Method", "POST").call("OPTIONS", "/api/v1/auth/login");
        for reply in [client.get("/health").expect(200), asked.expect(405)] {
            assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{origin}");
            assert_eq!(reply.header("vary"), Some("Origin"));
        }
    }
    let closed = Setup::new().real_hashing().env("ENVIRONMENT", "production").start();
    let reply = closed.client().with("Origin", CONSOLE).get("/health").expect(200);
    assert_eq!((reply.header("access-control-allow-origin"), reply.header("vary")), (None, None));
}

#[test]
fn a_browser_that_asks_first_is_answered() {
    let server = start();
    let client = server.client().with("Origin", CONSOLE).with("Access-Control-Request-Method", "PATCH");
    let client = client.with("Access-Control-Request-Headers", "authorization, if-match, content-type");
    for path in ["/api/v1/workspaces", "/api/v1/workspaces/x/artifacts/y"] {
        let reply = client.call("OPTIONS", path).expect(204);
        assert_eq!(reply.header("access-control-allow-origin"), Some(CONSOLE));
        assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
        assert!(items(&reply, "access-control-allow-methods").contains(&"patch".to_owned()));
        let allowed = items(&reply, "access-control-allow-headers");
        assert_eq!(allowed, ["authorization", "if-match", "content-type"]);
        assert!(reply.header("access-control-max-age").is_some());
        assert!(reply.header("x-request-id").is_some());
    }
}

#[test]
fn s43_a_write_by_cookie_is_for_listed_origins() {
    let server = start();
    let account = Account::new(&server);
    let cookie = format!("access_token=\"Bearer {}\"", account.access);
    let write = |origin: &str, site: &str| {
        let client = server.client().with("Cookie", &cookie).with("Origin", origin).with("Sec-Fetch-Site", site);
        client.post("/api/v1/workspaces", &json!({"name": "By cookie"}))
    };
    write(CONSOLE, "cross-site").expect(201);
    write("http://localhost:3000", "same-site").expect(201);
    write(STRANGER, "cross-site").problem(403, "foreign_origin");
    write("null", "cross-site").problem(403, "foreign_origin");
    write(&server.url(), "same-origin").expect(201);
    account.client.with("Origin", STRANGER).post("/api/v1/workspaces", &json!({"name": "By bearer"})).expect(201);
}
