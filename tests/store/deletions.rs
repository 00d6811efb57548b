//! Deleting people: everything about them goes, and a workspace always has an owner.

use ghostworks::domain::{Actor, ChangeKind, Email, LogPosition, OneTimeToken, Purpose, Role, Stamp};
use ghostworks::store::{Heir, Missing, StoreError};

use crate::world::{World, later, nobody};

pub async fn a_deleted_person_leaves_nothing_but_what_they_wrote(world: World) {
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let tenant = world.workspace(ann.id).await;
    world.store.add_member(tenant, bob.id, Role::Admin, ann.id, world.stamp()).await.unwrap();
    let session = world.session(bob.id, 1).await;
    let token = OneTimeToken { digest: [1; 32], expires_at: later() };
    world.store.issue_one_time_token(bob.id, Purpose::ChangeEmail, token, world.stamp()).await.unwrap();
    let artifact = world.artifact(tenant, bob.id, "Anvil").await;
    let before = world.newest_change().await;

    let deleted = world.store.delete_user(bob.id, Heir::Nobody, world.stamp()).await.unwrap();
    assert_eq!((deleted.api_keys.len(), deleted.deserted), (0, 0));
    assert_eq!(world.store.user(bob.id).await, Ok(None));
    assert_eq!(world.store.credentials(&bob.email).await, Ok(None));
    assert_eq!(world.store.session(bob.id, session.id).await, Ok(None));
    assert_eq!(world.store.one_time_tokens(bob.id, Purpose::ChangeEmail).await, Ok(Vec::new()));
    assert_eq!(world.store.membership(tenant, bob.id).await, Ok(None));
    assert_eq!(world.store.workspaces_of(bob.id).await, Ok(Vec::new()));
    assert_eq!(world.store.counts().await.unwrap().users, 1);
    assert!(world.store.artifact(tenant, artifact.id).await.unwrap().is_some());
    let kinds = world.kinds(before).await;
    assert_eq!(kinds, [ChangeKind::MemberRemoved(bob.id), ChangeKind::UserDeleted(bob.id)]);
    let again = world.store.delete_user(bob.id, Heir::Nobody, world.stamp()).await;
    assert_eq!(again, Err(StoreError::NotFound(Missing::User)));
    // The address is free.
    world.user("bob").await;
}

pub async fn s29_what_somebody_alone_owns_goes_to_an_heir_or_they_stay(world: World) {
    let (ann, bob, eve) = (world.user("ann").await.id, world.user("bob").await.id, world.user("eve").await.id);
    let (shared, alone) = (world.workspace(ann).await, world.workspace(ann).await);
    for (user, role) in [(bob, Role::Member), (eve, Role::Admin)] {
        world.store.add_member(shared, user, role, ann, world.stamp()).await.unwrap();
    }
    let delete = |user, heir| world.store.delete_user(user, heir, world.stamp());
    assert_eq!(delete(ann, Heir::Nobody).await, Err(StoreError::SoleOwner(vec![shared, alone])));
    assert_eq!(delete(ann, Heir::Account(ann)).await, Err(StoreError::NotFound(Missing::User)));
    assert_eq!(delete(ann, Heir::Account(nobody())).await, Err(StoreError::NotFound(Missing::User)));
    assert_eq!(delete(ann, Heir::Member(bob)).await, Err(StoreError::NotFound(Missing::Member)), "not of both");
    assert_eq!(world.store.membership(shared, bob).await.unwrap().unwrap().role, Role::Member, "nothing was done");

    delete(ann, Heir::Account(bob)).await.unwrap();
    for tenant in [shared, alone] {
        assert_eq!(world.store.membership(tenant, bob).await.unwrap().unwrap().role, Role::Owner);
    }
    assert_eq!(world.store.workspace(alone, bob).await.unwrap().unwrap().member_count, 1);
    // After a restore nobody is asked: the highest role comes first, and what nobody else is in is deserted.
    let deleted = delete(bob, Heir::Anybody(Some(ann))).await.unwrap();
    assert_eq!(deleted.deserted, 1);
    assert_eq!(world.store.membership(shared, eve).await.unwrap().unwrap().role, Role::Owner);
    assert_eq!(world.store.members_of(alone).await, Ok(Vec::new()));
}

pub async fn from_where_they_acted_is_taken_out_of_the_change_log(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let from = |user| Actor { user: Some(user), ip: Some("192.0.2.7".to_owned()), ..Actor::default() };
    let stamp = |user| Stamp::new(world.now(), from(user));
    for user in [ann, bob] {
        world.store.set_user_operator(user, true, stamp(user)).await.unwrap();
    }
    // Somebody tried bob's password.
    world.store.note_failed_login(Some(bob), stamp(nobody())).await.unwrap();
    world.store.delete_user(bob, Heir::Nobody, world.stamp()).await.unwrap();
    let (newest, mut next) = (world.newest_change().await, Some(LogPosition::START));
    while let Some(after) = next {
        next = world.store.scrub_changes(vec![bob], after, 2).await.unwrap();
    }
    assert_eq!(world.newest_change().await, newest, "it has no entry of its own");
    let log = world.changes_after(LogPosition::START).await;
    let known: Vec<_> = log.iter().filter(|change| change.actor.ip.is_some()).map(|change| change.actor.user).collect();
    assert_eq!(known, [Some(ann)]);
    assert!(log.iter().any(|change| change.actor.user == Some(bob)), "what was done is still known");
}

pub async fn an_address_is_changed_by_its_token_alone(world: World) {
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let moved = Email::parse("ann@example.org").unwrap();
    let token = OneTimeToken { digest: [1; 32], expires_at: later() };
    for purpose in [Purpose::ChangeEmail, Purpose::ResetPassword] {
        world.store.issue_one_time_token(ann.id, purpose, token, world.stamp()).await.unwrap();
    }
    let change = |digest, email| world.store.change_email(ann.id, digest, email, world.stamp());
    assert_eq!(change([2; 32], moved.clone()).await, Err(StoreError::InvalidOneTimeToken));
    assert_eq!(change([1; 32], bob.email.clone()).await, Err(StoreError::EmailTaken));
    assert_eq!(change([1; 32], moved.clone()).await, Ok(ann.email.clone()));
    assert_eq!(change([1; 32], ann.email.clone()).await, Err(StoreError::InvalidOneTimeToken));
    assert_eq!(world.store.one_time_tokens(ann.id, Purpose::ResetPassword).await, Ok(Vec::new()), "sent to the former");
    assert_eq!(world.store.credentials(&ann.email).await, Ok(None));
    let found = world.store.credentials(&moved).await.unwrap().unwrap();
    assert_eq!((found.user, found.is_verified), (ann.id, true));
}
