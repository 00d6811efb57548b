//! `ghostworks check`: finds nothing in a database that was used, and every kind of damage in one that was spoilt.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs;
use std::path::Path;

use crate::support::account::{Account, text};
use crate::support::server::Setup;
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};
use serde_json::json;

type RowTable<const N: usize> = TableDefinition<'static, &'static [u8; N], &'static [u8]>;
type Texts = TableDefinition<'static, &'static str, &'static [u8; 16]>;

const USERS: RowTable<16> = TableDefinition::new("users");
const USERS_BY_EMAIL: Texts = TableDefinition::new("users_by_email");
const WORKSPACES: RowTable<16> = TableDefinition::new("workspaces");
const WORKSPACES_BY_SLUG: Texts = TableDefinition::new("workspaces_by_slug");
const SESSIONS: RowTable<32> = TableDefinition::new("sessions");
const MEMBERS: RowTable<32> = TableDefinition::new("members");
const MEMBERSHIPS_BY_USER: TableDefinition<&[u8; 32], ()> = TableDefinition::new("memberships_by_user");
const ARTIFACTS: RowTable<32> = TableDefinition::new("artifacts");
const ARTIFACTS_TRASH: RowTable<32> = TableDefinition::new("artifacts_trash");
const ARTIFACT_VERSIONS: RowTable<40> = TableDefinition::new("artifact_versions");
const ARTIFACTS_BY_CREATION: TableDefinition<&[u8; 41], ()> = TableDefinition::new("artifacts_by_creation");
const ANSWERS_BY_EXPIRY: TableDefinition<&[u8; 56], ()> = TableDefinition::new("answers_by_expiry");
const COUNTERS: TableDefinition<&[u8; 17], u64> = TableDefinition::new("counters");
const CHANGES: TableDefinition<u64, &[u8]> = TableDefinition::new("changes");
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

/// A database with something in every table, closed in good order.
fn used() -> Setup {
    let setup = Setup::new();
    let server = setup.start();
    let (owner, friend) = (Account::new(&server), Account::new(&server));
    let workspace = owner.workspace();
    owner.workspace();
    let body = json!({"email": friend.email, "role": "admin"});
    owner.client.post(&format!("/api/v1/workspaces/{workspace}/members"), &body).expect(201);
    let body = json!({"name": "robot", "scopes": ["artifacts:read"]});
    owner.client.post(&format!("/api/v1/workspaces/{workspace}/api-keys"), &body).expect(201);
    owner.client.post("/api/v1/auth/refresh", &json!({"refresh_token": owner.refresh})).expect(200);
    let artifacts = format!("/api/v1/workspaces/{workspace}/artifacts");
    let keyed = owner.client.with("Idempotency-Key", "once");
    let ids: Vec<String> =
        ["Anvil", "Bellows", "Coal"].map(|name| text(&owner.artifact(&artifacts, &json!({"name": name}))["id"])).into();
    keyed.post(&artifacts, &json!({"name": "Tongs"})).expect(201);
    owner.client.patch(&format!("{artifacts}/{}", ids[0]), &json!({"name": "Big anvil"})).expect(200);
    owner.client.delete(&format!("{artifacts}/{}", ids[1])).expect(204);
    server.stop();
    setup
}

/// Runs the check on a spoilt copy of the database, and returns whether it succeeded, and all it said.
fn check(setup: &Setup, words: &[&str]) -> (bool, String) {
    let (status, report, errors) = setup.run(words);
    (status.success(), report + &errors)
}

/// The database of `setup` in another directory, spoilt.
fn spoilt(setup: &Setup, name: &str, spoil: impl Fn(&WriteTransaction)) -> Setup {
    let directory = setup.scratch().join(name);
    fs::create_dir(&directory).unwrap();
    fs::copy(setup.data().join("ghostworks.redb"), directory.join("ghostworks.redb")).unwrap();
    change(&directory, spoil);
    setup.clone().data_dir(directory)
}

fn change(directory: &Path, change: impl Fn(&WriteTransaction)) {
    let database = Database::open(directory.join("ghostworks.redb")).unwrap();
    let txn = database.begin_write().unwrap();
    change(&txn);
    txn.commit().unwrap();
    database.close().unwrap();
}

fn first<const N: usize>(txn: &WriteTransaction, table: RowTable<N>) -> ([u8; N], Vec<u8>) {
    let table = txn.open_table(table).unwrap();
    let (key, value) = table.first().unwrap().unwrap();
    (*key.value(), value.value().to_vec())
}

fn remove_first<const N: usize>(txn: &WriteTransaction, table: RowTable<N>) {
    txn.open_table(table).unwrap().pop_first().unwrap().unwrap();
}

#[test]
fn nothing_is_wrong_with_a_database_that_was_used() {
    let setup = used();
    let (succeeded, report) = check(&setup, &["check"]);
    assert!(succeeded && report.contains("Everything agrees."), "{report}");
    let rows = |table: &str| {
        let line = report.lines().find(|line| line.trim().ends_with(&format!(" {table}")));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
    };
    let expected = [("users", 2), ("artifacts", 3), ("artifacts_trash", 1), ("artifact_versions", 2), ("answers", 1)];
    for (table, count) in expected {
        assert_eq!(rows(table), Some(count), "{table} in {report}");
    }
    let (succeeded, again) = check(&setup, &["check", "--repair"]);
    assert!(succeeded && again == report, "{again}");
}

#[test]
fn a_running_server_is_asked() {
    let setup = used();
    let server = setup.start();
    server.until("the index has all", || check(&setup, &["check"]).1.contains("4  search\n"));
    let (succeeded, report) = check(&setup, &["check"]);
    assert!(succeeded && report.contains("Everything agrees."), "{report}");
    let (status, _, errors) = setup.run(&["check", "--repair"]);
    assert!(status.code() == Some(3) && errors.contains("needs it stopped"), "{errors}");
    server.stop();

    change(setup.data(), |txn| drop(txn.open_table(USERS_BY_EMAIL).unwrap().pop_first().unwrap()));
    let server = setup.start();
    let (status, report, errors) = setup.run(&["check"]);
    assert_eq!(status.code(), Some(4), "{report}{errors}");
    assert!(
        report.contains("users_by_email does not lead to") && errors.contains("--repair sets 1 right"),
        "{report}{errors}"
    );
    server.stop();
}

#[test]
fn what_is_derived_is_found_wrong_and_rebuilt() {
    let setup = used();
    type Damage = (&'static str, fn(&WriteTransaction), &'static str);
    let damages: [Damage; 14] = [
        (
            "address-lost",
            |txn| drop(txn.open_table(USERS_BY_EMAIL).unwrap().pop_first().unwrap()),
            "users_by_email does not lead to",
        ),
        (
            "address-of-nobody",
            |txn| drop(txn.open_table(USERS_BY_EMAIL).unwrap().insert("a@b.example", &[7; 16]).unwrap()),
            "users_by_email leads to 0707",
        ),
        (
            "slug-of-another",
            |txn| {
                let mut slugs = txn.open_table(WORKSPACES_BY_SLUG).unwrap();
                let other = *slugs.last().unwrap().unwrap().1.value();
                let first = slugs.first().unwrap().unwrap().0.value().to_owned();
                slugs.insert(first.as_str(), &other).unwrap();
            },
            "workspaces_by_slug leads to",
        ),
        (
            "membership-lost",
            |txn| drop(txn.open_table(MEMBERSHIPS_BY_USER).unwrap().pop_first().unwrap()),
            "memberships_by_user lacks",
        ),
        (
            "membership-too-many",
            |txn| drop(txn.open_table(MEMBERSHIPS_BY_USER).unwrap().insert(&[7; 32], ()).unwrap()),
            "memberships_by_user has 0707",
        ),
        (
            "creation-lost",
            |txn| drop(txn.open_table(ARTIFACTS_BY_CREATION).unwrap().pop_first().unwrap()),
            "artifacts_by_creation lacks",
        ),
        (
            "creation-too-many",
            |txn| drop(txn.open_table(ARTIFACTS_BY_CREATION).unwrap().insert(&[7; 41], ()).unwrap()),
            "artifacts_by_creation has 0707",
        ),
        (
            "expiry-lost",
            |txn| drop(txn.open_table(ANSWERS_BY_EXPIRY).unwrap().pop_first().unwrap()),
            "answers_by_expiry lacks",
        ),
        (
            "expiry-too-many",
            |txn| drop(txn.open_table(ANSWERS_BY_EXPIRY).unwrap().insert(&[7; 56], ()).unwrap()),
            "answers_by_expiry has 0707",
        ),
        (
            "counter-wrong",
            |txn| {
                let mut counters = txn.open_table(COUNTERS).unwrap();
                let key = *counters.first().unwrap().unwrap().0.value();
                counters.insert(&key, 4711).unwrap();
            },
            "4711 instead of",
        ),
        ("counter-lost", |txn| drop(txn.open_table(COUNTERS).unwrap().pop_last().unwrap()), "none instead of"),
        (
            "counter-of-nobody",
            |txn| drop(txn.open_table(COUNTERS).unwrap().insert(&[7; 17], 9).unwrap()),
            "9 instead of 0",
        ),
        (
            "every-counter-lost",
            |txn| drop(txn.delete_table(COUNTERS).unwrap().then(|| txn.open_table(COUNTERS).unwrap())),
            "none instead of",
        ),
        (
            "chain-broken",
            |txn| {
                let mut changes = txn.open_table(CHANGES).unwrap();
                let (seq, mut entry) = {
                    let (seq, entry) = changes.last().unwrap().unwrap();
                    (seq.value(), entry.value().to_vec())
                };
                // Nothing comes after it but that the entry is about no workspace.
                let previous = entry.len() - 2;
                entry[previous] = 1;
                changes.insert(seq, entry.as_slice()).unwrap();
            },
            "the entry before it is",
        ),
    ];
    for (name, spoil, trouble) in damages {
        let spoilt = spoilt(&setup, name, spoil);
        let (succeeded, report) = check(&spoilt, &["check"]);
        assert!(!succeeded && report.contains(trouble) && report.contains("--repair"), "{name}: {report}");
        let (succeeded, report) = check(&spoilt, &["check", "--repair"]);
        assert!(succeeded && report.contains("repaired: "), "{name}: {report}");
        let (succeeded, report) = check(&spoilt, &["check"]);
        assert!(succeeded && report.contains("Everything agrees."), "{name}: {report}");
    }
}

#[test]
fn what_nothing_else_tells_is_found_wrong_and_left() {
    let setup = used();
    type Damage = (&'static str, fn(&WriteTransaction), &'static str);
    let damages: [Damage; 9] = [
        (
            "row-unreadable",
            |txn| {
                let (key, _) = first(txn, ARTIFACTS);
                txn.open_table(ARTIFACTS).unwrap().insert(&key, [200, 1].as_slice()).unwrap();
            },
            "the row of an artifact is corrupt: version 200 is unknown",
        ),
        (
            "row-under-another-key",
            |txn| {
                let (key, row) = first(txn, ARTIFACTS_TRASH);
                let mut other = key;
                other[31] ^= 1;
                txn.open_table(ARTIFACTS_TRASH).unwrap().insert(&other, row.as_slice()).unwrap();
            },
            "under the key of another",
        ),
        (
            "in-the-trash-as-well",
            |txn| {
                let (key, row) = first(txn, ARTIFACTS);
                txn.open_table(ARTIFACTS_TRASH).unwrap().insert(&key, row.as_slice()).unwrap();
            },
            "it is in the trash as well",
        ),
        ("account-lost", |txn| remove_first(txn, USERS), "the account is not there"),
        ("workspace-lost", |txn| remove_first(txn, WORKSPACES), "its workspace is not there"),
        (
            "session-lost",
            |txn| while txn.open_table(SESSIONS).unwrap().pop_first().unwrap().is_some() {},
            "their session is not there",
        ),
        (
            "membership-unreadable",
            |txn| {
                let (key, _) = first(txn, MEMBERS);
                txn.open_table(MEMBERS).unwrap().insert(&key, [].as_slice()).unwrap();
            },
            "the row of a membership is corrupt: it is empty",
        ),
        (
            "version-from-the-future",
            |txn| {
                let (key, row) = first(txn, ARTIFACT_VERSIONS);
                let mut later = key;
                later[39] = 9;
                txn.open_table(ARTIFACT_VERSIONS).unwrap().insert(&later, row.as_slice()).unwrap();
            },
            "under the key of another",
        ),
        ("change-lost", |txn| drop(txn.open_table(CHANGES).unwrap().remove(3).unwrap()), "changes 3 to 3 are missing"),
    ];
    for (name, spoil, trouble) in damages {
        let spoilt = spoilt(&setup, name, spoil);
        for words in [&["check"][..], &["check", "--repair"], &["check"]] {
            let (succeeded, report) = check(&spoilt, words);
            assert!(!succeeded && report.contains(trouble), "{name}: {report}");
        }
    }
}

#[test]
fn what_cannot_be_checked_is_said() {
    let setup = used();
    let nowhere = setup.clone().data_dir(setup.scratch().join("nowhere"));
    let (succeeded, report) = check(&nowhere, &["check"]);
    assert!(!succeeded && report.contains("there is no database"), "{report}");
    assert!(!nowhere.data().exists(), "nothing was made");

    let older = spoilt(&setup, "older", |txn| {
        txn.open_table(META).unwrap().insert("schema_version", 1_u32.to_be_bytes().as_slice()).unwrap();
    });
    let (succeeded, report) = check(&older, &["check", "--repair"]);
    assert!(!succeeded && report.contains("start the server once"), "{report}");
}

/// The files of a search index, in another directory.
fn copied(index: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(index).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn the_search_index_is_compared_with_the_artifacts() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = format!("/api/v1/workspaces/{}/artifacts", owner.workspace());
    let id = text(&owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]);
    owner.client.get(&format!("{artifacts}?q=anvil")).expect(200);
    server.stop();
    let index = setup.data().join("search");
    let early = setup.scratch().join("early");
    copied(&index, &early);

    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    client.patch(&format!("{artifacts}/{id}"), &json!({"name": "Big anvil"})).expect(200);
    let new = text(&client.post(&artifacts, &json!({"name": "Coal"})).expect(201).json()["id"]);
    client.get(&format!("{artifacts}?q=coal")).expect(200);
    server.stop();
    let (succeeded, report) = check(&setup, &["check"]);
    assert!(succeeded && report.contains("2  search\n"), "{report}");
    let late = setup.scratch().join("late");
    copied(&index, &late);
    let payload = |index: &Path| {
        let meta = fs::read_to_string(index.join("meta.json")).unwrap();
        let meta: serde_json::Value = serde_json::from_str(&meta).unwrap();
        text(&meta["payload"])
    };
    let with = |files: &Path, reached: &str| {
        fs::remove_dir_all(&index).unwrap();
        copied(files, &index);
        let meta = fs::read_to_string(index.join("meta.json")).unwrap();
        let quoted = |payload: &str| format!("\"payload\": \"{payload}\"");
        let noted = payload(files);
        assert!(meta.contains(&quoted(&noted)), "{meta}");
        fs::write(index.join("meta.json"), meta.replace(&quoted(&noted), &quoted(reached))).unwrap();
        check(&setup, &["check"])
    };
    let mends = || {
        let (succeeded, report) = check(&setup, &["check", "--repair"]);
        assert!(succeeded && report.contains("repaired: the search index"), "{report}");
        let (succeeded, report) = check(&setup, &["check"]);
        assert!(succeeded && report.contains("Everything agrees."), "{report}");
    };

    let noted = payload(&late);
    let (database, _) = noted.rsplit_once(' ').expect("a version, a history and a position");
    let ahead = format!("{database} 4711");
    let (succeeded, report) = with(&early, &payload(&early));
    assert!(succeeded, "what is in the change log is not wrong: {report}");
    let (succeeded, report) = with(&early, &payload(&late));
    assert!(!succeeded && report.contains("--repair"), "{report}");
    assert!(report.contains(&format!("the search index has another version of the artifact {id}")), "{report}");
    assert!(report.contains(&format!("the search index lacks the artifact {new}")), "{report}");
    mends();
    let (succeeded, report) = with(&late, &ahead);
    assert!(!succeeded && report.contains("the search index knows of change 4711, and the newest is"), "{report}");
    mends();
    with(&late, &payload(&late));
    fs::write(index.join("meta.json"), "{").unwrap();
    let (succeeded, report) = check(&setup, &["check"]);
    assert!(!succeeded && report.contains("wrong: the search index: "), "{report}");
    mends();

    // Everything derived from the row of an artifact tells that it is gone.
    with(&late, &payload(&late));
    change(setup.data(), |txn: &WriteTransaction| drop(txn.open_table(ARTIFACTS).unwrap().pop_last().unwrap()));
    let (succeeded, report) = check(&setup, &["check"]);
    assert!(
        !succeeded && report.contains(&format!("the search index has the artifact {new}, which is not there")),
        "{report}"
    );
    mends();
}
