//! The store as a whole: counters, health, closing.

use std::sync::Arc;

use futures_util::future::join_all;
use ghostworks::domain::{ArtifactFilter, ListArtifacts, LogPosition, Page, Precondition, Sort};
use ghostworks::store::{Counts, StoreError};

use crate::world::World;

pub async fn counters_match_what_is_there(world: World) {
    assert_eq!(world.store.counts().await, Ok(Counts::default()));
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenants = [world.workspace(ann).await, world.workspace(bob).await, world.workspace(bob).await];
    let mut left = Vec::new();
    for (index, tenant) in tenants.into_iter().enumerate() {
        for number in 0..5 {
            let id = world.artifact(tenant, ann, "Anvil").await.id;
            if number < index {
                world.store.delete_artifact(tenant, id, Precondition::None, ann, world.stamp()).await.unwrap();
            }
        }
        let list =
            ListArtifacts { filter: ArtifactFilter::default(), sort: Sort::NEWEST_FIRST, page: Page::at(100, 0) };
        let page = world.store.list_artifacts(tenant, list).await.unwrap();
        left.push((page.items.len(), page.total));
    }
    assert_eq!(left, [(5, 5), (4, 4), (3, 3)]);
    let expected = Counts { users: 2, workspaces: 3, artifacts: 15, active_artifacts: 12 };
    assert_eq!(world.store.counts().await, Ok(expected));
}

pub async fn health_tells_of_a_working_store(world: World) {
    world.user("ann").await;
    let health = world.store.health().await;
    assert!(health.readable);
    assert_eq!((health.writable, health.newest_change.entry(), health.queue_depth), (Ok(()), 1, 0));
}

pub async fn a_closed_store_refuses(world: World) {
    let ann = world.user("ann").await;
    assert_eq!(world.store.close().await, Ok(()));
    assert_eq!(world.store.close().await, Ok(()), "again: no error");

    let unavailable = |error: Option<StoreError>| matches!(error, Some(StoreError::Unavailable(_)));
    assert!(unavailable(world.store.user(ann.id).await.err()));
    assert!(unavailable(world.store.changes(LogPosition::START, usize::MAX).await.err()));
    let created = world.store.create_user(world.new_user("bob"), "hash".to_owned(), world.stamp()).await;
    assert!(unavailable(created.err()));
    let health = world.store.health().await;
    assert!(!health.readable && health.writable.is_err());
}

pub async fn a_read_only_store_refuses_what_writes_and_nothing_else(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let artifact = world.artifact(tenant, ann, "Anvil").await.id;
    let gone = world.workspace(ann).await;
    world.store.delete_workspace(gone, ann, world.stamp()).await.unwrap();
    let before = world.store.newest_change(None).await.unwrap();
    world.read_only.set(true);
    let bob = world.new_user("bob");
    assert_eq!(world.store.create_user(bob.clone(), "hash".to_owned(), world.stamp()).await, Err(StoreError::ReadOnly));
    let deleted = world.store.delete_artifact(tenant, artifact, Precondition::None, ann, world.stamp()).await;
    assert_eq!(deleted.err(), Some(StoreError::ReadOnly));
    assert_eq!(world.store.sweep_deleted_workspaces(1).await, Err(StoreError::ReadOnly));
    assert_eq!(world.store.trim_changes(world.now(), 1).await, Err(StoreError::ReadOnly));
    assert_eq!(world.store.scrub_changes(vec![ann], LogPosition::START, 1).await, Err(StoreError::ReadOnly));
    assert_eq!(world.store.newest_change(None).await, Ok(before));
    assert!(world.store.user(ann).await.unwrap().is_some());
    assert_eq!(world.store.health().await.writable, Ok(()), "the disk is well");
    world.read_only.set(false);
    assert_eq!(world.store.create_user(bob, "hash".to_owned(), world.stamp()).await, Ok(()));
}

pub async fn writes_queued_before_closing_are_answered(world: World) {
    let world = Arc::new(world);
    let register = |number: usize| {
        let world = Arc::clone(&world);
        async move {
            let user = world.new_user(&format!("user{number}"));
            world.store.create_user(user, "hash".to_owned(), world.stamp()).await
        }
    };
    // Polled in order, so that all of them are queued before the last one closes the store.
    let writes = join_all((0..20).map(register));
    let (answers, closed) = futures_util::future::join(writes, world.store.close()).await;
    assert_eq!(closed, Ok(()));
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}
