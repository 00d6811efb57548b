//! One redb table of artifacts by id, written by one thread in groups: as many commits as the disk can do, each with
//! all that was waiting, and no answer before its commit.

use std::{io, path::Path, sync::Arc, thread};

use redb::{Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::artifact::{Artifact, Page};

const ARTIFACTS: TableDefinition<[u8; 16], &[u8]> = TableDefinition::new("artifacts");

// The defaults of ghostworks.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
const QUEUE: usize = 1024;
const GROUP_MAX: usize = 512;

struct Insert {
    key: [u8; 16],
    value: Vec<u8>,
    committed: oneshot::Sender<()>,
}

pub struct Table {
    database: Arc<Database>,
    writer: mpsc::Sender<Insert>,
}

impl Table {
    pub fn create(path: &Path) -> Result<Self, redb::Error> {
        let database = Arc::new(Database::builder().set_cache_size(CACHE_BYTES).create(path)?);
        let (writer, mut queue) = mpsc::channel(QUEUE);
        commit(&database, Vec::new())?;
        let written = Arc::clone(&database);
        thread::spawn(move || {
            let mut group = Vec::with_capacity(GROUP_MAX);
            while queue.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
                if let Err(error) = commit(&written, std::mem::take(&mut group)) {
                    eprintln!("peer: {error}");
                }
            }
        });
        Ok(Self { database, writer })
    }

    pub fn get(&self, id: Uuid) -> Result<Option<Artifact>, redb::Error> {
        let table = self.database.begin_read()?.open_table(ARTIFACTS)?;
        table.get(id.into_bytes())?.map(|row| decode(row.value())).transpose()
    }

    pub fn newest(&self, limit: usize) -> Result<Page, redb::Error> {
        let table = self.database.begin_read()?.open_table(ARTIFACTS)?;
        let items = table.iter()?.rev().take(limit).map(|row| decode(row?.1.value())).collect::<Result<Vec<_>, _>>()?;
        let total = table.len()?;
        Ok(Page { has_more: total > items.len() as u64, items, total, limit: limit as u64, offset: 0 })
    }

    /// Returns when the row is on disk.
    pub async fn insert(&self, artifact: &Artifact) -> Result<(), io::Error> {
        let value = postcard::to_stdvec(artifact).map_err(io::Error::other)?;
        let (committed, answer) = oneshot::channel();
        self.writer.send(Insert { key: artifact.id.into_bytes(), value, committed }).await.map_err(io::Error::other)?;
        answer.await.map_err(io::Error::other)
    }
}

fn commit(database: &Database, group: Vec<Insert>) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(true);
    {
        let mut table = transaction.open_table(ARTIFACTS)?;
        for insert in &group {
            table.insert(insert.key, insert.value.as_slice())?;
        }
    }
    transaction.commit()?;
    for insert in group {
        // The caller may have gone; the row stays.
        let _ = insert.committed.send(());
    }
    Ok(())
}

fn decode(row: &[u8]) -> Result<Artifact, redb::Error> {
    postcard::from_bytes(row).map_err(|error| redb::Error::Corrupted(error.to_string()))
}
