//! The end of workspaces: gone at once, and then, step by step, with everything that was in them.

use std::sync::Arc;

use ghostworks::domain::{
    ApiKey, Artifact, ArtifactFilter, ListArtifacts, LogPosition, Page, Precondition, Role, Sort, TenantId, UserId,
};
use ghostworks::store::redb::{Location, RedbStore};
use ghostworks::store::{Counts, Missing, NoObserver, SlugChoice, StoreError};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, Value};

use crate::api_keys::key;
use crate::world::{World, options, rename};

const ARTIFACTS: usize = 7;
const TRASHED: usize = 3;

/// A workspace with something of everything.
struct Full {
    tenant: TenantId,
    owner: UserId,
    member: UserId,
    live: Vec<Artifact>,
    key: ApiKey,
}

async fn full(world: &World, name: &str) -> Full {
    let owner = world.user(&format!("{name}-owner")).await.id;
    let member = world.user(&format!("{name}-member")).await.id;
    let workspace = world.new_workspace(name);
    let tenant = workspace.id;
    world.store.create_workspace(workspace, SlugChoice::Exactly, owner, world.stamp()).await.unwrap();
    world.store.add_member(tenant, member, Role::Member, owner, world.stamp()).await.unwrap();
    let mut live = Vec::new();
    for number in 0..ARTIFACTS {
        let artifact = world.artifact(tenant, owner, "Anvil").await;
        if number < TRASHED {
            let renamed = world.store.update_artifact(
                tenant,
                artifact.id,
                Precondition::None,
                rename("Bellows"),
                owner,
                world.stamp(),
            );
            renamed.await.unwrap();
            world.store.delete_artifact(tenant, artifact.id, Precondition::None, owner, world.stamp()).await.unwrap();
        } else {
            live.insert(0, artifact);
        }
    }
    Full { tenant, owner, member, live, key: key(world, tenant, owner).await }
}

fn everything() -> ListArtifacts {
    ListArtifacts { filter: ArtifactFilter::default(), sort: Sort::NEWEST_FIRST, page: Page::at(100, 0) }
}

async fn delete(world: &World, it: &Full) {
    assert_eq!(world.store.delete_workspace(it.tenant, it.owner, world.stamp()).await, Ok(()));
}

async fn sweep(world: &World, limit: usize) -> usize {
    let mut steps = 1;
    while world.store.sweep_deleted_workspaces(limit).await.unwrap() {
        steps += 1;
    }
    steps
}

async fn check_untouched(world: &World, it: &Full) {
    let page = world.store.list_artifacts(it.tenant, everything()).await.unwrap();
    assert_eq!((page.total, page.items), (it.live.len() as u64, it.live.clone()));
    assert_eq!(world.store.workspace(it.tenant, it.member).await.unwrap().unwrap().member_count, 2);
    assert_eq!(world.store.workspaces_of(it.owner).await.unwrap().len(), 1);
    assert_eq!(world.store.api_key(it.tenant, it.key.id).await, Ok(Some(it.key.clone())));
    let counts = world.store.counts().await.unwrap();
    let (artifacts, active_artifacts) = (ARTIFACTS as u64, (ARTIFACTS - TRASHED) as u64);
    assert_eq!(counts, Counts { workspaces: 1, artifacts, active_artifacts, ..counts });
}

async fn check_nobody_sees(world: &World, it: &Full) {
    for user in [it.owner, it.member] {
        assert_eq!(world.store.membership(it.tenant, user).await, Ok(None));
        assert_eq!(world.store.workspace(it.tenant, user).await, Ok(None));
        assert_eq!(world.store.workspaces_of(user).await, Ok(vec![]));
        assert_eq!(world.store.first_workspace_of(user).await, Ok(None));
    }
    assert_eq!(world.store.members_of(it.tenant).await, Ok(vec![]));
    assert_eq!(world.store.api_key(it.tenant, it.key.id).await, Ok(None));
    assert_eq!(world.store.api_keys_of(it.tenant).await, Ok(vec![]));
}

pub async fn a_deleted_workspace_is_gone_at_once(world: World) {
    let (gone, kept) = (full(&world, "gone").await, full(&world, "kept").await);
    // Remembered, so that they must be forgotten.
    assert!(world.store.membership(gone.tenant, gone.member).await.unwrap().is_some());
    delete(&world, &gone).await;
    check_nobody_sees(&world, &gone).await;
    check_untouched(&world, &kept).await;

    let (tenant, owner, stamp) = (gone.tenant, gone.owner, world.stamp());
    let missing = Err(StoreError::NotFound(Missing::Workspace));
    let artifact = &gone.live[0];
    let updated = world
        .store
        .update_artifact(tenant, artifact.id, Precondition::None, rename("Bellows"), owner, stamp.clone())
        .await;
    assert_eq!(updated.map(drop), missing);
    assert_eq!(
        world.store.delete_artifact(tenant, artifact.id, Precondition::None, owner, stamp.clone()).await,
        missing
    );
    let new = world.new_artifact(tenant, owner, "Anvil");
    assert_eq!(world.store.create_artifact(tenant, new, stamp.clone()).await, missing);
    assert_eq!(world.store.remove_member(tenant, gone.member, owner, stamp.clone()).await, missing);
    assert_eq!(world.store.delete_workspace(tenant, owner, stamp.clone()).await, missing);
    assert_eq!(world.store.revoke_api_key(tenant, gone.key.id, owner, stamp.clone()).await, missing);
    let update = world.store.update_workspace(tenant, Default::default(), owner, stamp).await;
    assert_eq!(update.map(drop), missing);
    check_untouched(&world, &kept).await;

    let again = world.new_workspace("gone");
    assert!(world.store.create_workspace(again, SlugChoice::Exactly, owner, world.stamp()).await.is_ok(), "its slug");
}

pub async fn what_was_in_deleted_workspaces_is_removed_step_by_step(world: World) {
    let (first, second, kept) = (full(&world, "one").await, full(&world, "two").await, full(&world, "kept").await);
    assert_eq!(sweep(&world, 2).await, 1, "there is nothing to do yet");
    delete(&world, &first).await;
    delete(&world, &second).await;
    let before = world.newest_change().await;
    // At least ten rows of each: seven artifacts, two members, a key.
    assert!(sweep(&world, 3).await > 6);
    assert_eq!(sweep(&world, 3).await, 1);
    assert_eq!(world.newest_change().await, before, "nobody is told");

    for gone in [&first, &second] {
        check_nobody_sees(&world, gone).await;
        assert_eq!(world.store.artifact(gone.tenant, gone.live[0].id).await, Ok(None));
        let page = world.store.list_artifacts(gone.tenant, everything()).await.unwrap();
        assert_eq!((page.items.len(), page.total), (0, 0));
    }
    check_untouched(&world, &kept).await;
}

/// How many keys of a table have `part` in them.
fn count<const N: usize, V: Value + 'static>(database: &Database, table: &str, part: [u8; 16]) -> usize {
    let definition: TableDefinition<&'static [u8; N], V> = TableDefinition::new(table);
    let table = database.begin_read().unwrap().open_table(definition).unwrap();
    let has_part = |key: &[u8; N]| key.windows(part.len()).any(|window| window == part);
    table.iter().unwrap().filter(|row| has_part(row.as_ref().unwrap().0.value())).count()
}

fn rows_of(database: &Database, tenant: TenantId) -> usize {
    let tenant = tenant.to_bytes();
    ["artifacts", "artifacts_trash", "members", "api_keys"]
        .map(|table| count::<32, &[u8]>(database, table, tenant))
        .iter()
        .sum::<usize>()
        + count::<32, ()>(database, "memberships_by_user", tenant)
        + count::<40, &[u8]>(database, "artifact_versions", tenant)
        + count::<17, u64>(database, "counters", tenant)
        + count::<16, &[u8]>(database, "workspaces", tenant)
        + count::<16, ()>(database, "workspaces_deleted", tenant)
}

#[tokio::test]
async fn a_sweep_that_was_cut_short_is_finished_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let options = options(Location::Directory(directory.path().to_owned()));
        World::over(Arc::new(RedbStore::open(options, Arc::new(NoObserver)).unwrap()), None)
    };
    let world = open();
    let (gone, kept) = (full(&world, "gone").await, full(&world, "kept").await);
    delete(&world, &gone).await;
    assert_eq!(world.store.sweep_deleted_workspaces(8).await, Ok(true));
    world.store.close().await.unwrap();

    let file = directory.path().join("ghostworks.redb");
    let database = Database::open(&file).unwrap();
    assert!(rows_of(&database, gone.tenant) > 0, "half of it is still there");
    let whole = rows_of(&database, kept.tenant);
    drop(database);
    let world = open();
    check_nobody_sees(&world, &gone).await;
    sweep(&world, 8).await;
    check_untouched(&world, &kept).await;
    world.store.close().await.unwrap();

    let database = Database::open(&file).unwrap();
    assert_eq!((rows_of(&database, gone.tenant), rows_of(&database, kept.tenant)), (0, whole));
}

pub async fn what_has_been_in_the_trash_for_long_is_removed_step_by_step(world: World) {
    let it = full(&world, "kept").await;
    let gone = full(&world, "gone").await;
    delete(&world, &gone).await;
    let before = world.now();
    let late = world.artifact(it.tenant, it.owner, "Late").await;
    world.store.delete_artifact(it.tenant, late.id, Precondition::None, it.owner, world.stamp()).await.unwrap();
    let (mut after, mut steps) = (None, 0);
    loop {
        after = world.store.purge_old_trash(before, after, 2, world.stamp()).await.unwrap();
        steps += 1;
        if after.is_none() {
            break;
        }
    }
    assert!(steps > 2, "{steps}");
    let figures = world.store.artifact_counts(it.tenant).await.unwrap();
    assert_eq!((figures.all, figures.active), ((ARTIFACTS - TRASHED + 1) as u64, (ARTIFACTS - TRASHED) as u64));
    assert!(world.store.restore_artifact(it.tenant, late.id, it.owner, world.stamp()).await.is_ok(), "it is not old");
}

pub async fn versions_that_were_replaced_long_ago_are_removed_step_by_step(world: World) {
    let owner = world.user("owner").await.id;
    let tenant = world.workspace(owner).await;
    let (one, other) = (world.artifact(tenant, owner, "One").await, world.artifact(tenant, owner, "Other").await);
    let rename = async |id, name: &str| {
        world.store.update_artifact(tenant, id, Precondition::None, rename(name), owner, world.stamp()).await.unwrap();
    };
    for name in ["a", "b", "c"] {
        rename(one.id, name).await;
    }
    world.store.delete_artifact(tenant, other.id, Precondition::None, owner, world.stamp()).await.unwrap();
    let before = world.now();
    rename(one.id, "d").await;
    let last = world.newest_change().await;
    let (mut after, mut steps) = (None, 0);
    loop {
        after = world.store.trim_histories(before, after, 2).await.unwrap();
        steps += 1;
        if after.is_none() {
            break;
        }
    }
    assert!(steps > 1, "{steps}");
    let versions = async |id| {
        let history = world.store.artifact_history(tenant, id, None, 10).await.unwrap().unwrap();
        history.versions.iter().map(|version| version.artifact.version).collect::<Vec<_>>()
    };
    // The fourth was replaced only now.
    assert_eq!((versions(one.id).await, versions(other.id).await), (vec![5, 4], vec![2]));
    assert_eq!(world.newest_change().await, last, "nobody is told");
}

pub async fn old_entries_of_the_change_log_are_removed_but_never_the_newest(world: World) {
    let owner = world.user("owner").await.id;
    let tenant = world.workspace(owner).await;
    for name in ["One", "Two", "Three"] {
        world.artifact(tenant, owner, name).await;
    }
    let before = world.now();
    assert_eq!(world.store.trim_changes(before, 1).await, Ok(true));
    let late = world.artifact(tenant, owner, "Late").await;
    while world.store.trim_changes(before, 2).await.unwrap() {}
    let last = world.newest_change().await;
    let batch = world.store.changes(LogPosition::START, 100).await.unwrap();
    let kept: Vec<LogPosition> = batch.changes.iter().map(|change| change.position).collect();
    assert_eq!((kept, batch.has_gaps), (vec![last], true));
    let of_tenant = world.store.changes_of(tenant, None, 100).await.unwrap().items;
    assert_eq!(of_tenant.iter().map(|change| change.kind.artifact()).collect::<Vec<_>>(), [Some(late.id)]);

    assert_eq!(world.store.trim_changes(world.now(), 10).await, Ok(false), "the next follows it");
    world.artifact(tenant, owner, "Later").await;
    assert_eq!(world.newest_change().await.entries_since(last), 1);
    assert_eq!(world.store.changes_of(tenant, None, 100).await.unwrap().items.len(), 2);
}
