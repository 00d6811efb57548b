//! What is refused before anything is done for it: it has its business span all the same, and is counted.

use serde_json::json;

use crate::support::account::{Account, text};
use crate::support::client::{Client, Reply};
use crate::support::exposition::Exposition;
use crate::support::otlp::{Collector, Span};
use crate::support::server::{Server, Setup};

const LOGIN: &str = "/api/v1/auth/login";

/// Checks that an answer has a business span in its trace, which says why it was refused, and returns that.
#[track_caller]
fn refused(collector: &Collector, reply: &Reply, business: &str, why: &str) -> Span {
    let trace = &reply.header("traceresponse").expect("a trace")[3..35];
    let span = collector.span(trace, business);
    let server = collector.wait_for("the server span", |spans| {
        spans.iter().find(|it| it.id == span.parent && it.parent.is_empty()).cloned()
    });
    assert_eq!(server.attribute("http.response.status_code"), reply.status);
    assert_eq!((span.attribute("error.type"), span.attribute("operation.success")), (&json!(why), &json!(false)));
    assert_eq!(span.status_message, text(span.attribute("error.message")));
    span
}

fn failed_attempts(client: &Client) -> Option<f64> {
    let scrape = Exposition::parse(&client.get("/metrics").expect(200).body);
    scrape.sum("auth_attempts_total", &[("method", "password"), ("success", "false")])
}

fn traced(setup: Setup) -> (Collector, Server) {
    let collector = Collector::start();
    let server = setup.traces_to(&collector.endpoint()).start();
    (collector, server)
}

#[test]
fn a_body_that_can_not_be_read_is_a_failed_attempt() {
    let (collector, server) = traced(Setup::new());
    let client = server.client();
    let cases: [(&str, Vec<u8>, u16, &str); 4] = [
        ("application/json", b"{".to_vec(), 400, "invalid_json"),
        ("application/json", b"{}".to_vec(), 422, "validation"),
        ("text/plain", b"a=b".to_vec(), 415, "unsupported_media_type"),
        ("application/json", vec![b' '; 3 << 20], 413, "payload_too_large"),
    ];
    let count = cases.len() as f64;
    for (content_type, body, status, why) in cases {
        let reply = client.send("POST", LOGIN, content_type, body).expect(status);
        let span = refused(&collector, &reply, "auth.login", why);
        assert_eq!(span.attribute("auth.method"), "password");
    }
    assert_eq!(failed_attempts(&client), Some(count));
}

#[test]
fn a_caller_who_is_known_is_named() {
    let (collector, server) = traced(Setup::new());
    let account = Account::new(&server);
    let artifacts = account.artifacts();
    let reply = account.client.post(&artifacts, &json!({"name": 7})).expect(422);
    let span = refused(&collector, &reply, "artifact.create", "validation");
    assert_eq!(span.attribute("user.id"), account.id.as_str());
    let reply = account.client.get(&format!("{artifacts}?limit=0")).expect(422);
    refused(&collector, &reply, "artifact.list", "validation");
    let reply = server.client().get(&artifacts).expect(401);
    refused(&collector, &reply, "artifact.list", "not_authenticated");
}

#[test]
fn an_operation_that_has_failed_by_itself_has_one_span() {
    let (collector, server) = traced(Setup::new());
    let reply = Account::new(&server).client.get("/api/v1/workspaces/01890000-0000-7000-8000-000000000000").expect(404);
    let span = refused(&collector, &reply, "workspace.get", "workspace_not_found");
    server.stop();
    let spans = collector.spans();
    assert_eq!(spans.iter().filter(|it| it.trace == span.trace && it.name == "workspace.get").count(), 1);
}

#[test]
fn who_comes_too_often_has_tried() {
    let (collector, server) = traced(Setup::new().rate_limited());
    let client = server.client();
    let body = json!({"email": "nobody@example.com", "password": "Wrong-horse-7"});
    let tries = (1..=50).map(|tries| (tries, client.post(LOGIN, &body)));
    let (tries, reply) = tries.into_iter().find(|(_, reply)| reply.status == 429).expect("a limit");
    refused(&collector, &reply, "auth.login", "rate_limited");
    assert_eq!(failed_attempts(&client), Some(f64::from(tries)));
}
