//! The figures of a store: read when somebody looks, and told with every commit.

use std::sync::{Arc, Mutex};

use ghostworks::store::redb::{Location, RedbStore};
use ghostworks::store::{Call, CommitFigures, NoObserver, Observer};

use crate::world::{World, options};

#[derive(Default)]
struct Commits(Mutex<Vec<CommitFigures>>);

impl Observer for Commits {
    fn finished(&self, _call: &Call) {}

    fn committed(&self, commit: &CommitFigures) {
        self.0.lock().unwrap().push(*commit);
    }
}

#[tokio::test]
async fn a_store_tells_of_its_disk_its_cache_and_its_queue() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Directory(directory.path().to_owned());
    let store = Arc::new(RedbStore::open(options(location), Arc::new(NoObserver)).unwrap());
    let world = World::over(store, None);
    world.user("ann").await;
    let figures = world.store.figures();
    let file = std::fs::metadata(directory.path().join("ghostworks.redb")).unwrap();
    assert_eq!(figures.file_bytes, Some(file.len()));
    assert!(figures.free_bytes.is_some_and(|bytes| bytes > 0));
    assert!(figures.cache.hits > 0, "{figures:?}");
    assert_eq!((figures.queue_capacity, figures.queue_depth), (1024, 0));
    assert!(figures.writable && figures.readers == 0 && figures.oldest_reader.is_zero());

    world.store.close().await.unwrap();
    assert!(!world.store.figures().writable, "a closed store takes no writes");
}

#[tokio::test]
async fn every_commit_is_told_of_once_with_the_writes_it_carried() {
    let commits = Arc::new(Commits::default());
    let store = Arc::new(RedbStore::open(options(Location::Memory), commits.clone()).unwrap());
    let world = World::over(store, None);
    let ann = world.user("ann").await;
    let tenant = world.workspace(ann.id).await;
    for name in ["a", "b", "c"] {
        world.artifact(tenant, ann.id, name).await;
    }
    world.store.counts().await.unwrap();
    let told = commits.0.lock().unwrap();
    assert_eq!(told.iter().map(|commit| commit.group_size).collect::<Vec<_>>(), [1; 5], "reads commit nothing");
    assert!(told.iter().all(|commit| !commit.elapsed.is_zero()));
}
