//! The file of the store on redb: what survives, and what is refused, with the file left alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ghostworks::domain::{LogPosition, Role};
use ghostworks::store::redb::{Location, OpenError, RedbStore};
use ghostworks::store::{NoObserver, Store, StoreError, Users};
use redb::{Database, TableDefinition};
use tempfile::TempDir;

use crate::world::{World, options};

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const COUNTERS: TableDefinition<&[u8; 17], u64> = TableDefinition::new("counters");
/// Where the last byte of a counter's key says that it counts owners.
const OWNERS: u8 = 7;

fn open(directory: &Path) -> Result<RedbStore, OpenError> {
    RedbStore::open(options(Location::Directory(directory.to_owned())), Arc::new(NoObserver))
}

fn refusal(directory: &Path) -> OpenError {
    open(directory).err().expect("it was opened")
}

fn empty_directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ghostworks.redb");
    (directory, file)
}

/// Puts something in and closes the store.
async fn fill(directory: &Path) -> World {
    let world = World::over(Arc::new(open(directory).unwrap()), None);
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    world.artifact(tenant, ann, "Anvil").await;
    world.store.close().await.unwrap();
    world
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let (directory, _) = empty_directory();
    let path = directory.path().join("made/on/the/way");
    let world = World::over(Arc::new(open(&path).unwrap()), None);
    let ann = world.user("ann").await;
    let tenant = world.workspace(ann.id).await;
    let session = world.session(ann.id, 1).await;
    let artifact = world.artifact(tenant, ann.id, "Anvil").await;
    let changes = world.changes_after(LogPosition::START).await;
    let (view, counts) = (world.store.workspace(tenant, ann.id).await, world.store.counts().await);
    world.store.close().await.unwrap();

    let world = World::over(Arc::new(open(&path).unwrap()), None);
    assert_eq!(world.store.user(ann.id).await, Ok(Some(ann.clone())));
    assert_eq!(world.store.session(ann.id, session.id).await, Ok(Some(session)));
    assert_eq!(world.store.workspace(tenant, ann.id).await, view);
    assert_eq!(world.store.artifact(tenant, artifact.id).await, Ok(Some(artifact)));
    assert_eq!(world.changes_after(LogPosition::START).await, changes);
    assert_eq!(world.store.counts().await, counts);
    world.user("bob").await;
    assert_eq!(world.newest_change().await.entry(), changes.len() as u64 + 1, "the log goes on");
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let (directory, file) = empty_directory();
    let world = World::over(Arc::new(open(directory.path()).unwrap()), None);
    let ann = world.user("ann").await;

    // What a crash leaves behind is the file as it is now, never closed.
    let (after_the_crash, copy) = empty_directory();
    fs::copy(&file, &copy).unwrap();
    let recovered = open(after_the_crash.path()).unwrap();
    assert_eq!(recovered.user(ann.id).await, Ok(Some(ann)));
    assert_eq!(recovered.health().await.writable, Ok(()));
}

#[tokio::test]
async fn dropping_a_store_closes_it() {
    let (directory, _) = empty_directory();
    let world = World::over(Arc::new(open(directory.path()).unwrap()), None);
    let ann = world.user("ann").await;
    drop(world);
    assert_eq!(open(directory.path()).unwrap().user(ann.id).await, Ok(Some(ann)));
}

#[tokio::test]
async fn a_newer_file_is_refused_and_left_as_it_is() {
    let (directory, file) = empty_directory();
    fill(directory.path()).await;
    let database = Database::open(&file).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(META).unwrap().insert("schema_version", 4711_u32.to_be_bytes().as_slice()).unwrap();
    txn.commit().unwrap();
    database.close().unwrap();

    let before = fs::read(&file).unwrap();
    let error = refusal(directory.path());
    assert!(matches!(error, OpenError::Newer { found: 4711, .. }), "{error}");
    assert!(error.to_string().contains("run that version"), "{error}");
    assert!(fs::read(&file).unwrap() == before, "the file was changed");
}

#[tokio::test]
async fn a_file_in_use_is_refused() {
    let (directory, _) = empty_directory();
    let first = open(directory.path()).unwrap();
    let error = refusal(directory.path());
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert_eq!(first.health().await.writable, Ok(()));
    first.close().await.unwrap();
    assert!(open(directory.path()).is_ok());
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_as_it_is() {
    let (directory, file) = empty_directory();
    fill(directory.path()).await;
    let good = fs::read(&file).unwrap();
    let scrambled = |from: usize| -> Vec<u8> {
        good.iter().enumerate().map(|(at, byte)| if at < from { *byte } else { !byte }).collect()
    };
    for bad in [
        b"not a database at all".repeat(500),
        good[..good.len() / 2].to_vec(),
        good[..100].to_vec(),
        scrambled(64),
        scrambled(4096),
    ] {
        fs::write(&file, &bad).unwrap();
        let error = refusal(directory.path());
        assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert!(fs::read(&file).unwrap() == bad, "the file was changed");
    }
}

#[test]
fn the_database_of_another_program_is_refused() {
    let (directory, file) = empty_directory();
    let database = Database::create(&file).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(TableDefinition::<u64, u64>::new("theirs")).unwrap().insert(1, 2).unwrap();
    txn.commit().unwrap();
    database.close().unwrap();
    let before = fs::read(&file).unwrap();
    let error = refusal(directory.path());
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
    assert!(fs::read(&file).unwrap() == before, "the file was changed");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let (directory, _) = empty_directory();
    let file = directory.path().join("a-file");
    fs::write(&file, "").unwrap();
    let error = refusal(&file.join("below"));
    assert!(matches!(error, OpenError::Directory { .. }), "{error:?}");
    assert!(error.to_string().contains("choose another"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, file) = empty_directory();
    let _store = open(directory.path()).unwrap();
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn owners_of_a_file_that_did_not_count_them_are_counted() {
    let (directory, file) = empty_directory();
    let world = World::over(Arc::new(open(directory.path()).unwrap()), None);
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenant = world.workspace(ann).await;
    world.store.add_member(tenant, bob, Role::Owner, ann, world.stamp()).await.unwrap();
    world.store.close().await.unwrap();

    let database = Database::open(&file).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(COUNTERS).unwrap().retain(|key, _| key[16] != OWNERS).unwrap();
    txn.open_table(META).unwrap().insert("schema_version", 2_u32.to_be_bytes().as_slice()).unwrap();
    txn.commit().unwrap();
    drop(database);

    let world = World::over(Arc::new(open(directory.path()).unwrap()), None);
    assert_eq!(world.store.change_role(tenant, bob, Role::Member, ann, world.stamp()).await, Ok(Role::Owner));
    let last = world.store.change_role(tenant, ann, Role::Member, ann, world.stamp()).await;
    assert_eq!(last, Err(StoreError::LastOwner));
}
