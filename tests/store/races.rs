//! Many callers at once: exactly one wins what only one can have, and nobody sees half of anything.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join_all;
use ghostworks::domain::{ArtifactFilter, ArtifactId, ListArtifacts, Page, Precondition, Role, Slug, Sort};
use ghostworks::store::{Missing, Renewal, Rotation, SlugChoice, StoreError};

use crate::world::{World, later, nobody, rename, renewal, secret};

const CALLERS: usize = 24;

/// Runs `call` many times at once, each in a task of its own, on all of the runtime's threads.
async fn all_at_once<T, F>(world: &Arc<World>, call: impl Fn(Arc<World>, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..CALLERS).map(|number| tokio::spawn(call(Arc::clone(world), number))).collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

fn count<T: PartialEq>(answers: &[T], wanted: &T) -> usize {
    answers.iter().filter(|answer| *answer == wanted).count()
}

pub async fn one_of_many_gets_an_address(world: World) {
    let world = Arc::new(world);
    let answers = all_at_once(&world, |world, _| async move {
        world.store.create_user(world.new_user("ann"), "hash".to_owned(), world.stamp()).await
    })
    .await;
    assert_eq!(count(&answers, &Ok(())), 1);
    assert_eq!(count(&answers, &Err(StoreError::EmailTaken)), CALLERS - 1);
    assert_eq!(world.store.counts().await.unwrap().users, 1);
}

pub async fn one_of_many_gets_a_slug(world: World) {
    let ann = world.user("ann").await.id;
    let world = Arc::new(world);
    let answers = all_at_once(&world, move |world, _| async move {
        world.store.create_workspace(world.new_workspace("acme"), SlugChoice::Exactly, ann, world.stamp()).await
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(count(&answers, &Err(StoreError::SlugTaken)), CALLERS - 1);
    assert_eq!(world.store.workspaces_of(ann).await.unwrap().len(), 1);
}

pub async fn numbered_slugs_differ(world: World) {
    let ann = world.user("ann").await.id;
    let world = Arc::new(world);
    let answers = all_at_once(&world, move |world, number| async move {
        let choice = SlugChoice::Near { tag: number as u32 };
        let created = world.store.create_workspace(world.new_workspace("acme"), choice, ann, world.stamp()).await;
        created.unwrap().workspace.slug
    })
    .await;
    let slugs: HashSet<_> = answers.iter().map(Slug::as_str).collect();
    assert_eq!(slugs.len(), CALLERS);
    assert_eq!(slugs.iter().filter(|slug| slug.len() <= "acme-9".len()).count(), 9, "{slugs:?}");
}

pub async fn one_of_many_updates_a_version(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let id = world.artifact(tenant, ann, "Anvil").await.id;
    let world = Arc::new(world);
    let answers = all_at_once(&world, move |world, number| async move {
        let patch = rename(&format!("Anvil {number}"));
        world.store.update_artifact(tenant, id, Some(1).into(), patch, ann, world.stamp()).await
    })
    .await;
    let winners: Vec<_> = answers.iter().flatten().collect();
    let [winner] = winners[..] else { panic!("{} winners", winners.len()) };
    assert_eq!(count(&answers, &Err(StoreError::VersionMismatch { current: 2 })), CALLERS - 1);
    assert_eq!(world.store.artifact(tenant, id).await.unwrap().as_ref(), Some(winner));
}

pub async fn one_of_many_deletes(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let id = world.artifact(tenant, ann, "Anvil").await.id;
    let world = Arc::new(world);
    let answers = all_at_once(&world, move |world, _| async move {
        world.store.delete_artifact(tenant, id, Precondition::None, ann, world.stamp()).await
    })
    .await;
    assert_eq!(count(&answers, &Ok(())), 1);
    assert_eq!(count(&answers, &Err(StoreError::NotFound(Missing::Artifact))), CALLERS - 1);
    assert_eq!(world.store.counts().await.unwrap().active_artifacts, 0);
}

pub async fn one_of_many_spends_a_token(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await.id;
    let world = Arc::new(world);
    let answers = all_at_once(&world, move |world, number| async move {
        let renewal = renewal(number as u8);
        world.store.rotate_refresh_token(ann, session, secret(1), renewal, world.stamp()).await.unwrap()
    })
    .await;
    let rotated = answers.iter().filter(|answer| matches!(answer, Rotation::Rotated(..))).count();
    assert_eq!((rotated, count(&answers, &Rotation::Reused)), (1, 1), "the second one to come is a thief");
    assert_eq!(count(&answers, &Rotation::Unknown), CALLERS - 2);
    assert_eq!(world.store.session(ann, session).await, Ok(None));
}

pub async fn all_who_present_a_token_at_once_get_the_same(world: World) {
    let ann = world.user("ann").await.id;
    let session = world.session(ann, 1).await.id;
    let world = Arc::new(world);
    let answers = all_at_once(&world, move |world, number| async move {
        let renewal = Renewal { repeatable_until: later(), ..renewal(number as u8) };
        world.store.rotate_refresh_token(ann, session, secret(1), renewal, world.stamp()).await.unwrap()
    })
    .await;
    let tokens = answers.iter().map(|answer| match answer {
        Rotation::Rotated(_, token) | Rotation::Repeated(_, token) => *token.as_bytes(),
        Rotation::Reused | Rotation::Unknown => panic!("{answer:?}"),
    });
    let tokens: HashSet<_> = tokens.collect();
    assert_eq!(tokens.len(), 1);
    let rotated = answers.iter().filter(|answer| matches!(answer, Rotation::Rotated(..))).count();
    assert_eq!(rotated, 1);
}

pub async fn a_write_is_seen_by_whoever_was_answered(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let world = Arc::new(world);
    let ids: Vec<ArtifactId> = all_at_once(&world, move |world, _| async move {
        let artifact = world.artifact(tenant, ann, "Anvil").await;
        assert_eq!(world.store.artifact(tenant, artifact.id).await, Ok(Some(artifact.clone())));
        let list =
            ListArtifacts { filter: ArtifactFilter::default(), sort: Sort::NEWEST_FIRST, page: Page::at(100, 0) };
        let page = world.store.list_artifacts(tenant, list).await.unwrap();
        assert!(page.items.contains(&artifact));
        assert_eq!(page.items.len() as u64, page.total, "the counter is of the same commit");
        artifact.id
    })
    .await;
    let ids: HashSet<_> = ids.into_iter().collect();
    assert_eq!(ids.len(), CALLERS);
}

pub async fn a_refused_intent_leaves_no_trace_among_others(world: World) {
    let ann = world.user("ann").await;
    let tenant = world.workspace(ann.id).await;
    let before = world.newest_change().await;
    let world = Arc::new(world);
    let answers = all_at_once(&world, move |world, number| async move {
        let artifact = world.new_artifact(tenant, ann.id, "Anvil");
        match number % 3 {
            0 => world.store.create_artifact(tenant, artifact, world.stamp()).await,
            1 => world.store.create_artifact(nobody(), artifact, world.stamp()).await,
            _ => world.store.create_user(world.new_user("ann"), "hash".to_owned(), world.stamp()).await,
        }
    })
    .await;
    let good = CALLERS / 3;
    assert_eq!(count(&answers, &Ok(())), good);
    let list = ListArtifacts { filter: ArtifactFilter::default(), sort: Sort::NEWEST_FIRST, page: Page::at(100, 0) };
    let page = world.store.list_artifacts(tenant, list).await.unwrap();
    assert_eq!((page.items.len(), page.total), (good, good as u64));
    let counts = world.store.counts().await.unwrap();
    assert_eq!((counts.users, counts.artifacts), (1, good as u64));
    assert_eq!(world.newest_change().await.entries_since(before), good as u64);
}

pub async fn s29_of_two_owners_who_turn_on_each_other_one_stays(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let world = Arc::new(world);
    for _ in 0..CALLERS {
        let tenant = world.workspace(ann).await;
        world.store.add_member(tenant, bob, Role::Owner, ann, world.stamp()).await.unwrap();
        let (hers, his) = (Arc::clone(&world), Arc::clone(&world));
        let demoted =
            tokio::spawn(
                async move { hers.store.change_role(tenant, bob, Role::Member, ann, hers.stamp()).await.is_ok() },
            );
        let removed = tokio::spawn(async move { his.store.remove_member(tenant, ann, bob, his.stamp()).await.is_ok() });
        assert_ne!(demoted.await.unwrap(), removed.await.unwrap(), "one of them comes too late");
        let members = world.store.members_of(tenant).await.unwrap();
        assert_eq!(members.iter().filter(|member| member.membership.role == Role::Owner).count(), 1);
    }
}
