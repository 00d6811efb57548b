//! Workspaces, slugs and membership.

use ghostworks::domain::{Membership, Role, Settings, UserId, Workspace, WorkspaceDescription, WorkspaceView};
use ghostworks::store::{Missing, SlugChoice, StoreError, StoreResult};

use crate::world::{World, nobody, slug};

async fn create(world: &World, owner: UserId, choice: SlugChoice) -> StoreResult<WorkspaceView> {
    world.store.create_workspace(world.new_workspace(), choice, owner, world.stamp()).await
}

pub async fn a_workspace_begins_with_its_owner(world: World) {
    let ann = world.user("ann").await.id;
    let mut workspace = world.new_workspace();
    workspace.description = WorkspaceDescription::parse("Anvils").unwrap();
    workspace.settings = Settings::parse(serde_json::from_str(r#"{"a": {"b": [1, null, "c"]}}"#).unwrap()).unwrap();
    let (tenant, stamp) = (workspace.id, world.stamp());
    let expected = WorkspaceView {
        workspace: Workspace { slug: slug("acme"), ..workspace.clone() },
        member_count: 1,
        role: Role::Owner,
    };
    let choice = SlugChoice::Exactly(slug("acme"));
    let created = world.store.create_workspace(workspace, choice, ann, stamp.clone()).await;

    assert_eq!(created, Ok(expected.clone()));
    assert_eq!(world.store.workspace(tenant, ann).await, Ok(Some(expected)));
    let membership = Membership { tenant, user: ann, role: Role::Owner, joined_at: stamp.at };
    assert_eq!(world.store.membership(tenant, ann).await, Ok(Some(membership)));
}

pub async fn a_workspace_needs_an_owner(world: World) {
    let refused = create(&world, nobody(), SlugChoice::Exactly(slug("acme"))).await;
    assert_eq!(refused, Err(StoreError::NotFound(Missing::User)));
    assert_eq!(world.last_seq().await, 0);
    let ann = world.user("ann").await.id;
    assert!(create(&world, ann, SlugChoice::Exactly(slug("acme"))).await.is_ok(), "the slug is still free");
}

pub async fn a_slug_is_taken_once_or_numbered(world: World) {
    let ann = world.user("ann").await.id;
    let got = |view: StoreResult<WorkspaceView>| view.map(|view| view.workspace.slug);
    let (exactly, near) = (SlugChoice::Exactly(slug("acme")), SlugChoice::Near(slug("acme")));
    assert_eq!(got(create(&world, ann, near.clone()).await), Ok(slug("acme")));
    assert_eq!(got(create(&world, ann, exactly).await), Err(StoreError::SlugTaken));
    let third = SlugChoice::Exactly(slug("acme-3"));
    assert_eq!(got(create(&world, ann, third).await), Ok(slug("acme-3")));
    assert_eq!(got(create(&world, ann, near.clone()).await), Ok(slug("acme-2")));
    assert_eq!(got(create(&world, ann, near).await), Ok(slug("acme-4")));
    assert_eq!(world.store.counts().await.unwrap().workspaces, 4);
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
}

pub async fn strangers_see_nothing(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenant = world.workspace(ann).await;
    assert_eq!(world.store.workspace(tenant, bob).await, Ok(None));
    assert_eq!(world.store.membership(tenant, bob).await, Ok(None));
    assert_eq!(world.store.workspaces_of(bob).await, Ok(vec![]));
    assert_eq!(world.store.workspace(nobody(), ann).await, Ok(None));
}
