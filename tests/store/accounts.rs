//! What ends sessions: another password, a disabled account, their owner's wish. And in which workspace that is told.

use ghostworks::domain::{ChangeKind, LogPosition, OneTimeToken, Purpose, RefreshLine, Session, TenantId};
use ghostworks::store::{Missing, Rotation, StoreError, Switched};

use crate::world::{World, later, nobody, opening, renewal, resetting, secret};

/// The workspace of each entry after a position.
async fn tenants(world: &World, after: LogPosition) -> Vec<Option<TenantId>> {
    world.changes_after(after).await.into_iter().map(|change| change.tenant).collect()
}

/// The workspace that each entry after a position is about.
async fn abouts(world: &World, after: LogPosition) -> Vec<Option<TenantId>> {
    world.changes_after(after).await.into_iter().map(|change| change.about).collect()
}

pub async fn a_changed_password_ends_the_other_sessions(world: World) {
    let (ann, bob) = (world.user("ann").await, world.user("bob").await.id);
    let (kept, other, his) =
        (world.session(ann.id, 1).await, world.session(ann.id, 2).await, world.session(bob, 3).await);
    let token = OneTimeToken { digest: [1; 32], expires_at: later() };
    for purpose in [Purpose::VerifyEmail, Purpose::ResetPassword] {
        world.store.issue_one_time_token(ann.id, purpose, token, world.stamp()).await.unwrap();
    }
    let before = world.newest_change().await;
    let change = async |expected: &str, hash: &str| {
        let (expected, hash) = (expected.to_owned(), hash.to_owned());
        world.store.change_password(ann.id, expected, hash, kept.id, world.stamp()).await
    };
    assert_eq!(change("another", "new").await, Ok(false));
    assert_eq!(world.newest_change().await, before);
    assert_eq!(change("hash", "new").await, Ok(true));
    assert_eq!(change("hash", "newer").await, Ok(false), "someone was quicker");

    assert_eq!(world.store.credentials(&ann.email).await.unwrap().unwrap().password_hash, "new");
    assert_eq!(world.store.session(ann.id, kept.id).await, Ok(Some(kept)));
    assert_eq!(world.store.session(ann.id, other.id).await, Ok(None));
    assert_eq!(world.store.session(bob, his.id).await, Ok(Some(his)));
    assert_eq!(world.store.one_time_tokens(ann.id, Purpose::ResetPassword).await, Ok(Vec::new()));
    assert_eq!(world.store.one_time_tokens(ann.id, Purpose::VerifyEmail).await, Ok(vec![token]));
    assert_eq!(world.kinds(before).await, [ChangeKind::PasswordChanged(ann.id)]);
}

pub async fn s19_who_proved_the_password_before_it_was_changed_comes_too_late(world: World) {
    let ann = world.user("ann").await;
    let open = async |verified: &str| {
        let session = world.new_session(ann.id, 1);
        let opened = world.store.open_session(session.clone(), opening(verified), world.stamp()).await;
        (opened, world.store.session(ann.id, session.id).await.unwrap().is_some())
    };
    assert_eq!(open("another").await, (Ok(false), false));
    let kept = world.session(ann.id, 2).await;
    let (old, new) = ("hash".to_owned(), "new".to_owned());
    assert_eq!(world.store.change_password(ann.id, old, new, kept.id, world.stamp()).await, Ok(true));
    let token = OneTimeToken { digest: [1; 32], expires_at: later() };
    world.store.issue_one_time_token(ann.id, Purpose::ResetPassword, token, world.stamp()).await.unwrap();
    let before = world.newest_change().await;
    assert_eq!(open("hash").await, (Ok(false), false), "changed");
    assert_eq!(world.newest_change().await, before);
    assert_eq!(open("new").await, (Ok(true), true));

    world.store.reset_password(ann.id, [1; 32], resetting("newest"), world.stamp()).await.unwrap();
    assert_eq!(open("new").await, (Ok(false), false), "reset");
    let (old, renewed) = ("newest".to_owned(), "renewed".to_owned());
    assert_eq!(world.store.replace_password_hash(ann.id, old, renewed, world.stamp()).await, Ok(true));
    assert_eq!(open("newest").await, (Ok(false), false), "renewed");
    assert_eq!(open("renewed").await, (Ok(true), true));
    assert_eq!(world.store.sessions_of(ann.id).await.unwrap().len(), 1, "each end leaves those that came after");
}

pub async fn a_disabled_account_has_no_sessions_and_gets_none(world: World) {
    let ann = world.user("ann").await;
    let session = world.session(ann.id, 1).await;
    let token = OneTimeToken { digest: [1; 32], expires_at: later() };
    world.store.issue_one_time_token(ann.id, Purpose::ResetPassword, token, world.stamp()).await.unwrap();
    let before = world.newest_change().await;
    assert_eq!(world.store.set_user_active(ann.id, false, world.stamp()).await, Ok(true));
    assert_eq!(world.store.set_user_active(ann.id, false, world.stamp()).await, Ok(false), "again: no change");
    assert_eq!(world.store.session(ann.id, session.id).await, Ok(None));
    assert!(!world.store.credentials(&ann.email).await.unwrap().unwrap().is_active);
    assert_eq!(world.store.one_time_tokens(ann.id, Purpose::ResetPassword).await, Ok(Vec::new()));
    // A login that was on its way comes too late, and so does an e-mail.
    let late = world.store.open_session(world.new_session(ann.id, 2), opening("hash"), world.stamp()).await;
    assert_eq!(late, Err(StoreError::NotFound(Missing::User)));
    world.store.issue_one_time_token(ann.id, Purpose::ResetPassword, token, world.stamp()).await.unwrap();
    let reset = world.store.reset_password(ann.id, [1; 32], resetting("new"), world.stamp()).await;
    assert_eq!(reset, Err(StoreError::InvalidOneTimeToken));

    assert_eq!(world.store.set_user_active(ann.id, true, world.stamp()).await, Ok(true));
    world.session(ann.id, 3).await;
    let missing = world.store.set_user_active(nobody(), false, world.stamp()).await;
    assert_eq!(missing, Err(StoreError::NotFound(Missing::User)));
    let kinds = world.kinds(before).await;
    assert_eq!((kinds[0], kinds[2]), (ChangeKind::UserDisabled(ann.id), ChangeKind::UserEnabled(ann.id)));
}

pub async fn an_account_may_operate_until_it_is_revoked(world: World) {
    let ann = world.user("ann").await;
    let before = world.newest_change().await;
    for is_operator in [true, false] {
        assert_eq!(world.store.set_user_operator(ann.id, is_operator, world.stamp()).await, Ok(true));
        assert_eq!(world.store.set_user_operator(ann.id, is_operator, world.stamp()).await, Ok(false), "no change");
        assert_eq!(world.store.user(ann.id).await.unwrap().unwrap().is_operator, is_operator);
    }
    let missing = world.store.set_user_operator(nobody(), true, world.stamp()).await;
    assert_eq!(missing, Err(StoreError::NotFound(Missing::User)));
    let kinds = [ChangeKind::OperatorGranted(ann.id), ChangeKind::OperatorRevoked(ann.id)];
    assert_eq!(world.kinds(before).await, kinds);
}

pub async fn sessions_are_listed_and_ended_for_their_owner(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let (first, second, his) = (world.session(ann, 1).await, world.session(ann, 2).await, world.session(bob, 3).await);
    assert_eq!(world.store.sessions_of(ann).await, Ok(vec![first.clone(), second.clone()]));
    assert_eq!(world.store.sessions_of(nobody()).await, Ok(vec![]));
    let before = world.newest_change().await;

    let missing = Err(StoreError::NotFound(Missing::Session));
    assert_eq!(world.store.revoke_session(ann, his.id, world.stamp()).await, missing);
    assert_eq!(world.store.revoke_session(ann, first.id, world.stamp()).await, Ok(()));
    assert_eq!(world.store.revoke_session(ann, first.id, world.stamp()).await, missing);
    assert_eq!(world.store.session(ann, first.id).await, Ok(None));

    let third = world.session(ann, 4).await;
    let expired = Session { idle_until: world.now(), ..world.new_session(ann, 5) };
    world.open(expired.clone()).await;
    assert_eq!(world.store.revoke_session(ann, expired.id, world.stamp()).await, missing, "it is over");
    assert_eq!(world.store.revoke_other_sessions(ann, second.id, world.stamp()).await, Ok(1), "one lived");
    assert_eq!(world.store.sessions_of(ann).await, Ok(vec![second]));
    assert_eq!(world.store.session(bob, his.id).await, Ok(Some(his)));
    let kinds = world.kinds(before).await;
    assert_eq!(kinds[0], ChangeKind::SessionRevoked(first.id));
    assert_eq!(kinds[3..], [ChangeKind::SessionRevoked(third.id), ChangeKind::SessionExpired(expired.id)]);
}

pub async fn a_session_switches_to_a_workspace_of_its_user(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let (own, foreign) = (world.workspace(ann).await, world.workspace(bob).await);
    let session = world.session(ann, 1).await;
    let digest = secret(2).digest();
    let before = world.newest_change().await;
    for tenant in [foreign, nobody()] {
        let refused = world.store.switch_session(ann, session.id, tenant, digest, later(), world.stamp()).await;
        assert_eq!(refused, Err(StoreError::NotFound(Missing::Workspace)));
    }
    let missing = world.store.switch_session(bob, session.id, foreign, digest, later(), world.stamp()).await;
    assert_eq!(missing, Err(StoreError::NotFound(Missing::Session)));
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(session.clone())));
    assert_eq!(world.newest_change().await, before);

    let stamp = world.stamp();
    let mut expected = Session { workspace: Some(own), refreshed_at: stamp.at, ..session.clone() };
    expected.lines.push(RefreshLine::new(digest, stamp.at));
    let switched = world.store.switch_session(ann, session.id, own, digest, later(), stamp).await.unwrap();
    assert_eq!(switched, Switched { session: expected.clone(), role: ghostworks::domain::Role::Owner });
    assert_eq!(world.store.session(ann, session.id).await, Ok(Some(expected)));
    assert_eq!(world.kinds(before).await, [ChangeKind::SessionSwitched(session.id)]);
    assert_eq!((tenants(&world, before).await, abouts(&world, before).await), (vec![None], vec![Some(own)]));
    for token in [1, 2] {
        let refreshed =
            world.store.rotate_refresh_token(ann, session.id, secret(token), renewal(3), world.stamp()).await;
        assert!(matches!(refreshed, Ok(Rotation::Rotated(..))), "{token}: both lines go on");
    }
    let reused = world.store.rotate_refresh_token(ann, session.id, secret(1), renewal(3), world.stamp()).await;
    assert_eq!(reused, Ok(Rotation::Reused));
    assert_eq!(world.store.session(ann, session.id).await, Ok(None), "reuse in one line ends the session");
}

pub async fn s51_failing_to_sign_in_to_no_account_is_written_nowhere(world: World) {
    let before = world.newest_change().await;
    for _ in 0..3 {
        world.store.note_failed_login(None, world.stamp()).await.unwrap();
    }
    assert_eq!(world.newest_change().await, before);
}

pub async fn signing_in_and_out_is_about_a_workspace_and_in_no_workspaces_log(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let (first, second) = (world.workspace(ann).await, world.workspace(ann).await);
    let before = world.newest_change().await;
    let session = world.session(ann, 1).await;
    world.store.switch_session(ann, session.id, second, secret(2).digest(), later(), world.stamp()).await.unwrap();
    world.store.rotate_refresh_token(ann, session.id, secret(2), renewal(3), world.stamp()).await.unwrap();
    world.store.close_session(ann, session.id, world.stamp()).await.unwrap();
    for user in [Some(ann), Some(bob)] {
        world.store.note_failed_login(user, world.stamp()).await.unwrap();
    }
    let about = [Some(first), Some(second), Some(second), Some(second), None, None];
    assert_eq!(abouts(&world, before).await, about);
    assert_eq!(tenants(&world, before).await, [None; 6]);
    let failed = [Some(ann), Some(bob)].map(ChangeKind::LoginFailed);
    assert_eq!(world.kinds(before).await[4..], failed);
    assert!(world.store.newest_change(Some(second)).await.unwrap() <= before, "no search has to wait for it");

    // What happened in a workspace and what is about it are read as one list.
    let artifact = world.artifact(second, ann, "Anvil").await.id;
    let created = ChangeKind::WorkspaceCreated(second);
    let (switched, refreshed) = (ChangeKind::SessionSwitched(session.id), ChangeKind::SessionRefreshed(session.id));
    let (closed, made) = (ChangeKind::SessionClosed(session.id), ChangeKind::ArtifactCreated(artifact));
    let expected = [made, closed, refreshed, switched, created];
    for limit in 1..=6 {
        let (mut read, mut from) = (Vec::new(), None);
        loop {
            let page = world.store.changes_of(second, from, limit).await.unwrap();
            read.extend(page.items.into_iter().map(|change| change.kind));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(read, expected, "{limit} at a time");
    }
}
