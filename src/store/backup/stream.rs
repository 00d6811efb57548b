//! A backup, or the changes since one, beside everything else: read on a thread of its own, no faster than it is taken,
//! and with rests.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::{BackupError, change_set, checkpoint, dump};
use crate::priority::Work;
use crate::store::engine::{Engine, Section};
use crate::store::{Backup, Backups, Checkpoint, Since, StoreError, StoreResult};

/// Pieces that wait to be taken.
const WAITING: usize = 4;
/// How many times as long as a piece took to make it rests before the next, and for how long at most: a backup has time,
/// and callers that wait meanwhile get no answer.
const REST: u32 = 4;
const LONGEST_REST: Duration = Duration::from_millis(100);

#[async_trait]
impl<E: Engine> Backups for E {
    async fn backup(&self) -> StoreResult<Backup> {
        let turn = Arc::clone(self.backups()).try_acquire_owned().map_err(|_| StoreError::Overloaded)?;
        let whole = self.whole()?;
        let end = checkpoint::newest(&*whole)?;
        let pieces = stream(move |pieces| {
            let _turn = turn;
            dump(&*whole, Section::all(), pieces, |_| {}).map(drop)
        })?;
        Ok(Backup::new(end, pieces))
    }

    async fn has_passed(&self, checkpoint: Checkpoint) -> StoreResult<bool> {
        checkpoint::has_passed(&*self.whole()?, checkpoint)
    }

    async fn changes_since(&self, since: Checkpoint) -> StoreResult<Since> {
        let whole = self.whole()?;
        let newest = checkpoint::newest(&*whole)?;
        if !checkpoint::has_passed(&*whole, since)? {
            return Ok(Since::AnotherHistory);
        }
        if newest.position == since.position {
            return Ok(Since::Nothing);
        }
        let after = since.position.entry();
        // Nobody knows what an entry was about that can't be read: only a backup goes on from there.
        let entries = Arc::clone(&whole);
        let looked = spawn_blocking(move || change_set::has_damage(&*entries, after)).await;
        if looked.unwrap_or_else(|error| Err(StoreError::unavailable(error)))? {
            return Ok(Since::AnotherHistory);
        }
        let pieces = stream(move |pieces| change_set::write(&*whole, after, pieces).map(drop))?;
        Ok(Since::Changes(Backup::new(newest, pieces)))
    }
}

/// Has `write` write on a thread of its own.
fn stream(
    write: impl FnOnce(Pieces) -> Result<(), BackupError> + Send + 'static,
) -> StoreResult<mpsc::Receiver<StoreResult<Vec<u8>>>> {
    let (sender, pieces) = mpsc::channel(WAITING);
    let work = move || {
        Work::BackingUp.lower_priority();
        if let Err(error) = write(Pieces { sender: sender.clone(), begun: Instant::now() }) {
            // Nobody waits for it any more when it was given up.
            drop(sender.blocking_send(Err(StoreError::unavailable(error))));
        }
    };
    match thread::Builder::new().name("store-backup".to_owned()).spawn(work) {
        Ok(_) => Ok(pieces),
        Err(error) => Err(StoreError::unavailable(format!("a thread for the backup can't be started: {error}"))),
    }
}

/// Sends each piece that is written, and fails when nobody takes it any more.
struct Pieces {
    sender: mpsc::Sender<StoreResult<Vec<u8>>>,
    /// Since when the next one is being made.
    begun: Instant,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let took = self.begun.elapsed();
        let sent = self.sender.blocking_send(Ok(bytes.to_vec()));
        thread::sleep((took * REST).min(LONGEST_REST));
        self.begun = Instant::now();
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
