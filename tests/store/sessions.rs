//! Sessions and refresh tokens.

use ghostworks::domain::{
    Actor, ChangeKind, Email, LogPosition, Network, RefreshLine, RefreshSecret, Session, SessionId, Stamp, Timestamp,
    UserId,
};
use ghostworks::store::{Missing, Opening, Renewal, Rotation, Standing, StoreError};

use crate::world::{World, later, nobody, opening, renewal, secret};

/// Presents a token that may not be presented again.
async fn rotate(world: &World, user: UserId, id: SessionId, presented: RefreshSecret) -> Rotation {
    world.store.rotate_refresh_token(user, id, presented, renewal(7), world.stamp()).await.unwrap()
}

/// Presents a token that may be presented again for this many seconds.
async fn rotate_with_grace(
    world: &World,
    user: UserId,
    id: SessionId,
    presented: RefreshSecret,
    grace: i64,
) -> Rotation {
    let stamp = world.stamp();
    let repeatable_until = Timestamp::from_second(stamp.at.as_second() + grace).unwrap();
    let renewal = Renewal { repeatable_until, ..renewal(7) };
    world.store.rotate_refresh_token(user, id, presented, renewal, stamp).await.unwrap()
}

#[track_caller]
fn rotated(rotation: &Rotation) -> RefreshSecret {
    let &Rotation::Rotated(_, token) = rotation else { panic!("{rotation:?}") };
    token
}

#[track_caller]
fn repeated(rotation: &Rotation) -> RefreshSecret {
    let &Rotation::Repeated(_, token) = rotation else { panic!("{rotation:?}") };
    token
}

pub async fn a_session_lives_until_it_is_closed(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let session = world.session(ann, 1).await;
    let other = world.session(ann, 2).await;
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(session.clone())));
    assert_eq!(world.store.session(bob, session.id).await, Ok(None), "it is not his");

    assert_eq!(world.store.close_session(ann, session.id, world.stamp()).await, Ok(()));
    let closed = world.newest_change().await;
    assert_eq!(world.store.session(ann, session.id).await, Ok(None));
    assert_eq!(rotate(&world, ann, session.id, secret(1)).await, Rotation::Unknown);
    assert_eq!(world.store.close_session(ann, session.id, world.stamp()).await, Ok(()), "again: no error");
    assert_eq!(world.store.close_session(bob, other.id, world.stamp()).await, Ok(()));
    assert_eq!(world.newest_change().await, closed, "nothing more was written");
    assert_eq!(world.store.session(ann, other.id).await, Ok(Some(other)), "hers, and another, so it stays");
}

pub async fn a_session_needs_an_account(world: World) {
    let session = world.new_session(nobody(), 1);
    let refused = world.store.open_session(session.clone(), opening("hash"), world.stamp()).await;
    assert_eq!(refused, Err(StoreError::NotFound(Missing::User)));
    assert_eq!(world.store.session(session.user, session.id).await, Ok(None));
    assert_eq!(world.newest_change().await, LogPosition::START);
}

pub async fn a_refresh_token_is_exchanged_for_its_successor(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await;
    let stamp = world.stamp();
    let renewal = Renewal { idle_until: world.now(), ..renewal(7) };
    let token = secret(1).successor(&[7; 16], session.id, 1);
    let lines = vec![RefreshLine { digest: token.digest(), number: 1, used_at: stamp.at }];
    let expected = Session { refreshed_at: stamp.at, idle_until: renewal.idle_until, lines, ..session.clone() };

    let refreshed = world.store.rotate_refresh_token(ann, session.id, secret(1), renewal, stamp.clone()).await;
    assert_eq!(refreshed, Ok(Rotation::Rotated(expected.clone(), token)));
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(expected)));
    let refreshed = world.store.rotate_refresh_token(ann, session.id, token, renewal, stamp).await;
    assert_eq!(rotated(&refreshed.unwrap()), token.successor(&[7; 16], session.id, 2));
}

pub async fn a_spent_token_ends_the_session(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await;
    let other = world.session(ann, 1).await;
    let second = rotated(&rotate(&world, ann, session.id, secret(1)).await);
    let third = rotated(&rotate(&world, ann, session.id, second).await);

    assert_eq!(rotate(&world, ann, session.id, secret(1)).await, Rotation::Reused);
    assert_eq!(world.store.session(ann, session.id).await, Ok(None));
    for token in [secret(1), second, third] {
        assert_eq!(rotate(&world, ann, session.id, token).await, Rotation::Unknown);
    }
    rotated(&rotate(&world, ann, other.id, secret(1)).await);
}

pub async fn a_token_that_was_spent_a_moment_ago_leads_to_the_current_one(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await.id;
    let second = rotated(&rotate_with_grace(&world, ann, session, secret(1), 60).await);
    let third = rotated(&rotate_with_grace(&world, ann, session, second, 60).await);
    let fourth = rotated(&rotate_with_grace(&world, ann, session, third, 60).await);
    let before = world.newest_change().await;
    for (token, standing) in [
        (secret(1), Standing::Repeatable),
        (third, Standing::Repeatable),
        (fourth, Standing::Current),
        (secret(9), Standing::Unknown),
    ] {
        assert_eq!(world.store.refresh_standing(ann, session, token, world.now()).await, Ok(standing));
    }
    // However far behind it is, and whoever asks.
    for token in [secret(1), second, third, secret(1)] {
        assert_eq!(repeated(&rotate_with_grace(&world, ann, session, token, 60).await), fourth);
    }
    assert_eq!(world.newest_change().await, before, "nothing was written");
    rotated(&rotate_with_grace(&world, ann, session, fourth, 60).await);
}

pub async fn after_its_grace_a_spent_token_ends_the_session(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await.id;
    let second = rotated(&rotate_with_grace(&world, ann, session, secret(1), 3).await);
    let third = rotated(&rotate_with_grace(&world, ann, session, second, 60).await);
    assert_eq!(repeated(&rotate_with_grace(&world, ann, session, secret(1), 60).await), third);
    world.now();
    assert_eq!(world.store.refresh_standing(ann, session, secret(1), world.now()).await, Ok(Standing::Spent));
    assert_eq!(repeated(&rotate_with_grace(&world, ann, session, second, 60).await), third, "its own grace goes on");
    assert_eq!(rotate_with_grace(&world, ann, session, secret(1), 60).await, Rotation::Reused);
    assert_eq!(world.store.session(ann, session).await, Ok(None));
}

pub async fn a_repeat_by_another_client_is_in_the_log(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await.id;
    let spent = Renewal { repeatable_until: later(), ..renewal(7) };
    let present = async |ip: &str, agent: &str| {
        let (ip, user_agent) = (Some(ip.to_owned()), Some(agent.to_owned()));
        let stamp = Stamp::new(world.now(), Actor { ip, user_agent, ..Actor::default() });
        world.store.rotate_refresh_token(ann, session, secret(1), spent, stamp).await.unwrap()
    };
    let second = rotated(&present("192.0.2.1", "browser/1").await);
    let before = world.newest_change().await;
    assert_eq!(repeated(&present("192.0.2.1", "browser/1").await), second);
    assert_eq!(world.newest_change().await, before);
    for (ip, agent) in [("192.0.2.2", "browser/1"), ("192.0.2.1", "browser/2")] {
        assert_eq!(repeated(&present(ip, agent).await), second);
    }
    assert_eq!(world.kinds(before).await, [ChangeKind::SessionRefreshRepeated(session); 2]);
}

pub async fn salts_are_removed_when_no_token_may_be_presented_again(world: World) {
    let ann = world.user("ann").await.id;
    let sessions = [world.session(ann, 1).await.id, world.session(ann, 1).await.id, world.session(ann, 1).await.id];
    rotated(&rotate_with_grace(&world, ann, sessions[0], secret(1), 1).await);
    let kept = rotated(&rotate_with_grace(&world, ann, sessions[1], secret(1), 1000).await);
    rotated(&rotate_with_grace(&world, ann, sessions[2], secret(1), 1).await);
    let now = Timestamp::from_second(world.now().as_second() + 10).unwrap();
    let (mut place, mut steps) = (None, 0);
    loop {
        place = world.store.remove_old_salts(now, place, 1).await.unwrap();
        steps += 1;
        if place.is_none() {
            break;
        }
    }
    assert!(steps >= 3, "one at a time");
    // Asked at a moment when they were good, only the one that is kept is known to be.
    for (session, standing) in sessions.into_iter().zip([Standing::Spent, Standing::Repeatable, Standing::Spent]) {
        let moment = Timestamp::from_second(1_750_000_000).unwrap();
        assert_eq!(world.store.refresh_standing(ann, session, secret(1), moment).await, Ok(standing));
    }
    assert_eq!(repeated(&rotate(&world, ann, sessions[1], secret(1)).await), kept);
}

pub async fn of_too_many_lines_the_one_unused_longest_is_dropped(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let session = world.session(ann, 1).await.id;
    let switch = async |token: u8| {
        let digest = secret(token).digest();
        world.store.switch_session(ann, session, tenant, digest, later(), world.stamp()).await.unwrap();
    };
    for token in 2..=8 {
        switch(token).await;
    }
    let first = rotated(&rotate(&world, ann, session, secret(1)).await);
    switch(9).await;
    let lines = world.store.session(ann, session).await.unwrap().unwrap().lines;
    assert_eq!(lines.len(), Session::LINES_MAX);
    assert_eq!(rotate(&world, ann, session, secret(2)).await, Rotation::Unknown, "it was dropped, not spent");
    for token in [first, secret(3), secret(9)] {
        rotated(&rotate(&world, ann, session, token).await);
    }
}

pub async fn of_too_many_sessions_the_one_unused_longest_ends(world: World) {
    let ann = world.user("ann").await.id;
    let bob = world.session(world.user("bob").await.id, 1).await;
    let sessions = [world.session(ann, 1).await, world.session(ann, 1).await, world.session(ann, 1).await];
    rotated(&rotate(&world, ann, sessions[0].id, secret(1)).await);
    let before = world.newest_change().await;
    let newest = world.new_session(ann, 1);
    let three = Opening { most: 3, ..opening("hash") };
    assert_eq!(world.store.open_session(newest.clone(), three, world.stamp()).await, Ok(true));
    let there: Vec<_> = world.store.sessions_of(ann).await.unwrap().iter().map(|session| session.id).collect();
    assert_eq!(there, [sessions[0].id, sessions[2].id, newest.id]);
    let expected = [ChangeKind::SessionDisplaced(sessions[1].id), ChangeKind::SessionOpened(newest.id)];
    assert_eq!(world.kinds(before).await, expected);
    assert_eq!(world.store.session(bob.user, bob.id).await, Ok(Some(bob)), "his are his");
}

pub async fn where_an_account_was_signed_in_to_from_is_known(world: World) {
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let network = Network::from_bytes([7; 8]);
    let known = async |email: &Email| world.store.credentials(email).await.unwrap().unwrap().networks.has(network);
    let from = Some(network);
    let late = Opening { from, ..opening("another") };
    assert_eq!(world.store.open_session(world.new_session(ann.id, 1), late, world.stamp()).await, Ok(false));
    assert!(!known(&ann.email).await);
    let good = Opening { from, ..opening("hash") };
    assert_eq!(world.store.open_session(world.new_session(ann.id, 1), good, world.stamp()).await, Ok(true));
    assert!(known(&ann.email).await && !known(&bob.email).await);
}

pub async fn other_tokens_are_unknown(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let session = world.session(ann, 1).await;
    let before = world.newest_change().await;

    assert_eq!(rotate(&world, ann, session.id, secret(7)).await, Rotation::Unknown, "not a token of the session");
    assert_eq!(rotate(&world, bob, session.id, secret(1)).await, Rotation::Unknown, "not his session");
    assert_eq!(rotate(&world, ann, nobody(), secret(1)).await, Rotation::Unknown, "no such session");
    assert_eq!(world.newest_change().await, before);
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(session)));
}

pub async fn a_session_that_has_expired_is_removed_when_it_is_met(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.new_session(ann, 1);
    let expired = Session { idle_until: world.now(), ..session };
    world.open(expired.clone()).await;
    assert!(world.store.session(ann, expired.id).await.unwrap().is_some());

    let before = world.newest_change().await;
    for _ in 0..2 {
        assert_eq!(rotate(&world, ann, expired.id, secret(1)).await, Rotation::Unknown);
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
        let answer = world.store.open_session(session.clone(), opening("hash"), opened.clone()).await;
        assert_eq!(answer, Ok(true));
        expired.push(session);
    }
    let before = world.newest_change().await;
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

    let renewal = Renewal { idle_until: Timestamp::MAX, ..renewal(7) };
    let rotated = world.store.rotate_refresh_token(ann, session.id, secret(1), renewal, world.stamp()).await;
    let Ok(Rotation::Rotated(rotated, _)) = rotated else { panic!("{rotated:?}") };
    assert_eq!(rotated.idle_until, session.expires_at);
}

pub async fn a_session_in_use_ends_later_but_never_after_its_absolute_end(world: World) {
    let ann = world.user("ann").await.id;
    let session = Session { lines: Vec::new(), console: Some([9; 32]), ..world.new_session(ann, 1) };
    world.open(session.clone()).await;
    let before = world.newest_change().await;
    let stamp = world.stamp();
    assert_eq!(world.store.prolong_session(ann, session.id, Timestamp::MAX, stamp.clone()).await, Ok(()));
    let expected = Session { refreshed_at: stamp.at, idle_until: session.expires_at, ..session.clone() };
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(expected)));
    assert_eq!(world.kinds(before).await, [ChangeKind::SessionRefreshed(session.id)]);
    assert_eq!(rotate(&world, ann, session.id, secret(1)).await, Rotation::Unknown, "it has no refresh tokens");

    world.store.close_session(ann, session.id, world.stamp()).await.unwrap();
    let gone = world.store.prolong_session(ann, session.id, Timestamp::MAX, world.stamp()).await;
    assert_eq!(gone, Err(StoreError::NotFound(Missing::Session)));
}

pub async fn the_newest_hundred_spent_tokens_are_known_again(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 0).await.id;
    let mut tokens = vec![secret(0)];
    for token in 0..101 {
        tokens.push(rotated(&rotate(&world, ann, session, tokens[token]).await));
    }
    assert_eq!(rotate(&world, ann, session, tokens[0]).await, Rotation::Unknown, "it is too long ago");
    assert!(world.store.session(ann, session).await.unwrap().is_some());
    assert_eq!(rotate(&world, ann, session, tokens[1]).await, Rotation::Reused);
    assert_eq!(world.store.session(ann, session).await, Ok(None));
}
