//! A backup beside everything else: read on a thread of its own, no faster than it is taken, and with rests.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::super::RedbStore;
use super::dump;
use crate::store::{Backup, Backups, StoreError, StoreResult};

/// Pieces that wait to be taken.
const WAITING: usize = 4;
/// How many times as long as a piece took to make it rests before the next, and for how long at most: a backup has time,
/// and whoever waits for an answer meanwhile has none.
const REST: u32 = 4;
const LONGEST_REST: Duration = Duration::from_millis(100);

#[async_trait]
impl Backups for RedbStore {
    async fn backup(&self) -> StoreResult<Backup> {
        let turn = Arc::clone(&self.backups).try_acquire_owned().map_err(|_| StoreError::Overloaded)?;
        let snapshot = self.snapshot()?;
        let (sender, pieces) = mpsc::channel(WAITING);
        spawn_blocking(move || {
            let _turn = turn;
            let pieces = Pieces { sender: sender.clone(), begun: Instant::now() };
            if let Err(error) = dump(snapshot.txn(), pieces, |_| {}) {
                // Nobody is left to tell when it was given up.
                drop(sender.blocking_send(Err(StoreError::Unavailable(error.to_string()))));
            }
        });
        Ok(Backup::new(pieces))
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
