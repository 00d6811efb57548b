//! People who were deleted stay deleted, whatever database is found in the data directory or restored to it.

use std::path::Path;
use std::sync::Arc;

use super::database::Database;
use super::{Error, data_dir, shared};
use crate::backups::{Tombstone, Tombstones};
use crate::config::Config;
use crate::domain::{Actor, Clock as _, Email, Stamp, SystemClock};
use crate::store::{Heir, Shared, Store, StoreError};

/// The file in the data directory that says who was deleted.
const FILE: &str = "deleted-accounts";

/// Who was deleted, as far as is known in a data directory, or where nodes share that: what only the directory knows is
/// shared first.
pub(super) async fn known(directory: &Path, shared: Option<Arc<dyn Shared>>) -> Result<Tombstones, Error> {
    let path = directory.join(FILE);
    let failed = |error| Error::Tombstones { path: path.clone(), error };
    let own = Tombstones::open(path.clone()).map_err(|error| failed(error.into()))?;
    let Some(shared) = shared else { return Ok(own) };
    let tombstones = Tombstones::open_shared(shared).await.map_err(failed)?;
    tombstones.merge(own.all()).await.map_err(failed)?;
    Ok(tombstones)
}

/// Takes over the tombstones that another place knows of.
pub(super) async fn learn(config: &Config, others: Vec<Tombstone>) -> Result<(), Error> {
    if others.is_empty() {
        return Ok(());
    }
    let directory = &config.storage.data_dir;
    data_dir::make(directory)?;
    let merged = known(directory, shared::place(config)?).await?.merge(others).await;
    merged.map_err(|error| Error::Tombstones { path: directory.join(FILE), error })
}

/// Deletes everyone who was deleted and is in the database again. Returns how many that were.
pub(super) async fn enforce(store: &dyn Store, tombstones: &Tombstones) -> Result<usize, StoreError> {
    let mut again = 0;
    for Tombstone { account, heir, .. } in tombstones.deleted() {
        match store.delete_user(account, Heir::Anybody(heir), nobodys_stamp()).await {
            Ok(_) => again += 1,
            Err(StoreError::NotFound(_)) => {}
            Err(StoreError::Damaged(damage)) => {
                tracing::warn!("an account that was deleted can't be deleted again, because it is damaged: {damage}");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(again)
}

/// What is done after a restore: who was deleted goes again, but those who are to be there in spite of it. Returns how many
/// went.
pub(super) async fn after_restore(config: &Config, include: &[Email]) -> Result<usize, Error> {
    let tombstones = known(&config.storage.data_dir, shared::place(config)?).await?;
    if tombstones.deleted().is_empty() && include.is_empty() {
        return Ok(0);
    }
    let store = Database::of(&config.storage)?.open_unobserved(&config.storage.data_dir)?;
    let done = settle(&*store, &tombstones, config, include).await;
    store.close().await.map_err(Error::Close)?;
    done
}

async fn settle(
    store: &dyn Store,
    tombstones: &Tombstones,
    config: &Config,
    include: &[Email],
) -> Result<usize, Error> {
    let mut unknown = None;
    for email in include {
        let account = store.credentials(email).await.map_err(Error::Deleted)?.map(|credentials| credentials.user);
        let Some(account) = account.filter(|account| tombstones.has(*account)) else {
            unknown = Some(email.as_str().to_owned());
            continue;
        };
        let at = SystemClock.now();
        let back = Tombstone { account, at, is_deleted: false, heir: None, scrubbed: None };
        let noted = tombstones.note(back).await;
        noted.map_err(|error| Error::Tombstones { path: config.storage.data_dir.join(FILE), error })?;
        store.note_brought_back(account, nobodys_stamp()).await.map_err(Error::Deleted)?;
    }
    let again = enforce(store, tombstones).await.map_err(Error::Deleted)?;
    unknown.map_or(Ok(again), |email| Err(Error::NotDeleted { email }))
}

/// The stamp of what nobody asked for.
fn nobodys_stamp() -> Stamp {
    Stamp::new(SystemClock.now(), Actor::default())
}
