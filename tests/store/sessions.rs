//! Sessions and refresh tokens.

use ghostworks::domain::{ChangeKind, Session, SessionId, Stamp, Timestamp, UserId};
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
    let refused = world.store.open_session(session.clone(), "hash".to_owned(), world.stamp()).await;
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
    world.open(expired.clone()).await;
    let before = world.last_seq().await;

    assert_eq!(rotate(&world, ann, session.id, 7, 8).await, Rotation::Unknown, "not a token of the session");
    assert_eq!(rotate(&world, bob, session.id, 1, 8).await, Rotation::Unknown, "not his session");
    assert_eq!(rotate(&world, ann, nobody(), 1, 8).await, Rotation::Unknown, "no such session");
    assert_eq!(rotate(&world, ann, expired.id, 7, 8).await, Rotation::Unknown, "not a token of a session");
    assert_eq!(world.last_seq().await, before);
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(session)));
}

pub async fn a_session_that_has_expired_is_removed_when_it_is_met(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.new_session(ann, 1);
    let expired = Session { idle_until: world.now(), ..session };
    world.open(expired.clone()).await;
    assert!(world.store.session(ann, expired.id).await.unwrap().is_some());

    let before = world.last_seq().await;
    for _ in 0..2 {
        assert_eq!(rotate(&world, ann, expired.id, 1, 2).await, Rotation::Unknown);
    }
    assert_eq!(world.store.session(ann, expired.id).await, Ok(None));
    assert_eq!(world.kinds(before).await, [ChangeKind::SessionExpired(expired.id)]);
}

pub async fn opening_a_session_removes_a_few_that_have_expired(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    // Opened while they live, so that none of them removes another.
    let opened = world.stamp();
    let idle_until = world.now();
    let mut expired = Vec::new();
    for user in [bob].into_iter().chain([ann; 10]) {
        let session = Session { idle_until, ..world.new_session(user, 1) };
        let answer = world.store.open_session(session.clone(), "hash".to_owned(), opened.clone()).await;
        assert_eq!(answer, Ok(true));
        expired.push(session);
    }
    let before = world.last_seq().await;
    let (first, second) = (world.session(ann, 1).await.id, world.session(ann, 1).await.id);

    let mut expected: Vec<_> = expired[1..].iter().map(|session| ChangeKind::SessionExpired(session.id)).collect();
    expected.insert(8, ChangeKind::SessionOpened(first));
    expected.push(ChangeKind::SessionOpened(second));
    assert_eq!(world.kinds(before).await, expected, "eight, then the other two");
    for session in &expired[1..] {
        assert_eq!(world.store.session(ann, session.id).await, Ok(None));
    }
    assert!(world.store.session(ann, first).await.unwrap().is_some(), "it lives");
    assert_eq!(world.store.session(bob, expired[0].id).await, Ok(Some(expired[0].clone())), "his are his");
}

pub async fn a_session_never_outlives_its_absolute_end(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.new_session(ann, 1);
    let too_long = Session { idle_until: Timestamp::MAX, ..session.clone() };
    world.open(too_long).await;
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(session.clone())));

    let successor = Successor { digest: [2; 32], idle_until: Timestamp::MAX };
    let rotated = world.store.rotate_refresh_token(ann, session.id, [1; 32], successor, world.stamp()).await;
    let Ok(Rotation::Rotated(rotated)) = rotated else { panic!("{rotated:?}") };
    assert_eq!(rotated.idle_until, session.expires_at);
}

pub async fn the_newest_hundred_spent_tokens_are_known_again(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 0).await.id;
    for token in 0..101 {
        assert!(matches!(rotate(&world, ann, session, token, token + 1).await, Rotation::Rotated(_)));
    }
    assert_eq!(rotate(&world, ann, session, 0, 200).await, Rotation::Unknown, "it is too long ago");
    assert!(world.store.session(ann, session).await.unwrap().is_some());
    assert_eq!(rotate(&world, ann, session, 1, 200).await, Rotation::Reused);
    assert_eq!(world.store.session(ann, session).await, Ok(None));
}
