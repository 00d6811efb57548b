//! What was just written is found, and what was just deleted is not, while others write too.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::support::account::{Account, text};
use crate::support::server::{Server, Setup};
use crate::support::unique;

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

#[test]
fn the_index_can_be_rebuilt_while_the_server_runs_and_before_it_starts() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let word = new_word("word");
    let id = text(&owner.artifact(&artifacts, &json!({"name": word}))["id"]);
    let (status, output, errors) = setup.run(&["reindex"]);
    assert!(status.success(), "{errors}");
    assert_eq!(output.trim(), "1 artifacts are in the search index.");
    assert!(server.stderr().contains("the search index is complete"), "{}", server.stderr());
    assert_eq!(owner.client.get(&format!("{artifacts}?q={word}")).expect(200).json()["total"], 1);
    server.stop();

    for file in fs::read_dir(setup.data().join("search")).expect("an index") {
        fs::write(file.expect("a file").path(), "spoilt").expect("it can be spoilt");
    }
    let (status, output, errors) = setup.run(&["reindex"]);
    assert!(status.success(), "{errors}");
    assert_eq!(output.trim(), "1 artifacts are in the search index.");
    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    let page = client.get(&format!("{artifacts}?q={word}")).expect(200).json();
    assert_eq!((&page["total"], text(&page["items"][0]["id"])), (&json!(1), id));
    assert!(!server.stderr().contains("is rebuilt"), "{}", server.stderr());
    let health = &server.client().get("/health/detailed").expect(200).json()["services"]["search"];
    assert_eq!((&health["artifacts"], &health["lag_changes"]), (&json!(1), &json!(0)), "{health}");
    assert!(
        health["last_query_ms"].as_f64().is_some_and(|it| it > 0.0) && health["last_merge_ms"].is_null(),
        "{health}"
    );
}

#[test]
fn an_index_that_a_power_cut_left_damaged_is_rebuilt() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let word = new_word("word");
    owner.artifact(&artifacts, &json!({"name": word}));
    assert_eq!(found(&owner, &artifacts, &word).len(), 1);
    server.stop();

    // The system has gone down since, and a block of a file that nobody looks at when it is opened never came to the disk.
    let index = setup.data().join("search");
    fs::write(index.join("boot"), "another").expect("it can be written");
    let files = fs::read_dir(&index).expect("an index").map(|file| file.expect("a file").path());
    let positions = files.into_iter().find(|path| path.extension().is_some_and(|it| it == "pos")).expect("positions");
    let mut bytes = fs::read(&positions).expect("a file");
    bytes[0] ^= 1;
    fs::write(&positions, bytes).expect("it can be written");

    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    let page = client.get(&format!("{artifacts}?q={word}")).expect(200).json();
    assert_eq!(page["total"], 1);
    assert!(server.stderr().contains("1 of its files are damaged"), "{}", server.stderr());
}

#[test]
fn an_index_that_somebody_removes_is_rebuilt_while_the_server_runs() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let (old, new) = (new_word("old"), new_word("new"));
    owner.artifact(&artifacts, &json!({"name": old}));
    assert_eq!(found(&owner, &artifacts, &old).len(), 1);
    fs::remove_dir_all(setup.data().join("search")).expect("it can be removed");
    owner.artifact(&artifacts, &json!({"name": new}));
    server.until("complete again", || server.stderr().contains("the search index is complete"));
    assert!(server.stderr().contains("the search index is damaged or gone, and is rebuilt"), "{}", server.stderr());
    assert_eq!((found(&owner, &artifacts, &old).len(), found(&owner, &artifacts, &new).len()), (1, 1));
    server.stop();

    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    assert_eq!(client.get(&format!("{artifacts}?q={old}")).expect(200).json()["total"], 1);
    assert!(!server.stderr().contains("is rebuilt"), "{}", server.stderr());
}
