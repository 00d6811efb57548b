//! An answer that is made while it is sent: its request ends with the last of it. And work that no request asks for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::account::Account;
use crate::support::exposition::Exposition;
use crate::support::otlp::{Collector, Span};
use crate::support::raw::Raw;
use crate::support::server::Setup;

const ROUTE: &str = "/api/v1/workspaces/{workspace_id}/artifacts/export";

#[test]
fn an_export_ends_with_its_last_line_and_says_if_it_was_cut() {
    let collector = Collector::start();
    let server = Setup::new().traces_to(&collector.endpoint()).start();
    let account = Account::new(&server);
    let artifacts = account.artifacts();
    let export = format!("{artifacts}/export");
    let metadata: BTreeMap<String, String> = (0..49).map(|key| (format!("key-{key}"), "x".repeat(240))).collect();
    // More than what waits in the sockets of a connection.
    for batch in 0..20 {
        let create =
            |number| json!({"op": "create", "name": format!("{batch}-{number}"), "artifact_metadata": metadata});
        let operations: Vec<Value> = (0..40).map(create).collect();
        let body = json!({"operations": operations, "atomic": true});
        account.client.post(&format!("{artifacts}/bulk"), &body).expect(200);
    }

    let whole = account.client.get(&export).expect(200);
    let trace = whole.header("traceresponse").expect("a trace")[3..35].to_owned();
    let span = collector.span(&trace, &format!("GET {ROUTE}"));
    assert_eq!(span.attribute("error.type"), &Value::Null);
    let reads = |spans: &[Span]| {
        spans.iter().filter(|it| it.trace == trace && it.parent == span.id && it.name.contains("artifacts")).count()
    };
    assert!(reads(&collector.spans()) > 0, "what is read while it is sent belongs to it");

    let mut client = Raw::connect(server.address());
    let bearer = &account.access;
    client.send(format!("GET {export} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\n\r\n"));
    server.until("an answer", || client.has_answer());
    drop(client);
    let cut = collector.wait_for("the cut export", |spans| {
        spans.iter().find(|it| it.name == format!("GET {ROUTE}") && it.trace != trace).cloned()
    });
    assert_eq!(cut.attribute("error.type"), "cancelled");
    assert_eq!(cut.attribute("http.response.status_code"), 200);
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    assert_eq!(scrape.sum("http_requests_in_progress", &[("endpoint", ROUTE)]), Some(0.0));
}

#[test]
fn scheduled_work_has_a_trace_of_its_own() {
    let collector = Collector::start();
    let setup = Setup::new().traces_to(&collector.endpoint());
    let place = setup.scratch().join("backups").display().to_string();
    let _server = setup.env("GHOSTWORKS__BACKUPS__TO", place).start();
    let span = collector
        .wait_for("the first backup", |spans| spans.iter().find(|span| span.name == "background backup").cloned());
    assert_eq!((span.parent.as_str(), span.is_error), ("", false));
}
