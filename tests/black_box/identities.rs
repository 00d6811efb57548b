//! Which installation a data directory is, and which history its database has: what is derived from another one is not
//! believed.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::server::{Server, Setup};
use serde_json::json;

const DATABASE: &str = "ghostworks.redb";

fn tag(account: &Account, path: &str) -> String {
    account.client.get(path).header("etag").unwrap().to_owned()
}

/// The account, signed in again after a restore.
fn again(server: &Server, account: Account) -> Account {
    let tokens = login(&server.client(), &account.email, PASSWORD).expect(200).json();
    let access = text(&tokens["access_token"]);
    Account { client: server.client().bearer(&access), access, ..account }
}

#[test]
fn a_tag_from_before_a_restore_matches_nothing() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]));
    let first = tag(&owner, &path);
    server.stop();
    let file = setup.scratch().join("backup");
    assert!(setup.run(&["backup", file.to_str().unwrap()]).0.success());

    let server = setup.start();
    let owner = again(&server, owner);
    assert_eq!(tag(&owner, &path), first, "a restart changes nothing");
    owner.client.patch(&path, &json!({"name": "Lost by the restore"})).expect(200);
    let lost = tag(&owner, &path);
    server.stop();
    assert!(setup.run(&["restore", "--force", file.to_str().unwrap()]).0.success());

    let server = setup.start();
    let owner = again(&server, owner);
    owner.client.patch(&path, &json!({"name": "Big anvil"})).expect(200);
    let current = tag(&owner, &path);
    assert_eq!(owner.client.get(&path).json()["version"], 2);
    let seen = owner.client.with("If-None-Match", &lost).get(&path).expect(200);
    assert_eq!(seen.json()["name"], "Big anvil", "it was never seen");
    for stale in [lost.as_str(), &first, "\"2\"", "\"1\", \"2\""] {
        let stale = owner.client.with("If-Match", stale);
        stale.patch(&path, &json!({"name": "Overwritten"})).problem(412, "version_mismatch");
        stale.delete(&path).problem(412, "version_mismatch");
    }
    owner.client.with("If-None-Match", &current).get(&path).expect(304);
    owner.client.with("If-Match", &current).patch(&path, &json!({"name": "Bigger anvil"})).expect(200);
    owner.client.with("If-Match", "*").delete(&path).expect(204);
}

/// Makes artifacts with these names, and returns their path.
fn filled(owner: &Account, names: &[&str]) -> String {
    let artifacts = owner.artifacts();
    names.iter().for_each(|name| drop(owner.artifact(&artifacts, &json!({"name": name}))));
    artifacts
}

#[test]
fn the_search_index_of_another_database_is_not_believed() {
    let [one, other] = [&["Anvil", "Tongs"], &["Bellows", "Hammer"]].map(|names| {
        let setup = Setup::new();
        let server = setup.start();
        let owner = Account::new(&server);
        let artifacts = filled(&owner, names);
        owner.client.get(&format!("{artifacts}?q={}", names[1])).expect(200);
        server.stop();
        (setup, owner, artifacts)
    });
    let (setup, owner, artifacts) = one;
    fs::remove_dir_all(setup.data().join("search")).unwrap();
    fs::rename(other.0.data().join("search"), setup.data().join("search")).unwrap();
    let (status, report, _) = setup.run(&["check"]);
    assert!(!status.success() && report.contains("another version or database"), "{report}");

    let server = setup.start();
    server.until("rebuilt", || {
        let health = server.client().get("/health/detailed").expect(200).json();
        health["services"]["search"]["status"] == "healthy"
    });
    let owner = again(&server, owner);
    let found = owner.client.get(&format!("{artifacts}?q=tongs")).expect(200).json();
    assert_eq!(found["total"], 1, "{found}");
    assert!(server.stderr().contains("the search index can't be used as it is"), "{}", server.stderr());
}

fn installation(directory: &Path) -> String {
    fs::read_to_string(directory.join("installation")).unwrap()
}

#[test]
fn an_installation_keeps_its_name_and_takes_it_nowhere() {
    let setup = Setup::new();
    setup.start().stop();
    let name = installation(setup.data());
    assert_eq!((name.len(), name.trim_end().len()), (33, 32), "{name}");
    let mode = fs::metadata(setup.data().join("installation")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    setup.start().kill();
    assert_eq!(installation(setup.data()), name);

    let file = setup.scratch().join("backup");
    assert!(setup.run(&["backup", file.to_str().unwrap()]).0.success());
    let elsewhere = setup.clone().data_dir(setup.scratch().join("elsewhere"));
    assert!(elsewhere.run(&["restore", file.to_str().unwrap()]).0.success());
    assert!(!elsewhere.data().join("installation").exists(), "it was in the backup");
    elsewhere.start().stop();
    assert_ne!(installation(elsewhere.data()), name);
    assert!(setup.run(&["restore", "--force", file.to_str().unwrap()]).0.success());
    setup.start().stop();
    assert_eq!(installation(setup.data()), name, "a restore changes what is in it, not which it is");

    // A database of an earlier version has none.
    fs::remove_file(setup.data().join("installation")).unwrap();
    setup.start().stop();
    assert_ne!(installation(setup.data()), name);
    fs::write(setup.data().join("installation"), "damaged").unwrap();
    let refusal = setup.start_refused();
    assert!(refusal.stderr.contains("/installation, which names this installation"), "{}", refusal.stderr);
}

#[test]
fn a_database_that_was_lost_is_not_replaced_unasked() {
    let setup = Setup::new();
    setup.start().stop();
    let database = setup.data().join(DATABASE);
    let aside = setup.scratch().join("aside");
    fs::rename(&database, &aside).unwrap();
    let refused = || {
        for refusal in [setup.start_refused().stderr, setup.run(&["demo"]).2] {
            for part in [database.to_str().unwrap(), "is missing or empty", "restore", "--new"] {
                assert!(refusal.contains(part), "{part}: {refusal}");
            }
        }
    };
    refused();
    assert!(!database.exists(), "a refusal makes nothing");
    fs::write(&database, "").unwrap();
    refused();
    let installation = setup.data().join("installation");
    fs::rename(&installation, setup.scratch().join("installation")).unwrap();
    refused();
    fs::rename(setup.scratch().join("installation"), &installation).unwrap();
    fs::remove_dir_all(setup.data().join("search")).unwrap();
    refused();

    fs::rename(&aside, &database).unwrap();
    setup.start().stop();
    fs::remove_file(&database).unwrap();
    setup.start_with(&["--new"]).stop();
    setup.start().stop();
}

#[test]
fn a_signing_key_is_no_sign_of_a_database() {
    let setup = Setup::new();
    setup.start().stop();
    for name in fs::read_dir(setup.data()).unwrap().map(|entry| entry.unwrap().file_name()) {
        let path = setup.data().join(&name);
        match name.to_str().unwrap() {
            "signing.key" => {}
            "search" => fs::remove_dir_all(path).unwrap(),
            _ => fs::remove_file(path).unwrap(),
        }
    }
    setup.start().stop();
}
