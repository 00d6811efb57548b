//! A copy that changes are added to becomes what it is a copy of, whatever was done, and in whatever steps.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::mem::discriminant;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use tempfile::TempDir;

use super::format::{BackupReader, BackupWriter, Content, Part};
use super::workload::{Player, Throw, throws};
use crate::domain::{ApiKey, ChangeKind, LogPosition, SharedQuotas, SystemEntropy, Timestamp};
use crate::store::records::{self, samples::KINDS};
use crate::store::redb::{Location, Options, RedbStore, check, restore};
use crate::store::schema::HISTORY_KEY;
use crate::store::{Backup, Backups as _, Changes as _, Checkpoint, Housekeeping as _, NoObserver, Since, Store as _};

fn options(location: Location) -> Options {
    let on_repair = Arc::new(|_| {});
    Options {
        location,
        cache_bytes: 1 << 20,
        queue: 8,
        group_max: 8,
        min_free_bytes: 0,
        backup_before_upgrade: false,
        quotas: SharedQuotas::default(),
        read_only: crate::store::ReadOnly::default(),
        entropy: Arc::new(SystemEntropy),
        on_repair,
    }
}

fn store(location: Location) -> RedbStore {
    RedbStore::open(options(location), Arc::new(NoObserver)).unwrap()
}

async fn bytes(mut backup: Backup) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(piece) = backup.next().await {
        bytes.extend(piece.unwrap());
    }
    bytes
}

async fn changes(store: &RedbStore, since: Checkpoint) -> (Checkpoint, Vec<u8>) {
    match store.changes_since(since).await.unwrap() {
        Since::Changes(changes) => (changes.end(), bytes(changes).await),
        Since::Nothing | Since::AnotherHistory => panic!("there are changes"),
    }
}

/// Rows by table and key.
type AllRows = BTreeMap<(String, Vec<u8>), Vec<u8>>;

/// All rows of a store, without those that nothing but itself knows of: answers to idempotency keys, when an API key was
/// last used, what is left of deleted workspaces, versions that were replaced before `old`, and which history it has.
async fn rows(store: &RedbStore, old: Timestamp) -> AllRows {
    while store.sweep_deleted_workspaces(1000).await.unwrap() {}
    assert_eq!(store.trim_histories(old, None, usize::MAX).await, Ok(None));
    let bytes = bytes(store.backup().await.unwrap()).await;
    let mut reader = BackupReader::new(bytes.as_slice(), Content::Everything).unwrap();
    let (mut rows, mut table) = (AllRows::new(), String::new());
    loop {
        match reader.next().unwrap() {
            Part::Table(name) => table = name,
            Part::Row(..) if table.starts_with("answers") || table == "api_key_uses" => {}
            Part::Row(key, _) if table == "meta" && key == HISTORY_KEY.as_bytes() => {}
            Part::Row(_, value) if table == "counters" && value.iter().all(|byte| *byte == 0) => {}
            Part::Row(key, value) if table == "api_keys" => {
                let key_row = ApiKey { last_used_at: None, ..records::decode(&value).unwrap() };
                rows.insert((table.clone(), key), records::encode(&key_row).unwrap());
            }
            Part::Row(key, value) => drop(rows.insert((table.clone(), key), value)),
            Part::Prefix(_) => panic!("no changes"),
            Part::End => return rows,
        }
    }
}

/// What is in a directory of files.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The rows of what is restored from these files, which must agree with each other.
    async fn restored(&self, backup: &Path, changes: &[PathBuf], old: Timestamp) -> AllRows {
        let location = Location::Directory(self.0.path().join("restored"));
        restore(&options(location.clone()), backup, changes, true, |_| {}).unwrap();
        let report = check(&options(location.clone()), false, Box::new(|_| {})).unwrap();
        assert_eq!(report.findings, []);
        let store = store(location);
        let rows = rows(&store, old).await;
        store.close().await.unwrap();
        rows
    }
}

/// Does everything in three parts, each followed by a shipment of changes and a backup, and compares what the one
/// restores with what the other does.
async fn goes_along(throws: &[Throw]) {
    let (live, files) = (store(Location::Memory), Files::new());
    let mut player = Player::new(&live);
    let mut parts = throws.chunks(throws.len().div_ceil(3));
    for throw in (0..3).map(|user| (0, user, 1)).chain(parts.next().unwrap().iter().copied()) {
        player.step(throw).await;
    }
    let first = live.backup().await.unwrap();
    let (beginning, mut shipped) = (first.end(), Vec::new());
    player.keep(live.changes(beginning.position.back(1), 1).await.unwrap().changes[0].at);
    let mut backups = vec![(beginning, files.write("0.backup", &bytes(first).await))];
    for (number, part) in parts.enumerate() {
        // What is done last is in the log for certain: a sign-in to an account that failed.
        for throw in part.iter().chain(&[(27, 0, 2)]) {
            player.step(*throw).await;
        }
        let (before, _) = backups[number];
        let (position, new) = changes(&live, before).await;
        shipped.push(files.write(&format!("{number}.changes"), &new));
        let (_, all) = changes(&live, beginning).await;
        let all = files.write("all.changes", &all);
        let backup = live.backup().await.unwrap();
        assert_eq!(backup.end(), position);
        backups.push((position, files.write(&format!("{}.backup", number + 1), &bytes(backup).await)));

        let expected = files.restored(&backups[number + 1].1, &[], player.old()).await;
        assert_same(&files.restored(&backups[0].1, &shipped, player.old()).await, &expected);
        // One that begins before the backup does.
        assert_same(&files.restored(&backups[number].1, &[all], player.old()).await, &expected);
    }
}

fn assert_same(found: &AllRows, expected: &AllRows) {
    let differing = found.iter().filter(|(key, value)| expected.get(*key) != Some(value)).map(|(key, _)| key);
    let missing = expected.keys().filter(|key| !found.contains_key(*key));
    assert_eq!(differing.chain(missing).collect::<Vec<_>>(), Vec::<&(String, Vec<u8>)>::new());
}

#[test]
fn changes_lead_to_what_a_backup_has() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let goes_along = |throws: Vec<Throw>| {
        runtime.block_on(goes_along(&throws));
        Ok(())
    };
    runner.run(&throws(), goes_along).unwrap();
}

/// The random workload of the test above is worth something only if it makes changes of every kind. The dice of this
/// test are always the same, so that it doesn't depend on luck.
#[tokio::test]
async fn the_workload_makes_changes_of_every_kind() {
    let mut dice = TestRunner::deterministic();
    let mut seen = HashSet::new();
    for _ in 0..128 {
        let live = store(Location::Memory);
        let mut player = Player::new(&live);
        player.keep(Timestamp::MIN);
        let everyone = (0..3).map(|user| (0, user, 1));
        for throw in everyone.chain(throws().new_tree(&mut dice).unwrap().current()) {
            player.step(throw).await;
        }
        let log = live.changes(LogPosition::START, usize::MAX).await.unwrap();
        seen.extend(log.changes.iter().map(|change| discriminant(&change.kind)));
    }
    let unseen: Vec<ChangeKind> = KINDS.into_iter().filter(|kind| !seen.contains(&discriminant(kind))).collect();
    assert_eq!(unseen, []);
}

#[tokio::test]
async fn changes_are_added_to_their_own_history_alone() {
    let (one, other, files) = (store(Location::Memory), store(Location::Memory), Files::new());
    let nothing = Checkpoint { position: LogPosition::START, mark: 0 };
    assert!(matches!(one.changes_since(nothing).await.unwrap(), Since::Nothing));
    let empty = files.write("empty.backup", &bytes(one.backup().await.unwrap()).await);
    let mut positions = Vec::new();
    let mut sets = vec![];
    for (name, store) in [("one", &one), ("other", &other)] {
        let mut player = Player::new(store);
        for number in 0..3 {
            player.step((0, number + u8::from(name == "other"), 1)).await;
            let since = positions.last().copied().filter(|_| number > 0).unwrap_or(nothing);
            let (position, bytes) = changes(store, since).await;
            positions.push(position);
            sets.push(files.write(&format!("{name}-{number}.changes"), &bytes));
        }
    }
    assert!(matches!(one.changes_since(positions[2]).await.unwrap(), Since::Nothing));
    assert!(matches!(one.changes_since(positions[5]).await.unwrap(), Since::AnotherHistory));
    assert!(matches!(
        other.changes_since(Checkpoint { position: LogPosition::of_entry(9), mark: 0 }).await.unwrap(),
        Since::AnotherHistory
    ));

    let old = Timestamp::MIN;
    assert_same(&files.restored(&empty, &sets[..3], old).await, &rows(&one, old).await);
    let location = Location::Directory(files.0.path().join("refused"));
    let refused = |backup: &Path, changes: &[PathBuf]| {
        restore(&options(location.clone()), backup, changes, false, |_| {}).unwrap_err().to_string()
    };
    let gap = refused(&empty, &[sets[0].clone(), sets[2].clone()]);
    assert!(gap.contains("one-2.changes") && gap.contains("2 to 2 are missing"), "{gap}");
    let forked = refused(&empty, &[sets[0].clone(), sets[4].clone()]);
    assert!(forked.contains("other-1.changes") && forked.contains("another database"), "{forked}");
    assert!(refused(&empty, std::slice::from_ref(&empty)).contains("it has no changes of ghostworks"));
    assert!(refused(&sets[0], &[]).contains("it is no backup of ghostworks"));
    let whole = fs::read(&sets[0]).unwrap();
    let cut = files.write("cut.changes", &whole[..whole.len() - 1]);
    assert!(refused(&empty, &[cut]).contains("cut.changes: it ends early"));
    assert!(!location.has_database());
}

#[tokio::test]
async fn a_copy_of_an_earlier_schema_is_brought_up_to_that_of_the_changes() {
    let (live, files) = (store(Location::Memory), Files::new());
    let mut player = Player::new(&live);
    for throw in [(0, 0, 1), (0, 1, 1), (11, 0, 1)] {
        player.step(throw).await;
    }
    let backup = live.backup().await.unwrap();
    let position = backup.end();
    let current = bytes(backup).await;
    player.step((14, 5, 8)).await;
    let (_, set) = changes(&live, position).await;

    // As the version before counted: without the owners.
    let earlier = files.0.path().join("earlier.backup");
    let mut writer = BackupWriter::new(File::create(&earlier).unwrap(), Content::Everything).unwrap();
    let mut reader = BackupReader::new(current.as_slice(), Content::Everything).unwrap();
    let mut table = String::new();
    loop {
        match reader.next().unwrap() {
            Part::Table(name) => {
                writer.table(&name).unwrap();
                table = name;
            }
            Part::Row(key, _) if table == "counters" && matches!(key.last(), Some(7 | 9 | 10)) => {}
            Part::Row(key, _) if table == "meta" => writer.row(&key, &2_u32.to_be_bytes()).unwrap(),
            Part::Row(key, value) => writer.row(&key, &value).unwrap(),
            Part::Prefix(_) => panic!("no changes"),
            Part::End => break,
        }
    }
    writer.finish().unwrap();
    let set = files.write("later.changes", &set);
    let old = Timestamp::MIN;
    assert_same(&files.restored(&earlier, &[set], old).await, &rows(&live, old).await);
}

#[tokio::test]
async fn what_is_kept_for_long_enough_may_go_between_a_backup_and_the_changes() {
    let (live, files) = (store(Location::Memory), Files::new());
    let mut player = Player::new(&live);
    // An account, a workspace, an artifact and more versions of it.
    for throw in [(0, 0, 1), (11, 0, 1), (20, 0, 1), (22, 0, 1), (22, 0, 2)] {
        player.step(throw).await;
    }
    let backup = live.backup().await.unwrap();
    let position = backup.end();
    let backup = files.write("0.backup", &bytes(backup).await);
    let versions = |rows: &AllRows| rows.keys().filter(|(table, _)| table == "artifact_versions").count();
    let before = versions(&rows(&live, Timestamp::MIN).await);
    assert!(before > 0, "there is a history");
    let late = Timestamp::MAX;
    while live.trim_histories(late, None, 1000).await.unwrap().is_some() {}
    assert_eq!(versions(&rows(&live, Timestamp::MIN).await), 0);
    player.step((22, 0, 3)).await;
    let (_, set) = changes(&live, position).await;
    // It is found in agreement: with the older versions, and with what they take up.
    let restored = files.restored(&backup, &[files.write("0.changes", &set)], Timestamp::MIN).await;
    assert_eq!(versions(&restored), before + 1);

    while live.trim_changes(late, 1000).await.unwrap() {}
    assert!(matches!(live.changes_since(position).await.unwrap(), Since::AnotherHistory), "a backup has to come first");
}
