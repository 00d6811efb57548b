//! The change log.

use std::sync::Arc;

use futures_util::future::join_all;
use ghostworks::domain::{Actor, Change, ChangeBatch, ChangeKind, LogPlace, LogPosition, Precondition, Stamp};
use ghostworks::store::SlugChoice;

use crate::world::{World, nobody, opening, rename, renewal, secret};

pub async fn every_write_has_one_entry(world: World) {
    let store = &world.store;
    let actor = Actor {
        user: None,
        api_key: None,
        ip: Some("192.0.2.1".to_owned()),
        user_agent: Some("curl/8".to_owned()),
        trace_id: Some([7; 16]),
    };
    let mut expected = Vec::new();
    let mut note = |tenant, kind| {
        let stamp = Stamp::new(world.now(), actor.clone());
        let (position, about) = (LogPosition::of_entry(expected.len() as u64 + 1), None);
        expected.push(Change { position, tenant, about, at: stamp.at, actor: actor.clone(), kind });
        stamp
    };

    let user = world.new_user("ann");
    let ann = user.id;
    let stamp = note(None, ChangeKind::UserRegistered(ann));
    store.create_user(user, "hash".to_owned(), stamp).await.unwrap();
    let stamp = note(None, ChangeKind::PasswordRehashed(ann));
    let renewed = "renewed".to_owned();
    store.replace_password_hash(ann, "hash".to_owned(), renewed.clone(), stamp).await.unwrap();

    let (first, second) = (world.new_session(ann, 1), world.new_session(ann, 1));
    let (reused, closed) = (first.id, second.id);
    store.open_session(first, opening(&renewed), note(None, ChangeKind::SessionOpened(reused))).await.unwrap();
    store.open_session(second, opening(&renewed), note(None, ChangeKind::SessionOpened(closed))).await.unwrap();
    let stamp = note(None, ChangeKind::SessionRefreshed(reused));
    store.rotate_refresh_token(ann, reused, secret(1), renewal(2), stamp).await.unwrap();
    let stamp = note(None, ChangeKind::SessionRevokedForReuse(reused));
    store.rotate_refresh_token(ann, reused, secret(1), renewal(3), stamp).await.unwrap();
    store.close_session(ann, closed, note(None, ChangeKind::SessionClosed(closed))).await.unwrap();

    let workspace = world.new_workspace("acme");
    let tenant = workspace.id;
    let stamp = note(Some(tenant), ChangeKind::WorkspaceCreated(tenant));
    store.create_workspace(workspace, SlugChoice::Exactly, ann, stamp).await.unwrap();
    let artifact = world.new_artifact(tenant, ann, "Anvil");
    let id = artifact.id;
    let stamp = note(Some(tenant), ChangeKind::ArtifactCreated(id));
    store.create_artifact(tenant, artifact, stamp).await.unwrap();
    let stamp = note(Some(tenant), ChangeKind::ArtifactUpdated(id, 2));
    store.update_artifact(tenant, id, Precondition::None, rename("Bellows"), ann, stamp).await.unwrap();
    let stamp = note(Some(tenant), ChangeKind::ArtifactDeleted(id, 3));
    store.delete_artifact(tenant, id, Precondition::None, ann, stamp).await.unwrap();

    let end = expected.last().unwrap().position;
    let expected = Ok(ChangeBatch { changes: expected, end, has_more: false, has_gaps: false });
    assert_eq!(store.changes(LogPosition::START, 1000).await, expected);
    assert_eq!(store.changes(LogPosition::START, usize::MAX).await, expected, "a long scan reads the same");
}

fn entries(changes: &[Change]) -> Vec<u64> {
    changes.iter().map(|change| change.position.entry()).collect()
}

pub async fn the_log_is_read_from_any_position(world: World) {
    let nothing = ChangeBatch { changes: vec![], end: LogPosition::START, has_more: false, has_gaps: false };
    assert_eq!(world.store.changes(LogPosition::START, 10).await, Ok(nothing));
    for name in ["ann", "bob", "eve", "joe"] {
        world.user(name).await;
    }
    let read = async |after, limit| -> (Vec<u64>, u64, bool) {
        let batch = world.store.changes(LogPosition::of_entry(after), limit).await.unwrap();
        assert!(!batch.has_gaps);
        (entries(&batch.changes), batch.end.entry(), batch.has_more)
    };
    assert_eq!(read(0, 10).await, (vec![1, 2, 3, 4], 4, false));
    assert_eq!(read(1, 2).await, (vec![2, 3], 3, true));
    assert_eq!(read(2, 2).await, (vec![3, 4], 4, false));
    assert_eq!(read(4, 2).await, (vec![], 4, false));
    assert_eq!(read(u64::MAX, 2).await, (vec![], u64::MAX, false));
    assert_eq!(read(0, 0).await, (vec![], 0, true));
    assert_eq!(world.newest_change().await.entry(), 4);
}

pub async fn positions_have_no_gaps(world: World) {
    let world = Arc::new(world);
    // Every other one is refused.
    let register = |number: usize| {
        let world = Arc::clone(&world);
        async move {
            let user = world.new_user(&format!("user{}", number / 2));
            world.store.create_user(user, "hash".to_owned(), world.stamp()).await
        }
    };
    let answers = join_all((0..60).map(register).map(tokio::spawn)).await;
    let registered = answers.into_iter().filter(|answer| matches!(answer, Ok(Ok(())))).count() as u64;
    assert_eq!(registered, 30);
    let log = world.changes_after(LogPosition::START).await;
    assert_eq!(entries(&log), (1..=registered).collect::<Vec<_>>());
}

pub async fn a_workspaces_entries_are_read_newest_first_and_no_others(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let (hers, his) = (world.workspace(ann).await, world.workspace(bob).await);
    for _ in 0..3 {
        world.artifact(hers, ann, "Anvil").await;
        world.artifact(his, bob, "Bellows").await;
        world.user(&format!("user{}", world.newest_change().await)).await;
    }
    let read = async |tenant, from, limit| -> (Vec<u64>, Option<LogPlace>) {
        let page = world.store.changes_of(tenant, from, limit).await.unwrap();
        assert!(page.items.iter().all(|change| change.tenant == Some(tenant)));
        (entries(&page.items), page.next)
    };
    assert_eq!(read(hers, None, 10).await, (vec![11, 8, 5, 3], None));
    assert_eq!(read(hers, None, 4).await, (vec![11, 8, 5, 3], None));
    let (first, hers_next) = read(hers, None, 2).await;
    let (his_first, his_next) = read(his, None, 3).await;
    assert_eq!((first, his_first), (vec![11, 8], vec![12, 9, 6]));
    assert_eq!(read(hers, hers_next, 2).await, (vec![5, 3], None));
    for foreign in [his_next.unwrap(), LogPlace(vec![]), LogPlace(vec![255; 16]), LogPlace(vec![1; 99])] {
        assert_eq!(read(hers, Some(foreign.clone()), 10).await, (vec![], None), "{foreign:?} is not hers");
    }
    assert_eq!(read(nobody(), None, 10).await, (vec![], None));
}
