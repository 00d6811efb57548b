//! Workspaces as operators have them.

use ghostworks::domain::{ChangeKind, OwnQuotas, Quota, Role, Slug};
use ghostworks::store::{Missing, StoreError};

use crate::world::World;

pub async fn a_suspended_workspace_is_there_for_none_of_its_members(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let (tenant, other) = (world.workspace(ann).await, world.workspace(ann).await);
    let store = &world.store;
    assert!(store.membership(tenant, ann).await.unwrap().is_some());
    assert_eq!(store.suspend_workspace(tenant, true, world.stamp()).await, Ok(true));
    assert_eq!(store.suspend_workspace(tenant, true, world.stamp()).await, Ok(false), "it is already");
    assert_eq!(store.membership(tenant, ann).await, Err(StoreError::WorkspaceSuspended), "nothing is remembered");
    assert_eq!(store.membership(tenant, bob).await, Ok(None), "strangers learn nothing");
    let added = store.add_member(tenant, bob, Role::Member, ann, world.stamp()).await;
    assert_eq!(added.err(), Some(StoreError::WorkspaceSuspended));
    assert_eq!(store.delete_workspace(tenant, ann, world.stamp()).await, Err(StoreError::WorkspaceSuspended));
    assert_eq!(store.first_workspace_of(ann).await.unwrap().map(|view| view.workspace.id), Some(other));
    assert!(store.workspaces_of(ann).await.unwrap().iter().any(|view| view.workspace.terms.is_suspended));
    assert_eq!(store.suspend_workspace(tenant, false, world.stamp()).await, Ok(true));
    assert!(store.membership(tenant, ann).await.unwrap().is_some());
    let log = store.changes_of(tenant, None, 10).await.unwrap().items;
    let kinds: Vec<ChangeKind> = log.iter().map(|change| change.kind).take(2).collect();
    assert_eq!(kinds, [ChangeKind::WorkspaceResumed(tenant), ChangeKind::WorkspaceSuspended(tenant)]);
}

pub async fn a_workspace_has_its_own_quotas_in_the_place_of_those_for_all(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let store = &world.store;
    let quotas = OwnQuotas { artifacts: Some(1), ..OwnQuotas::default() };
    assert_eq!(store.set_workspace_quotas(tenant, quotas, world.stamp()).await, Ok(true));
    assert_eq!(store.set_workspace_quotas(tenant, quotas, world.stamp()).await, Ok(false));
    world.artifact(tenant, ann, "Anvil").await;
    let another = world.new_artifact(tenant, ann, "Bellows");
    let refused = store.create_artifact(tenant, another.clone(), world.stamp()).await;
    assert_eq!(refused.err(), Some(StoreError::QuotaExceeded { quota: Quota::Artifacts, limit: 1 }));
    assert_eq!(store.usage(tenant).await.unwrap().1.artifacts, Some(1));
    store.set_workspace_quotas(tenant, OwnQuotas::default(), world.stamp()).await.unwrap();
    store.create_artifact(tenant, another, world.stamp()).await.unwrap();
}

pub async fn workspaces_are_listed_by_size(world: World) {
    let ann = world.user("ann").await.id;
    let store = &world.store;
    let [small, large, empty] = [world.workspace(ann).await, world.workspace(ann).await, world.workspace(ann).await];
    for (tenant, count) in [(small, 1), (large, 3)] {
        for _ in 0..count {
            world.artifact(tenant, ann, "Anvil").await;
        }
    }
    let all = store.tenants_by_size(None, 10).await.unwrap();
    let ids: Vec<_> = all.iter().map(|tenant| tenant.workspace.id).collect();
    assert_eq!(ids, [large, small, empty]);
    assert_eq!((all[0].usage.artifacts, all[0].usage.members, all[0].in_trash), (3, 1, 0));
    let first = &store.tenants_by_size(None, 1).await.unwrap()[0];
    let rest = store.tenants_by_size(Some((first.usage.bytes, first.workspace.id)), 10).await.unwrap();
    assert_eq!(rest, all[1..]);
    let slug = Slug::parse(all[1].workspace.slug.as_str()).unwrap();
    assert_eq!(store.tenant_by_slug(&slug).await.unwrap().as_ref(), Some(&all[1]));
}

pub async fn an_operator_ends_a_workspace_whoever_owns_it(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let store = &world.store;
    store.suspend_workspace(tenant, true, world.stamp()).await.unwrap();
    assert_eq!(store.note_export(tenant, world.stamp()).await, Ok(()));
    assert_eq!(store.end_workspace(tenant, world.stamp()).await, Ok(()));
    let missing = StoreError::NotFound(Missing::Workspace);
    assert_eq!(store.end_workspace(tenant, world.stamp()).await, Err(missing.clone()));
    assert_eq!(store.suspend_workspace(tenant, true, world.stamp()).await, Err(missing.clone()));
    assert_eq!(store.note_export(tenant, world.stamp()).await, Err(missing));
    assert_eq!(store.tenant(tenant).await, Ok(None));
    assert_eq!(store.membership(tenant, ann).await, Ok(None));
}
