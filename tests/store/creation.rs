//! The order of creation is that of the times, and of the ids among what is of the same time: ids of any version say nothing.

use ghostworks::domain::{
    ApiKey, Artifact, ArtifactFilter, ArtifactId, ListArtifacts, Page, Precondition, Role, Session, Sort, Start,
    TenantId, Timestamp, User, Workspace,
};
use ghostworks::store::SlugChoice;

use crate::api_keys::new_key;
use crate::world::{World, slug};

/// Times in an order that is no other's.
fn times() -> [Timestamp; 5] {
    [40, 10, 30, 10, 20].map(|second| Timestamp::from_second(1_600_000_000 + second).unwrap())
}

/// The ids in the order of the times, and of the ids among those of the same time.
fn in_order<Id: Copy + Ord>(mut made: Vec<(Timestamp, Id)>) -> Vec<Id> {
    made.sort_unstable();
    made.into_iter().map(|(_, id)| id).collect()
}

pub async fn members_workspaces_keys_and_sessions_are_in_the_order_of_creation(world: World) {
    let ann = world.user("ann").await;
    let (mut users, mut workspaces) = (vec![(ann.created_at, ann.id)], Vec::new());
    let (mut keys, mut sessions) = (Vec::new(), Vec::new());
    let home = world.workspace(ann.id).await;
    let created = world.store.workspace(home, ann.id).await.unwrap().unwrap().workspace.created_at;
    workspaces.push((created, home));
    for (number, at) in times().into_iter().enumerate() {
        let user = User { id: world.random_id().into(), created_at: at, ..world.new_user(&format!("user{number}")) };
        world.store.create_user(user.clone(), "hash".to_owned(), world.stamp()).await.unwrap();
        world.store.add_member(home, user.id, Role::Member, ann.id, world.stamp()).await.unwrap();
        users.push((at, user.id));

        let wanted = Workspace { slug: slug(&format!("w{number}")), ..world.new_workspace("any") };
        let workspace = Workspace { id: world.random_id().into(), created_at: at, ..wanted };
        workspaces.push((at, workspace.id));
        world.store.create_workspace(workspace, SlugChoice::Exactly, ann.id, world.stamp()).await.unwrap();

        let key = ApiKey { id: world.random_id().into(), created_at: at, ..new_key(&world, home, ann.id) };
        keys.push((at, key.id));
        world.store.create_api_key(home, key, world.stamp()).await.unwrap();

        let session = Session { id: world.random_id().into(), created_at: at, ..world.new_session(ann.id, 1) };
        sessions.push((at, session.id));
        world.open(session).await;
    }
    let found = world.store.members_of(home).await.unwrap();
    assert_eq!(found.iter().map(|member| member.user.id).collect::<Vec<_>>(), in_order(users));
    let found = world.store.workspaces_of(ann.id).await.unwrap();
    assert_eq!(found.iter().map(|view| view.workspace.id).collect::<Vec<_>>(), in_order(workspaces));
    assert_eq!(world.store.first_workspace_of(ann.id).await, Ok(found.into_iter().next()));
    let found = world.store.api_keys_of(home).await.unwrap();
    assert_eq!(found.iter().rev().map(|key| key.id).collect::<Vec<_>>(), in_order(keys), "the newest first");
    let found = world.store.sessions_of(ann.id).await.unwrap();
    assert_eq!(found.iter().map(|session| session.id).collect::<Vec<_>>(), in_order(sessions));
}

/// All ids of a list, two on a page.
async fn walk(world: &World, tenant: TenantId, sort: Sort, include_deleted: bool) -> Vec<ArtifactId> {
    let (mut found, mut start) = (Vec::new(), Start::Offset(0));
    loop {
        let filter = ArtifactFilter { include_deleted, ..ArtifactFilter::default() };
        let list = ListArtifacts { filter, sort, page: Page { limit: 2, start } };
        let page = world.store.list_artifacts(tenant, list).await.unwrap();
        found.extend(page.items.iter().map(|artifact| artifact.id));
        match page.next {
            Some(next) => start = Start::After(next),
            None => return found,
        }
    }
}

pub async fn artifacts_of_any_ids_are_listed_in_the_order_of_creation(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let mut made = Vec::new();
    let long_ago = [Timestamp::from_microsecond(-1).unwrap(), Timestamp::UNIX_EPOCH];
    for at in times().into_iter().chain(long_ago).chain(times()) {
        let artifact =
            Artifact { created_at: at, updated_at: at, ..world.foreign_artifact(tenant, ann, "Of another service") };
        made.push((at, artifact.id));
        world.store.create_artifact(tenant, artifact, world.stamp()).await.unwrap();
        // One of our own in between.
        let own = world.artifact(tenant, ann, "Own").await;
        made.push((own.created_at, own.id));
    }
    let expected = in_order(made);
    let newest: Vec<ArtifactId> = expected.iter().rev().copied().collect();
    assert_eq!(walk(&world, tenant, Sort::OLDEST_FIRST, false).await, expected);
    assert_eq!(walk(&world, tenant, Sort::NEWEST_FIRST, false).await, newest);

    // What is moved to the trash, and back, or is changed, stays in its place.
    for id in expected.iter().step_by(3) {
        world.store.delete_artifact(tenant, *id, Precondition::None, ann, world.stamp()).await.unwrap();
    }
    let live: Vec<ArtifactId> = expected.iter().enumerate().filter(|(at, _)| at % 3 != 0).map(|(_, id)| *id).collect();
    assert_eq!(walk(&world, tenant, Sort::OLDEST_FIRST, false).await, live);
    assert_eq!(walk(&world, tenant, Sort::NEWEST_FIRST, true).await, newest);
    world.store.restore_artifact(tenant, expected[3], ann, world.stamp()).await.unwrap();
    world.store.purge_artifact(tenant, expected[0], Precondition::None, world.stamp()).await.unwrap();
    world.store.purge_artifact(tenant, expected[1], Precondition::None, world.stamp()).await.unwrap();
    assert_eq!(walk(&world, tenant, Sort::OLDEST_FIRST, true).await, expected[2..]);
    assert_eq!(walk(&world, tenant, Sort::OLDEST_FIRST, false).await[..3], expected[2..5]);
}
