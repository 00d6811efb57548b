//! `ghostworks traces` and `ghostworks trace`: what the last requests were like, in a terminal.

use std::fs;

use serde_json::{Value, json};

use crate::support::account::Account;
use crate::support::server::{Server, Setup};
use crate::support::tour::setup;

/// The trace of an artifact that was made, and one of a search for it.
fn busy(server: &Server) -> [String; 2] {
    let owner = Account::new(server);
    let artifacts = owner.artifacts();
    let made = owner.client.post(&artifacts, &json!({"name": "needle"})).expect(201);
    let found = owner.client.get(&format!("{artifacts}?q=needle")).expect(200);
    [made, found].map(|reply| reply.header("traceresponse").expect("a trace")[3..35].to_owned())
}

fn run(setup: &Setup, arguments: &[&str]) -> String {
    let (status, said, errors) = setup.run(arguments);
    assert!(status.success(), "{arguments:?}: {errors}");
    said
}

#[test]
fn they_ask_over_the_socket_and_draw() {
    let setup = Setup::new();
    let server = setup.start();
    let [made, found] = busy(&server);

    let listed = run(&setup, &["traces", "--operation", "artifact.create"]);
    assert!(listed.contains(&made) && !listed.contains(&found), "{listed}");
    assert!(listed.contains("POST /api/v1/workspaces/{workspace_id}/artifacts"), "{listed}");
    let searches = run(&setup, &["traces", "--attribute", "artifact.query.present:true"]);
    assert!(searches.contains(&found) && !searches.contains(&made), "{searches}");
    let narrowed = ["traces", "--status", "2xx", "--min-ms", "0", "--since", "1h ago", "--limit", "1", "--json"];
    let page: Value = serde_json::from_str(&run(&setup, &narrowed)).expect("JSON");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    assert!(page["recorder"]["since"].is_string(), "{page}");

    let drawn = run(&setup, &["trace", &made]);
    for part in ["POST /api/v1/workspaces", "artifact.create", "queue wait", "commit", "group of 1", "█", "status 201"]
    {
        assert!(drawn.contains(part), "{part}: {drawn}");
    }
    assert!(!drawn.contains('\u{1b}') && !listed.contains('\u{1b}'), "colours are for terminals");
    assert!(run(&setup, &["trace", &found]).contains("index wait"));
    let told: Value = serde_json::from_str(&run(&setup, &["trace", &made, "--json"])).expect("JSON");
    assert_eq!(told["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"], made.as_str());
}

#[test]
fn more_than_a_page_is_asked_for_page_by_page() {
    let setup = Setup::new();
    let server = setup.start();
    for _ in 0..130 {
        server.client().get("/nowhere").expect(404);
    }
    let page = run(&setup, &["traces", "--status", "404", "--limit", "120", "--json"]);
    let page: Value = serde_json::from_str(&page).expect("JSON");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(120));
}

#[test]
fn another_server_is_asked_with_its_operators_token() {
    let server = setup().start();
    let [made, _] = busy(&server);
    let elsewhere = Setup::new();
    let token = elsewhere.scratch().join("token");
    fs::write(&token, "operators-have-a-token\n").expect("a file");
    let token = token.to_str().expect("a printable path");
    let url = server.url();
    let far = ["--server", &url, "--token-file", token];
    assert!(run(&elsewhere, &[&["traces"][..], &far].concat()).contains(&made));
    assert!(run(&elsewhere, &[&["trace", &made][..], &far].concat()).contains("artifact.create"));

    fs::write(token, "somebody-elses-token\n").expect("a file");
    for arguments in [&["traces"][..], &["trace", &made]] {
        let (status, _, errors) = elsewhere.run(&[arguments, &far].concat());
        assert!(!status.success() && errors.contains("server.operator_token"), "{errors}");
    }
}

#[test]
fn what_can_not_be_told_is_said_in_a_line() {
    let setup = Setup::new();
    let failure = |arguments: &[&str]| {
        let (status, said, errors) = setup.run(arguments);
        assert!(!status.success() && said.is_empty(), "{said}");
        errors
    };
    assert!(failure(&["traces"]).contains("no server that uses"));
    let server = setup.start();
    assert!(failure(&["trace", "0af7651916cd43dd8448eb211c80319c"]).contains("no longer"));
    assert!(failure(&["traces", "--operation", "nothing"]).contains("operation"));
    server.stop();
}
