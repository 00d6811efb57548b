//! The system's own pages: what it is, how it is, how it is used.

use crate::support::account::{Account, text};
use crate::support::client::Reply;
use crate::support::server::{Server, Setup};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

#[test]
fn the_root_says_where_everything_is() {
    let server = Server::shared();
    let root = server.client().get("/").expect(200).json();
    assert_eq!(root["version"], env!("CARGO_PKG_VERSION"));
    assert!(!text(&root["message"]).is_empty());
    for place in ["docs", "health", "metrics"] {
        server.client().get(&text(&root[place])).expect(200);
    }
}

#[test]
fn without_a_console_a_browser_is_led_from_the_root_to_the_docs() {
    let server = Setup::new().env("GHOSTWORKS__SERVER__CONSOLE", "false").start();
    let browser = server.client().with("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let reply = browser.get("/");
    assert!((302..=307).contains(&reply.status), "{}", reply.status);
    assert_eq!(reply.header("location"), Some("/docs"));
}

#[test]
fn health_is_the_old_clients_health() {
    let server = Server::shared();
    for path in ["/health", "/api/v1/health", "/health/"] {
        let health = server.client().get(path).expect(200).json();
        assert_eq!(health["status"], "healthy");
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(health["environment"], "development");
        assert!(text(&health["timestamp"]).ends_with('Z'));
    }
}

#[test]
fn it_is_live_and_ready() {
    let server = Server::shared();
    server.client().get("/livez").expect(200);
    server.client().get("/readyz").expect(200);
    assert!(server.client().get("/readyz?verbose").expect(200).body.contains("storage"));
}

#[test]
fn the_counts_are_real() {
    let server = Setup::new().start();
    let stats = || server.client().get("/api/v1/system/stats").expect(200).json();
    let counts = |users: u32, workspaces: u32, artifacts: u32, active: u32| json!({"users": users, "workspaces": workspaces, "artifacts": artifacts, "active_artifacts": active});
    let without_time = |mut stats: serde_json::Value| {
        assert!(text(&stats["timestamp"]).ends_with('Z'));
        stats.as_object_mut().expect("an object").remove("timestamp");
        stats
    };
    assert_eq!(without_time(stats()), counts(0, 0, 0, 0));

    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "stays"}));
    let id = text(&owner.artifact(&artifacts, &json!({"name": "goes"}))["id"]);
    assert_eq!(without_time(stats()), counts(1, 1, 2, 2));
    owner.client.delete(&format!("{artifacts}/{id}")).expect(204);
    assert_eq!(without_time(stats()), counts(1, 1, 2, 1));
}

#[test]
fn metrics_are_the_text_format() {
    let server = Server::shared();
    let reply = server.client().get("/metrics").expect(200);
    assert!(reply.header("content-type").is_some_and(|it| it.starts_with("text/plain; version=0.0.4")));
    assert!(reply.body.contains("# TYPE "));
}

#[test]
fn the_api_document_is_served_in_both_forms() {
    let server = Server::shared();
    let json = server.client().get("/openapi.json").expect(200);
    assert!(json.header("content-type").is_some_and(|it| it.starts_with("application/json")));
    assert!(text(&json.json()["openapi"]).starts_with("3."));
    let yaml = server.client().get("/openapi.yaml").expect(200);
    assert!(yaml.body.lines().any(|line| line.starts_with("openapi:")));
}

#[test]
fn the_docs_load_nothing_from_elsewhere_and_run_only_what_their_policy_allows() {
    let server = Server::shared();
    for path in ["/docs", "/redoc", "/docs/"] {
        let page = server.client().get(path).expect(200);
        assert!(page.header("content-type").is_some_and(|it| it.starts_with("text/html")), "{path}");
        let elements = elements(&page.body);
        for (tag, _) in elements.iter().filter(|(tag, _)| tag.contains("src=") || tag.starts_with("link")) {
            assert!(!tag.contains("//"), "{path}: <{tag}> loads from elsewhere");
        }

        let policy = page.header("content-security-policy").expect("a policy");
        let scripts = directive(policy, "script-src");
        assert!(!scripts.contains(&"'unsafe-inline'") && !scripts.contains(&"*"), "{path}: {scripts:?}");
        let inline = elements.iter().filter(|(tag, _)| tag.starts_with("script") && !tag.contains("src="));
        for (_, script) in inline {
            let hash = format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)));
            assert!(scripts.contains(&hash.as_str()), "{path}: {hash} is not in {scripts:?}");
        }
        assert!(["'self'", "'none'"].contains(&directive(policy, "default-src")[0]), "{path}: {policy}");
        assert!(!policy.contains("http:") && !policy.contains("https:"), "{path}: {policy}");
        assert_eq!(directive(policy, "connect-src"), ["'self'"], "{path}: trying a call out must be allowed");
    }
}

#[test]
fn head_is_get_without_the_body() {
    let server = Server::shared();
    for path in ["/livez", "/docs", "/redoc", "/openapi.json", "/openapi.yaml"] {
        let (head, get) = (server.client().call("HEAD", path).expect(200), server.client().get(path).expect(200));
        assert_eq!((head.body.as_str(), head.header("content-type")), ("", get.header("content-type")), "{path}");
    }
}

#[test]
fn s41_every_answer_carries_the_protective_headers() {
    let server = Server::shared();
    for reply in [server.client().get("/"), server.client().get("/docs"), server.client().get("/nowhere")] {
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("x-frame-options"), Some("DENY"));
        for header in ["content-security-policy", "referrer-policy", "permissions-policy"] {
            assert!(reply.header(header).is_some(), "{header}");
        }
    }
}

#[test]
fn every_answer_has_an_id() {
    let server = Server::shared();
    let id = |reply: &Reply| {
        assert_eq!(reply.header("x-request-id"), reply.header("x-correlation-id"));
        reply.header("x-request-id").expect("an id").to_owned()
    };
    let ours = [(); 2].map(|()| id(&server.client().get("/health")));
    assert_ne!(ours[0], ours[1]);
    let sane = server.client().with("X-Request-ID", "from-the-caller.7").get("/health");
    assert_eq!(id(&sane), "from-the-caller.7");
    for silly in ["with space", "\"quoted\"", &"long".repeat(100), "<b>"] {
        assert_ne!(id(&server.client().with("X-Request-ID", silly).get("/nowhere")), silly);
    }
}

#[test]
fn every_answer_names_its_trace() {
    let server = Server::shared();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let client = server.client().with("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"));
    for path in ["/health", "/nowhere"] {
        let reply = client.get(path);
        assert!(reply.header("traceresponse").is_some_and(|it| it.starts_with(&format!("00-{trace}-"))), "{path}");
    }
}

/// The tags of a page, each with the text that follows it.
fn elements(page: &str) -> Vec<(&str, &str)> {
    let mut elements = Vec::new();
    let mut rest = page;
    while let Some((tag, after)) = rest.split_once('<').and_then(|(_, tag)| tag.split_once('>')) {
        let end = if tag.starts_with("script") { "</script>" } else { "<" };
        let text = &after[..after.find(end).unwrap_or(after.len())];
        elements.push((tag, text));
        rest = &after[text.len()..];
    }
    elements
}

/// The sources of a directive in a content security policy.
fn directive<'a>(policy: &'a str, name: &str) -> Vec<&'a str> {
    let directives = policy.split(';').map(|it| it.split_whitespace().collect::<Vec<_>>());
    directives.into_iter().find(|words| words.first() == Some(&name)).map_or_else(Vec::new, |words| words[1..].to_vec())
}
