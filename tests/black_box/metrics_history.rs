//! How the last hour was, for operators.

use serde_json::{Value, json};

use crate::support::account::Account;
use crate::support::server::Server;
use crate::support::tour::setup;

const HISTORY: &str = "/api/v1/system/metrics/history";
const OPERATOR: &str = "operators-have-a-token";

fn history(server: &Server) -> Value {
    server.client().bearer(OPERATOR).get(HISTORY).expect(200).json()
}

/// What a member of all points comes to.
fn sum(history: &Value, member: &str) -> u64 {
    let points = history["points"].as_array().expect("points");
    points.iter().map(|point| point[member].as_u64().expect("a number")).sum()
}

#[test]
fn what_happened_just_now_is_in_the_last_hour() {
    let server = setup().start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for _ in 0..3 {
        owner.client.post(&artifacts, &json!({"name": "n"})).expect(201);
    }
    owner.client.post(&artifacts, &json!({"name": ""})).expect(422);
    owner.client.get(&format!("{artifacts}?q=n")).expect(200);
    for path in ["/livez", "/readyz", "/health", "/metrics"] {
        server.client().get(path).expect(200);
    }
    server.client().get("/nowhere").expect(404);

    let history = history(&server);
    assert_eq!(history["interval_seconds"], 15);
    let limits = history["latency_limits_ms"].as_array().expect("limits").len();
    let last = history["points"].as_array().and_then(|points| points.last()).expect("a point").clone();
    assert_eq!(last["latency"].as_array().map(Vec::len), Some(limits + 1));
    assert!(sum(&history, "requests") >= 6 && sum(&history, "refusals") >= 2, "{history}");
    assert_eq!(sum(&history, "failures"), 0);
    assert!(sum(&history, "commits") >= 3 && sum(&history, "writes") >= 4, "{history}");
    assert!(last["database_bytes"].as_u64() > Some(0) && last["memory_bytes"].as_u64() > Some(0), "{last}");
    assert!(last["free_bytes"].as_u64() > Some(0) && last["queue_capacity"].as_u64() > Some(0), "{last}");

    let routes = history["routes"].as_array().expect("routes");
    let named = |method: &str, route: Value| {
        routes.iter().find(|it| it["method"] == method && it["route"] == route).map(|it| it["minutes"].clone())
    };
    let made = named("POST", json!("/api/v1/workspaces/{workspace_id}/artifacts")).expect("the route");
    let all = made.as_array().expect("minutes").iter();
    let counts = all.clone().flat_map(|minute| minute["latency"].as_array().expect("counts"));
    assert_eq!(counts.filter_map(Value::as_u64).sum::<u64>(), 4);
    assert_eq!(all.filter_map(|minute| minute["refusals"].as_u64()).sum::<u64>(), 1);
    assert!(named("GET", Value::Null).is_some(), "what matches no route is counted, too: {routes:?}");
    assert!(named("GET", json!("/livez")).is_none() && named("GET", json!("/metrics")).is_none(), "{routes:?}");
}

#[test]
fn nobody_but_operators_sees_the_last_hour() {
    let server = setup().start();
    server.client().get(HISTORY).problem(401, "not_authenticated");
    Account::new(&server).client.get(HISTORY).problem(403, "forbidden");
}

#[test]
fn without_the_recorder_nothing_is_known_of_it() {
    let server = setup().env("GHOSTWORKS__TELEMETRY__RECORDER_BYTES", "0").start();
    let history = history(&server);
    assert_eq!((&history["points"], &history["routes"]), (&json!([]), &json!([])));
}
