//! Idempotency keys and what was answered under them.

use ghostworks::domain::{Answer, Noted, Reservation, Stamp, TenantId, Timestamp, UserId};
use ghostworks::store::{Missing, StoreError};

use crate::world::{World, nobody};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(2_000_000_000 + second).unwrap()
}

/// The key `key` of `owner`, good until `second`.
fn reservation(owner: UserId, key: u8, second: i64) -> Reservation {
    Reservation { owner, tenant: None, key: [key; 32], fingerprint: [key; 32], expires_at: at(second) }
}

fn noted(reservation: Reservation, answer: Option<Answer>) -> Noted {
    Noted { fingerprint: reservation.fingerprint, expires_at: reservation.expires_at, answer }
}

fn answer(body: &str) -> Answer {
    Answer {
        status: 201,
        content_type: Some("application/json".to_owned()),
        location: Some("/there".to_owned()),
        etag: None,
        body: body.as_bytes().to_vec(),
    }
}

async fn create(world: &World, tenant: TenantId, reservation: Reservation) -> Result<(), StoreError> {
    create_at(world, tenant, reservation, 0).await
}

async fn create_at(world: &World, tenant: TenantId, reservation: Reservation, second: i64) -> Result<(), StoreError> {
    let artifact = world.new_artifact(tenant, reservation.owner, "Anvil");
    let stamp = Stamp { at: at(second), reservation: Some(reservation), ..world.stamp() };
    world.store.create_artifact(tenant, artifact, stamp).await
}

async fn find(world: &World, reservation: Reservation, second: i64) -> Option<Noted> {
    world.store.answer(reservation, at(second)).await.unwrap()
}

pub async fn a_key_is_noted_with_the_write_it_is_for(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenant = world.workspace(ann).await;
    let used = reservation(ann, 1, 10);
    assert_eq!(find(&world, used, 0).await, None);
    create(&world, tenant, used).await.unwrap();
    assert_eq!(find(&world, used, 0).await, Some(noted(used, None)));
    assert_eq!(find(&world, reservation(bob, 1, 10), 0).await, None, "his keys are his");
    assert_eq!(find(&world, reservation(ann, 2, 10), 0).await, None);
}

pub async fn a_key_lies_where_its_write_was_made(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let (here, there) = (world.workspace(ann).await, world.workspace(ann).await);
    let used = Reservation { tenant: Some(here), ..reservation(ann, 1, 10) };
    create(&world, here, used).await.unwrap();
    assert_eq!(world.store.answer_bytes(bob).await, Ok(0));
    let before = world.store.answer_bytes(ann).await.unwrap();
    world.store.remember_answer(used, Some(answer("{}"))).await.unwrap();
    assert!(world.store.answer_bytes(ann).await.unwrap() > before && before > 0);
    assert_eq!(find(&world, used, 0).await, Some(noted(used, Some(answer("{}")))));
    for other in [
        Reservation { tenant: Some(there), ..used },
        Reservation { tenant: None, ..used },
        Reservation { owner: bob, ..used },
    ] {
        assert_eq!(find(&world, other, 0).await, None);
    }
    assert_eq!(world.store.remove_expired_answers(at(10), 10).await, Ok(false));
    assert_eq!(find(&world, used, 0).await, None);

    // As earlier versions noted what was done in a workspace.
    let earlier = Reservation { tenant: None, ..reservation(ann, 2, 10) };
    world.store.remember_answer(earlier, Some(answer("{}"))).await.unwrap();
    let asked = Reservation { tenant: Some(here), ..earlier };
    assert_eq!(find(&world, asked, 9).await, Some(noted(earlier, Some(answer("{}")))));
    assert_eq!(find(&world, asked, 10).await, None);
}

pub async fn a_refused_write_leaves_its_key_free(world: World) {
    let ann = world.user("ann").await.id;
    let unused = reservation(ann, 1, 10);
    assert_eq!(create(&world, nobody(), unused).await, Err(StoreError::NotFound(Missing::Workspace)));
    assert_eq!(find(&world, unused, 0).await, None);
}

pub async fn an_answer_is_kept_until_it_expires(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let used = reservation(ann, 1, 10);
    create(&world, tenant, used).await.unwrap();
    let before = world.newest_change().await;
    world.store.remember_answer(used, Some(answer("{}"))).await.unwrap();
    assert_eq!(find(&world, used, 9).await, Some(noted(used, Some(answer("{}")))));
    assert_eq!(find(&world, used, 10).await, None);
    assert_eq!(world.newest_change().await, before, "nobody is to learn of it");

    let nothing_changed = reservation(ann, 2, 10);
    world.store.remember_answer(nothing_changed, None).await.unwrap();
    assert_eq!(find(&world, nothing_changed, 9).await, Some(noted(nothing_changed, None)));
}

pub async fn a_key_that_has_expired_is_used_again(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let first = reservation(ann, 1, 10);
    create(&world, tenant, first).await.unwrap();
    world.store.remember_answer(first, Some(answer("first"))).await.unwrap();
    let second = Reservation { fingerprint: [9; 32], expires_at: at(20), ..first };
    let before = world.newest_change().await;
    assert_eq!(create_at(&world, tenant, second, 9).await, Err(StoreError::KeyInUse), "another request has it still");
    assert_eq!(world.newest_change().await, before, "nothing was done");
    create_at(&world, tenant, second, 10).await.unwrap();
    assert_eq!(find(&world, second, 10).await, Some(noted(second, None)));
    assert_eq!(world.store.remove_expired_answers(at(15), 10).await, Ok(false));
    assert_eq!(find(&world, second, 15).await, Some(noted(second, None)), "its first expiry is forgotten");
}

pub async fn expired_keys_are_removed_some_at_a_time(world: World) {
    let ann = world.user("ann").await.id;
    for key in 1..=5 {
        let used = reservation(ann, key, i64::from(key));
        world.store.remember_answer(used, Some(answer("{}"))).await.unwrap();
    }
    assert_eq!(world.store.remove_expired_answers(at(0), 2).await, Ok(false));
    assert_eq!(world.store.remove_expired_answers(at(3), 2).await, Ok(true));
    assert_eq!(world.store.remove_expired_answers(at(3), 2).await, Ok(false));
    // Asked as of a time when none had expired, so that only what was removed is missing.
    let mut left = Vec::new();
    for key in 1..=5 {
        left.push(find(&world, reservation(ann, key, 0), 0).await.is_some());
    }
    assert_eq!(left, [false, false, false, true, true]);
}
