//! Backups and changes of one engine, restored into another: what it has then is the same, and it goes on from there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ghostworks::domain::{LogPosition, Precondition, Role, TenantId, Timestamp, UserId};
use ghostworks::store::redb::{Location, RedbStore, check, restore};
use ghostworks::store::{Backup, NoObserver, Since, SlugChoice, Store};
use tempfile::TempDir;

use crate::api_keys::key;
use crate::memory::MemoryEngine;
use crate::world::{World, options, rename};

/// What makes a store from a backup and the changes since, and has it checked first.
type Restore = fn(&Files, &Path, &[PathBuf]) -> Arc<dyn Store>;

/// A directory for files.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn keep(&self, name: &str, backup: Backup) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes(backup).await).unwrap();
        path
    }

    fn restored_in_memory(&self, backup: &Path, changes: &[PathBuf]) -> Arc<dyn Store> {
        let engine = MemoryEngine::restored(backup, changes).unwrap();
        assert_eq!(engine.check().findings, []);
        Arc::new(engine)
    }

    /// One directory for each, so that none is in the way of another.
    fn restored_in_file(&self, backup: &Path, changes: &[PathBuf]) -> Arc<dyn Store> {
        let directory = tempfile::tempdir_in(self.0.path()).unwrap().keep();
        let options = options(Location::Directory(directory));
        restore(&options, backup, changes, false, |_| {}).unwrap();
        assert_eq!(check(&options, false, Box::new(|_| {})).unwrap().findings, []);
        Arc::new(RedbStore::open(options, Arc::new(NoObserver)).unwrap())
    }
}

async fn bytes(mut backup: Backup) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(piece) = backup.next().await {
        bytes.extend(piece.unwrap());
    }
    bytes
}

/// All that a store has, once what was in deleted workspaces is swept away, but for the name of its history: that comes last in
/// a backup.
async fn content(store: &dyn Store) -> Vec<u8> {
    while store.sweep_deleted_workspaces(1000).await.unwrap() {}
    let mut bytes = bytes(store.backup().await.unwrap()).await;
    let history = bytes.windows(7).rposition(|name| name == b"history").expect("each has a history");
    bytes.truncate(history);
    bytes
}

async fn changes_since(store: &dyn Store, since: &Backup) -> Backup {
    match store.changes_since(since.end()).await.unwrap() {
        Since::Changes(changes) => changes,
        Since::Nothing | Since::AnotherHistory => panic!("there are changes"),
    }
}

/// Something of everything, by a user of this name.
async fn work(world: &World, name: &str) {
    let store = &world.store;
    let (user, member) = (world.user(name).await.id, world.user(&format!("{name}-member")).await.id);
    let session = world.session(user, 1).await;
    store.close_session(user, session.id, world.stamp()).await.unwrap();
    world.session(user, 2).await;
    let [tenant, gone] = [workspace(world, user, name).await, workspace(world, user, &format!("{name}-gone")).await];
    store.add_member(tenant, member, Role::Admin, user, world.stamp()).await.unwrap();
    key(world, tenant, user).await;
    for artifact in ["Anvil", "Bellows", "Chisel"] {
        let id = world.artifact(tenant, user, artifact).await.id;
        store.update_artifact(tenant, id, Precondition::None, rename("Renamed"), user, world.stamp()).await.unwrap();
        if artifact == "Anvil" {
            store.delete_artifact(tenant, id, Precondition::None, user, world.stamp()).await.unwrap();
        }
    }
    world.artifact(gone, user, "Gone").await;
    store.delete_workspace(gone, user, world.stamp()).await.unwrap();
    while store.sweep_deleted_workspaces(2).await.unwrap() {}
}

async fn workspace(world: &World, owner: UserId, slug: &str) -> TenantId {
    let workspace = world.new_workspace(slug);
    world.store.create_workspace(workspace, SlugChoice::Exactly, owner, world.stamp()).await.unwrap().workspace.id
}

/// A backup and the changes since go from `world` into another store, and a backup of that comes back.
async fn goes_there_and_back(world: World, there: Restore, back: Restore) {
    let files = Files::new();
    work(&world, "ann").await;
    let first = world.store.backup().await.unwrap();
    work(&world, "bob").await;
    let changes = changes_since(&*world.store, &first).await;
    let (backup, changes) = (files.keep("backup", first).await, files.keep("changes", changes).await);

    let expected = content(&*world.store).await;
    let other = there(&files, &backup, std::slice::from_ref(&changes));
    assert!(content(&*other).await == expected, "the changes lead to something else");
    assert_ne!(other.history(), world.store.history());

    let whole = files.keep("whole", other.backup().await.unwrap()).await;
    let returned = back(&files, &whole, &[]);
    assert!(content(&*returned).await == expected, "what came back is something else");

    let log = world.store.changes(LogPosition::START, usize::MAX).await;
    assert_eq!(other.changes(LogPosition::START, usize::MAX).await, log);
    assert_eq!(other.counts().await, world.store.counts().await);
    let world = World::over(other, None);
    work(&world, "eve").await;
    while world.store.trim_changes(Timestamp::MAX, 5).await.unwrap() {}
    let later = files.keep("later", world.store.backup().await.unwrap()).await;
    back(&files, &later, &[]);
    there(&files, &later, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_memory_goes_into_a_file_and_back() {
    goes_there_and_back(World::on_a_memory_engine(), Files::restored_in_file, Files::restored_in_memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_a_file_goes_restored_in_memory_and_back() {
    goes_there_and_back(World::on_disk(), Files::restored_in_memory, Files::restored_in_file).await;
}

#[test]
fn backups_of_every_version_go_restored_in_memory() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/databases");
    let paths = fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path());
    let packed: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with(".backup.gz")).collect();
    assert!(!packed.is_empty());
    for sample in packed {
        let files = Files::new();
        let backup = files.0.path().join("backup");
        let mut source = flate2::read::GzDecoder::new(File::open(&sample).unwrap());
        io::copy(&mut source, &mut File::create(&backup).unwrap()).unwrap();
        files.restored_in_memory(&backup, &[]);
    }
}
