//! Rows of the database that can't be read: said where they are asked for by themselves, passed over everywhere else.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::Client;
use crate::support::exposition::Exposition;
use crate::support::server::{Server, Setup};
use redb::{Database, ReadableTable as _, TableDefinition, WriteTransaction};
use serde_json::{Value, json};
use uuid::Uuid;

type RowTable<const N: usize> = TableDefinition<'static, &'static [u8; N], &'static [u8]>;

const USERS: RowTable<16> = TableDefinition::new("users");
const SESSIONS: RowTable<32> = TableDefinition::new("sessions");
const ARTIFACTS: RowTable<32> = TableDefinition::new("artifacts");
const ARTIFACTS_TRASH: RowTable<32> = TableDefinition::new("artifacts_trash");
const CHANGES: TableDefinition<u64, &[u8]> = TableDefinition::new("changes");

const OPERATOR: &str = "the-operator-and-nobody-else";
/// No record begins like this.
const GARBAGE: &[u8] = &[250, 7, 7];

/// Changes the database of a server that is stopped.
fn change(directory: &Path, change: impl Fn(&WriteTransaction)) {
    let database = Database::open(directory.join("ghostworks.redb")).unwrap();
    let txn = database.begin_write().unwrap();
    change(&txn);
    txn.commit().unwrap();
    database.close().unwrap();
}

/// Makes the rows of a table unreadable whose keys end in this id. Returns how many.
fn spoil<const N: usize>(directory: &Path, table: RowTable<N>, id: &str) -> usize {
    let id = id.parse::<Uuid>().unwrap();
    let mut spoilt = 0;
    let database = Database::open(directory.join("ghostworks.redb")).unwrap();
    let txn = database.begin_write().unwrap();
    {
        let mut rows = txn.open_table(table).unwrap();
        let keys: Vec<[u8; N]> = rows.iter().unwrap().map(|row| *row.unwrap().0.value()).collect();
        for key in keys.iter().filter(|key| key.ends_with(id.as_bytes())) {
            rows.insert(key, GARBAGE).unwrap();
            spoilt += 1;
        }
    }
    txn.commit().unwrap();
    database.close().unwrap();
    spoilt
}

/// Someone with five artifacts, of which the third can't be read.
struct Spoilt {
    setup: Setup,
    owner: Account,
    workspace: String,
    ids: Vec<String>,
}

impl Spoilt {
    fn new() -> Self {
        let setup = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR);
        let server = setup.start();
        let owner = Account::new(&server);
        let workspace = owner.workspace();
        let path = format!("/api/v1/workspaces/{workspace}/artifacts");
        let made =
            ["Anvil", "Bellows", "Coal", "Dies", "Eye"].map(|name| owner.artifact(&path, &json!({"name": name})));
        let ids: Vec<String> = made.iter().map(|artifact| text(&artifact["id"])).collect();
        // The search index knows all of them then.
        assert_eq!(owner.client.get(&format!("{path}?q=coal")).expect(200).json()["total"], 1);
        server.stop();
        assert_eq!(spoil(setup.data(), ARTIFACTS, &ids[2]), 1);
        Self { setup, owner, workspace, ids }
    }

    /// Starts the server, and signs the owner in again.
    fn start(&self) -> (Server, Client) {
        let server = self.setup.start();
        let tokens = login(&server.client(), &self.owner.email, PASSWORD).expect(200).json();
        let client = server.client().bearer(&text(&tokens["access_token"]));
        (server, client)
    }

    fn artifacts(&self) -> String {
        format!("/api/v1/workspaces/{}/artifacts", self.workspace)
    }
}

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| text(&item["name"])).collect()
}

#[test]
fn s60_a_damaged_artifact_is_said_where_it_is_asked_for_and_passed_over_in_lists() {
    let spoilt = Spoilt::new();
    let (server, client) = spoilt.start();
    let artifacts = spoilt.artifacts();
    let one = format!("{artifacts}/{}", spoilt.ids[2]);
    for _ in 0..2 {
        client.get(&one).problem(500, "damaged");
        client.patch(&one, &json!({"name": "Charcoal"})).problem(500, "damaged");
        client.get(&format!("{one}/history")).problem(500, "damaged");
    }

    let all = client.get(&artifacts).expect(200).json();
    assert_eq!(names(&all), ["Eye", "Dies", "Bellows", "Anvil"]);
    assert_eq!((&all["total"], &all["damaged"]), (&json!(5), &json!(1)));
    // The page that it would be on is short, and the others say nothing of it.
    let pages = [(vec!["Eye", "Dies"], None), (vec!["Bellows"], Some(1)), (vec!["Anvil"], None)];
    let mut cursor = String::new();
    for (expected, damaged) in pages {
        let page = client.get(&format!("{artifacts}?limit=2{cursor}")).expect(200).json();
        assert_eq!(names(&page), expected);
        assert_eq!(page.get("damaged").and_then(Value::as_u64), damaged, "{page}");
        cursor = page["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    }
    assert_eq!(cursor, "");
    for query in ["sort=name", "created_after=2020-01-01T00:00:00Z", "sort=-updated_at&include_deleted=true"] {
        let page = client.get(&format!("{artifacts}?{query}")).expect(200).json();
        assert_eq!((names(&page).len(), &page["total"], &page["damaged"]), (4, &json!(5), &json!(1)), "{query}");
    }
    // The search index knows what it was.
    let found = client.get(&format!("{artifacts}?q=coal+OR+eye&sort=name")).expect(200).json();
    assert_eq!((names(&found), &found["total"], &found["damaged"]), (vec!["Eye".to_owned()], &json!(2), &json!(1)));
    client.get(&format!("{artifacts}/tags")).expect(200);
    client.get(&format!("{artifacts}/stats")).expect(200);

    // What can be read is as ever, and so are writes.
    client.patch(&format!("{artifacts}/{}", spoilt.ids[0]), &json!({"name": "Big anvil"})).expect(200);
    client.get("/readyz").expect(200);
    server.stop();
}

#[test]
fn s60_damage_is_reported_once_to_operators_alone() {
    let spoilt = Spoilt::new();
    let (server, client) = spoilt.start();
    let healthy = client.get("/health/detailed").expect(200).json();
    assert_eq!(healthy["services"]["database"]["status"], "healthy", "{healthy}");
    for _ in 0..3 {
        client.get(&format!("{}/{}", spoilt.artifacts(), spoilt.ids[2])).problem(500, "damaged");
        client.get(&spoilt.artifacts()).expect(200);
    }
    let health = client.get("/health/detailed").expect(200).json();
    let database = &health["services"]["database"];
    assert_eq!((&health["status"], &database["status"]), (&json!("degraded"), &json!("degraded")));
    assert_eq!((&database["damaged_rows"], &database["damaged"]), (&json!(1), &Value::Null), "{database}");
    let key = spoilt.workspace.replace('-', "") + &spoilt.ids[2].replace('-', "");
    let health = server.client().bearer(OPERATOR).get("/health/detailed").expect(200).json();
    assert_eq!(health["services"]["database"]["damaged"], json!([{"table": "artifacts", "key": key}]));
    let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
    assert_eq!(scrape.sum("storage_damaged_rows_total", &[]), Some(1.0));
    let lines = server.stderr().matches("a row of the database can't be read").count();
    assert_eq!(lines, 1, "{}", server.stderr());
    assert!(server.stderr().contains(&key), "{}", server.stderr());
    server.stop();
}

#[test]
fn an_export_says_what_it_lacks_and_an_import_passes_over_it() {
    let spoilt = Spoilt::new();
    let (server, client) = spoilt.start();
    let exported = client.get(&format!("{}/export", spoilt.artifacts())).expect(200).body;
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[2], json!({"_damaged": {"id": spoilt.ids[2]}}), "in its place");
    let body = json!({"name": "Another", "slug": crate::support::unique("workspace")});
    let there = text(&client.post("/api/v1/workspaces/", &body).expect(201).json()["id"]);
    let there = format!("/api/v1/workspaces/{there}/artifacts");
    let imported = client.send("POST", &format!("{there}/import"), "application/x-ndjson", exported.as_str());
    assert_eq!(imported.expect(200).json(), json!({"imported": 4, "damaged": 1}));

    let body = json!({"name": "CI", "scopes": ["artifacts:read", "artifacts:write"]});
    let keys = format!("/api/v1/workspaces/{}/api-keys", spoilt.workspace);
    let key = text(&client.post(&keys, &body).expect(201).json()["key"]);
    let cli = Setup::new().env("GHOSTWORKS__REMOTE__TOKEN", key);
    let file = cli.scratch().join("out.ndjson");
    let (url, path) = (server.url(), file.to_str().unwrap().to_owned());
    let (status, out, errors) = cli.run(&["export", &spoilt.workspace, &path, "--server", &url]);
    assert!(!status.success() && errors.contains("1 artifacts can't be read"), "{out}{errors}");
    assert!(out.contains("4 artifacts are in"), "{out}");
    assert_eq!(fs::read_to_string(&file).unwrap(), exported, "everything that can be read is there");
    let (status, out, errors) = cli.run(&["import", &spoilt.workspace, &path, "--server", &url]);
    assert!(status.success() && out.contains("4 artifacts were imported"), "{out}{errors}");
    assert!(errors.contains("1 lines stand for artifacts that could not be read"), "{errors}");
    server.stop();
}

#[test]
fn a_backup_has_what_cannot_be_read_as_it_is_and_says_so() {
    let spoilt = Spoilt::new();
    let restored = |name: &str, server: Option<&Server>| {
        let file = spoilt.setup.scratch().join(name);
        let (status, out, errors) = spoilt.setup.run(&["backup", file.to_str().unwrap()]);
        assert!(status.success() && errors.contains("1 of the rows can't be read"), "{out}{errors}");
        if let Some(server) = server {
            server.until("the log", || server.stderr().contains("a row of the database can't be read"));
        }
        let copy = Setup::new();
        let (status, out, errors) = copy.run(&["restore", file.to_str().unwrap()]);
        assert!(status.success(), "{out}{errors}");
        let (status, report, errors) = copy.run(&["check"]);
        assert!(!status.success() && report.contains("version 250 is unknown"), "{report}{errors}");
    };
    restored("stopped.backup", None);
    let server = spoilt.setup.start();
    restored("running.backup", Some(&server));
    server.stop();
}

#[test]
fn an_index_that_is_rebuilt_goes_on_past_damage() {
    let spoilt = Spoilt::new();
    let index = spoilt.setup.data().join("search");
    fs::remove_dir_all(&index).unwrap();
    let (server, client) = spoilt.start();
    let found = format!("{}?q=anvil", spoilt.artifacts());
    server.until("the index is rebuilt", || client.get(&found).status == 200);
    assert_eq!(names(&client.get(&found).expect(200).json()), ["Anvil"]);
    server.stop();

    // What an entry was about that can't be read, nobody knows: the index is rebuilt, and goes on after it.
    change(spoilt.setup.data(), |txn| {
        let mut changes = txn.open_table(CHANGES).unwrap();
        let last = changes.last().unwrap().unwrap().0.value();
        changes.insert(last, GARBAGE).unwrap();
    });
    fs::remove_dir_all(&index).unwrap();
    let (server, client) = spoilt.start();
    client.post(&spoilt.artifacts(), &json!({"name": "Forge"})).expect(201);
    let found = format!("{}?q=forge", spoilt.artifacts());
    server.until("the index knows of it", || client.get(&found).status == 200);
    assert_eq!(names(&client.get(&found).expect(200).json()), ["Forge"]);
    let audit = client.get(&format!("/api/v1/workspaces/{}/audit", spoilt.workspace)).expect(200).json();
    assert_eq!(audit["items"][0]["action"], "artifact.created", "{audit}");
    server.stop();
}

#[test]
fn s60_a_damaged_session_or_account_is_said_and_other_sessions_go_on() {
    let setup = Setup::new();
    let server = setup.start();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let session = text(&ann.client.get("/api/v1/auth/sessions").expect(200).json()[0]["id"]);
    server.stop();
    assert_eq!(spoil(setup.data(), SESSIONS, &session), 1);
    assert_eq!(spoil(setup.data(), USERS, &bob.id), 1);

    let server = setup.start();
    server.client().bearer(&ann.access).get("/api/v1/auth/me").problem(500, "damaged");
    server.client().bearer(&bob.access).get("/api/v1/auth/me").problem(500, "damaged");
    login(&server.client(), &bob.email, PASSWORD).problem(500, "damaged");
    let tokens = login(&server.client(), &ann.email, PASSWORD).expect(200).json();
    let client = server.client().bearer(&text(&tokens["access_token"]));
    let sessions = client.get("/api/v1/auth/sessions").expect(200).json();
    assert_eq!(sessions.as_array().map(Vec::len), Some(1), "the one that can be read: {sessions}");
    let body = json!({"current_password": PASSWORD, "new_password": "Another-horse-8"});
    client.post("/api/v1/auth/password/change", &body).expect(200);
    server.client().bearer(&ann.access).get("/api/v1/auth/me").expect(401);
    server.stop();
}

#[test]
fn housekeeping_goes_on_past_damage() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let ids = ["a", "b", "c"].map(|name| text(&owner.artifact(&artifacts, &json!({"name": name}))["id"]));
    ids.iter().for_each(|id| drop(owner.client.delete(&format!("{artifacts}/{id}")).expect(204)));
    server.stop();
    assert_eq!(spoil(setup.data(), ARTIFACTS_TRASH, &ids[0]), 1);
    // It is looked for at the start, and it takes a second until it is old enough.
    let (setup, deadline) = (setup.env("GHOSTWORKS__STORAGE__TRASH_SECONDS", "1"), Instant::now() + PATIENCE);
    loop {
        let server = setup.start();
        let client = server.client().bearer(&owner.access);
        let left = client.get(&format!("{artifacts}?include_deleted=true")).expect(200).json();
        server.stop();
        if left["total"] == 1 {
            assert_eq!((names(&left), &left["damaged"]), (vec![], &json!(1)));
            return;
        }
        assert!(Instant::now() < deadline, "{left} is left");
    }
}
