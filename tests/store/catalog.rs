//! The catalog as a whole: passed on in pieces, and written to in one commit.

use std::collections::BTreeMap;

use ghostworks::domain::{Artifact, ArtifactId, ArtifactWrite, ChangeKind, Metadata, Precondition, TenantId, UserId};
use ghostworks::store::{Missing, StoreError};
use serde_json::json;

use crate::world::{World, nobody, rename};

fn create(world: &World, tenant: TenantId, user: UserId, name: &str) -> ArtifactWrite {
    ArtifactWrite::Create(Box::new(world.foreign_artifact(tenant, user, name)))
}

/// All artifacts, in as many pieces as it takes.
async fn pieces(world: &World, tenant: TenantId, deleted: bool) -> Vec<Vec<Artifact>> {
    let (mut pieces, mut after) = (Vec::new(), None);
    loop {
        let batch = world.store.artifacts_after(tenant, after, deleted).await.unwrap();
        pieces.push(batch.items.into_iter().map(Result::unwrap).collect());
        after = batch.next;
        if after.is_none() {
            return pieces;
        }
    }
}

pub async fn everything_is_passed_on_once_oldest_first(world: World) {
    let ann = world.user("ann").await.id;
    let (tenant, other) = (world.workspace(ann).await, world.workspace(ann).await);
    let writes = (0..1001).map(|_| create(&world, tenant, ann, "Anvil")).collect();
    world.store.write_artifacts(tenant, writes, true, ann, world.stamp()).await.unwrap();
    world.artifact(other, ann, "Foreign").await;
    let all = pieces(&world, tenant, false).await;
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [500, 500, 1]);
    let ids: Vec<ArtifactId> = all.concat().iter().map(|artifact| artifact.id).collect();
    assert!(all.concat().is_sorted_by_key(|artifact| (artifact.created_at, artifact.id)));
    assert!(!ids.is_sorted(), "ids say nothing of the order");

    for id in ids.iter().step_by(2) {
        world.store.delete_artifact(tenant, *id, Precondition::None, ann, world.stamp()).await.unwrap();
    }
    assert_eq!(pieces(&world, tenant, false).await.concat().len(), 500);
    let with_trash: Vec<ArtifactId> =
        pieces(&world, tenant, true).await.concat().iter().map(|artifact| artifact.id).collect();
    assert_eq!(with_trash, ids);

    let mut trash: Vec<ArtifactId> = Vec::new();
    loop {
        let page = world.store.artifacts_in_trash(tenant, trash.last().copied(), 100).await.unwrap();
        assert!(page.iter().all(|artifact| artifact.deleted_at.is_some() && artifact.tenant == tenant));
        trash.extend(page.iter().map(|artifact| artifact.id));
        if page.len() < 100 {
            break;
        }
    }
    let mut expected: Vec<ArtifactId> = ids.iter().step_by(2).copied().collect();
    expected.sort_unstable();
    assert_eq!(trash, expected);
}

pub async fn large_artifacts_are_passed_on_a_few_at_a_time(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let large: BTreeMap<_, _> = (0..50).map(|key| (key.to_string(), json!("ü".repeat(1000)))).collect();
    let metadata = Metadata::parse(large).unwrap();
    let writes = (0..50).map(|_| {
        let artifact = Artifact { metadata: metadata.clone(), ..world.new_artifact(tenant, ann, "Anvil") };
        ArtifactWrite::Create(Box::new(artifact))
    });
    world.store.write_artifacts(tenant, writes.collect(), true, ann, world.stamp()).await.unwrap();
    let all = pieces(&world, tenant, false).await;
    assert!(all.iter().all(|piece| piece.len() < 30), "a piece has 2 MiB or a little more");
    assert_eq!(all.concat().len(), 50);
}

pub async fn a_refused_atomic_write_leaves_no_trace(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let anvil = world.artifact(tenant, ann, "Anvil").await;
    let before = world.newest_change().await;
    let update = |id| ArtifactWrite::Update { id, expected: Precondition::None, patch: rename("Bellows") };
    let writes = vec![create(&world, tenant, ann, "Chisel"), update(anvil.id), update(nobody())];
    let outcomes = world.store.write_artifacts(tenant, writes.clone(), true, ann, world.stamp()).await.unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 1);
    assert_eq!(outcomes[2], Err(StoreError::NotFound(Missing::Artifact)));
    assert_eq!((world.newest_change().await, world.store.counts().await.unwrap().artifacts), (before, 1));
    assert_eq!(world.store.artifact(tenant, anvil.id).await, Ok(Some(anvil)));

    let nowhere = world.store.write_artifacts(nobody(), writes, false, ann, world.stamp()).await;
    assert_eq!(nowhere, Err(StoreError::NotFound(Missing::Workspace)));
}

pub async fn every_write_of_many_is_in_the_log(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let anvil = world.new_artifact(tenant, ann, "Anvil");
    let id = anvil.id;
    let before = world.newest_change().await;
    let writes = vec![
        ArtifactWrite::Create(Box::new(anvil)),
        ArtifactWrite::Update { id, expected: Some(1).into(), patch: rename("Bellows") },
        ArtifactWrite::Delete { id, expected: Some(1).into() },
        ArtifactWrite::Delete { id, expected: Some(2).into() },
    ];
    let outcomes = world.store.write_artifacts(tenant, writes, false, ann, world.stamp()).await.unwrap();
    assert_eq!(outcomes[2], Err(StoreError::VersionMismatch { current: 2 }));
    world.store.restore_artifact(tenant, id, ann, world.stamp()).await.unwrap();
    world.store.purge_artifact(tenant, id, Some(4).into(), world.stamp()).await.unwrap();
    let kinds: Vec<ChangeKind> = world.kinds(before).await;
    assert_eq!(
        kinds,
        [
            ChangeKind::ArtifactCreated(id),
            ChangeKind::ArtifactUpdated(id, 2),
            ChangeKind::ArtifactDeleted(id, 3),
            ChangeKind::ArtifactRestored(id, 4),
            ChangeKind::ArtifactPurged(id),
        ]
    );
    assert_eq!(world.store.artifact_history(tenant, id, None, 10).await, Ok(None));
}
