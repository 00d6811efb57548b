//! What comes from another database, with its ids and times.

use ghostworks::domain::{
    Artifact, ArtifactChange, ChangeKind, Email, Membership, Precondition, Role, Timestamp, User, UserId, Workspace,
};
use ghostworks::store::{Missing, StoreError};

use crate::world::{World, nobody, rename, slug};

/// A hash as another service made it, of this cost.
fn older(cost: u8) -> String {
    format!("$2b${cost:02}$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u")
}

fn long_ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_500_000_000 + seconds).unwrap()
}

async fn adopt(world: &World, user: &User, hash: Option<String>) -> Result<(), StoreError> {
    world.store.adopt_user(user.clone(), hash, world.stamp()).await
}

pub async fn an_account_is_taken_over_and_brought_up_to_date(world: World) {
    let ann = User { created_at: long_ago(0), updated_at: long_ago(1), ..world.new_user("ann") };
    assert_eq!(adopt(&world, &ann, None).await, Err(StoreError::NotFound(Missing::User)));
    let before = world.newest_change().await;
    adopt(&world, &ann, Some(older(4))).await.unwrap();
    assert_eq!(world.store.user(ann.id).await, Ok(Some(ann.clone())));
    assert_eq!(world.kinds(before).await, [ChangeKind::UserRegistered(ann.id)]);

    world.store.set_user_operator(ann.id, true, world.stamp()).await.unwrap();
    let email = Email::parse("ann.other@example.com").unwrap();
    let moved = User { email, is_active: false, updated_at: long_ago(2), ..ann.clone() };
    let before = world.newest_change().await;
    adopt(&world, &moved, None).await.unwrap();
    let kinds = [ChangeKind::EmailChanged(ann.id), ChangeKind::UserDisabled(ann.id)];
    assert_eq!(world.kinds(before).await, kinds);
    let kept = User { is_operator: true, ..moved.clone() };
    assert_eq!(world.store.user(ann.id).await, Ok(Some(kept)), "only an operator says who operates");
    assert_eq!(world.store.credentials(&ann.email).await, Ok(None));
    assert_eq!(world.store.credentials(&moved.email).await.unwrap().unwrap().password_hash, older(4));

    let before = world.newest_change().await;
    adopt(&world, &moved, Some(older(4))).await.unwrap();
    assert_eq!(world.newest_change().await, before, "the same again is no change");
    let bob = world.user("bob").await;
    let taken = User { email: bob.email, ..moved };
    assert_eq!(adopt(&world, &taken, None).await, Err(StoreError::EmailTaken));
}

pub async fn another_hash_ends_the_sessions(world: World) {
    let ann = world.user("ann").await;
    let session = world.session(ann.id, 1).await;
    adopt(&world, &ann, None).await.unwrap();
    assert_eq!(world.store.session(ann.id, session.id).await, Ok(Some(session.clone())));
    adopt(&world, &ann, Some(older(5))).await.unwrap();
    assert_eq!(world.store.session(ann.id, session.id).await, Ok(None));
}

pub async fn it_is_known_what_the_slowest_older_hash_costs(world: World) {
    let slowest = async || world.store.slowest_older_hash().await.unwrap();
    assert_eq!(slowest().await, None);
    let (ann, bob, eve) = (world.new_user("ann"), world.new_user("bob"), world.new_user("eve"));
    for (user, cost) in [(&ann, 12), (&bob, 5), (&eve, 12)] {
        adopt(&world, user, Some(older(cost))).await.unwrap();
    }
    assert_eq!(slowest().await, Some(12));
    let renew = async |user: UserId, cost| {
        world.store.replace_password_hash(user, older(cost), "today's".to_owned(), world.stamp()).await.unwrap()
    };
    assert!(renew(ann.id, 12).await);
    assert_eq!(slowest().await, Some(12), "another one costs as much");
    world.store.delete_user(eve.id, ghostworks::store::Heir::Nobody, world.stamp()).await.unwrap();
    assert_eq!(slowest().await, Some(5));
    assert!(renew(bob.id, 5).await);
    assert_eq!(slowest().await, None);
}

pub async fn a_workspace_is_taken_over_with_its_members(world: World) {
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    world
        .store
        .create_workspace(world.new_workspace("acme"), ghostworks::store::SlugChoice::Exactly, eve.id, world.stamp())
        .await
        .unwrap();
    let wanted = Workspace { created_at: long_ago(0), updated_at: long_ago(1), ..world.new_workspace("acme") };
    let tenant = wanted.id;
    let member = |user, role| Membership { tenant, user, role, joined_at: long_ago(2), is_chosen: true };
    let adopt = async |workspace: &Workspace, members: Vec<Membership>, gone: Vec<UserId>| {
        world.store.adopt_workspace(workspace.clone(), members, gone, world.stamp()).await
    };
    let before = world.newest_change().await;
    let members = vec![member(ann.id, Role::Owner), member(bob.id, Role::Member)];
    let adopted = adopt(&wanted, members, Vec::new()).await.unwrap();
    assert_eq!(adopted, Workspace { slug: slug("acme-2"), ..wanted });
    assert_eq!(world.store.tenant(tenant).await.unwrap().unwrap().workspace, adopted);
    assert_eq!(world.store.membership(tenant, bob.id).await, Ok(Some(member(bob.id, Role::Member))));
    let kinds = [
        ChangeKind::WorkspaceCreated(tenant),
        ChangeKind::MemberAdded(ann.id, Role::Owner),
        ChangeKind::MemberAdded(bob.id, Role::Member),
    ];
    assert_eq!(world.kinds(before).await, kinds);

    let before = world.newest_change().await;
    let unused = Workspace { is_active: false, updated_at: long_ago(3), ..adopted };
    adopt(&unused, vec![member(ann.id, Role::Owner), member(bob.id, Role::Owner)], Vec::new()).await.unwrap();
    adopt(&unused, Vec::new(), vec![ann.id, eve.id]).await.unwrap();
    let kinds = [
        ChangeKind::WorkspaceUpdated(tenant),
        ChangeKind::MemberRoleChanged(bob.id, Role::Member, Role::Owner),
        ChangeKind::MemberRemoved(ann.id),
    ];
    assert_eq!(world.kinds(before).await, kinds);
    let usage = world.store.tenant(tenant).await.unwrap().unwrap().usage;
    assert_eq!(usage.members, 1);
    let missing = adopt(&unused, vec![member(nobody(), Role::Member)], Vec::new()).await;
    assert_eq!(missing, Err(StoreError::NotFound(Missing::User)));
    world.store.end_workspace(tenant, world.stamp()).await.unwrap();
    assert_eq!(adopt(&unused, Vec::new(), Vec::new()).await, Err(StoreError::NotFound(Missing::Workspace)));
}

pub async fn a_workspace_that_is_gone_for_good_may_come_again(world: World) {
    let workspace = world.new_workspace("acme");
    let adopt = async || world.store.adopt_workspace(workspace.clone(), Vec::new(), Vec::new(), world.stamp()).await;
    adopt().await.unwrap();
    world.store.end_workspace(workspace.id, world.stamp()).await.unwrap();
    while world.store.sweep_deleted_workspaces(1000).await.unwrap() {}
    adopt().await.unwrap();
    assert_eq!(world.store.check().await.unwrap().findings, [], "it begins a chain of its own in the change log");
}

pub async fn artifacts_are_taken_over_in_the_trash_or_not(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let adopt = async |artifacts: Vec<Artifact>| world.store.adopt_artifacts(tenant, artifacts, world.stamp()).await;
    let live = world.foreign_artifact(tenant, ann, "live");
    let deleted = Artifact { deleted_at: Some(long_ago(5)), ..world.foreign_artifact(tenant, ann, "deleted") };
    let before = world.newest_change().await;
    adopt(vec![live.clone(), deleted.clone()]).await.unwrap();
    assert_eq!(world.store.artifact(tenant, live.id).await, Ok(Some(live.clone())));
    let in_trash = world.store.artifacts_in_trash(tenant, None, 10).await.unwrap();
    assert_eq!((in_trash.len(), in_trash[0].id, in_trash[0].deleted_at), (1, deleted.id, deleted.deleted_at));
    let kinds = [
        ChangeKind::ArtifactCreated(live.id),
        ChangeKind::ArtifactCreated(deleted.id),
        ChangeKind::ArtifactDeleted(deleted.id, 2),
    ];
    assert_eq!(world.kinds(before).await, kinds);
    let counts = world.store.artifact_counts(tenant).await.unwrap();
    assert_eq!((counts.all, counts.active), (2, 1));

    let renamed = Artifact { name: rename("renamed").name.unwrap(), updated_at: long_ago(6), ..live.clone() };
    let restored = Artifact { deleted_at: None, ..deleted.clone() };
    adopt(vec![renamed.clone(), restored]).await.unwrap();
    let found = world.store.artifact(tenant, live.id).await.unwrap().unwrap();
    assert_eq!(found, Artifact { version: 2, ..renamed });
    let history = world.store.artifact_history(tenant, deleted.id, None, 10).await.unwrap().unwrap();
    let changes: Vec<_> = history.versions.iter().map(|version| version.change).collect();
    assert_eq!(changes, [ArtifactChange::Restored, ArtifactChange::Deleted, ArtifactChange::Created]);

    let trashed = Artifact { deleted_at: Some(long_ago(7)), ..live.clone() };
    adopt(vec![trashed.clone()]).await.unwrap();
    let before = world.newest_change().await;
    adopt(vec![trashed]).await.unwrap();
    assert_eq!(world.newest_change().await, before, "in the trash it stays as it is");
    world.store.restore_artifact(tenant, live.id, ann, world.stamp()).await.unwrap();
    world.store.delete_artifact(tenant, live.id, Precondition::None, ann, world.stamp()).await.unwrap();
    assert_eq!(
        world.store.adopt_artifacts(nobody(), vec![live], world.stamp()).await,
        Err(StoreError::NotFound(Missing::Workspace))
    );
}
