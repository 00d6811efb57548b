//! What happens when things go wrong: intents that panic, disks that fail, queues that fill.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, StorageBackend};

use super::RedbStore;
use super::group::Group;
use super::migrate::migrate;
use super::snapshot::Published;
use super::tables::Tables;
use super::writer::{Answer, Writer};
use crate::domain::{Actor, ChangeKind, Email, Stamp, Timestamp, User, UserId};
use crate::store::{NoObserver, Store, StoreError, StoreResult};

/// A disk where nothing works while it is broken. What was written stays when the database is closed.
#[derive(Clone, Debug)]
struct Disk(Arc<(InMemoryBackend, AtomicBool)>);

impl Disk {
    fn new() -> Self {
        Self(Arc::new((InMemoryBackend::new(), AtomicBool::new(false))))
    }

    fn set_broken(&self, broken: bool) {
        self.0.1.store(broken, Ordering::SeqCst);
    }

    fn check(&self) -> std::io::Result<()> {
        if self.0.1.load(Ordering::SeqCst) { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// Without a cache, so that reads come here.
    fn open(&self) -> StoreResult<Database> {
        Ok(Builder::new().set_cache_size(0).create_with_backend(self.clone())?)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        self.0.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.check().and_then(|()| self.0.0.read(offset, out))
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.check().and_then(|()| self.0.0.set_len(len))
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.check().and_then(|()| self.0.0.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.check().and_then(|()| self.0.0.write(offset, data))
    }
}

/// A store on `disk`, with a queue for two.
fn store(disk: &Disk) -> RedbStore {
    let database = disk.open().unwrap();
    migrate(&database, 0).unwrap();
    let published = Arc::new(Published::default());
    let reopen = {
        Box::new({
            let disk = disk.clone();
            move || disk.open()
        })
    };
    let group = Group::new(database, reopen, Arc::clone(&published), 8).unwrap();
    let writer = Arc::new(Writer::start(group, 2).unwrap());
    RedbStore { writer, published, observer: Arc::new(NoObserver) }
}

fn stamp() -> Stamp {
    Stamp { at: Timestamp::UNIX_EPOCH, actor: Actor::default() }
}

/// An intent that adds one entry to the change log.
fn append(tables: &mut Tables<'_>) -> StoreResult<()> {
    tables.changes.append(None, stamp(), ChangeKind::UserRegistered(UserId::from_bytes([0; 16])))
}

/// Keeps the writer busy until the returned sender sends or is dropped, so that what is queued meanwhile is one group.
async fn occupy(store: &RedbStore) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel();
    let (start, started) = tokio::sync::oneshot::channel();
    let writer = Arc::clone(&store.writer);
    tokio::spawn(async move {
        writer
            .submit(move |_| {
                let _ = (start.send(()), released.recv());
                Ok(())
            })
            .await
    });
    started.await.unwrap();
    release
}

/// Queues `first` and `second` as one group.
async fn group<A, B>(
    store: &RedbStore,
    first: impl FnOnce(&mut Tables<'_>) -> StoreResult<A> + Send + 'static,
    second: impl FnOnce(&mut Tables<'_>) -> StoreResult<B> + Send + 'static,
) -> (Answer<A>, Answer<B>)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let release = occupy(store).await;
    let (first, second, ()) = tokio::join!(store.writer.submit(first), store.writer.submit(second), async {
        drop(release);
    });
    (first, second)
}

/// Asks until the answer is yes.
async fn eventually(ask: impl AsyncFn() -> bool) {
    let asking = async {
        while !ask().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.expect("the answer is still no");
}

#[tokio::test]
async fn what_is_queued_together_shares_a_commit() {
    let store = store(&Disk::new());
    let (first, second) = group(&store, append, append).await;
    assert_eq!((first.result, second.result), (Ok(()), Ok(())));
    assert_eq!(first.figures.unwrap().group_size, 2);
    assert_eq!(first.figures.unwrap().commit, second.figures.unwrap().commit);
    assert_eq!(store.health().await.last_seq, 2);
}

#[tokio::test]
async fn a_refusal_does_not_harm_its_group() {
    let store = store(&Disk::new());
    let (refused, good) = group(&store, |_| Err::<(), _>(StoreError::EmailTaken), append).await;
    assert_eq!(refused.result, Err(StoreError::EmailTaken));
    assert_eq!((refused.rows, refused.figures), (0, None));
    assert_eq!((good.result, good.rows), (Ok(()), 1));
    assert_eq!(store.health().await.last_seq, 1);
}

#[tokio::test]
async fn a_panic_abandons_its_group_and_the_writer_goes_on() {
    let store = store(&Disk::new());
    let (good, bad) = group(&store, append, |_| -> StoreResult<()> { panic!("on purpose") }).await;
    let panicked = Err(StoreError::Unavailable("a write panicked".to_owned()));
    assert_eq!((good.result, bad.result), (panicked.clone(), panicked));
    let health = store.health().await;
    assert_eq!((health.last_seq, health.writable), (0, Ok(())), "the good one was undone, and the disk is well");
    assert_eq!(store.writer.submit(append).await.result, Ok(()));
    assert_eq!(store.health().await.last_seq, 1);
}

#[tokio::test]
async fn one_more_than_the_queue_holds_is_refused_at_once() {
    let store = store(&Disk::new());
    let release = occupy(&store).await;
    let (first, second, ()) = tokio::join!(store.writer.submit(append), store.writer.submit(append), async {
        assert_eq!(store.health().await.queue_depth, 2);
        assert_eq!(store.writer.submit(append).await.result, Err(StoreError::Overloaded));
        drop(release);
    });
    assert_eq!((first.result, second.result), (Ok(()), Ok(())));
    assert_eq!(store.health().await.last_seq, 2, "the refused one was never carried out");
}

#[tokio::test]
async fn a_broken_disk_fails_writes_and_a_mended_one_takes_them_again() {
    let disk = Disk::new();
    let store = store(&disk);
    assert_eq!(store.writer.submit(append).await.result, Ok(()));

    disk.set_broken(true);
    for _ in 0..2 {
        assert!(matches!(store.writer.submit(append).await.result, Err(StoreError::Unavailable(_))));
        let health = store.health().await;
        assert!(health.writable.is_err(), "{health:?}");
    }
    disk.set_broken(false);
    assert_eq!(store.writer.submit(append).await.result, Ok(()));
    let health = store.health().await;
    assert_eq!((health.readable, health.writable), (true, Ok(())));
    assert_eq!(store.changes(0, 10).await.unwrap().len() as u64, health.last_seq, "without gaps");
    assert_eq!(store.close().await, Ok(()));
}

#[tokio::test]
async fn a_disk_that_is_full_before_the_commit_fails_writes_too() {
    let disk = Disk::new();
    let store = store(&disk);
    let grow = |tables: &mut Tables<'_>| {
        tables.users.insert(&[1; 16], vec![0; 16 << 20].as_slice())?;
        append(tables)
    };
    disk.set_broken(true);
    assert!(matches!(store.writer.submit(grow).await.result, Err(StoreError::Unavailable(_))));
    assert!(store.health().await.writable.is_err());
    disk.set_broken(false);
    assert_eq!(store.writer.submit(grow).await.result, Ok(()));
    assert_eq!(store.health().await.writable, Ok(()));
}

#[tokio::test]
async fn a_read_that_fails_makes_the_writer_open_the_database_anew() {
    let disk = Disk::new();
    let store = store(&disk);
    // More than one page, because the first one of a table stays in memory.
    let many = |tables: &mut Tables<'_>| (0..1000).try_for_each(|_| append(tables));
    assert_eq!(store.writer.submit(many).await.result, Ok(()));
    disk.set_broken(true);
    assert!(matches!(store.changes(0, 1).await, Err(StoreError::Unavailable(_))));
    disk.set_broken(false);
    eventually(async || store.changes(0, 1).await.is_ok()).await;
}

#[tokio::test]
async fn a_look_at_the_health_is_enough_to_find_the_disk_mended() {
    let disk = Disk::new();
    let store = store(&disk);
    disk.set_broken(true);
    assert!(store.writer.submit(append).await.result.is_err());
    disk.set_broken(false);
    assert!(store.health().await.writable.is_err(), "not tried yet");
    eventually(async || store.health().await.writable.is_ok()).await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error() {
    let store = store(&Disk::new());
    let id = UserId::from_bytes([7; 16]);
    let user = User {
        id,
        email: Email::parse("ann@example.com").unwrap(),
        first_name: None,
        last_name: None,
        is_verified: false,
        is_active: true,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    };
    store.create_user(user, "hash".to_owned(), stamp()).await.unwrap();
    let spoil = move |tables: &mut Tables<'_>| {
        tables.users.insert(&id.to_bytes(), [200, 1, 2, 3].as_slice())?;
        append(tables)
    };
    assert_eq!(store.writer.submit(spoil).await.result, Ok(()));

    let corrupt = StoreError::Unavailable("the row of a user is corrupt: version 200 is unknown".to_owned());
    assert_eq!(store.user(id).await, Err(corrupt.clone()));
    let replaced = store.replace_password_hash(id, "hash".to_owned(), "new".to_owned(), stamp()).await;
    assert_eq!(replaced, Err(corrupt));
}
