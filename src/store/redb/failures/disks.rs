//! Disks that fail, and come back.

use super::*;

#[tokio::test]
async fn a_broken_disk_fails_writes_and_a_mended_one_takes_them_again() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    assert_eq!(submit(&store, append).await.result, Ok(()));

    disk.set(State::Broken);
    for _ in 0..2 {
        assert!(matches!(submit(&store, append).await.result, Err(StoreError::Unavailable(_))));
        let health = store.health().await;
        assert!(health.writable.is_err(), "{health:?}");
    }
    disk.set(State::Well);
    assert_eq!(submit(&store, append).await.result, Ok(()));
    let health = store.health().await;
    assert_eq!((health.readable, health.writable), (true, Ok(())));
    assert_eq!(
        store.changes(LogPosition::START, 10).await.unwrap().changes.len() as u64,
        health.newest_change.entry(),
        "without gaps"
    );
    assert_eq!(store.close().await, Ok(()));
}

#[tokio::test]
async fn a_disk_that_is_full_before_the_commit_fails_writes_too() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    let grow = |tx: &mut Tx<'_>| {
        tx.put_bytes(Table::Users, &[1; 16], &vec![0; 16 << 20])?;
        append(tx)
    };
    disk.set(State::Full);
    assert!(matches!(submit(&store, grow).await.result, Err(StoreError::StorageFull(_))));
    assert!(matches!(store.health().await.writable, Err(StoreError::StorageFull(_))));
    disk.set(State::Well);
    assert_eq!(submit(&store, grow).await.result, Ok(()));
    assert_eq!(store.health().await.writable, Ok(()));
}

#[tokio::test]
async fn a_full_disk_is_told_from_a_broken_one_once_and_so_is_that_it_has_room_again() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    assert_eq!(submit(&store, append).await.result, Ok(()));
    let full = |result: &StoreResult<()>| matches!(result, Err(StoreError::StorageFull(_)));
    for state in [State::NearlyFull, State::Full] {
        disk.set(state);
        for _ in 0..3 {
            assert!(full(&submit(&store, append).await.result));
        }
        assert!(full(&store.health().await.writable));
        disk.set(State::Well);
        assert_eq!(store.health().await.writable, Ok(()), "without a write");
        let turns = disk.turns();
        assert!(turns.len() == 2 && full(&turns[0]) && turns[1] == Ok(()), "{turns:?}");
    }
    disk.set(State::Broken);
    assert!(matches!(submit(&store, append).await.result, Err(StoreError::Unavailable(_))));
    assert!(matches!(disk.turns()[..], [Err(StoreError::Unavailable(_))]));
}

#[tokio::test]
async fn s52_reads_go_on_while_the_disk_is_nearly_full() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    assert_eq!(submit(&store, append).await.result, Ok(()));
    disk.set(State::NearlyFull);
    assert!(submit(&store, append).await.result.is_err());
    assert_eq!(store.changes(LogPosition::START, 10).await.unwrap().changes.len(), 1);
    assert!(store.health().await.readable);
    assert_eq!(disk.opened(), 1, "nothing was the matter with it");
}

#[tokio::test]
async fn s52_what_is_urgent_goes_on_while_the_disk_is_nearly_full() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    assert_eq!(submit(&store, append).await.result, Ok(()));
    disk.set(State::NearlyFull);
    for _ in 0..3 {
        assert!(matches!(submit(&store, append).await.result, Err(StoreError::StorageFull(_))));
        assert_eq!(store.writer.submit(true, stamp(), append).await.result, Ok(()));
    }
    assert_eq!(store.changes(LogPosition::START, 10).await.unwrap().changes.len(), 4);
    assert!(matches!(store.health().await.writable, Err(StoreError::StorageFull(_))));
    assert!(matches!(disk.turns()[..], [Err(StoreError::StorageFull(_))]), "it is reported once");
}

#[tokio::test]
async fn a_read_that_fails_makes_the_writer_open_the_database_again() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    // More than one page, because the first one of a table stays in memory.
    let many = |tx: &mut Tx<'_>| (0..1000).try_for_each(|_| append(tx));
    assert_eq!(submit(&store, many).await.result, Ok(()));
    disk.set(State::Broken);
    assert!(matches!(store.changes(LogPosition::START, 1).await, Err(StoreError::Unavailable(_))));
    disk.set(State::Well);
    eventually(async || store.changes(LogPosition::START, 1).await.is_ok()).await;
}

#[tokio::test]
async fn a_look_at_the_health_is_enough_to_find_the_disk_mended() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    disk.set(State::Broken);
    assert!(submit(&store, append).await.result.is_err());
    assert!(store.health().await.writable.is_err());
    disk.set(State::Well);
    assert_eq!(store.health().await.writable, Ok(()));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error() {
    let store = store(&Disk::default(), patient());
    let user = user(7);
    let id = user.id;
    store.create_user(user, "hash".to_owned(), stamp()).await.unwrap();
    let poison = move |tx: &mut Tx<'_>| {
        tx.put_bytes(Table::Users, &id.to_bytes(), &[200, 1, 2, 3])?;
        append(tx)
    };
    assert_eq!(submit(&store, poison).await.result, Ok(()));

    let cause = "the row of a user is corrupt: version 200 is unknown";
    let corrupt = StoreError::damaged("users", &id.to_bytes(), cause);
    assert_eq!(store.user(id).await, Err(corrupt.clone()));
    let replaced = store.replace_password_hash(id, "hash".to_owned(), "new".to_owned(), stamp()).await;
    assert_eq!(replaced, Err(corrupt));
}

#[tokio::test]
async fn a_panic_of_the_database_fails_its_group_and_the_writer_opens_it_again() {
    let disk = Disk::default();
    let store = store(&disk, patient());
    assert_eq!(submit(&store, append).await.result, Ok(()));

    disk.set(State::Panicking);
    assert!(matches!(submit(&store, append).await.result, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.counts().await, Err(StoreError::Unavailable(_))), "nobody reads what can't be relied on");
    disk.set(State::Well);
    assert_eq!(submit(&store, append).await.result, Ok(()));
    let health = store.health().await;
    assert_eq!((health.readable, health.writable), (true, Ok(())));
    assert_eq!(
        store.changes(LogPosition::START, 10).await.unwrap().changes.len() as u64,
        health.newest_change.entry(),
        "without gaps"
    );
    assert_eq!(store.close().await, Ok(()));
}

#[tokio::test]
async fn reads_go_on_while_the_disk_takes_no_writes() {
    let disk = Disk::with_cache();
    let store = store(&disk, patient());
    assert_eq!(submit(&store, append).await.result, Ok(()));
    assert_eq!(store.changes(LogPosition::START, 10).await.unwrap().changes.len(), 1);
    for state in [State::Broken, State::Full] {
        disk.set(state);
        for _ in 0..3 {
            assert!(submit(&store, append).await.result.is_err());
            assert_eq!(store.changes(LogPosition::START, 10).await.unwrap().changes.len(), 1);
            let health = store.health().await;
            assert!(health.readable && health.writable.is_err(), "{health:?}");
        }
    }
    assert_eq!(disk.opened(), 1, "it can't be opened again, and is not given up");
    disk.set(State::Well);
    assert_eq!(submit(&store, append).await.result, Ok(()));
    assert_eq!(store.changes(LogPosition::START, 10).await.unwrap().changes.len(), 2);
    assert_eq!(disk.opened(), 2);
}

#[tokio::test]
async fn a_disk_that_failed_is_tried_once_in_a_while() {
    let disk = Disk::default();
    let store = store(&disk, StoreLimits { reopen_pause: Duration::from_secs(600), ..patient() });
    disk.set(State::Broken);
    for _ in 0..5 {
        assert!(matches!(submit(&store, append).await.result, Err(StoreError::Unavailable(_))));
        assert!(store.health().await.writable.is_err());
    }
    assert_eq!((disk.opened(), disk.tried()), (1, 1));
}
