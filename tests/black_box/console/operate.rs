//! What operators see in the console: how the server does, where the time of requests went, what was logged.

use std::time::Instant;

use serde_json::{Value, json};

use super::led_to;
use crate::support::PATIENCE;
use crate::support::account::{Account, text};
use crate::support::browser::{Browser, FORM, escape, hidden_fields, unescape};
use crate::support::server::Server;
use crate::support::tour::{OPERATOR, setup};

const OVERVIEW: &str = "/console/operate";
const TRACES: &str = "/console/operate/traces";
const ACCOUNTS: &str = "/console/operate/accounts";

/// Lets an account operate a server of the tour's setup.
pub(super) fn operate(server: &Server, account: &Account) {
    let grant = format!("/api/v1/operator/accounts/{}/grant-operator", account.id);
    server.client().bearer(OPERATOR).send("POST", &grant, "application/json", "").expect(200);
}

/// The browser of an operator.
fn operator(server: &Server) -> Browser {
    let account = Account::new(server);
    operate(server, &account);
    Browser::of(server, &account)
}

#[test]
fn the_overview_says_how_the_server_does_and_its_cells_lead_to_requests() {
    let server = setup().start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for _ in 0..3 {
        owner.client.post(&artifacts, &json!({"name": "n"})).expect(201);
    }
    let browser = operator(&server);
    let page = browser.get(OVERVIEW).expect(200);
    for part in ["Everything works.", "<h2>The last hour</h2>", "Longest commit", "<polyline", "Free on the disk"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(page.body.len() <= 25_000, "{} bytes", page.body.len());
    // The row of a route: its form, and a button for each cell that has requests.
    let route = "POST /api/v1/workspaces/{workspace_id}/artifacts";
    let (_, row) = page.body.split_once(&format!("name=\"on\" value=\"{route}\"")).expect("a row of the route");
    let (_, cell) = row.split_once("name=\"from\" value=\"").expect("a cell");
    let from = cell.split('"').next().expect("a time");
    let list = browser.get(&format!("{TRACES}?on={}&from={from}", escape(route))).expect(200);
    assert_eq!(list.body.matches(">artifact.create</a>").count(), 3, "{}", list.body);
    assert!(list.body.contains("3 requests in the last hour"), "{}", list.body);
}

#[test]
fn what_needs_attention_is_said_with_what_to_do() {
    // Nobody listens there.
    let server = setup().traces_to("http://127.0.0.1:9").env("OTEL_EXPORTER_OTLP_TIMEOUT", "1").start();
    let browser = operator(&server);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page = browser.get(OVERVIEW).expect(200);
        if page.body.contains("The collector does not take traces.") {
            assert!(page.body.contains("OTEL_TRACES_EXPORTER=none") && page.body.contains(">To the log</a>"));
            assert!(!page.body.contains("Everything works."));
            return;
        }
        assert!(Instant::now() < deadline, "{}", page.body);
    }
}

#[test]
fn an_operator_sees_all_of_a_trace_and_takes_it_along() {
    let server = setup().start();
    let owner = Account::new(&server);
    let made = owner.client.post(&owner.artifacts(), &json!({"name": "n"})).expect(201);
    let trace = made.header("traceresponse").expect("a trace")[3..35].to_owned();
    let browser = operator(&server);
    let page = browser.get(&format!("{TRACES}/{trace}")).expect(200);
    for part in
        ["insert artifacts", "db.system.name", "group of 1", "queue wait", "commit", "log info: request", "request_id"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(page.body.contains("Among the requests of its route") && page.body.contains("(this request)"));
    assert!(!page.body.contains("Open where traces are kept"), "nobody said where that is");
    let otlp = browser.get(&format!("{TRACES}/{trace}/otlp")).expect(200);
    assert!(otlp.header("content-disposition").is_some_and(|it| it.starts_with("attachment")));
    let message: Value = otlp.json();
    assert!(message["resourceSpans"][0]["scopeSpans"][0]["spans"].is_array(), "{message}");
    browser.get(&format!("{TRACES}/{}", "1".repeat(32))).expect(404);
}

#[test]
fn a_trace_leads_to_the_program_that_keeps_it() {
    let server =
        setup().env("GHOSTWORKS__TELEMETRY__TRACE_URL", "https://jaeger.example/trace/{trace_id}?ui=1").start();
    let owner = Account::new(&server);
    let made = owner.client.post(&owner.artifacts(), &json!({"name": "n"})).expect(201);
    let trace = made.header("traceresponse").expect("a trace")[3..35].to_owned();
    let page = operator(&server).get(&format!("{TRACES}/{trace}")).expect(200);
    assert!(page.body.contains(&format!("href=\"https://jaeger.example/trace/{trace}?ui=1\"")), "{}", page.body);
}

#[test]
fn requests_are_listed_by_what_they_are_worth() {
    let server = setup().start();
    let browser = operator(&server);
    for _ in 0..45 {
        server.client().get("/nowhere").expect(404);
    }
    let page = browser.get(&format!("{TRACES}?show=refusals")).expect(200);
    assert!(page.body.contains("Older requests") && page.body.contains("What is remembered"), "{}", page.body);
    let (before, _) = page.body.split_once("\">Older requests").expect("a link");
    let older = unescape(before.rsplit('"').next().expect("a place"));
    let rest = browser.get(&older).expect(200);
    assert_eq!(rest.body.matches("class=\"status odd\"").count(), 15, "{}", rest.body);
    let slowest = browser.get(&format!("{TRACES}?show=slowest")).expect(200);
    assert!(slowest.body.contains("aria-current=\"true\">Slowest first"), "{}", slowest.body);
    assert!(slowest.body.len() <= 25_000, "{} bytes", slowest.body.len());
}

#[test]
fn requests_are_narrowed_by_an_attribute() {
    let server = setup().start();
    let owner = Account::new(&server);
    let made = owner.client.post(&owner.artifacts(), &json!({"name": "n"})).expect(201);
    let trace = made.header("traceresponse").expect("a trace")[3..35].to_owned();
    let id = text(&made.json()["id"]);
    let browser = operator(&server);
    let page = browser.get(&format!("{TRACES}?attribute=artifact.id%3A{id}")).expect(200);
    assert_eq!(page.body.matches(&format!("{TRACES}/{trace}")).count(), 1, "{}", page.body);
    assert!(page.body.contains("Remove the filter attribute artifact.id:"), "{}", page.body);
    let nothing = browser.get(&format!("{TRACES}?attribute=artifact.id%3A{id}&attribute=a%3Ab")).expect(200);
    assert!(nothing.body.contains("No request of this kind") && !nothing.body.contains(&trace), "{}", nothing.body);
}

#[test]
fn the_log_is_narrowed_by_level_and_text() {
    let server = setup().start();
    let browser = operator(&server);
    server.client().with("X-Request-ID", "look-for-me").get("/nowhere").expect(404);
    let page = browser.get("/console/operate/log?q=LOOK-for-me").expect(200);
    assert_eq!(page.body.matches("<tr>").count(), 2, "{}", page.body);
    assert!(page.body.contains("look-for-me") && page.body.contains(">trace</a>"), "{}", page.body);
    let page = browser.get("/console/operate/log?level=error").expect(200);
    assert!(page.body.contains("No line of this kind is remembered."), "{}", page.body);
    // What is logged is text, whatever is in it.
    server.client().with("X-Request-ID", "<script>").get("/nowhere").expect(404);
    let page = browser.get("/console/operate/log").expect(200);
    assert_eq!(page.body.matches("<script").count(), 1, "{}", page.body);
    assert!(page.body.len() <= 40_000, "{} bytes", page.body.len());
}

#[test]
fn accounts_are_found_disabled_and_let_operate() {
    let server = setup().start();
    let browser = operator(&server);
    let bob = Account::new(&server);
    let list = browser.get(&format!("{ACCOUNTS}?email={}", escape(&bob.email))).expect(200);
    let place = format!("{ACCOUNTS}/{}", bob.id);
    assert_eq!(list.body.matches(&format!("href=\"{ACCOUNTS}/")).count(), 1, "{}", list.body);
    assert!(list.body.contains(&format!("href=\"{place}\"")), "{}", list.body);
    let page = browser.get(&place).expect(200);
    assert!(page.body.contains("1 session"), "{}", page.body);
    assert_eq!(led_to(&browser.submit(&page, &format!("{place}/disable"), &[])), place);
    bob.client.get("/api/v1/auth/me").expect(401);
    let page = browser.get(&place).expect(200);
    assert!(page.body.contains(">disabled</span>"), "{}", page.body);
    led_to(&browser.submit(&page, &format!("{place}/enable"), &[]));
    led_to(&browser.submit(&page, &format!("{place}/grant-operator"), &[]));
    let bob = Browser::of(&server, &bob);
    bob.get(OVERVIEW).expect(200);
    let page = browser.get(&place).expect(200);
    led_to(&browser.submit(&page, &format!("{place}/revoke-operator"), &[]));
    bob.get(OVERVIEW).expect(403);
    // A form of somebody who may not, and one from elsewhere, change nothing.
    let own = bob.get("/console/account").expect(200);
    let token = hidden_fields(&own, "/console/sign-out").into_iter().find(|(name, _)| name == "form_token");
    let (_, token) = token.expect("a token");
    bob.send(&format!("{place}/grant-operator"), &[("form_token", &token)]).expect(403);
    let forged = browser.client().with("Sec-Fetch-Site", "cross-site");
    forged.send("POST", &format!("{place}/disable"), FORM, "").expect(403);
    for nonsense in ["?email=nonsense", "?email=nobody%40example.com"] {
        let page = browser.get(&format!("{ACCOUNTS}{nonsense}")).expect(200);
        assert!(page.body.contains("No account has this address."), "{}", page.body);
    }
}

#[test]
fn the_configuration_is_shown_without_secrets_and_read_again() {
    let server = setup().start();
    let browser = operator(&server);
    let place = "/console/operate/configuration";
    let page = browser.get(place).expect(200);
    assert!(page.body.contains("operator_token") && page.body.contains("GHOSTWORKS__SERVER__OPERATOR_TOKEN"));
    assert!(!page.body.contains(OPERATOR), "{}", page.body);
    let read = browser.submit(&page, &format!("{place}/reload"), &[]).expect(200);
    assert!(read.body.contains("It was read again, and nothing has changed."), "{}", read.body);
    let told = server.client().bearer(OPERATOR).get("/api/v1/operator/configuration").expect(200);
    let settings = told.json()["settings"].as_array().expect("settings").clone();
    let listen = settings.iter().find(|it| it["key"] == "server.listen").expect("the address");
    assert!(listen["origin"].as_str().is_some_and(|origin| origin != "default"), "{listen}");
    assert!(settings.iter().any(|it| it["key"] == "log.level" && it["origin"] == "default"));
    assert!(!told.body.contains(OPERATOR));
}

#[test]
fn the_level_of_the_log_is_set_and_the_files_are_shown() {
    let server = setup().start();
    let browser = operator(&server);
    let log = "/console/operate/log";
    let page = browser.get(log).expect(200);
    assert_eq!(led_to(&browser.submit(&page, &format!("{log}/level"), &[("level", "debug")])), log);
    let level = server.client().bearer(OPERATOR).get("/api/v1/operator/log-level").expect(200).json();
    assert_eq!(level["level"], "debug");
    led_to(&browser.submit(&page, &format!("{log}/level"), &[("level", "deafening")]));
    assert!(browser.get(log).expect(200).body.contains("value=\"debug\" selected"));
    let page = browser.get("/console/operate/storage").expect(200);
    for part in ["free on its disk", "Search index", "None are scheduled", "housekeeping"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
}
