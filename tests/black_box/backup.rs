//! `ghostworks backup` and `restore`: everything there and back, or nothing at all.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::Client;
use crate::support::server::Setup;
use serde_json::{Value, json};

/// A stopped server with a few artifacts, their path, and who made them.
fn used() -> (Setup, String, String) {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let id = text(&owner.artifact(&artifacts, &json!({"name": "Anvil", "tags": ["iron"]}))["id"]);
    owner.artifact(&artifacts, &json!({"name": "Bellows"}));
    owner.client.patch(&format!("{artifacts}/{id}"), &json!({"name": "Big anvil"})).expect(200);
    server.stop();
    (setup, artifacts, owner.email)
}

/// What a person sees of everything: with the database of `setup`, signed in again.
fn seen(setup: &Setup, artifacts: &str, email: &str) -> Vec<Value> {
    let server = setup.start();
    let tokens = login(&server.client(), email, PASSWORD).expect(200).json();
    let client: Client = server.client().bearer(&text(&tokens["access_token"]));
    let list = client.get(artifacts).expect(200).json();
    let items = list["items"].as_array().expect("items").clone();
    let history = |item: &Value| client.get(&format!("{artifacts}/{}/history", text(&item["id"]))).expect(200).json();
    let seen = items.iter().cloned().chain(items.iter().map(history)).collect();
    server.stop();
    seen
}

fn run(setup: &Setup, command: &str, file: &Path, more: &[&str]) -> (bool, String) {
    let words = [&[command, file.to_str().expect("a printable path")], more].concat();
    let (status, out, errors) = setup.run(&words);
    (status.success(), out + &errors)
}

fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn what_is_restored_is_what_was_backed_up() {
    let (setup, artifacts, email) = used();
    let file = setup.scratch().join("backup");
    let (succeeded, said) = run(&setup, "backup", &file, &[]);
    assert!(succeeded && said.contains("rows are in"), "{said}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = seen(&setup, &artifacts, &email);

    let elsewhere = setup.clone().data_dir(setup.scratch().join("made/elsewhere"));
    let (succeeded, said) = run(&elsewhere, "restore", &file, &[]);
    assert!(succeeded && said.contains("rows were restored"), "{said}");
    assert_eq!(names(elsewhere.data()), ["ghostworks.redb"]);
    let (status, report, errors) = elsewhere.run(&["check"]);
    assert!(status.success(), "{report}{errors}");
    assert_eq!(seen(&elsewhere, &artifacts, &email), before);
}

#[test]
fn nothing_is_lost_without_being_told() {
    let (setup, artifacts, email) = used();
    let file = setup.scratch().join("backup");
    run(&setup, "backup", &file, &[]);
    let kept = fs::read(&file).unwrap();
    let (succeeded, said) = run(&setup, "backup", &file, &[]);
    assert!(!succeeded && said.contains("--force"), "{said}");
    assert!(fs::read(&file).unwrap() == kept, "the backup was changed");
    assert!(run(&setup, "backup", &file, &["--force"]).0);

    let before = seen(&setup, &artifacts, &email);
    let database = fs::read(setup.data().join("ghostworks.redb")).unwrap();
    let (succeeded, said) = run(&setup, "restore", &file, &[]);
    assert!(!succeeded && said.contains("--force"), "{said}");
    assert!(fs::read(setup.data().join("ghostworks.redb")).unwrap() == database, "the database was changed");
    assert!(run(&setup, "restore", &file, &["--force"]).0);
    assert_eq!(seen(&setup, &artifacts, &email), before);
}

#[test]
fn a_damaged_backup_changes_nothing() {
    let (setup, artifacts, email) = used();
    let file = setup.scratch().join("backup");
    run(&setup, "backup", &file, &[]);
    let whole = fs::read(&file).unwrap();
    let before = seen(&setup, &artifacts, &email);
    let database = fs::read(setup.data().join("ghostworks.redb")).unwrap();
    let there = names(setup.data());
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &flipped, b"not a backup", b""] {
        fs::write(&file, damaged).unwrap();
        let (succeeded, said) = run(&setup, "restore", &file, &["--force"]);
        assert!(!succeeded && said.contains(&format!("the backup {}: ", file.display())), "{said}");
        assert!(fs::read(setup.data().join("ghostworks.redb")).unwrap() == database, "the database was changed");
        assert_eq!(names(setup.data()), there);
    }
    assert_eq!(seen(&setup, &artifacts, &email), before);
}

#[test]
fn a_running_server_is_left_alone() {
    let (setup, ..) = used();
    let file = setup.scratch().join("backup");
    run(&setup, "backup", &file, &[]);
    let server = setup.start();
    fs::remove_file(setup.data().join("operator.sock")).expect("the operator socket");
    for (command, file) in [("backup", setup.scratch().join("another")), ("restore", file)] {
        let (succeeded, said) = run(&setup, command, &file, &["--force"]);
        assert!(!succeeded && said.contains("in use"), "{said}");
    }
    assert!(names(setup.scratch()).iter().all(|name| !name.contains("another")), "half a backup was left");
    Account::new(&server);
    server.stop();
}

#[test]
fn a_running_server_makes_the_backup_for_its_operator() {
    let (setup, artifacts, email) = used();
    let before = seen(&setup, &artifacts, &email);
    let operated = setup.clone().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN);
    let server = operated.start();
    let listen = ["--listen", &server.address().to_string()];
    let file = setup.scratch().join("backup");
    let (succeeded, said) = run(&operated, "backup", &file, &listen);
    assert!(succeeded && said.contains("rows are in"), "{said}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let elsewhere = setup.clone().data_dir(setup.scratch().join("elsewhere"));
    assert!(run(&elsewhere, "restore", &file, &[]).0);
    assert_eq!(seen(&elsewhere, &artifacts, &email), before);

    let another = setup.scratch().join("another");
    fs::remove_file(setup.data().join("operator.sock")).expect("the operator socket");
    let stranger = setup.clone().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", "another-token-entirely");
    for (setup, more, reason) in [
        (&setup, &listen[..], "server.operator_token"),
        (&stranger, &listen[..], "another server.operator_token"),
        (&operated, &["--listen", "127.0.0.1:0"][..], "--listen"),
        (&operated, &["--listen", "127.0.0.1:1"][..], "can't be asked at http://127.0.0.1:1"),
    ] {
        let (succeeded, said) = run(setup, "backup", &another, more);
        assert!(!succeeded && said.contains(reason), "{said}");
    }
    assert!(names(setup.scratch()).iter().all(|name| !name.contains("another")), "half a backup was left");
}

#[test]
fn what_is_not_there_is_said() {
    let setup = Setup::new();
    let file = setup.scratch().join("backup");
    let (succeeded, said) = run(&setup, "backup", &file, &[]);
    assert!(!succeeded && said.contains("there is no database"), "{said}");
    let (succeeded, said) = run(&setup, "restore", &file, &[]);
    assert!(!succeeded && said.contains(&format!("the backup {}: ", file.display())), "{said}");
    assert!(!setup.data().exists(), "nothing was made");
}

const TOKEN: &str = "a-token-of-the-operator";

#[test]
fn a_backup_beside_a_running_server_is_of_one_moment() {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN);
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let operator = server.client().bearer(TOKEN);
    let create = || text(&owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]);
    let (stop, stopped) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let (before, backup) = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let id = create();
                    stopped.lock().unwrap().push(id);
                }
            });
        }
        while stopped.lock().unwrap().len() < 100 {
            std::thread::yield_now();
        }
        let before = stopped.lock().unwrap().clone();
        let (status, backup) = operator.download("/api/v1/system/backup");
        stop.store(true, Ordering::Relaxed);
        assert_eq!(status, 200);
        (before, backup)
    });
    server.stop();

    let file = setup.scratch().join("backup");
    fs::write(&file, backup).unwrap();
    let elsewhere = setup.clone().data_dir(setup.scratch().join("elsewhere"));
    let (succeeded, said) = run(&elsewhere, "restore", &file, &[]);
    assert!(succeeded, "{said}");
    let (status, report, errors) = elsewhere.run(&["check"]);
    assert!(status.success(), "{report}{errors}");
    let server = elsewhere.start();
    let tokens = login(&server.client(), &owner.email, PASSWORD).expect(200).json();
    let client = server.client().bearer(&text(&tokens["access_token"]));
    for id in &before {
        client.get(&format!("{artifacts}/{id}")).expect(200);
    }
    let total = client.get(&artifacts).expect(200).json()["total"].as_u64().expect("a total");
    let written = stopped.lock().unwrap().len() as u64;
    assert!(total >= before.len() as u64 && total <= written, "{} <= {total} <= {written}", before.len());
}

#[test]
fn only_the_operator_has_a_backup_from_a_running_server() {
    let server = Setup::new().start();
    let someone = Account::new(&server);
    for client in [server.client(), server.client().bearer(TOKEN)] {
        client.call("POST", "/api/v1/system/backup").problem(401, "not_authenticated");
    }
    someone.client.call("POST", "/api/v1/system/backup").problem(403, "forbidden");
    let server = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN).start();
    for client in [server.client(), server.client().bearer("another-token-entirely")] {
        client.call("POST", "/api/v1/system/backup").problem(401, "not_authenticated");
    }
}
