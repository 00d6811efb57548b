//! Databases and backups of every version that was released, which every later one must open.
//!
//! `tests/databases/` has one of each for every schema: `ghostworks demo`, and then a refresh, a change, a deletion, an
//! artifact made under an idempotency key, an API key, a request for another password and a third workspace.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::support::account::{login, text};
use crate::support::server::Setup;
use serde_json::json;

const OWNER: &str = "owner@acme.com";
const PASSWORD: &str = "demo123";

/// The samples whose names end so.
fn samples(ending: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/databases");
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let samples: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    assert!(!samples.is_empty(), "there is no {ending}");
    samples
}

fn unpack(packed: &Path, to: &Path) {
    let mut source = flate2::read::GzDecoder::new(File::open(packed).unwrap());
    io::copy(&mut source, &mut File::create(to).unwrap()).unwrap();
}

/// Looks at what a sample holds and writes to it, then checks all of it.
fn is_used(setup: &Setup) {
    let server = setup.start();
    let tokens = login(&server.client(), OWNER, PASSWORD).expect(200).json();
    let client = server.client().bearer(&text(&tokens["access_token"]));
    let stats = server.client().get("/api/v1/system/stats").expect(200).json();
    let counted = ["users", "workspaces", "artifacts", "active_artifacts"].map(|name| stats[name].as_u64());
    assert_eq!(counted, [3, 3, 41, 40].map(Some));
    let workspaces = client.get("/api/v1/workspaces").expect(200).json();
    let workspaces = workspaces.as_array().expect("workspaces");
    let acme = workspaces.iter().find(|it| it["name"] == "Acme Corp").expect("a workspace of the demonstration");
    let workspace = format!("/api/v1/workspaces/{}", text(&acme["id"]));
    let artifacts = format!("{workspace}/artifacts");
    let list = client.get(&format!("{artifacts}?q=Renamed")).expect(200).json();
    let renamed = format!("{artifacts}/{}", text(&list["items"][0]["id"]));
    let history = client.get(&format!("{renamed}/history")).expect(200).json();
    assert_eq!(history["items"].as_array().map(Vec::len), Some(2), "{history}");
    assert_eq!(client.get(&format!("{workspace}/api-keys")).expect(200).json().as_array().map(Vec::len), Some(1));
    client.get(&format!("{workspace}/audit")).expect(200);
    client.patch(&renamed, &json!({"name": "Renamed again"})).expect(200);
    client.post(&artifacts, &json!({"name": "Of a later version"})).expect(201);
    server.stop();
    let (status, report, errors) = setup.run(&["check"]);
    assert!(status.success(), "{report}{errors}");
}

#[test]
fn databases_of_every_version_are_opened() {
    for sample in samples(".redb.gz") {
        let setup = Setup::new();
        fs::create_dir(setup.data()).unwrap();
        unpack(&sample, &setup.data().join("ghostworks.redb"));
        is_used(&setup);
    }
}

#[test]
fn backups_of_every_version_are_restored() {
    for sample in samples(".backup.gz") {
        let setup = Setup::new();
        let backup = setup.scratch().join("backup");
        unpack(&sample, &backup);
        let (status, out, errors) = setup.run(&["restore", backup.to_str().unwrap()]);
        assert!(status.success(), "{out}{errors}");
        is_used(&setup);
    }
}

#[test]
fn what_a_new_version_does_to_a_database_is_told_before_it_is_done() {
    for packed in samples(".redb.gz") {
        let setup = Setup::new();
        fs::create_dir_all(setup.data()).unwrap();
        unpack(&packed, &setup.data().join("ghostworks.redb"));
        let told = |words: &[&str]| {
            let (status, output, errors) = setup.run(words);
            assert!(status.success(), "{output}{errors}");
            output
        };
        let before = told(&["migrate", "--dry-run"]);
        assert_eq!(told(&["migrate", "--dry-run"]), before, "nothing was done");
        assert_eq!(told(&["migrate"]).contains("nothing to do"), before.contains("nothing to do"));
        assert!(told(&["migrate", "--dry-run"]).contains("nothing to do"));
        is_used(&setup);
    }
}

/// The databases of earlier versions, each in a data directory, with their schema and the backup that its version made.
fn earlier() -> impl Iterator<Item = (Setup, u32, PathBuf)> {
    let of = |packed: PathBuf| {
        let name = packed.file_name().unwrap().to_str().unwrap().to_owned();
        let schema = name.trim_start_matches("schema-").trim_end_matches(".redb.gz").parse().unwrap();
        let setup = Setup::new();
        fs::create_dir_all(setup.data()).unwrap();
        unpack(&packed, &setup.data().join("ghostworks.redb"));
        let backup = setup.scratch().join("of-its-version");
        unpack(&packed.with_file_name(format!("schema-{schema}.backup.gz")), &backup);
        (setup, schema, backup)
    };
    samples(".redb.gz")
        .into_iter()
        .map(of)
        .filter(|(_, schema, _)| u64::from(*schema) < ghostworks::store::SCHEMA_VERSION.into())
}

fn does(setup: &Setup, words: &[&str]) -> String {
    let (status, output, errors) = setup.run(words);
    assert!(status.success(), "{words:?}: {output}{errors}");
    output
}

#[test]
fn an_upgrade_makes_a_backup_first_that_the_version_before_could_have_made() {
    for (setup, schema, of_its_version) in earlier() {
        let elsewhere = setup.scratch().join("elsewhere");
        does(&setup, &["backup", elsewhere.to_str().unwrap()]);
        assert!(does(&setup, &["check"]).contains("Everything agrees."));
        assert!(does(&setup, &["stats"]).contains("acme-corp"));
        let stats: serde_json::Value = serde_json::from_str(&does(&setup, &["stats", "--json"])).unwrap();
        for table in stats["tables"].as_array().unwrap().iter().filter(|table| table["rows"] != 0) {
            assert!(table["bytes"].as_u64() >= Some(4096), "a page at least: {table}");
        }
        assert!(!does(&setup, &["migrate", "--dry-run"]).contains("nothing to do"), "{schema} is left as it is");
        does(&setup, &["migrate"]);
        let backup = setup.data().join(format!("ghostworks.schema-{schema}.backup"));
        assert!(fs::read(&backup).unwrap() == fs::read(&elsewhere).unwrap(), "as `backup` does");
        // To the byte what that version made of it: what it can restore.
        assert!(fs::read(&backup).unwrap() == fs::read(&of_its_version).unwrap(), "of schema {schema}");
        let back = Setup::new();
        does(&back, &["restore", backup.to_str().unwrap()]);
        is_used(&back);
        is_used(&setup);
    }
}

#[test]
fn a_database_is_not_brought_up_to_date_where_its_backup_has_no_room() {
    let (setup, schema, _) = earlier().last().expect("an earlier version");
    let full = setup.clone().env("GHOSTWORKS__STORAGE__MIN_FREE_BYTES", "1000000000000000");
    let (status, output, errors) = full.run(&["migrate"]);
    assert!(!status.success() && errors.contains("MiB free, where it takes"), "{output}{errors}");
    assert!(!does(&setup, &["migrate", "--dry-run"]).contains("nothing to do"), "it is left as it is");
    does(&full.env("GHOSTWORKS__STORAGE__BACKUP_BEFORE_UPGRADE", "false"), &["migrate"]);
    assert!(!setup.data().join(format!("ghostworks.schema-{schema}.backup")).exists());
    is_used(&setup);
}
