//! The newest log lines, for operators.

use serde_json::{Value, json};

use crate::support::account::{Account, login, text};
use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::tour::{setup, tour};

const LOG: &str = "/api/v1/system/log";
const OPERATOR: &str = "operators-have-a-token";

fn operator(server: &Server) -> Client {
    server.client().bearer(OPERATOR)
}

fn list(operator: &Client, filters: &str) -> Vec<Value> {
    let page = operator.get(&format!("{LOG}?limit=100&{filters}")).expect(200).json();
    page["items"].as_array().expect("items").clone()
}

#[test]
fn a_request_is_found_by_its_trace() {
    let server = setup().start();
    let reply = server.client().with("X-Request-ID", "asked-for").get("/nowhere").expect(404);
    let trace = reply.header("traceresponse").expect("a trace")[3..35].to_owned();
    let found = list(&operator(&server), &format!("trace_id={trace}"));
    assert_eq!(found.len(), 1, "{found:?}");
    let line = &found[0];
    assert_eq!(
        (&line["level"], &line["message"], &line["trace_id"]),
        (&json!("info"), &json!("request"), &json!(trace))
    );
    assert_eq!((&line["fields"]["status"], &line["fields"]["request_id"]), (&json!(404), &json!("asked-for")));
    assert_eq!(line["span_id"].as_str().map(str::len), Some(16));
}

#[test]
fn each_filter_of_the_log_narrows_and_nonsense_is_refused() {
    let server = setup().start();
    for name in ["one", "two", "three"] {
        server.client().with("X-Request-ID", name).get("/nowhere").expect(404);
    }
    let operator = operator(&server);
    assert_eq!(list(&operator, "q=TWO&target=ghostworks").len(), 1);
    assert!(list(&operator, "target=elsewhere").is_empty());
    assert!(list(&operator, "level=warn").iter().all(|line| line["level"] != "info"));
    let at = text(&list(&operator, "q=three")[0]["timestamp"]);
    assert_eq!(list(&operator, &format!("q=request&since={at}&until={at}")).len(), 1);
    for (query, field) in
        [("level=loud", "/level"), ("limit=0", "/limit"), ("trace_id=12", "/trace_id"), ("cursor=none", "/cursor")]
    {
        assert_eq!(operator.get(&format!("{LOG}?{query}")).expect(422).invalid_fields(), [field], "{query}");
    }
}

#[test]
fn pages_of_the_log_follow_one_another() {
    let server = setup().start();
    for _ in 0..5 {
        server.client().get("/nowhere").expect(404);
    }
    let operator = operator(&server);
    let pages = operator.pages(&format!("{LOG}?q=unmatched"), 2);
    let mut seen: Vec<String> = pages.iter().map(|it| text(&it["span_id"])).collect();
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((all, seen.len()), (5, 5));
}

#[test]
fn nobody_but_operators_sees_the_log_and_it_tells_no_secret() {
    let server = setup().start();
    let secrets = tour(&server);
    let account = Account::new(&server);
    login(&server.client(), &account.email, "Wrong-horse-7").expect(401);
    server.client().get(LOG).problem(401, "not_authenticated");
    account.client.get(LOG).problem(403, "forbidden");
    let operator = operator(&server);
    let (mut told, mut cursor) = (String::new(), String::new());
    loop {
        let reply = operator.get(&format!("{LOG}?limit=100{cursor}")).expect(200);
        told += &reply.body;
        match reply.json()["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(told.contains("auth/login"), "{told}");
    // Registering without a mail server shows a link on the terminal, and nowhere else.
    assert!(!told.contains("verify-email?") && !told.contains("token="), "{told}");
    for secret in secrets.0.iter().chain([&account.email]) {
        assert!(!told.contains(secret.as_str()), "{secret} is told");
    }
}

#[test]
fn it_says_since_when_it_knows_and_can_be_turned_off() {
    let server = setup().start();
    server.client().get("/nowhere").expect(404);
    let page = operator(&server).get(LOG).expect(200).json();
    assert_eq!(page["log"]["important"]["complete_since"], page["log"]["since"]);
    assert!(page["log"]["others"]["kept"].as_u64() >= Some(1), "{page}");

    let server = setup().env("GHOSTWORKS__TELEMETRY__RECORDER_BYTES", "0").start();
    let page = operator(&server).get(LOG).expect(200).json();
    assert_eq!(page, json!({"items": [], "next_cursor": null, "log": null}));
}
