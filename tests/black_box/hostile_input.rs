//! What an attacker sends: passwords, bodies and queries made to cost, to break, or to get past a rule.

use std::sync::Arc;

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::exposition::Exposition;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::json;

const REGISTER: &str = "/api/v1/auth/register";
const CHANGE: &str = "/api/v1/auth/password/change";
const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

fn address() -> String {
    format!("{}@example.com", unique("attacker"))
}

fn register(client: &Client, password: &str) -> Reply {
    client.post(REGISTER, &json!({"email": address(), "password": password}))
}

fn change(account: &Account, current: &str, new: &str) -> Reply {
    account.client.post(CHANGE, &json!({"current_password": current, "new_password": new}))
}

/// A metric as it is now.
fn metric(server: &Server, name: &str, labels: &[(&str, &str)]) -> f64 {
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    scrape.sum(name, labels).unwrap_or_default()
}

/// How often the database was written to.
fn writes(server: &Server) -> f64 {
    let written = |operation| metric(server, "database_query_duration_seconds_count", &[("operation", operation)]);
    ["insert", "update", "delete"].into_iter().map(written).sum()
}

#[test]
fn s06_a_huge_password_is_refused_before_hashing() {
    let cheap = Setup::new();
    let server = cheap.start();
    let account = Account::new(&server);
    server.stop();
    // Whoever gets as far as the hashing finds its queue full.
    let server = cheap
        .env("GHOSTWORKS__AUTH__HASH_MEMORY_KIB", "32768")
        .env("GHOSTWORKS__AUTH__HASH_ITERATIONS", "4")
        .env("GHOSTWORKS__AUTH__HASH_CONCURRENCY", "1")
        .env("GHOSTWORKS__AUTH__HASH_QUEUE", "1")
        .start();
    let account = Account { client: server.client().bearer(&account.access), ..account };
    // For those who are signed in; from strangers, a body of more than 64 KiB is not even read.
    let (large, huge) = (format!("Aa1!{}", "x".repeat(60_000)), format!("Aa1!{}", "x".repeat(100_000)));
    let under_attack = Arc::new(());
    let flood = Arc::downgrade(&under_attack);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while flood.strong_count() > 0 {
                    login(&server.client(), "nobody@example.com", PASSWORD);
                }
            });
        }
        let (server, account, large, huge) = (&server, &account, &large, &huge);
        scope.spawn(move || {
            let _until_the_end = under_attack;
            // Not the account's owner, who comes first.
            let mut answers = (0..1000).map(|_| login(&server.client(), "nobody@example.com", PASSWORD).status);
            assert!(answers.any(|status| status == 503), "the queue is never full");
            for _ in 0..5 {
                assert_eq!(login(&server.client(), &account.email, large).invalid_fields(), ["/password"]);
                assert_eq!(register(&server.client(), large).invalid_fields(), ["/password"]);
                login(&server.client(), &account.email, huge).problem(413, "payload_too_large");
                register(&server.client(), huge).problem(413, "payload_too_large");
                assert_eq!(change(account, PASSWORD, huge).invalid_fields(), ["/new_password"]);
                assert_eq!(change(account, huge, "Another-horse-8").invalid_fields(), ["/current_password"]);
            }
        });
    });
}

#[test]
fn s06_no_password_is_cut() {
    let server = Server::shared();
    let email = address();
    let longest = format!("Aa1!{}", "x".repeat(124));
    server.client().post(REGISTER, &json!({"email": email, "password": longest})).expect(201);
    for other in [format!("{longest}x"), format!("{longest}{}", "x".repeat(60_000)), format!("{longest}\0")] {
        assert_eq!(login(&server.client(), &email, &other).invalid_fields(), ["/password"]);
    }
    for other in [&longest[..127], &longest[..72], &longest.replace('!', "!\0")[..128]] {
        login(&server.client(), &email, other).problem(401, "invalid_credentials");
    }
    login(&server.client(), &email, &longest).expect(200);
}

#[test]
fn s07_passwords_that_everybody_uses_are_refused() {
    let server = Setup::new().env("GHOSTWORKS__AUTH__PASSWORD_COMPOSITION", "false").start();
    let account = Account::new(&server);
    for common in ["password", "12345678", "PASSWORD1", "Qwertyuiop", "iloveyou", "P@ssw0rd", "sunshine", "11111111"] {
        for reply in [register(&server.client(), common), change(&account, PASSWORD, common)] {
            let field = reply.invalid_fields();
            assert!(["/password", "/new_password"].contains(&field[0].as_str()) && field.len() == 1, "{field:?}");
            let detail = text(&reply.json()["errors"][0]["detail"]);
            assert!(detail.contains("most used passwords"), "{common}: {detail}");
        }
    }
    register(&server.client(), "twelve rusty anvils").expect(201);
}

#[test]
fn s32_more_than_there_may_be_is_a_422_and_nothing_is_written() {
    let server = Setup::new().start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    let before = writes(&server);
    let keys = |count: usize| (0..count).map(|key| (format!("k{key}"), json!(key))).collect::<serde_json::Map<_, _>>();
    let tags = |count: usize| (0..count).map(|tag| format!("t{tag}")).collect::<Vec<_>>();
    for (fields, pointer) in [
        (json!({"tags": tags(21)}), "/tags"),
        (json!({"tags": tags(100_000)}), "/tags"),
        (json!({"tags": vec!["same"; 101]}), "/tags"),
        (json!({"tags": ["t".repeat(51)]}), "/tags/0"),
        (json!({"artifact_metadata": keys(51)}), "/artifact_metadata"),
        (json!({"artifact_metadata": keys(50_000)}), "/artifact_metadata"),
        (json!({"artifact_metadata": {"k".repeat(101): 1}}), &format!("/artifact_metadata/{}", "k".repeat(101))),
        (json!({"artifact_metadata": {"k": "v".repeat(1001)}}), "/artifact_metadata/k"),
        (json!({"artifact_metadata": {"k": {"nested": 1}}}), "/artifact_metadata/k"),
        (json!({"artifact_metadata": {"k": [1]}}), "/artifact_metadata/k"),
        (json!({"description": "d".repeat(2001)}), "/description"),
        (json!({"artifact_type": "t".repeat(51)}), "/artifact_type"),
        (json!({"name": "n".repeat(256)}), "/name"),
        (json!({"name": "n".repeat(1_000_000)}), "/name"),
    ] {
        let mut body = json!({"name": "n"});
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        assert_eq!(owner.client.post(&artifacts, &body).invalid_fields(), [pointer], "{pointer}");
        assert_eq!(owner.client.patch(&path, &fields).invalid_fields(), [pointer], "{pointer}");
    }
    let operations = |count: usize| json!({"operations": vec![json!({"op": "create", "name": "n"}); count]});
    for count in [0, 1001, 20_000] {
        let refused = owner.client.post(&format!("{artifacts}/bulk"), &operations(count));
        assert_eq!(refused.invalid_fields(), ["/operations"], "{count}");
    }
    assert!((writes(&server) - before).abs() < 0.5, "it came as far as the database");
    owner.artifact(&artifacts, &json!({"name": "n", "tags": tags(20), "artifact_metadata": keys(50)}));
}

#[test]
fn s32_json_as_deep_as_a_body_may_be_long_is_refused_or_passed_over() {
    const DEEP: usize = 500_000;
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let nested =
        |open: &str, close: &str| format!("{}1{}", open.repeat(DEEP / open.len()), close.repeat(DEEP / open.len()));
    for deep in [nested("[", "]"), nested("{\"a\":", "}")] {
        for (path, body) in [
            ("/api/v1/workspaces", format!("{{\"name\": \"Deep\", \"settings\": {{\"a\": {deep}}}}}")),
            (artifacts.as_str(), format!("{{\"name\": \"Deep\", \"artifact_metadata\": {{\"a\": {deep}}}}}")),
            (&format!("{artifacts}/bulk"), format!("{{\"operations\": [{{\"op\": \"create\", \"name\": {deep}}}]}}")),
        ] {
            owner.client.send("POST", path, JSON, body).problem(400, "invalid_json");
        }
        let line = format!("{{\"name\": \"n\", \"artifact_metadata\": {{\"a\": {deep}}}}}");
        let import = owner.client.send("POST", &format!("{artifacts}/import"), NDJSON, line);
        assert_eq!(import.invalid_fields(), ["/1"]);
        // In a field that nobody knows it is passed over, however deep.
        let unknown = format!("{{\"name\": \"Flat\", \"unknown\": {deep}}}");
        owner.client.send("POST", &artifacts, JSON, unknown).expect(201);
    }
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 2);
}

#[test]
fn s32_numbers_that_do_not_fit_harm_nobody_however_deep_or_many_they_are() {
    const DEEP: usize = 25_000;
    let server = Server::shared();
    let owner = Account::new(&server);
    let (artifacts, strict) = (owner.artifacts(), owner.client.with("Prefer", "handling=strict"));
    let deep = format!("{}1e999{}", "[".repeat(DEEP), "]".repeat(DEEP));
    // Anyone can send this.
    let login = format!("{{\"email\": \"a@example.com\", \"password\": \"p\", \"unknown\": {deep}}}");
    server.client().send("POST", "/api/v1/auth/login", JSON, login).expect(401);
    let known = format!("{{\"name\": \"Deep\", \"artifact_metadata\": {{\"a\": {deep}}}}}");
    owner.client.send("POST", &artifacts, JSON, known).problem(400, "invalid_json");
    let beside = format!("{{\"name\": \"Deep\", \"unknown\": {deep}, \"artifact_metadata\": {{\"a\": 1e999}}}}");
    let reply = owner.client.send("POST", &artifacts, JSON, beside);
    assert_eq!(reply.invalid_fields(), ["/artifact_metadata/a"]);

    let fields: Vec<String> = (0..20_000).map(|number| format!("\"{number}\": 1e999")).collect();
    let ignored = format!("{{\"name\": \"Many\", {}}}", fields.join(", "));
    owner.client.send("POST", &artifacts, JSON, ignored.clone()).expect(201);
    assert_eq!(
        strict.send("POST", &artifacts, JSON, ignored).problem(422, "unknown_field")["errors"].as_array().map(Vec::len),
        Some(20)
    );
    let known = format!("{{\"name\": \"Many\", \"artifact_metadata\": {{{}}}}}", fields.join(", "));
    assert_eq!(owner.client.send("POST", &artifacts, JSON, known).invalid_fields().len(), 20);
}

#[test]
fn s32_what_is_too_large_is_a_413_and_costs_no_memory() {
    let server = Setup::new().start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let import = format!("{artifacts}/import");
    let resident = || metric(&server, "process_resident_memory_bytes", &[]);
    let before = resident();
    let head = |framing: &str| {
        let token = &owner.access;
        format!(
            "POST {import} HTTP/1.1\r\nHost: h\r\nContent-Type: {NDJSON}\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n"
        )
    };
    for _ in 0..4 {
        // Announced: refused before a byte of it is sent. Else as soon as it is too much, though the line never ends.
        let announced = Raw::connect(server.address()).send(head("Content-Length: 10485761")).read_answer();
        let mut chunked = Raw::connect(server.address());
        chunked.send(head("Transfer-Encoding: chunked"));
        let chunk = format!("40000\r\n{}\r\n", "[".repeat(0x40000));
        let answer = chunked.send(chunk.repeat(40)).send("1\r\n[\r\n").read_answer();
        for answer in [announced, answer] {
            assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"payload_too_large\""), "{answer}");
        }
        let many = "{\"name\":\"n\"}\n".repeat(10_001);
        owner.client.send("POST", &import, NDJSON, many).problem(413, "payload_too_large");
        // As many faults as fit in a body: those of the first lines are told, which have two each.
        let faults = owner.client.send("POST", &import, NDJSON, "{\"tags\":7}\n".repeat(10_000));
        assert_eq!(faults.invalid_fields().len(), 40);
    }
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 0);
    assert!(resident() - before < 128e6, "{} bytes more", resident() - before);
}

#[test]
fn s33_no_page_is_larger_or_deeper_than_allowed() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let tenant = owner.workspace();
    let workspace = format!("/api/v1/workspaces/{tenant}");
    let artifacts = format!("{workspace}/artifacts");
    let history = format!("{artifacts}/{}/history", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    let (search, audit) = (format!("{artifacts}/search/advanced"), format!("{workspace}/audit"));
    for list in [&artifacts, &search, &history, &audit] {
        for limit in ["0", "-1", "101", "1000000000", "18446744073709551615", "18446744073709551616"] {
            assert_eq!(owner.client.get(&format!("{list}?limit={limit}")).invalid_fields(), ["/limit"], "{list}");
        }
        for limit in ["1e9", "--1", "0x10", "1.5", "%00", ""] {
            owner.client.get(&format!("{list}?limit={limit}")).problem(400, "invalid_parameter");
        }
    }
    for list in [&artifacts, &search] {
        for offset in ["1000001", "18446744073709551615", "10001&sort=name", "1000000&sort=-updated_at"] {
            assert_eq!(owner.client.get(&format!("{list}?offset={offset}")).invalid_fields(), ["/offset"], "{offset}");
        }
        let deepest = owner.client.get(&format!("{list}?offset=1000000")).expect(200).json();
        assert_eq!((&deepest["items"], &deepest["total"]), (&json!([]), &json!(1)));
        let cursor = "A".repeat(3000);
        assert_eq!(owner.client.get(&format!("{list}?cursor={cursor}")).invalid_fields(), ["/cursor"]);
    }
}

#[test]
fn s33_any_text_can_be_searched_for() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let description = format!("{}! 100% {{}} \u{130}stanbul (a+)+$ \\ * ? OR 1=1 -- :)", "a".repeat(1900));
    owner.artifact(&artifacts, &json!({"name": "Anvil", "description": description}));
    let encoded = |q: &str| q.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let long = "a".repeat(200);
    for (q, found) in [
        ("(a+)+$", 1),
        ("(a+)+b", 0),
        (".*", 0),
        ("*", 0),
        ("?", 0),
        ("%", 0),
        ("_", 0),
        ("\\", 0),
        ("anvil AND NOT hammer", 0),
        ("' OR 1=1 --", 1),
        ("\" OR \"", 1),
        ("((((((((((", 0),
        ("\u{130}STANBUL", 1),
        ("\0", 0),
        ("\u{202e}\u{feff}", 0),
        ("a\u{300}\u{300}\u{300}", 1),
        (&long, 1),
        ("~~~^9999999", 0),
    ] {
        for list in [&artifacts, &format!("{artifacts}/search/advanced")] {
            let page = owner.client.get(&format!("{list}?q={}", encoded(q))).expect(200).json();
            assert_eq!(page["total"], found, "{q:?}");
        }
    }
    for q in [encoded(&"a".repeat(201)), encoded(&"(".repeat(5000))] {
        assert_eq!(owner.client.get(&format!("{artifacts}?q={q}")).invalid_fields(), ["/q"]);
    }
    assert_eq!(owner.client.get(&format!("{artifacts}?q=%ff%fe")).expect(200).json()["total"], 0, "no UTF-8");
    let many: String = (0..4000).map(|number| format!("tags=t{number}&")).collect();
    assert_eq!(owner.client.get(&format!("{artifacts}?{many}")).invalid_fields(), ["/tags"]);
}

#[test]
fn s46_paths_mean_what_they_say() {
    let server = Server::shared();
    for path in [
        "//livez",
        "/api/v1//auth/me",
        "/./livez",
        "/livez/..",
        "/%2e%2e/livez",
        "/docs/..%2f..%2fetc/passwd",
        "/api/v1/auth%2fme",
        "/%c0%ae%c0%ae/livez",
        "/livez%00",
        "/livez;x=1",
        "/%5clivez",
    ] {
        let reply = server.client().get(path);
        assert!([400, 404].contains(&reply.status), "{path}: {} {}", reply.status, reply.body);
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{path}");
    }
    server.client().get("/livez").expect(200);
}
