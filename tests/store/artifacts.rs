//! Artifacts: single ones and listings.

use std::collections::BTreeMap;

use ghostworks::domain::{
    Artifact, ArtifactDescription, ArtifactFilter, ArtifactPatch, ArtifactType, Field, ListArtifacts, Metadata, Page,
    Precondition, Sort, Tag, TenantId,
};
use ghostworks::store::{Missing, StoreError};
use serde_json::json;

use crate::world::{World, nobody, rename, tags};

const NOT_FOUND: StoreError = StoreError::NotFound(Missing::Artifact);

/// The names on a page, and the total.
async fn list(world: &World, tenant: TenantId, filter: ArtifactFilter, page: Page) -> (Vec<String>, u64) {
    let list =
        world.store.list_artifacts(tenant, ListArtifacts { filter, sort: Sort::NEWEST_FIRST, page }).await.unwrap();
    (list.items.iter().map(|artifact| artifact.name.as_str().to_owned()).collect(), list.total)
}

async fn list_all(world: &World, tenant: TenantId) -> (Vec<String>, u64) {
    list(world, tenant, ArtifactFilter::default(), Page::at(100, 0)).await
}

fn names(names: &[&str], total: u64) -> (Vec<String>, u64) {
    (names.iter().map(|&name| name.to_owned()).collect(), total)
}

pub async fn an_artifact_is_read_as_it_was_written(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let mut artifact = world.new_artifact(tenant, ann, "Anvil");
    let metadata =
        [("null", json!(null)), ("yes", json!(true)), ("n", json!(-7)), ("f", json!(0.1)), ("t", json!("ü"))];
    let metadata: BTreeMap<_, _> = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    artifact.description = ArtifactDescription::parse("Heavy").unwrap();
    artifact.tags = tags(&["iron", "black smith"]);
    artifact.metadata = Metadata::parse(metadata).unwrap();
    artifact.artifact_type = ArtifactType::parse("tool").unwrap();
    world.store.create_artifact(tenant, artifact.clone(), world.stamp()).await.unwrap();

    assert_eq!(world.store.artifact(tenant, artifact.id).await, Ok(Some(artifact)));
    assert_eq!(world.store.artifact(tenant, nobody()).await, Ok(None));
}

pub async fn an_artifact_needs_a_workspace(world: World) {
    let ann = world.user("ann").await.id;
    let before = world.newest_change().await;
    let artifact = world.new_artifact(nobody(), ann, "Anvil");
    let refused = world.store.create_artifact(nobody(), artifact, world.stamp()).await;
    assert_eq!(refused, Err(StoreError::NotFound(Missing::Workspace)));
    assert_eq!(world.store.counts().await.unwrap().artifacts, 0);
    assert_eq!(world.newest_change().await, before);
}

pub async fn tenants_do_not_see_each_other(world: World) {
    let ann = world.user("ann").await.id;
    let (here, there) = (world.workspace(ann).await, world.workspace(ann).await);
    let artifact = world.artifact(here, ann, "Anvil").await;
    let id = artifact.id;

    assert_eq!(world.store.artifact(there, id).await, Ok(None));
    assert_eq!(list_all(&world, there).await, names(&[], 0));
    let updated = world.store.update_artifact(there, id, Precondition::None, rename("Mine"), ann, world.stamp()).await;
    assert_eq!(updated, Err(NOT_FOUND));
    assert_eq!(world.store.delete_artifact(there, id, Precondition::None, ann, world.stamp()).await, Err(NOT_FOUND));
    assert_eq!(world.store.artifact(here, id).await, Ok(Some(artifact)));
    assert_eq!(list_all(&world, here).await, names(&["Anvil"], 1));
}

pub async fn an_update_changes_what_it_names(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenant = world.workspace(ann).await;
    let artifact = world.artifact(tenant, ann, "Anvil").await;
    let patch = ArtifactPatch {
        description: Field::Set(ArtifactDescription::parse("Heavy").unwrap()),
        tags: Some(tags(&["iron"])),
        ..ArtifactPatch::default()
    };
    let stamp = world.stamp();
    let expected = artifact.clone().patched(patch.clone(), bob, stamp.at);
    assert_eq!((expected.version, expected.updated_by), (2, bob));

    let updated = world.store.update_artifact(tenant, artifact.id, Some(1).into(), patch, bob, stamp).await;
    assert_eq!(updated, Ok(expected.clone()));
    assert_eq!(world.store.artifact(tenant, artifact.id).await, Ok(Some(expected)));
    let missing =
        world.store.update_artifact(tenant, nobody(), Precondition::None, rename("x"), bob, world.stamp()).await;
    assert_eq!(missing, Err(NOT_FOUND));
}

pub async fn a_stale_version_is_refused(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let Artifact { id, .. } = world.artifact(tenant, ann, "Anvil").await;
    let update = async |expected: Precondition, name| {
        world.store.update_artifact(tenant, id, expected, rename(name), ann, world.stamp()).await
    };
    let renamed = update(Precondition::Versions(vec![7, 1]), "Bellows").await.unwrap();
    let before = world.newest_change().await;
    let mismatch = StoreError::VersionMismatch { current: 2 };
    assert_eq!(update(Some(1).into(), "Chisel").await, Err(mismatch.clone()));
    assert_eq!(update(Some(3).into(), "Chisel").await, Err(mismatch.clone()));
    assert_eq!(update(Precondition::Versions(vec![]), "Chisel").await, Err(mismatch.clone()));
    assert_eq!(world.store.delete_artifact(tenant, id, Some(1).into(), ann, world.stamp()).await, Err(mismatch));
    assert_eq!(world.store.artifact(tenant, id).await, Ok(Some(renamed)));
    assert_eq!(world.newest_change().await, before);
    assert_eq!(update(Precondition::None, "Drill").await.map(|it| it.version), Ok(3), "without one, any will do");
    assert_eq!(update(Precondition::Exists, "Engine").await.map(|it| it.version), Ok(4));
}

pub async fn a_deleted_artifact_is_gone(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let anvil = world.artifact(tenant, ann, "Anvil").await;
    world.artifact(tenant, ann, "Bellows").await;
    assert_eq!(world.store.delete_artifact(tenant, anvil.id, Some(1).into(), ann, world.stamp()).await, Ok(()));

    assert_eq!(world.store.artifact(tenant, anvil.id).await, Ok(None));
    assert_eq!(list_all(&world, tenant).await, names(&["Bellows"], 1));
    let counts = world.store.counts().await.unwrap();
    assert_eq!((counts.artifacts, counts.active_artifacts), (2, 1), "it is in the trash");
    assert_eq!(
        world.store.delete_artifact(tenant, anvil.id, Precondition::None, ann, world.stamp()).await,
        Err(NOT_FOUND)
    );
    let updated =
        world.store.update_artifact(tenant, anvil.id, Precondition::None, rename("x"), ann, world.stamp()).await;
    assert_eq!(updated, Err(NOT_FOUND));
}

pub async fn pages_are_newest_first_and_know_the_total(world: World) {
    let ann = world.user("ann").await.id;
    let (before, tenant, after) = (world.workspace(ann).await, world.workspace(ann).await, world.workspace(ann).await);
    for (place, name) in [(tenant, "a"), (before, "x"), (tenant, "b"), (after, "y"), (tenant, "c")] {
        world.artifact(place, ann, name).await;
    }
    let page = async |limit, offset| list(&world, tenant, ArtifactFilter::default(), Page::at(limit, offset)).await;
    assert_eq!(page(100, 0).await, names(&["c", "b", "a"], 3));
    assert_eq!(page(2, 0).await, names(&["c", "b"], 3));
    assert_eq!(page(2, 2).await, names(&["a"], 3));
    assert_eq!(page(2, 3).await, names(&[], 3));
    assert_eq!(page(2, 1_000_000).await, names(&[], 3));
    let nowhere = list_all(&world, nobody()).await;
    assert_eq!(nowhere, names(&[], 0));
}

pub async fn filters_narrow_a_listing(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let mut times = Vec::new();
    for (name, description, labels) in [
        ("Anvil", "for the FORGE", &["iron"][..]),
        ("Bellows", "", &["leather", "wood"]),
        ("Forge", "hot", &["iron", "stone"]),
    ] {
        let mut artifact = world.new_artifact(tenant, ann, name);
        artifact.description = ArtifactDescription::parse(description).unwrap();
        artifact.tags = tags(labels);
        times.push(artifact.created_at);
        world.store.create_artifact(tenant, artifact, world.stamp()).await.unwrap();
    }
    let first = || Page::at(100, 0);
    let tagged = |tag: &str| ArtifactFilter { tags: vec![Tag::parse(tag).unwrap()], ..ArtifactFilter::default() };
    assert_eq!(list(&world, tenant, tagged("iron"), first()).await, names(&["Forge", "Anvil"], 2));
    assert_eq!(list(&world, tenant, tagged("iron"), Page::at(1, 1)).await, names(&["Anvil"], 2));
    assert_eq!(list(&world, tenant, tagged("wood"), first()).await, names(&["Bellows"], 1));
    let since = ArtifactFilter { created_after: Some(times[1]), ..ArtifactFilter::default() };
    assert_eq!(list(&world, tenant, since, first()).await, names(&["Forge", "Bellows"], 2));
    let until = ArtifactFilter { created_before: Some(times[1]), ..ArtifactFilter::default() };
    assert_eq!(list(&world, tenant, until, first()).await, names(&["Bellows", "Anvil"], 2));
}
