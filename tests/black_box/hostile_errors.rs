//! What an attacker learns from errors and can write into the log: nothing.

use crate::support::account::{Account, login, text};
use crate::support::client::Reply;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

const JSON: &str = "application/json";
/// What would tell of the insides.
const INSIDES: [&str; 13] = [
    "serde",
    "poem",
    "hyper",
    "tokio",
    "panick",
    "redb",
    "argon2",
    "src/",
    ".rs:",
    "ghostworks::",
    "Err(",
    "Some(",
    "unwrap",
];

/// An error of every kind there is to be had without breaking anything, with its status and code.
fn errors(server: &Server) -> Vec<(u16, &'static str, Reply)> {
    let (owner, other) = (Account::new(server), Account::new(server));
    let tenant = owner.workspace();
    let workspace = format!("/api/v1/workspaces/{tenant}");
    let (artifacts, members) = (format!("{workspace}/artifacts"), format!("{workspace}/members"));
    let artifact = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    owner.client.post(&members, &json!({"email": other.email, "role": "member"})).expect(201);
    let (nobody, owner, member) = (server.client(), &owner.client, &other.client);
    let rename = json!({"name": "m"}).to_string();
    vec![
        (404, "not_found", nobody.get("/nowhere")),
        (404, "not_found", nobody.call("OPTIONS", "/..%2f..%2fetc/passwd")),
        (405, "method_not_allowed", nobody.call("TRACE", "/api/v1/auth/login")),
        (400, "invalid_parameter", owner.get("/api/v1/workspaces/'%20OR%201=1")),
        (400, "invalid_parameter", owner.get(&format!("{artifacts}?created_after=%3Cscript%3E"))),
        (400, "invalid_json", owner.send("POST", "/api/v1/workspaces", JSON, "{\"name\": nul}")),
        (415, "unsupported_media_type", owner.send("POST", "/api/v1/workspaces", "text/xml", "<a/>")),
        (422, "validation_failed", owner.post("/api/v1/workspaces", &json!({"name": {"a": []}}))),
        (422, "validation_failed", owner.post(&artifacts, &json!({"name": "<script>"}))),
        (422, "validation_failed", owner.get(&format!("{artifacts}?cursor=eyJhIjoxfQ"))),
        (401, "not_authenticated", nobody.bearer("a.b.c").get("/api/v1/auth/me")),
        (401, "not_authenticated", nobody.bearer("gwk_AAAA").get(&artifacts)),
        (401, "invalid_credentials", login(&nobody, "nobody@example.com", "Wrong-horse-7")),
        (401, "invalid_refresh_token", nobody.post("/api/v1/auth/refresh", &json!({"refresh_token": "x"}))),
        (400, "invalid_token", nobody.call("POST", "/api/v1/auth/verify-email?verification_token=x")),
        (403, "forbidden", member.get(&format!("{workspace}/audit"))),
        (404, "workspace_not_found", member.get("/api/v1/workspaces/01890000-0000-7000-8000-000000000000")),
        (404, "artifact_not_found", member.get(&format!("{artifacts}/01890000-0000-7000-8000-000000000000"))),
        (404, "member_not_found", owner.delete(&format!("{members}/01890000-0000-7000-8000-000000000000"))),
        (409, "already_member", owner.post(&members, &json!({"email": other.email, "role": "member"}))),
        (412, "version_mismatch", owner.with("If-Match", "\"9\"").send("PUT", &artifact, JSON, rename)),
        (400, "invalid_parameter", owner.with("Idempotency-Key", "two words").post(&artifacts, &json!({}))),
    ]
}

#[test]
fn s34_every_error_is_a_problem_document_without_insides() {
    let server = Server::shared();
    for (status, code, reply) in errors(&server) {
        reply.problem(status, code);
        for inside in INSIDES {
            assert!(!reply.body.contains(inside), "{inside} in {}", reply.body);
        }
        for header in ["server", "x-powered-by"] {
            assert_eq!(reply.header(header), None, "{code}");
        }
    }
}

#[test]
fn s34_a_body_that_breaks_off_or_is_no_body_is_a_problem_too() {
    let server = Server::shared();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n";
    for (rest, status) in [
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n", "400"),
        ("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("Content-Length: 0\r\n\r\n", "400"),
        ("Content-Length: 2000000\r\n\r\n", "413"),
        ("Content-Length: 1\r\nConnection: close\r\n\r\n\0", "400"),
    ] {
        let answer = Raw::connect(server.address()).send(format!("{head}{rest}")).read_answer();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{rest:?}: {answer}");
        assert!(answer.to_lowercase().contains("content-type: application/problem+json"), "{rest:?}: {answer}");
        assert!(INSIDES.iter().all(|inside| !answer.contains(inside)), "{answer}");
    }
}

#[test]
fn s42_nothing_that_is_sent_begins_a_line_of_the_log() {
    const FORGED: &str =
        "\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}\n2026-01-01T00:00:00Z ERROR forged \u{1b}[31m";
    for format in ["json", "pretty"] {
        let setup = Setup::new().env("GHOSTWORKS__LOG__FORMAT", format).env("GHOSTWORKS__LOG__LEVEL", "trace");
        let mut server = setup.start();
        let owner = Account::new(&server);
        let artifacts = owner.artifacts();
        let encoded: String = FORGED.bytes().map(|byte| format!("%{byte:02x}")).collect();
        owner.client.get(&format!("/{encoded}?{encoded}"));
        owner.client.get(&format!("{artifacts}/{encoded}"));
        owner.client.get(&format!("{artifacts}?q={encoded}&tags={encoded}&sort={encoded}&cursor={encoded}"));
        owner.client.post(&artifacts, &json!({"name": FORGED, "description": FORGED, "tags": [FORGED], FORGED: 1}));
        owner.client.post("/api/v1/workspaces", &json!({"name": FORGED, "settings": {FORGED: FORGED}}));
        owner.client.send("POST", "/api/v1/workspaces", JSON, FORGED);
        login(&server.client(), &format!("{FORGED}@example.com"), FORGED);
        server.client().with("X-Request-ID", "forged\tid").with("User-Agent", "a\tb").get("/livez");
        server.terminate();
        assert!(server.wait().success());
        let log = server.stderr();
        assert!(log.lines().count() > 8, "{log}");
        for line in log.lines() {
            let is_ours = match format {
                "json" => serde_json::from_str::<Value>(line).is_ok_and(|line| line["message"] != "forged"),
                _ => line.as_bytes()[0].is_ascii_digit() && !line.contains(" ERROR forged"),
            };
            assert!(is_ours && !line.contains('\u{1b}'), "{line:?}");
        }
    }
}
