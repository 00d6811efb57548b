//! Workspaces, slugs and membership.

use futures_util::future::join_all;
use ghostworks::domain::{
    ChangeKind, Field, LogPosition, Membership, Role, Settings, UserId, WorkspaceDescription, WorkspaceName,
    WorkspacePatch, WorkspaceView,
};
use ghostworks::store::{Missing, SlugChoice, StoreError, StoreResult};

use crate::world::{World, nobody, slug};

async fn create(world: &World, owner: UserId, wanted: &str, choice: SlugChoice) -> StoreResult<WorkspaceView> {
    world.store.create_workspace(world.new_workspace(wanted), choice, owner, world.stamp()).await
}

pub async fn a_workspace_begins_with_its_owner(world: World) {
    let ann = world.user("ann").await.id;
    let mut workspace = world.new_workspace("acme");
    workspace.description = WorkspaceDescription::parse("Anvils").unwrap();
    workspace.settings = Settings::parse(serde_json::from_str(r#"{"a": {"b": [1, null, "c"]}}"#).unwrap()).unwrap();
    let (tenant, stamp) = (workspace.id, world.stamp());
    let expected = WorkspaceView { workspace: workspace.clone(), member_count: 1, role: Role::Owner };
    let created = world.store.create_workspace(workspace, SlugChoice::Exactly, ann, stamp.clone()).await;

    assert_eq!(created, Ok(expected.clone()));
    assert_eq!(world.store.workspace(tenant, ann).await, Ok(Some(expected)));
    let membership = Membership { tenant, user: ann, role: Role::Owner, joined_at: stamp.at, is_chosen: true };
    assert_eq!(world.store.membership(tenant, ann).await, Ok(Some(membership)));
}

pub async fn a_workspace_needs_an_owner(world: World) {
    let refused = create(&world, nobody(), "acme", SlugChoice::Exactly).await;
    assert_eq!(refused, Err(StoreError::NotFound(Missing::User)));
    assert_eq!(world.newest_change().await, LogPosition::START);
    let ann = world.user("ann").await.id;
    assert!(create(&world, ann, "acme", SlugChoice::Exactly).await.is_ok(), "the slug is still free");
}

pub async fn a_slug_is_taken_once_or_numbered_or_tagged(world: World) {
    let ann = world.user("ann").await.id;
    let got = async |wanted, choice| create(&world, ann, wanted, choice).await.map(|view| view.workspace.slug);
    let near = SlugChoice::Near { tag: 0xbeef };
    assert_eq!(got("acme", near).await, Ok(slug("acme")));
    assert_eq!(got("acme", SlugChoice::Exactly).await, Err(StoreError::SlugTaken));
    assert_eq!(got("acme-3", SlugChoice::Exactly).await, Ok(slug("acme-3")));
    for next in ["acme-2", "acme-4", "acme-5", "acme-6", "acme-7", "acme-8", "acme-9", "acme-0000beef"] {
        assert_eq!(got("acme", near).await, Ok(slug(next)));
    }
    assert_eq!(got("acme", near).await, Err(StoreError::SlugTaken));
    assert_eq!(got("acme", SlugChoice::Near { tag: 7 }).await, Ok(slug("acme-00000007")));
    assert_eq!(world.store.counts().await.unwrap().workspaces, 11);
}

pub async fn workspaces_are_listed_for_their_members_oldest_first(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let first = world.workspace(ann).await;
    let his = world.workspace(bob).await;
    let second = world.workspace(ann).await;

    let ids = |views: Vec<WorkspaceView>| views.into_iter().map(|view| view.workspace.id).collect::<Vec<_>>();
    assert_eq!(world.store.workspaces_of(ann).await.map(ids), Ok(vec![first, second]));
    assert_eq!(world.store.workspaces_of(bob).await.map(ids), Ok(vec![his]));
    let listed = world.store.workspaces_of(ann).await.unwrap();
    assert_eq!(world.store.workspace(first, ann).await, Ok(Some(listed[0].clone())));
    assert_eq!(world.store.first_workspace_of(ann).await, Ok(Some(listed[0].clone())));
}

pub async fn a_long_list_of_workspaces_is_whole(world: World) {
    let ann = world.user("ann").await.id;
    let created = join_all((0..120).map(|_| world.workspace(ann))).await;
    let listed = world.store.workspaces_of(ann).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|view| view.workspace.id).collect();
    assert_eq!(ids, created);
}

pub async fn strangers_see_nothing(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenant = world.workspace(ann).await;
    assert_eq!(world.store.workspace(tenant, bob).await, Ok(None));
    assert_eq!(world.store.membership(tenant, bob).await, Ok(None));
    assert_eq!(world.store.workspaces_of(bob).await, Ok(vec![]));
    assert_eq!(world.store.first_workspace_of(bob).await, Ok(None));
    assert_eq!(world.store.workspace(nobody(), ann).await, Ok(None));
}

pub async fn an_update_of_a_workspace_changes_what_it_names(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let mut expected = world.store.workspace(tenant, ann).await.unwrap().unwrap();
    let update = async |patch, stamp| world.store.update_workspace(tenant, patch, ann, stamp).await;

    let stamp = world.stamp();
    let patch = WorkspacePatch {
        name: Some(WorkspaceName::parse("Acme").unwrap()),
        description: Field::Set(WorkspaceDescription::parse("Anvils").unwrap()),
        is_active: Some(false),
        settings: None,
    };
    expected.workspace.name = WorkspaceName::parse("Acme").unwrap();
    expected.workspace.description = WorkspaceDescription::parse("Anvils").unwrap();
    expected.workspace.is_active = false;
    expected.workspace.updated_at = stamp.at;
    assert_eq!(update(patch, stamp).await, Ok(expected.clone()));
    assert_eq!(world.store.workspace(tenant, ann).await, Ok(Some(expected.clone())));

    let stamp = world.stamp();
    expected.workspace.description = None;
    expected.workspace.updated_at = stamp.at;
    let patch = WorkspacePatch { description: Field::Clear, ..WorkspacePatch::default() };
    assert_eq!(update(patch, stamp).await, Ok(expected));
    let newest = world.store.changes_of(tenant, None, 1).await.unwrap().items;
    assert_eq!(newest[0].kind, ChangeKind::WorkspaceUpdated(tenant));
    let elsewhere = world.store.update_workspace(nobody(), WorkspacePatch::default(), ann, world.stamp()).await;
    assert_eq!(elsewhere, Err(StoreError::NotFound(Missing::Workspace)));
}
