//! What bad input gets: the right status, and a problem document that says what was wrong.

use crate::support::account::{Account, PASSWORD, text};
use crate::support::client::Reply;
use crate::support::raw::Raw;
use crate::support::server::Server;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const JSON: &str = "application/json";
const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";
const ONE_MIB: usize = 1024 * 1024;

/// Every operation that takes a JSON body, in a workspace with an artifact.
fn with_body(owner: &Account) -> Vec<(&'static str, String)> {
    let artifacts = owner.artifacts();
    let artifact = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    vec![
        ("POST", "/api/v1/auth/register".to_owned()),
        ("POST", "/api/v1/auth/login".to_owned()),
        ("POST", "/api/v1/workspaces/".to_owned()),
        ("POST", artifacts),
        ("PUT", artifact.clone()),
        ("PATCH", artifact),
    ]
}

/// Every operation that needs a caller, in the workspace `tenant`.
fn protected(tenant: &str) -> Vec<(&'static str, String)> {
    let artifacts = format!("/api/v1/workspaces/{tenant}/artifacts");
    let artifact = format!("{artifacts}/{NOWHERE}");
    vec![
        ("GET", "/api/v1/auth/me".to_owned()),
        ("POST", "/api/v1/auth/logout".to_owned()),
        ("GET", "/api/v1/workspaces/".to_owned()),
        ("POST", "/api/v1/workspaces/".to_owned()),
        ("GET", format!("/api/v1/workspaces/{tenant}")),
        ("GET", artifacts.clone()),
        ("POST", artifacts),
        ("GET", artifact.clone()),
        ("PUT", artifact.clone()),
        ("PATCH", artifact.clone()),
        ("DELETE", artifact),
    ]
}

#[track_caller]
fn refused_as_unknown_caller(reply: &Reply) {
    reply.problem(401, "not_authenticated");
    let challenge = reply.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with("Bearer"), "{challenge}");
}

#[test]
fn malformed_json_is_a_400() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for (method, path) in with_body(&owner) {
        for body in [
            "",
            "{",
            "nonsense",
            "{\"name\":}",
            r#"{"name": "n", "email": "e@example.com", "password": "p"} trailing"#,
            "{'name': 'n'}",
        ] {
            owner.client.send(method, &path, JSON, body).problem(400, "invalid_json");
        }
        let not_utf8 = b"{\"name\": \"\xff\", \"email\": \"\xff\"}".to_vec();
        owner.client.send(method, &path, JSON, not_utf8).problem(400, "invalid_json");
    }
}

#[test]
fn s32_json_nested_without_end_is_a_400() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let deep = format!("{{\"name\": \"n\", \"settings\": {{\"a\": {}", "[".repeat(200_000));
    owner.client.send("POST", "/api/v1/workspaces/", JSON, deep).problem(400, "invalid_json");
    let ignored = format!("{{\"email\": \"e@example.com\", \"password\": \"p\", \"x\": {}", "[".repeat(60_000));
    server.client().send("POST", "/api/v1/auth/login", JSON, ignored).problem(400, "invalid_json");
}

#[test]
fn a_body_that_is_no_object_is_a_422() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for (method, path) in with_body(&owner) {
        for body in ["[]", "null", "\"text\"", "7"] {
            assert_eq!(owner.client.send(method, &path, JSON, body).invalid_fields(), [""], "{path} {body}");
        }
    }
}

#[test]
fn wrong_types_and_missing_fields_are_a_422_that_points_at_them() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let (register, login) = ("/api/v1/auth/register", "/api/v1/auth/login");
    for (path, body, pointer) in [
        (register, json!({"password": PASSWORD}), "/email"),
        (register, json!({"email": "e@example.com"}), "/password"),
        (register, json!({"email": 7, "password": PASSWORD}), "/email"),
        (register, json!({"email": "e@example.com", "password": ["p"]}), "/password"),
        (login, json!({"email": "e@example.com"}), "/password"),
        (login, json!({"email": {}, "password": "p"}), "/email"),
        ("/api/v1/workspaces/", json!({}), "/name"),
        ("/api/v1/workspaces/", json!({"name": true}), "/name"),
        ("/api/v1/workspaces/", json!({"name": "n", "settings": []}), "/settings"),
        (&artifacts, json!({}), "/name"),
        (&artifacts, json!({"name": null}), "/name"),
        (&artifacts, json!({"name": "n", "tags": "red"}), "/tags"),
        (&artifacts, json!({"name": "n", "tags": ["red", 7]}), "/tags/1"),
        (&artifacts, json!({"name": "n", "artifact_metadata": "text"}), "/artifact_metadata"),
    ] {
        assert_eq!(owner.client.post(path, &body).invalid_fields(), [pointer], "{path} {body}");
    }
    // All that is wrong is said at once.
    let wrong = json!({"name": 7, "tags": ["red", 7, null], "artifact_metadata": 1, "artifact_type": {}});
    let pointers = ["/name", "/tags/1", "/tags/2", "/artifact_metadata", "/artifact_type"];
    assert_eq!(owner.client.post(&artifacts, &wrong).invalid_fields(), pointers);
    assert_eq!(
        owner.client.post(register, &json!({"first_name": 7})).invalid_fields(),
        ["/email", "/password", "/first_name"]
    );
    let many = json!({"name": "n", "tags": vec![7; 1000]});
    assert_eq!(owner.client.post(&artifacts, &many).invalid_fields().len(), 20);
    let made = owner.artifact(&artifacts, &json!({"name": "n"}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    assert_eq!(owner.client.patch(&path, &json!({"tags": [7]})).invalid_fields(), ["/tags/0"]);
    assert_eq!(owner.client.put(&path, &json!({"name": 7})).invalid_fields(), ["/name"]);
}

#[test]
fn another_content_type_is_a_415() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let body = json!({"name": "Typed"}).to_string();
    for (method, path) in with_body(&owner) {
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "nonsense"] {
            let reply = owner.client.send(method, &path, content_type, body.as_str());
            reply.problem(415, "unsupported_media_type");
        }
    }
    owner.client.call("POST", "/api/v1/workspaces/").problem(400, "invalid_json");
    owner.client.send("POST", "/api/v1/workspaces/", "Application/JSON; charset=UTF-8", body).expect(201);
}

#[test]
fn s32_an_oversized_body_is_a_413() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let head = |path: &str, framing: &str| {
        let token = &owner.access;
        format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {JSON}\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n"
        )
    };
    for path in ["/api/v1/auth/login", "/api/v1/workspaces/", &owner.artifacts()] {
        // Announced: refused before a byte of it is sent.
        let announced =
            Raw::connect(server.address()).send(head(path, &format!("Content-Length: {}", ONE_MIB + 1))).read_answer();
        // Not announced: refused as soon as it is too long, though it never ends.
        let mut chunked = Raw::connect(server.address());
        chunked.send(head(path, "Transfer-Encoding: chunked"));
        for _ in 0..16 {
            chunked.send(format!("10000\r\n{}\r\n", " ".repeat(0x10000)));
        }
        let chunked = chunked.send("1\r\n \r\n").read_answer();
        for answer in [announced, chunked] {
            assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
            assert!(
                answer.contains("application/problem+json") && answer.contains("\"payload_too_large\""),
                "{answer}"
            );
        }
    }
}

#[test]
fn a_body_of_exactly_the_limit_is_read() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let body = json!({"name": "Padded"}).to_string();
    let padded = format!("{body}{}", " ".repeat(ONE_MIB - body.len()));
    owner.client.send("POST", "/api/v1/workspaces/", JSON, padded).expect(201);
}

#[test]
fn ids_that_are_no_ids_are_a_400() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for id in ["1", "not-an-id", "01890000-0000-7000-8000-00000000000g", "%F0%9F%A6%80", "%00"] {
        for path in [format!("/api/v1/workspaces/{id}"), format!("/api/v1/workspaces/{id}/artifacts")] {
            owner.client.get(&path).problem(400, "invalid_parameter");
        }
        let artifact = format!("{artifacts}/{id}");
        owner.client.get(&artifact).problem(400, "invalid_parameter");
        owner.client.delete(&artifact).problem(400, "invalid_parameter");
        owner.client.patch(&artifact, &json!({"name": "n"})).problem(400, "invalid_parameter");
    }
}

#[test]
fn s46_path_tricks_lead_nowhere() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for trick in ["..%2f..%2fmetrics", "%2e%2e", "%c0%ae%c0%ae", "%ff", "a%2fb", "/../../livez"] {
        let reply = owner.client.get(&format!("{artifacts}/{trick}"));
        assert!([400, 404].contains(&reply.status), "{trick}: {} {}", reply.status, reply.body);
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{trick}");
    }
}

#[test]
fn a_query_that_can_not_be_read_is_a_400() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for query in ["limit=ten", "offset=1.5", "created_after=yesterday", "created_before=2026-13-01T00:00:00Z"] {
        let problem = owner.client.get(&format!("{artifacts}?{query}")).problem(400, "invalid_parameter");
        let name = query.split('=').next().expect("a name");
        assert!(text(&problem["detail"]).contains(name), "{query}: {problem}");
    }
}

#[test]
fn s33_a_query_out_of_bounds_is_a_422() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let long = format!("q={}", "x".repeat(201));
    let many = format!("tags={}", (0..21).map(|tag| tag.to_string()).collect::<Vec<_>>().join(","));
    let repeated = format!("limit=5{}", "&tags_none=same".repeat(21));
    for (query, pointers) in [
        ("limit=0", vec!["/limit"]),
        ("limit=101", vec!["/limit"]),
        ("limit=1000000000&offset=1000001", vec!["/limit", "/offset"]),
        ("tags=good,b%40d", vec!["/tags"]),
        (&long, vec!["/q"]),
        (&many, vec!["/tags"]),
        (&repeated, vec!["/tags_none"]),
    ] {
        assert_eq!(owner.client.get(&format!("{artifacts}?{query}")).invalid_fields(), pointers, "{query}");
    }
    for query in ["limit=100&offset=1000000", &format!("tags={}", "Same,same,".repeat(21))] {
        owner.client.get(&format!("{artifacts}?{query}")).expect(200);
    }
}

#[test]
fn no_caller_is_a_401_everywhere() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for (method, path) in protected(&owner.workspace()) {
        refused_as_unknown_caller(&server.client().call(method, &path));
    }
    server.client().call("POST", "/api/v1/auth/refresh").problem(401, "invalid_refresh_token");
}

#[test]
fn s21_s22_a_token_that_is_not_ours_is_a_401() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let parts: Vec<&str> = owner.access.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
    let mut promoted: Value = serde_json::from_slice(&decoded).expect("claims");
    promoted["sub"] = json!(NOWHERE);
    let flipped = format!("{}{}", if signature.starts_with('A') { "B" } else { "A" }, &signature[1..]);
    let tokens = [
        String::new(),
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(7000),
        format!("{}.{claims}.", encode(&json!({"alg": "none", "typ": "JWT"}))),
        format!("{}.{claims}.{signature}", encode(&json!({"alg": "HS512", "typ": "JWT"}))),
        format!(
            "{}.{claims}.{signature}",
            encode(&json!({"alg": "HS256", "kid": "/dev/null", "jku": "http://127.0.0.1:1/"}))
        ),
        format!("{header}.{}.{signature}", encode(&promoted)),
        format!("{header}.{claims}.{flipped}"),
        format!("{header}.{claims}"),
        format!("{}.", owner.access),
    ];
    let tenant = owner.workspace();
    for token in &tokens {
        refused_as_unknown_caller(&server.client().bearer(token).get("/api/v1/auth/me"));
    }
    for (method, path) in protected(&tenant) {
        refused_as_unknown_caller(&server.client().bearer("garbage").call(method, &path));
    }
    let basic = server.client().with("Authorization", "Basic dXNlcjpwYXNz");
    refused_as_unknown_caller(&basic.get("/api/v1/auth/me"));
    let lower_case = server.client().with("Authorization", &format!("bearer {}", owner.access));
    lower_case.get("/api/v1/auth/me").expect(200);
}

#[test]
fn s21_a_token_of_another_installation_is_a_401() {
    let (ours, theirs) = (Server::shared(), crate::support::server::Setup::new().start());
    let account = Account::new(&theirs);
    account.client.get("/api/v1/auth/me").expect(200);
    refused_as_unknown_caller(&ours.client().bearer(&account.access).get("/api/v1/auth/me"));
}

#[test]
fn an_unknown_route_is_a_404() {
    let server = Server::shared();
    for path in ["/nowhere", "/api/v1/nowhere", "/api/v2/workspaces", "/api/v1", "/docs/../metricsx", "/%2e%2e/%2e%2e"]
    {
        for method in ["GET", "POST", "DELETE"] {
            server.client().call(method, path).problem(404, "not_found");
        }
    }
}

#[test]
fn a_wrong_method_is_a_405_that_names_the_right_ones() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for (method, path, allowed) in [
        ("GET", "/api/v1/auth/login", vec!["POST"]),
        ("DELETE", "/api/v1/workspaces/", vec!["GET", "POST"]),
        ("POST", &format!("{artifacts}/{NOWHERE}"), vec!["GET", "PUT", "PATCH", "DELETE"]),
        ("POST", "/health", vec!["GET", "HEAD"]),
        ("POST", "/docs", vec!["GET", "HEAD"]),
        ("DELETE", "/redoc", vec!["GET", "HEAD"]),
        ("PUT", "/openapi.json", vec!["GET", "HEAD"]),
        ("POST", "/openapi.yaml", vec!["GET", "HEAD"]),
        ("BREW", "/api/v1/auth/me", vec!["GET"]),
    ] {
        let reply = owner.client.call(method, path);
        reply.problem(405, "method_not_allowed");
        let allow = reply.header("allow").expect("an Allow");
        let named: Vec<&str> = allow.split(',').map(str::trim).collect();
        assert!(allowed.iter().all(|method| named.contains(method)), "{path}: {allow}");
        assert!(!named.contains(&method), "{path}: {allow}");
    }
}

#[test]
fn s34_no_error_shows_its_insides() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let replies = [
        server.client().get("/nowhere"),
        owner.client.send("POST", "/api/v1/workspaces/", JSON, "{"),
        owner.client.post("/api/v1/workspaces/", &json!({"name": 7})),
        owner.client.get("/api/v1/workspaces/x"),
        server.client().bearer("a.b.c").get("/api/v1/auth/me"),
    ];
    for reply in replies {
        for inside in ["serde", "poem", "panick", "redb", "src/", ".rs", "ghostworks::", "Err("] {
            assert!(!reply.body.contains(inside), "{inside} in {}", reply.body);
        }
    }
}
