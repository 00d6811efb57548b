//! What happens when things go wrong: intents that panic, disks that fail, queues that fill.

mod disks;
mod every_operation;
mod power_cuts;
mod queues;

use std::mem;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, ReadableTable as _, StorageBackend};
use tokio::sync::Semaphore;

use super::group::{Bounds, Group};
use super::guard::{self, Guard};
use super::limits::StoreLimits;
use super::migrate::migrate;
use super::reserve::Room;
use super::scan::Scans;
use super::snapshot::{Published, Snapshot};
use super::writer::{WriteOutcome, Writer};
use super::{Location, RedbStore, check};
use crate::domain::{Actor, ChangeKind, Email, HistoryId, LogPosition, SharedQuotas, Stamp, Timestamp, User, UserId};
use crate::store::engine::{Counter, Name, Scope, Table, Tx};
use crate::store::{Call, Cause, Changes, Observer, ReadOnly, Store, StoreError, StoreResult, Users};

/// How a disk is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Well,
    /// It works, but there is hardly any room left.
    NearlyFull,
    /// There is no room.
    Full,
    /// Nothing works.
    Broken,
    /// Nothing works, and redb has a bug that shows then.
    Panicking,
}

/// A disk that can fail. What was written stays when the database is closed.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    bytes: InMemoryBackend,
    state: AtomicU8,
    opened: AtomicUsize,
    tried: AtomicUsize,
    /// What the database remembers. Nothing, as a rule, so that reads come here.
    cache_bytes: AtomicUsize,
    turns: Mutex<Vec<StoreResult<()>>>,
    /// Operations that succeed before one fails; 0 for no such thing.
    until_failure: AtomicUsize,
    /// How it is after that.
    afterwards: AtomicU8,
    /// What became of the disk, while that is recorded.
    record: Mutex<Option<Vec<Done>>>,
}

/// Something that was done to a disk.
#[derive(Clone, Debug)]
enum Done {
    Wrote { offset: u64, bytes: Vec<u8> },
    Resized(u64),
    Synced,
}

impl Disk {
    fn set(&self, state: State) {
        self.0.state.store(state as u8, Ordering::SeqCst);
    }

    /// The operation after the next `operations - 1` fails, and leaves the disk in this state.
    fn fail_at(&self, operations: usize, afterwards: State) {
        self.0.afterwards.store(afterwards as u8, Ordering::SeqCst);
        self.0.until_failure.store(operations, Ordering::SeqCst);
    }

    /// Whether the failure that was asked for is still to come.
    fn will_fail(&self) -> bool {
        self.0.until_failure.load(Ordering::SeqCst) > 0
    }

    fn check(&self) -> std::io::Result<()> {
        let count_down = |left: usize| left.checked_sub(1);
        if self.0.until_failure.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count_down) == Ok(1) {
            self.0.state.store(self.0.afterwards.load(Ordering::SeqCst), Ordering::SeqCst);
            return Err(std::io::Error::other("the disk failed"));
        }
        match self.0.state.load(Ordering::SeqCst) {
            state if state == State::Well as u8 || state == State::NearlyFull as u8 => Ok(()),
            state if state == State::Full as u8 => Err(std::io::ErrorKind::StorageFull.into()),
            state if state == State::Broken as u8 => Err(std::io::Error::other("the disk is broken")),
            _ => panic!("on purpose"),
        }
    }

    /// What the observer was informed of since it was last asked.
    fn turns(&self) -> Vec<StoreResult<()>> {
        mem::take(&mut *self.0.turns.lock().unwrap())
    }

    /// How often it was tried to open the database on it.
    fn opened(&self) -> usize {
        self.0.opened.load(Ordering::SeqCst)
    }

    /// How often it was tried whether it takes writes.
    fn tried(&self) -> usize {
        self.0.tried.load(Ordering::SeqCst)
    }

    /// One whose database remembers pages.
    fn with_cache() -> Self {
        let disk = Self::default();
        disk.0.cache_bytes.store(1 << 20, Ordering::SeqCst);
        disk
    }

    /// Begins to record what is done to it.
    fn record(&self) {
        *self.0.record.lock().unwrap() = Some(Vec::new());
    }

    /// How much was recorded so far.
    fn recorded(&self) -> usize {
        self.0.record.lock().unwrap().as_ref().map_or(0, Vec::len)
    }

    fn note(&self, done: impl FnOnce() -> Done) {
        if let Some(record) = self.0.record.lock().unwrap().as_mut() {
            record.push(done());
        }
    }

    /// All that is on it.
    fn image(&self) -> Vec<u8> {
        let mut image = vec![0; usize::try_from(self.0.bytes.len().unwrap()).unwrap()];
        self.0.bytes.read(0, &mut image).unwrap();
        image
    }

    /// A disk with this on it.
    fn with(image: &[u8]) -> Self {
        let disk = Self::default();
        disk.0.bytes.set_len(image.len() as u64).unwrap();
        disk.0.bytes.write(0, image).unwrap();
        disk
    }

    fn open(&self) -> StoreResult<Database> {
        self.0.opened.fetch_add(1, Ordering::SeqCst);
        let cache_bytes = self.0.cache_bytes.load(Ordering::SeqCst);
        Ok(Builder::new().set_cache_size(cache_bytes).create_with_backend(self.clone())?)
    }
}

impl guard::Disk for Disk {
    fn look(&self) -> StoreResult<Room> {
        match self.0.state.load(Ordering::SeqCst) {
            state if state == State::NearlyFull as u8 => {
                Ok(Room::Reserved(StoreError::StorageFull(Cause::new("nearly"))))
            }
            _ => Ok(Room::Enough),
        }
    }

    fn try_writing(&self) -> StoreResult<()> {
        self.0.tried.fetch_add(1, Ordering::SeqCst);
        Ok(self.check().map_err(redb::StorageError::Io)?)
    }
}

impl Observer for Disk {
    fn finished(&self, _call: &Call) {}

    fn writability_changed(&self, writable: Result<(), &StoreError>) {
        self.0.turns.lock().unwrap().push(writable.map_err(Clone::clone));
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        self.0.bytes.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.check().and_then(|()| self.0.bytes.read(offset, out))
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.check()?;
        self.note(|| Done::Resized(len));
        self.0.bytes.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.check()?;
        self.note(|| Done::Synced);
        self.0.bytes.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.check()?;
        self.note(|| Done::Wrote { offset, bytes: data.to_vec() });
        self.0.bytes.write(offset, data)
    }
}

/// A store that takes its time, but opens a failed database again whenever it has a reason to, and takes no old word on
/// its health.
fn patient() -> StoreLimits {
    let long = Duration::from_secs(600);
    StoreLimits {
        writer_deadline: long,
        writer_fresh: Duration::ZERO,
        reopen_pause: Duration::ZERO,
        look_pause: Duration::ZERO,
        scans: 1,
        scan_wait: long,
        scan_deadline: long,
    }
}

/// A store on `disk`, with a queue for two.
fn store(disk: &Disk, limits: StoreLimits) -> RedbStore {
    let database = disk.open().unwrap();
    migrate(&database, 0).unwrap();
    let published = Arc::new(Published::default());
    let reopen = {
        let disk = disk.clone();
        Box::new(move || disk.open())
    };
    let guard = {
        let disk = disk.clone();
        Guard::new(Box::new(disk), limits.look_pause)
    };
    let observer: Arc<dyn Observer> = Arc::new(disk.clone());
    let (pause, shared) = (limits.reopen_pause, Arc::clone(&published));
    let bounds = Bounds { intents: 8 };
    let group = Group::new(database, reopen, pause, shared, bounds, guard, Arc::clone(&observer)).unwrap();
    let writer = Arc::new(Writer::start(group, 2).unwrap());
    let history = HistoryId::from_bytes([0; 16]);
    let (scans, [backups, inspections]) = (Scans::new(limits), [(); 2].map(|()| Arc::new(Semaphore::new(1))));
    let (location, quotas, read_only) = (Location::Memory, SharedQuotas::default(), ReadOnly::default());
    RedbStore { writer, published, scans, limits, observer, location, history, quotas, read_only, backups, inspections }
}

fn stamp() -> Stamp {
    Stamp::new(Timestamp::UNIX_EPOCH, Actor::default())
}

/// The account with a number.
fn user(number: u8) -> User {
    User {
        id: UserId::from_bytes([number; 16]),
        email: Email::parse(&format!("user-{number}@example.com")).unwrap(),
        first_name: None,
        last_name: None,
        is_verified: false,
        is_active: true,
        is_operator: false,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

/// The accounts that are in the database, which must agree with itself.
fn users_of(disk: &Disk) -> Vec<u8> {
    let mut database = disk.open().unwrap();
    let found = check::look(&mut database, crate::store::SCHEMA_VERSION, Box::new(|_| {})).unwrap().report;
    assert_eq!(found.findings, [], "the database does not agree with itself");
    let snapshot = Snapshot::open(&database).unwrap();
    let users = snapshot.users().unwrap().iter().unwrap();
    users.map(|row| row.unwrap().0.value()[0]).collect()
}

/// An intent that adds one entry to the change log.
fn append(tx: &mut Tx<'_>) -> StoreResult<()> {
    let user = UserId::from_bytes([0; 16]);
    tx.log(Scope::User(user), ChangeKind::UserRegistered(user));
    Ok(())
}

/// Queues a rule, and waits until it is carried out.
async fn submit<T: Send + 'static>(
    store: &RedbStore,
    rule: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
) -> WriteOutcome<T> {
    store.writer.submit(false, stamp(), rule).await
}

/// Keeps the writer busy until the returned sender sends or is dropped, so that what is queued meanwhile is one group.
async fn occupy(store: &RedbStore) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel();
    let (start, started) = tokio::sync::oneshot::channel();
    let (writer, start, released) = (Arc::clone(&store.writer), Mutex::new(Some(start)), Mutex::new(released));
    let wait = move |_: &mut Tx<'_>| {
        let start = start.lock().unwrap().take();
        let _ = (start.map(|start| start.send(())), released.lock().unwrap().recv());
        Ok(())
    };
    tokio::spawn(async move { writer.submit(false, stamp(), wait).await });
    started.await.unwrap();
    release
}

/// Queues `first` and `second` as one group.
async fn group<A, B>(
    store: &RedbStore,
    first: impl Fn(&mut Tx<'_>) -> StoreResult<A> + Send + 'static,
    second: impl Fn(&mut Tx<'_>) -> StoreResult<B> + Send + 'static,
) -> (WriteOutcome<A>, WriteOutcome<B>)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let release = occupy(store).await;
    let (first, second, ()) = tokio::join!(submit(store, first), submit(store, second), async {
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
