//! The flight recorder: what the last requests were like, told to operators without any collector.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::server::{Server, Setup};
use crate::support::tour::{setup, tour};

const TRACES: &str = "/api/v1/system/traces";
const OPERATOR: &str = "operators-have-a-token";

fn trace_of(reply: &Reply) -> String {
    reply.header("traceresponse").expect("a trace")[3..35].to_owned()
}

fn operator(server: &Server) -> Client {
    server.client().bearer(OPERATOR)
}

fn list(operator: &Client, filters: &str) -> Vec<Value> {
    let page = operator.get(&format!("{TRACES}?limit=100&{filters}")).expect(200).json();
    page["items"].as_array().expect("items").clone()
}

/// The spans of an OTLP message.
fn spans(message: &Value) -> Vec<Value> {
    let scopes = message["resourceSpans"][0]["scopeSpans"].as_array().expect("scopes");
    scopes.iter().flat_map(|scope| scope["spans"].as_array().expect("spans").clone()).collect()
}

#[test]
fn a_request_is_found_by_what_its_answer_says_of_it() {
    let server = setup().start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.client.post(&artifacts, &json!({"name": "n"})).expect(201);
    let refused = owner.client.post(&artifacts, &json!({"name": ""})).expect(422);

    let operator = operator(&server);
    let asked_for = trace_of(&made);
    let found = list(&operator, "operation=artifact.create&status=201");
    let record = found.iter().find(|it| it["trace_id"] == asked_for).expect("a record");
    assert_eq!(record["method"], "POST");
    assert_eq!(record["route"], "/api/v1/workspaces/{workspace_id}/artifacts");
    assert_eq!(record["authorised"], true);
    assert!(artifacts.contains(&text(&record["workspace_id"])), "{record}");
    assert!(record["queue_ms"].is_number() && record["commit_ms"].is_number(), "{record}");
    assert!(record["group_size"].as_u64().is_some_and(|it| it >= 1), "{record}");

    let request = text(&refused.json()["request_id"]);
    let found = list(&operator, &format!("request_id={request}"));
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["trace_id"], &found[0]["error_type"]), (&json!(trace_of(&refused)), &json!("validation")));
}

#[test]
fn a_search_says_how_long_it_waited_for_the_index() {
    let server = setup().start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "needle"}));
    owner.client.get(&format!("{artifacts}?q=needle")).expect(200);
    let found = list(&operator(&server), "operation=artifact.search");
    assert!(found[0]["index_wait_ms"].is_number(), "{}", found[0]);
}

#[test]
fn each_filter_narrows_and_nonsense_is_refused() {
    let server = setup().start();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let (artifacts, others) = (owner.artifacts(), other.artifacts());
    owner.artifact(&artifacts, &json!({"name": "n"}));
    other.artifact(&others, &json!({"name": "n"}));
    login(&server.client(), &owner.email, "Wrong-horse-7").expect(401);
    let operator = operator(&server);
    let workspace = artifacts.split('/').nth(4).expect("an id").to_owned();

    let all = list(&operator, "");
    let count = |fits: fn(&Value) -> bool| all.iter().filter(|it| fits(it)).count();
    let statuses = |found: Vec<Value>| found.iter().map(|it| it["status"].as_u64()).collect::<BTreeSet<_>>();
    assert_eq!(statuses(list(&operator, "status=4xx")), BTreeSet::from([Some(401)]));
    assert_eq!(list(&operator, "status=401&operation=auth.login").len(), 1);
    assert_eq!(list(&operator, "route=/api/v1/auth/login").len(), count(|it| it["operation"] == "auth.login"));
    let about = list(&operator, &format!("workspace_id={workspace}"));
    assert!(!about.is_empty() && about.iter().all(|it| it["workspace_id"] == workspace), "{about:?}");
    assert!(list(&operator, "min_duration_ms=1000000").is_empty());
    let middle = text(&all[2]["started_at"]);
    assert!(list(&operator, &format!("since={middle}")).len() >= 3);
    assert!(list(&operator, &format!("until={middle}")).iter().all(|it| it["started_at"].as_str() <= Some(&middle)));

    for (query, field) in [
        ("operation=nothing", "/operation"),
        ("status=6xx", "/status"),
        ("limit=0", "/limit"),
        ("min_duration_ms=-1", "/min_duration_ms"),
        ("cursor=none", "/cursor"),
    ] {
        assert_eq!(operator.get(&format!("{TRACES}?{query}")).expect(422).invalid_fields(), [field], "{query}");
    }
}

#[test]
fn attributes_of_full_spans_narrow() {
    let server = setup().start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "needle"}));
    owner.client.get(&format!("{artifacts}?limit=7")).expect(200);
    owner.client.get(&format!("{artifacts}?limit=8")).expect(200);
    let operator = operator(&server);
    let operations =
        |filters: &str| list(&operator, filters).iter().map(|it| text(&it["operation"])).collect::<BTreeSet<_>>();
    let only = |name: &str| BTreeSet::from([name.to_owned()]);
    let id = text(&made["id"]);
    assert_eq!(operations(&format!("attribute=artifact.id:{id}")), only("artifact.create"));
    assert_eq!(operations("attribute=artifact.limit:7&attribute=operation.success:true"), only("artifact.list"));
    assert_eq!(list(&operator, "attribute=artifact.limit:8").len(), 1);
    let nobody = [
        "attribute=artifact.limit:7&attribute=artifact.limit:8",
        "attribute=artifact.limit:7&operation=artifact.create",
        "attribute=artifact.limit:",
        "attribute=artifact.limit:7:8",
    ];
    for filters in nobody {
        assert!(list(&operator, filters).is_empty(), "{filters}");
    }
    assert!(list(&operator, "attribute=artifact.limit:7").iter().all(|it| it["has_spans"] == true));
    let many = ["attribute=a:b"; 11].join("&");
    for query in ["attribute=nonsense", "attribute=:7", "attribute=", &many] {
        assert_eq!(operator.get(&format!("{TRACES}?{query}")).expect(422).invalid_fields(), ["/attribute"], "{query}");
    }
}

#[test]
fn pages_follow_one_another_newest_first() {
    let server = setup().start();
    for _ in 0..5 {
        server.client().get("/nowhere").expect(404);
    }
    let operator = operator(&server);
    let pages = operator.pages(&format!("{TRACES}?status=404"), 2);
    let seen: Vec<String> = pages.iter().map(|it| text(&it["trace_id"])).collect();
    let times: Vec<String> = list(&operator, "status=404").iter().map(|it| text(&it["started_at"])).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>().len()), (5, 5));
}

#[test]
fn health_checks_and_scrapes_leave_no_record() {
    let server = setup().start();
    for path in ["/livez", "/readyz", "/health", "/health/detailed", "/metrics"] {
        server.client().get(path).expect(200);
    }
    server.client().get("/api/v1/system/stats").expect(200);
    let operations: BTreeSet<String> = list(&operator(&server), "").iter().map(|it| text(&it["operation"])).collect();
    assert_eq!(operations, BTreeSet::from(["system.stats".to_owned()]));
}

#[test]
fn a_trace_has_all_spans_though_nothing_is_exported() {
    let server = setup().start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.client.post(&artifacts, &json!({"name": "n"})).expect(201);
    let trace = trace_of(&made);
    assert!(made.header("traceresponse").is_some_and(|it| it.ends_with("-00")), "it is not sampled");

    let told = spans(&operator(&server).get(&format!("{TRACES}/{trace}")).expect(200).json());
    let names: BTreeSet<String> = told.iter().map(|span| text(&span["name"])).collect();
    for name in ["POST /api/v1/workspaces/{workspace_id}/artifacts", "artifact.create", "insert artifacts"] {
        assert!(names.contains(name), "{names:?}");
    }
    assert!(told.iter().all(|span| span["traceId"] == trace.as_str()));
    let page = operator(&server).get(&format!("{TRACES}?operation=artifact.create")).expect(200).json();
    assert_eq!(page["items"][0]["has_spans"], true);
    assert!(page["recorder"]["spans"]["kept"].as_u64() >= Some(3), "{page}");
}

#[test]
fn a_record_alone_is_told_as_spans_too() {
    // So little that no spans are kept, but many records are.
    let server = setup().env("GHOSTWORKS__TELEMETRY__RECORDER_BYTES", "262144").start();
    let owner = Account::new(&server);
    let made = owner.client.post(&owner.artifacts(), &json!({"name": "n"})).expect(201);
    for _ in 0..200 {
        server.client().get("/nowhere").expect(404);
    }
    let told = spans(&operator(&server).get(&format!("{TRACES}/{}", trace_of(&made))).expect(200).json());
    let names: Vec<String> = told.iter().map(|span| text(&span["name"])).collect();
    assert_eq!(names, ["POST /api/v1/workspaces/{workspace_id}/artifacts", "write", "queue wait", "commit"]);
    assert_eq!((&told[0]["kind"], &told[1]["parentSpanId"]), (&json!(2), &told[0]["spanId"]));
}

#[test]
fn nobody_but_operators_sees_any_of_it() {
    let server = setup().start();
    let made = server.client().get("/nowhere").expect(404);
    let one = format!("{TRACES}/{}", trace_of(&made));
    let owner = Account::new(&server);
    owner.workspace();
    for path in [TRACES, &one] {
        server.client().get(path).problem(401, "not_authenticated");
        owner.client.get(path).problem(403, "forbidden");
        operator(&server).get(path).expect(200);
    }
    for unknown in ["0".repeat(32), "f".repeat(32), "x".repeat(32), "+".repeat(32), "1".to_owned()] {
        operator(&server).get(&format!("{TRACES}/{unknown}")).problem(404, "trace_not_found");
    }
}

#[test]
fn it_knows_nothing_of_persons() {
    let server = setup().start();
    let secrets = tour(&server);
    let named = server.client().with("User-Agent", "somebodys-agent").with("X-Forwarded-For", "203.0.113.9");
    let account = Account::new(&server);
    named.get(&format!("/nowhere/{}", account.email)).expect(404);
    login(&named, &account.email, PASSWORD).expect(200);

    let operator = operator(&server);
    let mut told = operator.get(&format!("{TRACES}?limit=100")).expect(200).body;
    for record in list(&operator, "") {
        told += &operator.get(&format!("{TRACES}/{}", text(&record["trace_id"]))).expect(200).body;
    }
    assert!(told.contains("auth.login"));
    let persons = ["somebodys-agent", "203.0.113.9", "127.0.0.1", &account.email, &account.id].map(str::to_owned);
    for secret in secrets.0.iter().chain(&persons) {
        assert!(!told.contains(secret.as_str()), "{secret} is told");
    }
}

#[test]
fn it_can_be_turned_off() {
    for (name, value) in [("GHOSTWORKS__TELEMETRY__RECORDER_BYTES", "0"), ("OTEL_SDK_DISABLED", "true")] {
        let server = setup().env(name, value).start();
        server.client().get("/nowhere").expect(404);
        let page = operator(&server).get(TRACES).expect(200).json();
        assert_eq!(page, json!({"items": [], "next_cursor": null, "recorder": null}));
        operator(&server).get(&format!("{TRACES}/{}", "1".repeat(32))).problem(404, "trace_not_found");
    }
}

#[test]
fn a_flood_of_refusals_takes_nothing_from_the_rest() {
    let server = setup().env("GHOSTWORKS__TELEMETRY__RECORDER_BYTES", "262144").start();
    let owner = Account::new(&server);
    owner.artifact(&owner.artifacts(), &json!({"name": "n"}));
    let client = server.client();
    for _ in 0..600 {
        client.get("/nowhere").expect(404);
    }
    let operator = operator(&server);
    assert_eq!(list(&operator, "operation=artifact.create").len(), 1);
    let recorder = operator.get(TRACES).expect(200).json()["recorder"].clone();
    let refusals = &recorder["refusals"];
    assert_eq!(
        refusals["kept"].as_u64().zip(refusals["dropped"].as_u64()).map(|(kept, dropped)| kept + dropped),
        Some(600)
    );
    assert!(refusals["dropped"].as_u64() > Some(0), "{recorder}");
    assert_eq!(recorder["failures"]["complete_since"], recorder["since"]);
}

#[test]
fn a_bad_size_is_refused() {
    let setup = Setup::new().env("GHOSTWORKS__TELEMETRY__RECORDER_BYTES", "1000");
    let (status, _, errors) = setup.run(&["config", "check"]);
    assert!(!status.success() && errors.contains("telemetry.recorder_bytes"), "{errors}");
}
