//! The background tasks, as an operator sees them.

use std::fs;
use std::net::TcpStream;

use crate::support::account::Account;
use crate::support::exposition::Exposition;
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

/// What the health report says of a task.
fn task(server: &Server, name: &str) -> Value {
    let health = server.client().get("/health/detailed").expect(200).json();
    health["services"]["background"]["tasks"][name].clone()
}

fn metric(server: &Server, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    Exposition::parse(&server.client().get("/metrics").expect(200).body).sum(name, labels)
}

#[test]
fn every_task_works_and_is_reported() {
    let setup = Setup::new();
    let backups = setup.scratch().join("backups").display().to_string();
    let server =
        setup.env("GHOSTWORKS__BACKUPS__TO", backups).env("GHOSTWORKS__BACKUPS__CHANGES_EVERY_SECONDS", "1").start();
    for name in ["housekeeping", "search_index", "search_save", "backups", "shipping"] {
        server.until(name, || task(&server, name)["last_success"].is_string());
        assert_eq!(task(&server, name)["status"], "healthy");
        assert_eq!(metric(&server, "background_task_failing", &[("task", name)]), Some(0.0));
        assert!(metric(&server, "background_task_turns_total", &[("task", name), ("outcome", "success")]) >= Some(1.0));
    }
    for name in ["mail", "search_merge_small", "search_merge_large"] {
        assert_eq!(task(&server, name)["panics"], 0, "{name}");
    }
    server.stop();
}

#[test]
fn a_task_that_fails_is_seen_and_works_again() {
    let setup = Setup::new();
    let place = setup.scratch().join("backups");
    fs::write(&place, "in the way").unwrap();
    let server = setup.env("GHOSTWORKS__BACKUPS__TO", place.display().to_string()).start();
    server.until("a failure", || task(&server, "backups")["status"] == "degraded");
    let backups = task(&server, "backups");
    assert_eq!(backups["last_error"]["error"], "there was no backup");
    assert!(backups["last_error"]["at"].is_string() && backups["last_success"].is_null(), "{backups}");
    assert_eq!(metric(&server, "background_task_failing", &[("task", "backups")]), Some(1.0));
    assert!(metric(&server, "background_task_turns_total", &[("task", "backups"), ("outcome", "error")]) >= Some(1.0));
    let ready = server.client().get("/readyz?verbose").expect(200).body;
    assert!(ready.contains("background task backups fails"), "{ready}");
    assert!(server.stderr().contains("there was no backup"), "{}", server.stderr());

    fs::remove_file(&place).unwrap();
    server.until("a backup", || task(&server, "backups")["status"] == "healthy");
    assert!(task(&server, "backups")["last_error"].is_object(), "it is still told when it last failed");
}

#[test]
fn idle_connections_take_no_descriptors_from_the_search_index() {
    let setup = Setup::new().descriptors(400).env("GHOSTWORKS__SERVER__HEADER_TIMEOUT_SECONDS", "2");
    let server = setup.start();
    server.until("said so", || server.stderr().contains("server.max_connections is more than"));
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for round in 1..=3 {
        let idle: Vec<_> = (0..450).map(|_| TcpStream::connect(server.address()).expect("it listens")).collect();
        owner.artifact(&artifacts, &json!({"name": "anvil"}));
        let page = owner.client.get(&format!("{artifacts}?q=anvil")).expect(200).json();
        assert_eq!(page["total"], round);
        drop(idle);
    }
    assert!(!server.stderr().contains("rebuilt") && !server.stderr().contains("can't accept"), "{}", server.stderr());
    server.stop();
}
