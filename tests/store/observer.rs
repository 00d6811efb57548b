//! What the observer is told.

use std::sync::{Arc, Mutex};

use ghostworks::domain::{ArtifactFilter, ListArtifacts, Page, Sort, Tag};
use ghostworks::store::redb::{Location, RedbStore};
use ghostworks::store::{Call, Observer, StoreError};

use crate::world::{World, nobody, options};

#[derive(Default)]
struct Recorder(Mutex<Vec<Call>>);

impl Observer for Recorder {
    fn finished(&self, call: &Call) {
        self.0.lock().unwrap().push(*call);
    }
}

impl Recorder {
    /// The one call since the last time.
    fn only(&self) -> Call {
        let calls = std::mem::take(&mut *self.0.lock().unwrap());
        let [call] = calls[..] else { panic!("not one call: {calls:?}") };
        call
    }
}

fn seen(call: &Call) -> (&str, &str, usize, bool) {
    (call.operation, call.collection, call.rows, call.failed)
}

#[tokio::test]
async fn every_call_is_told_once_after_it_ended() {
    let recorder = Arc::new(Recorder::default());
    let store = Arc::new(RedbStore::open(options(Location::Memory), recorder.clone()).unwrap());
    let world = World::over(store, None);

    let ann = world.user("ann").await;
    let call = recorder.only();
    assert_eq!(seen(&call), ("insert", "users", 1, false));
    let figures = call.write.expect("it was committed");
    assert_eq!(figures.group_size, 1);
    assert!(figures.queued + figures.commit <= call.elapsed);

    let refused = world.store.create_user(ann.clone(), "hash".to_owned(), world.stamp()).await;
    assert_eq!(refused, Err(StoreError::EmailTaken));
    let call = recorder.only();
    assert_eq!((seen(&call), call.write), (("insert", "users", 0, false), None), "a refusal is no failure");

    world.store.user(ann.id).await.unwrap();
    assert_eq!(seen(&recorder.only()), ("get", "users", 1, false));
    world.store.user(nobody()).await.unwrap();
    assert_eq!(seen(&recorder.only()), ("get", "users", 0, false));

    let tenant = world.workspace(ann.id).await;
    assert_eq!(seen(&recorder.only()), ("insert", "workspaces", 1, false));
    for name in ["a", "b", "c"] {
        world.artifact(tenant, ann.id, name).await;
        assert_eq!(seen(&recorder.only()), ("insert", "artifacts", 1, false));
    }
    let tagged = ArtifactFilter { tags: vec![Tag::parse("b").unwrap()], ..ArtifactFilter::default() };
    for (filter, rows) in [(ArtifactFilter::default(), 2), (tagged, 0)] {
        let list = ListArtifacts { filter, sort: Sort::NEWEST_FIRST, page: Page::at(2, 0) };
        world.store.list_artifacts(tenant, list).await.unwrap();
        assert_eq!(seen(&recorder.only()), ("list", "artifacts", rows, false));
    }
    world.store.close_session(ann.id, nobody(), world.stamp()).await.unwrap();
    let call = recorder.only();
    assert_eq!((seen(&call), call.write), (("delete", "sessions", 0, false), None), "there was nothing to write");
}

#[tokio::test]
async fn a_call_that_the_database_fails_is_told_as_failed() {
    let recorder = Arc::new(Recorder::default());
    let store = Arc::new(RedbStore::open(options(Location::Memory), recorder.clone()).unwrap());
    let world = World::over(store, None);
    world.store.close().await.unwrap();
    assert!(world.store.counts().await.is_err());
    assert_eq!(seen(&recorder.only()), ("get", "counters", 0, true));
    assert!(world.store.create_user(world.new_user("ann"), "hash".to_owned(), world.stamp()).await.is_err());
    assert_eq!(seen(&recorder.only()), ("insert", "users", 0, true));
}
