//! One-time tokens, and what is done with them.

use ghostworks::domain::{ChangeKind, LogPosition, OneTimeToken, Purpose, Timestamp, UserId};
use ghostworks::store::{Missing, StoreError};

use crate::world::{World, later, nobody, resetting};

const INVALID: Result<(), StoreError> = Err(StoreError::InvalidOneTimeToken);

fn token(digest: u8, expires_at: Timestamp) -> OneTimeToken {
    OneTimeToken { digest: [digest; 32], expires_at }
}

async fn issue(world: &World, user: UserId, purpose: Purpose, digest: u8) {
    let token = token(digest, later());
    assert_eq!(world.store.issue_one_time_token(user, purpose, token, world.stamp()).await, Ok(true));
}

async fn reset(world: &World, user: UserId, digest: u8, hash: &str) -> Result<(), StoreError> {
    world.store.reset_password(user, [digest; 32], resetting(hash), world.stamp()).await.map(drop)
}

async fn hash_of(world: &World, name: &str) -> String {
    let email = world.new_user(name).email;
    world.store.credentials(&email).await.unwrap().unwrap().password_hash
}

pub async fn an_account_has_tokens_for_each_purpose(world: World) {
    let ann = world.user("ann").await.id;
    issue(&world, ann, Purpose::VerifyEmail, 1).await;
    issue(&world, ann, Purpose::ResetPassword, 2).await;
    issue(&world, ann, Purpose::VerifyEmail, 3).await;
    let tokens = async |purpose| world.store.one_time_tokens(ann, purpose).await.unwrap();
    assert_eq!(tokens(Purpose::VerifyEmail).await, [token(3, later())]);
    assert_eq!(tokens(Purpose::ResetPassword).await, [token(2, later())]);
    let refused =
        world.store.issue_one_time_token(nobody(), Purpose::VerifyEmail, token(1, later()), world.stamp()).await;
    assert_eq!(refused, Err(StoreError::NotFound(Missing::User)));
    let kinds = world.kinds(LogPosition::of_entry(1)).await;
    let requested = ChangeKind::VerificationRequested(ann);
    assert_eq!(kinds, [requested, ChangeKind::PasswordResetRequested(ann), requested]);
}

pub async fn no_token_that_is_good_gives_way_to_another(world: World) {
    let ann = world.user("ann").await.id;
    let purpose = Purpose::ResetPassword;
    let ended = token(1, world.now());
    assert_eq!(world.store.issue_one_time_token(ann, purpose, ended, world.stamp()).await, Ok(true));
    for digest in 2..2 + OneTimeToken::MAX_RESETS {
        issue(&world, ann, purpose, digest).await;
    }
    let before = world.newest_change().await;
    let more = token(9, later());
    assert_eq!(world.store.issue_one_time_token(ann, purpose, more, world.stamp()).await, Ok(false));
    assert_eq!(world.newest_change().await, before);
    assert_eq!(reset(&world, ann, 9, "new").await, INVALID);
    assert_eq!(reset(&world, ann, 2, "new").await, Ok(()), "the first");
    assert_eq!(reset(&world, ann, 3, "newer").await, INVALID, "the others end with it");
    assert_eq!(world.store.issue_one_time_token(ann, purpose, more, world.stamp()).await, Ok(true));
}

pub async fn a_token_verifies_an_address_once(world: World) {
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    issue(&world, ann.id, Purpose::VerifyEmail, 1).await;
    issue(&world, ann.id, Purpose::ResetPassword, 2).await;
    let before = world.newest_change().await;
    for (user, digest) in [(ann.id, 2), (ann.id, 9), (bob.id, 1), (nobody(), 1)] {
        assert_eq!(world.store.verify_email(user, [digest; 32], world.stamp()).await, INVALID);
    }
    assert_eq!(world.newest_change().await, before);

    let stamp = world.stamp();
    assert_eq!(world.store.verify_email(ann.id, [1; 32], stamp.clone()).await, Ok(()));
    let read = world.store.user(ann.id).await.unwrap().unwrap();
    assert_eq!((read.is_verified, read.updated_at), (true, stamp.at));
    assert_eq!(world.store.verify_email(ann.id, [1; 32], world.stamp()).await, INVALID, "it is used up");
    assert!(!world.store.user(bob.id).await.unwrap().unwrap().is_verified);
    assert_eq!(world.kinds(before).await, [ChangeKind::EmailVerified(ann.id)]);
}

pub async fn a_token_replaces_a_password_once_and_ends_all_sessions(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let hers = [world.session(ann, 1).await, world.session(ann, 2).await];
    let his = world.session(bob, 3).await;
    issue(&world, ann, Purpose::ResetPassword, 1).await;
    let before = world.newest_change().await;
    assert_eq!(reset(&world, ann, 9, "new").await, INVALID);
    assert_eq!(reset(&world, bob, 1, "new").await, INVALID);
    assert_eq!((world.newest_change().await, hash_of(&world, "ann").await.as_str()), (before, "hash"));

    assert_eq!(reset(&world, ann, 1, "new").await, Ok(()));
    assert_eq!((hash_of(&world, "ann").await.as_str(), hash_of(&world, "bob").await.as_str()), ("new", "hash"));
    for session in hers {
        assert_eq!(world.store.session(ann, session.id).await, Ok(None));
    }
    assert_eq!(world.store.session(bob, his.id).await, Ok(Some(his)));
    assert_eq!(reset(&world, ann, 1, "newer").await, INVALID, "it is used up");
    assert_eq!(world.kinds(before).await, [ChangeKind::PasswordReset(ann)]);
}

pub async fn a_token_that_has_expired_is_of_no_use(world: World) {
    let ann = world.user("ann").await.id;
    let ended = token(1, world.now());
    for purpose in [Purpose::VerifyEmail, Purpose::ResetPassword] {
        world.store.issue_one_time_token(ann, purpose, ended, world.stamp()).await.unwrap();
    }
    assert_eq!(world.store.verify_email(ann, [1; 32], world.stamp()).await, INVALID);
    assert_eq!(reset(&world, ann, 1, "new").await, INVALID);
    assert_eq!(hash_of(&world, "ann").await, "hash");
}
