//! Each operation of some work on the disk fails once: no answer is wrong, and the work goes on.

use super::*;

const USERS: u8 = 3;

/// Makes accounts while the disk fails at its n-th operation, mends it, makes one more, and looks what is there. Whether it
/// failed at all.
async fn survives(n: usize, afterwards: State) -> bool {
    let disk = Disk::default();
    let store = store(&disk, patient());
    disk.fail_at(n, afterwards);
    let mut refused = Vec::new();
    for number in 0..USERS {
        let made = store.create_user(user(number), "hash".to_owned(), stamp()).await;
        if let Err(error) = made {
            assert!(matches!(error, StoreError::Unavailable(_)), "operation {n}: {error:?}");
            assert!(!error.to_string().contains("panicked"), "operation {n}: {error}");
            refused.push(number);
        }
    }
    let has_failed = !disk.will_fail();
    disk.fail_at(0, State::Well);
    disk.set(State::Well);
    let last = store.create_user(user(USERS), "hash".to_owned(), stamp()).await;
    assert_eq!(last, Ok(()), "operation {n}: the disk is mended");
    drop(store.close().await);
    let there = users_of(&disk);
    for number in (0..=USERS).filter(|number| !refused.contains(number)) {
        assert!(there.contains(&number), "operation {n}: account {number} was answered and is gone");
    }
    has_failed
}

#[tokio::test]
async fn any_operation_may_fail_once() {
    let mut n = 1;
    while survives(n, State::Well).await {
        n += 1;
    }
    assert!(n > 50, "that was not much of a workload: {n}");
}

#[tokio::test]
async fn any_operation_may_be_the_first_that_fails() {
    let mut n = 1;
    while survives(n, State::Broken).await {
        n += 1;
    }
    assert!(n > 50, "that was not much of a workload: {n}");
}
