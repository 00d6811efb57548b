//! What one of several servers does for all: it holds a lease, which another takes when it dies, is paused, or stops.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::nodes::{node, two_at};
use crate::support::account::Account;
use crate::support::postgres;
use crate::support::server::{Server, Setup};

fn health(server: &Server) -> Value {
    server.client().get("/health/detailed").expect(200).json()["services"].clone()
}

fn lease(server: &Server) -> Value {
    health(server)["background"]["lease"].clone()
}

fn holds(server: &Server) -> bool {
    lease(server)["here"] == true
}

/// The one that holds the lease, and the other.
fn holder_and_other([one, other]: [Server; 2]) -> (Server, Server) {
    one.until("a holder", || holds(&one) != holds(&other));
    if holds(&one) { (one, other) } else { (other, one) }
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn one_server_does_the_background_work_and_another_when_that_dies_or_stops() {
    let url = postgres::database();
    let (holder, other) = holder_and_other(two_at(&url));
    other.until("who holds it is known", || lease(&other)["holder"] == lease(&holder)["holder"]);
    let of_holder = lease(&holder)["holder"].clone();
    holder.kill();
    other.until("taken over", || holds(&other));
    assert_ne!(lease(&other)["holder"], of_holder);
    // One that stops gives it back.
    let third = node(&url).start();
    assert!(holds(&other));
    other.stop();
    third.until("given back", || holds(&third));
    let alone = Setup::new().start();
    assert!(holds(&alone), "a server with a database of its own always does");
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_paused_server_finds_that_another_has_taken_over() {
    let url = postgres::database();
    let (holder, other) = holder_and_other(two_at(&url));
    let ann = Account::new(&other);
    holder.signal("STOP");
    other.until("taken over", || holds(&other));
    ann.artifacts();
    holder.signal("CONT");
    holder.until("it is known", || !holds(&holder));
    assert!(holds(&other));
    assert_eq!(lease(&holder)["holder"], lease(&other)["holder"]);
}

fn files(place: &Path, kind: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    names.filter(|name| name.ends_with(kind)).collect()
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn backups_configured_everywhere_are_made_by_one_and_go_on_at_another() {
    let url = postgres::database();
    let scratch = Setup::new();
    let place = scratch.scratch().join("place");
    let setup = || {
        node(&url)
            .env("GHOSTWORKS__BACKUPS__TO", place.display().to_string())
            .env("GHOSTWORKS__BACKUPS__CHANGES_EVERY_SECONDS", "1")
    };
    let setups = [setup(), setup()];
    let (holder, other) = holder_and_other([setups[0].start(), setups[1].start()]);
    holder.until("a backup", || files(&place, ".backup").len() == 1);
    assert_eq!(health(&other)["backups"]["made_here"], false);
    assert_eq!(health(&other)["backups"]["status"], "healthy");
    let ann = Account::new(&holder);
    let there = other.client().bearer(&ann.access);
    ann.artifacts();
    other.until("shipped", || !files(&place, ".changes").is_empty());
    holder.kill();
    other.until("taken over", || holds(&other));
    let shipped = files(&place, ".changes").len();
    there.post("/api/v1/workspaces/", &json!({"name": "After", "slug": "after"})).expect(201);
    other.until("shipped by the other", || files(&place, ".changes").len() > shipped);
    assert_eq!(files(&place, ".backup").len(), 1, "changes go on from the same backup");
    assert_eq!(health(&other)["backups"]["status"], "healthy", "the place is that of both");
    other.stop();
    let (status, said, errors) = setups[0].run(&["backups", "verify", "--all"]);
    assert!(status.success(), "{said}{errors}");
}
