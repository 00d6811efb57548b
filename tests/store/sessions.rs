//! Sessions and refresh tokens.

use ghostworks::domain::{Session, SessionId, Stamp, UserId};
use ghostworks::store::{Missing, Rotation, StoreError, Successor};

use crate::world::{World, later, nobody};

async fn rotate(world: &World, user: UserId, id: SessionId, presented: u8, successor: u8) -> Rotation {
    rotate_at(world, user, id, presented, successor, world.stamp()).await
}

async fn rotate_at(world: &World, user: UserId, id: SessionId, presented: u8, next: u8, stamp: Stamp) -> Rotation {
    let successor = Successor { digest: [next; 32], idle_until: later() };
    world.store.rotate_refresh_token(user, id, [presented; 32], successor, stamp).await.unwrap()
}

pub async fn a_session_lives_until_it_is_closed(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let session = world.session(ann, 1).await;
    let other = world.session(ann, 2).await;
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(session.clone())));
    assert_eq!(world.store.session(bob, session.id).await, Ok(None), "it is not his");

    assert_eq!(world.store.close_session(ann, session.id, world.stamp()).await, Ok(()));
    let closed = world.last_seq().await;
    assert_eq!(world.store.session(ann, session.id).await, Ok(None));
    assert_eq!(rotate(&world, ann, session.id, 1, 9).await, Rotation::Unknown);
    assert_eq!(world.store.close_session(ann, session.id, world.stamp()).await, Ok(()), "again: no error");
    assert_eq!(world.store.close_session(bob, other.id, world.stamp()).await, Ok(()));
    assert_eq!(world.last_seq().await, closed, "nothing more was written");
    assert_eq!(world.store.session(ann, other.id).await, Ok(Some(other)), "hers, and another, so it stays");
}

pub async fn a_session_needs_an_account(world: World) {
    let session = world.new_session(nobody(), 1);
    let refused = world.store.open_session(session.clone(), world.stamp()).await;
    assert_eq!(refused, Err(StoreError::NotFound(Missing::User)));
    assert_eq!(world.store.session(session.user, session.id).await, Ok(None));
    assert_eq!(world.last_seq().await, 0);
}

pub async fn a_refresh_token_is_exchanged_for_its_successor(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await;
    let stamp = world.stamp();
    let idle_until = world.now();
    let successor = Successor { digest: [2; 32], idle_until };
    let expected = Session { refreshed_at: stamp.at, idle_until, refresh_digest: [2; 32], ..session.clone() };

    let rotated = world.store.rotate_refresh_token(ann, session.id, [1; 32], successor, stamp.clone()).await;
    assert_eq!(rotated, Ok(Rotation::Rotated(expected.clone())));
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(expected)));
    let Rotation::Rotated(again) = rotate_at(&world, ann, session.id, 2, 3, stamp).await else {
        panic!("the successor was refused")
    };
    assert_eq!(again.refresh_digest, [3; 32]);
}

pub async fn a_spent_token_ends_the_session(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await;
    let other = world.session(ann, 1).await;
    rotate(&world, ann, session.id, 1, 2).await;
    rotate(&world, ann, session.id, 2, 3).await;

    assert_eq!(rotate(&world, ann, session.id, 1, 4).await, Rotation::Reused);
    assert_eq!(world.store.session(ann, session.id).await, Ok(None));
    for token in 1..=4 {
        assert_eq!(rotate(&world, ann, session.id, token, 5).await, Rotation::Unknown, "token {token}");
    }
    assert!(matches!(rotate(&world, ann, other.id, 1, 2).await, Rotation::Rotated(_)), "another family");
}

pub async fn other_tokens_are_unknown(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let session = world.session(ann, 1).await;
    let mut expired = world.new_session(ann, 1);
    expired.idle_until = world.now();
    world.store.open_session(expired.clone(), world.stamp()).await.unwrap();
    let before = world.last_seq().await;

    assert_eq!(rotate(&world, ann, session.id, 7, 8).await, Rotation::Unknown, "not a token of the session");
    assert_eq!(rotate(&world, bob, session.id, 1, 8).await, Rotation::Unknown, "not his session");
    assert_eq!(rotate(&world, ann, nobody(), 1, 8).await, Rotation::Unknown, "no such session");
    assert_eq!(rotate(&world, ann, expired.id, 1, 8).await, Rotation::Unknown, "it has expired");
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(session)));
    assert_eq!(world.last_seq().await, before);
}
