//! Queues that fill, intents that poison their group, and a writer or scans that take too long.

use std::time::Instant;

use super::*;
use crate::store::redb::budget::Budget;
use crate::store::redb::snapshot::Snapshot;

#[tokio::test]
async fn what_is_queued_together_shares_a_commit() {
    let store = store(&Disk::default(), patient());
    let (first, second) = group(&store, append, append).await;
    assert_eq!((first.result, second.result), (Ok(()), Ok(())));
    assert_eq!(first.figures.unwrap().group_size, 2);
    assert_eq!(first.figures.unwrap().commit, second.figures.unwrap().commit);
    assert_eq!(store.health().await.newest_change.entry(), 2);
}

/// Writes what must not stay: a row, a count, an entry of the change log.
fn leave(tx: &mut Tx<'_>) -> StoreResult<()> {
    let user = user(9);
    tx.put_bytes(Table::UsersByEmail, user.email.as_str().as_bytes(), &user.id.to_bytes())?;
    tx.add(user.id.to_bytes(), Counter::Users, 1);
    append(tx)
}

/// What comes of a rule that ends so after it has written, beside one that is good: it leaves nothing.
async fn fails_alone(end: impl Fn() -> StoreResult<()> + Send + 'static) -> WriteOutcome<()> {
    let store = store(&Disk::default(), patient());
    let bad = move |tx: &mut Tx<'_>| leave(tx).and_then(|()| end());
    let (bad, good) = group(&store, bad, append).await;
    assert_eq!((good.result, good.rows), (Ok(()), 1));
    assert_eq!((bad.rows, bad.figures), (0, None));
    let health = store.health().await;
    assert_eq!((health.newest_change.entry(), health.writable), (1, Ok(())));
    assert_eq!(store.credentials(&user(9).email).await, Ok(None));
    assert_eq!(store.counts().await.unwrap().users, 0);
    assert_eq!(submit(&store, append).await.result, Ok(()));
    bad
}

#[tokio::test]
async fn a_refusal_leaves_nothing() {
    assert_eq!(fails_alone(|| Err(StoreError::EmailTaken)).await.result, Err(StoreError::EmailTaken));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_the_write_that_needs_it_and_no_other() {
    let damaged = || Err(StoreError::damaged("users", &[1], "it is empty"));
    assert_eq!(fails_alone(damaged).await.result, damaged());
}

#[tokio::test]
async fn a_panic_fails_the_write_that_panics_and_no_other() {
    let panicked = Err(StoreError::internal("a write panicked"));
    assert_eq!(fails_alone(|| panic!("on purpose")).await.result, panicked);
}

#[tokio::test]
async fn one_more_than_the_queue_holds_is_refused_at_once() {
    let store = store(&Disk::default(), patient());
    let release = occupy(&store).await;
    let (first, second, ()) = tokio::join!(submit(&store, append), submit(&store, append), async {
        assert_eq!(store.writer.depth(), Some(2));
        assert_eq!(submit(&store, append).await.result, Err(StoreError::Overloaded));
        drop(release);
    });
    assert_eq!((first.result, second.result), (Ok(()), Ok(())));
    assert_eq!(store.health().await.newest_change.entry(), 2, "the refused one was never carried out");
}

#[tokio::test]
async fn a_writer_that_does_not_come_round_is_not_well() {
    let store = store(&Disk::default(), StoreLimits { writer_deadline: Duration::from_millis(1), ..patient() });
    let _busy = occupy(&store).await;
    let health = store.health().await;
    assert!(health.readable);
    assert!(health.writable == Err(StoreError::Overloaded));
}

#[tokio::test]
async fn a_full_queue_is_well_if_it_moves() {
    let store = store(&Disk::default(), patient());
    let release = occupy(&store).await;
    let (first, second, health, ()) =
        tokio::join!(submit(&store, append), submit(&store, append), store.health(), async {
            assert_eq!(store.writer.depth(), Some(2));
            drop(release);
        });
    assert_eq!((first.result, second.result, health.writable), (Ok(()), Ok(()), Ok(())));
}

#[tokio::test]
async fn there_is_one_nudge_at_a_time() {
    let store = store(&Disk::default(), patient());
    let release = occupy(&store).await;
    for _ in 0..5 {
        store.writer.nudge();
        assert_eq!(store.writer.depth(), Some(1));
    }
    drop(release);
    assert_eq!(submit(&store, |_: &mut Tx<'_>| Ok(())).await.result, Ok(()));
    let _busy = occupy(&store).await;
    store.writer.nudge();
    assert_eq!(store.writer.depth(), Some(1), "another one, when the first was answered");
}

#[tokio::test]
async fn a_writer_that_came_round_is_not_asked() {
    let store = store(&Disk::default(), StoreLimits { writer_fresh: Duration::from_secs(600), ..patient() });
    assert_eq!(store.health().await.writable, Ok(()));
    let _busy = occupy(&store).await;
    assert_eq!(store.health().await.writable, Ok(()));
    assert_eq!(store.writer.depth(), Some(0));
}

#[tokio::test]
async fn a_writer_that_was_at_rest_is_writable_when_it_is_first_asked() {
    let store = store(&Disk::default(), patient());
    let _busy = occupy(&store).await;
    let long_ago = Instant::now().checked_sub(store.limits.writer_deadline * 2);
    store.published.round.send_replace(long_ago);
    for _ in 0..3 {
        let figures = store.figures();
        assert_eq!((figures.writable, figures.queue_depth), (true, 0));
    }
    assert_eq!(store.writer.depth(), Some(1), "it was asked");
}

#[tokio::test]
async fn a_writer_that_does_not_come_round_is_not_writable() {
    let store = store(&Disk::default(), StoreLimits { writer_deadline: Duration::from_millis(1), ..patient() });
    let release = occupy(&store).await;
    while store.figures().writable {
        tokio::task::yield_now().await;
    }
    drop(release);
    assert_eq!(submit(&store, append).await.result, Ok(()));
    assert!(store.figures().writable, "it has come round");
}

/// A scan that takes as long as it may.
async fn endless(store: &RedbStore) -> StoreResult<Vec<()>> {
    let scan = |_: &Snapshot, budget: &Budget| {
        while !budget.is_spent() {
            std::thread::yield_now();
        }
        Err(StoreError::Overloaded)
    };
    store.go_through(Name::new("list", "nothing"), scan).await
}

#[tokio::test]
async fn a_scan_whose_caller_has_gone_ends() {
    let store = store(&Disk::default(), patient());
    tokio::select! {
        biased;
        answer = endless(&store) => panic!("it ended by itself: {answer:?}"),
        () = eventually(async || store.scans.free() == 0) => {}
    }
    eventually(async || store.scans.free() == 1).await;
}

#[tokio::test]
async fn a_scan_that_takes_too_long_ends() {
    let store = store(&Disk::default(), StoreLimits { scan_deadline: Duration::ZERO, ..patient() });
    assert_eq!(endless(&store).await, Err(StoreError::Overloaded));
}

#[tokio::test]
async fn one_scan_too_many_is_refused() {
    let store = store(&Disk::default(), StoreLimits { scan_wait: Duration::from_millis(1), ..patient() });
    tokio::select! {
        biased;
        answer = endless(&store) => panic!("it ended by itself: {answer:?}"),
        () = async {
            eventually(async || store.scans.free() == 0).await;
            assert_eq!(store.changes(LogPosition::START, usize::MAX).await, Err(StoreError::Overloaded));
        } => {}
    }
}
