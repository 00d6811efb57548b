//! What was just written is found, and what was just deleted is not, while others write too.

use std::thread;

use serde_json::{Value, json};

use super::support::account::{Account, text};
use super::support::server::Server;
use super::support::unique;

const CREATORS: usize = 6;
const TIMES: usize = 15;

/// A word that no other begins with, nor is like: it has its number three times.
fn new_word(stem: &str) -> String {
    unique(stem).replace('-', "").repeat(3)
}

/// The ids of what a word finds.
fn found(owner: &Account, artifacts: &str, word: &str) -> Vec<String> {
    let page = owner.client.get(&format!("{artifacts}?q={word}")).expect(200).json();
    let ids: Vec<String> = page["items"].as_array().expect("items").iter().map(|item| text(&item["id"])).collect();
    assert_eq!(page["total"], ids.len(), "{page}");
    ids
}

#[test]
fn whoever_creates_finds_it_at_once_while_others_create() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let (one, other) = (owner.artifacts(), owner.artifacts());
    thread::scope(|scope| {
        for number in 0..CREATORS {
            let (owner, artifacts) = (&owner, if number % 2 == 0 { &one } else { &other });
            scope.spawn(move || {
                for _ in 0..TIMES {
                    let word = new_word("word");
                    let id = text(&owner.artifact(artifacts, &json!({"name": format!("A new {word}")}))["id"]);
                    assert_eq!(found(owner, artifacts, &word), [id]);
                }
            });
        }
    });
}

#[test]
fn every_write_shows_in_the_next_search() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    thread::scope(|scope| {
        for _ in 0..CREATORS {
            scope.spawn(|| {
                let (before, after) = (new_word("before"), new_word("after"));
                let id = text(&owner.artifact(&artifacts, &json!({"name": before}))["id"]);
                let path = format!("{artifacts}/{id}");
                let both = || (found(&owner, &artifacts, &before), found(&owner, &artifacts, &after));
                let (it, nothing) = (vec![id.clone()], Vec::new());
                assert_eq!(both(), (it.clone(), nothing.clone()));
                owner.client.patch(&path, &json!({"name": after})).expect(200);
                assert_eq!(both(), (nothing.clone(), it.clone()), "after the update");
                owner.client.delete(&path).expect(204);
                assert_eq!(both(), (nothing.clone(), nothing.clone()), "after the deletion");
                owner.client.call("POST", &format!("{path}/restore")).expect(200);
                assert_eq!(both(), (nothing.clone(), it), "after it was restored");
                owner.client.delete(&format!("{path}?purge=true")).expect(204);
                assert_eq!(both(), (nothing.clone(), nothing), "after it was purged");
            });
        }
    });
}

#[test]
fn an_import_is_found_as_a_whole() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for size in [1, 700, 1500] {
        let word = new_word("batch");
        let lines: String =
            (0..size).map(|number| json!({"name": format!("{word} {number}")}).to_string() + "\n").collect();
        owner.client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", lines).expect(200);
        let page: Value = owner.client.get(&format!("{artifacts}?q={word}&limit=1")).expect(200).json();
        assert_eq!(page["total"], size);
    }
}
