//! Members: added, changed and removed by who may, and a workspace always has an owner.

use ghostworks::domain::{ChangeKind, Member, Role, TenantId, UserId};
use ghostworks::store::{Missing, StoreError, StoreResult};

use crate::world::{World, nobody};

async fn add(world: &World, tenant: TenantId, user: UserId, role: Role, by: UserId) -> StoreResult<()> {
    world.store.add_member(tenant, user, role, by, world.stamp()).await.map(drop)
}

async fn change(world: &World, tenant: TenantId, user: UserId, role: Role, by: UserId) -> StoreResult<Role> {
    world.store.change_role(tenant, user, role, by, world.stamp()).await
}

async fn remove(world: &World, tenant: TenantId, user: UserId, by: UserId) -> StoreResult<()> {
    world.store.remove_member(tenant, user, by, world.stamp()).await
}

async fn roles(world: &World, tenant: TenantId) -> Vec<(UserId, Role)> {
    let members = world.store.members_of(tenant).await.unwrap();
    members.iter().map(|member| (member.user.id, member.membership.role)).collect()
}

pub async fn a_member_is_added_changed_and_removed(world: World) {
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let (tenant, other) = (world.workspace(ann.id).await, world.workspace(ann.id).await);
    let before = world.newest_change().await;

    let stamp = world.stamp();
    let added = world.store.add_member(tenant, bob.id, Role::Member, ann.id, stamp.clone()).await.unwrap();
    assert_eq!((added.user, added.role, added.joined_at), (bob.id, Role::Member, stamp.at));
    assert_eq!(world.store.membership(tenant, bob.id).await, Ok(Some(added)));
    let member = Member { membership: added, user: bob.clone() };
    assert_eq!(world.store.members_of(tenant).await.unwrap()[1..], [member]);
    let view = world.store.workspace(tenant, bob.id).await.unwrap().unwrap();
    assert_eq!((view.member_count, view.role), (2, Role::Member));
    assert_eq!(world.store.workspaces_of(bob.id).await, Ok(vec![view]));

    assert_eq!(change(&world, tenant, bob.id, Role::Admin, ann.id).await, Ok(Role::Member));
    assert_eq!(world.store.membership(tenant, bob.id).await.unwrap().unwrap().role, Role::Admin);
    assert_eq!(change(&world, tenant, bob.id, Role::Admin, ann.id).await, Ok(Role::Admin), "again: nothing to do");

    assert_eq!(remove(&world, tenant, bob.id, ann.id).await, Ok(()));
    assert_eq!(world.store.membership(tenant, bob.id).await, Ok(None));
    assert_eq!(world.store.workspaces_of(bob.id).await, Ok(vec![]));
    assert_eq!(world.store.workspace(tenant, ann.id).await.unwrap().unwrap().member_count, 1);
    assert_eq!(roles(&world, other).await, [(ann.id, Role::Owner)]);

    let kinds = world.kinds(before).await;
    let expected = [
        ChangeKind::MemberAdded(bob.id, Role::Member),
        ChangeKind::MemberRoleChanged(bob.id, Role::Member, Role::Admin),
        ChangeKind::MemberRemoved(bob.id),
    ];
    assert_eq!(kinds, expected);
}

pub async fn what_is_not_there_is_said(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenant = world.workspace(ann).await;
    assert_eq!(add(&world, tenant, ann, Role::Member, ann).await, Err(StoreError::AlreadyMember));
    let before = world.newest_change().await;
    for (refused, missing) in [
        (add(&world, tenant, nobody(), Role::Member, ann).await, Missing::User),
        (add(&world, nobody(), bob, Role::Member, ann).await, Missing::Workspace),
        (add(&world, tenant, bob, Role::Member, bob).await, Missing::Workspace),
        (change(&world, tenant, bob, Role::Admin, ann).await.map(drop), Missing::Member),
        (remove(&world, tenant, bob, ann).await, Missing::Member),
        (remove(&world, tenant, ann, bob).await, Missing::Workspace),
    ] {
        assert_eq!(refused, Err(StoreError::NotFound(missing)));
    }
    assert_eq!(world.newest_change().await, before);
    assert_eq!(roles(&world, tenant).await, [(ann, Role::Owner)]);
}

pub async fn who_has_not_the_role_any_more_is_refused(world: World) {
    let (ann, bob, eve) = (world.user("ann").await.id, world.user("bob").await.id, world.user("eve").await.id);
    let tenant = world.workspace(ann).await;
    add(&world, tenant, bob, Role::Member, ann).await.unwrap();
    let needs = |needs| Err(StoreError::Forbidden { needs });
    assert_eq!(add(&world, tenant, eve, Role::Member, bob).await, needs(Role::Admin));
    change(&world, tenant, bob, Role::Admin, ann).await.unwrap();
    assert_eq!(add(&world, tenant, eve, Role::Owner, bob).await, needs(Role::Owner));
    assert_eq!(change(&world, tenant, ann, Role::Member, bob).await, Err(StoreError::Forbidden { needs: Role::Owner }));
    assert_eq!(remove(&world, tenant, ann, bob).await, needs(Role::Owner));
    assert_eq!(world.store.delete_workspace(tenant, bob, world.stamp()).await, needs(Role::Owner));
    assert_eq!(add(&world, tenant, eve, Role::Admin, bob).await, Ok(()));
}

pub async fn s29_the_last_owner_stays(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenant = world.workspace(ann).await;
    add(&world, tenant, bob, Role::Admin, ann).await.unwrap();
    assert_eq!(change(&world, tenant, ann, Role::Admin, ann).await, Err(StoreError::LastOwner));
    assert_eq!(remove(&world, tenant, ann, ann).await, Err(StoreError::LastOwner));

    change(&world, tenant, bob, Role::Owner, ann).await.unwrap();
    assert_eq!(change(&world, tenant, ann, Role::Member, bob).await, Ok(Role::Owner));
    assert_eq!(remove(&world, tenant, bob, bob).await, Err(StoreError::LastOwner), "the other one is none any more");
    assert_eq!(remove(&world, tenant, ann, bob).await, Ok(()));
    assert_eq!(roles(&world, tenant).await, [(bob, Role::Owner)]);
    add(&world, tenant, ann, Role::Owner, bob).await.unwrap();
    assert_eq!(remove(&world, tenant, bob, ann).await, Ok(()));
    assert_eq!(change(&world, tenant, ann, Role::Member, ann).await, Err(StoreError::LastOwner));
}

pub async fn a_long_list_of_members_is_whole(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let mut expected = vec![(ann, Role::Owner)];
    for number in 0..120 {
        let user = world.user(&format!("user{number}")).await.id;
        add(&world, tenant, user, Role::Member, ann).await.unwrap();
        expected.push((user, Role::Member));
    }
    assert_eq!(roles(&world, tenant).await, expected);
}
