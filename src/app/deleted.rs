//! People who were deleted stay deleted, whatever database is found in the data directory or restored to it.

use std::path::Path;

use super::database::Database;
use super::{Error, data_dir};
use crate::backups::{Tombstone, Tombstones};
use crate::config::Config;
use crate::domain::{Actor, Clock as _, Email, Stamp, SystemClock};
use crate::store::{Heir, Store, StoreError};

/// The file in the data directory that says who was deleted.
const FILE: &str = "deleted-accounts";

/// Who was deleted, as far as is known in a data directory.
pub(super) fn known(directory: &Path) -> Result<Tombstones, Error> {
    let path = directory.join(FILE);
    Tombstones::open(path.clone()).map_err(|error| Error::Tombstones { path, error })
}

/// Takes over the tombstones that another place knows of.
pub(super) fn learn(directory: &Path, others: Vec<Tombstone>) -> Result<(), Error> {
    if others.is_empty() {
        return Ok(());
    }
    data_dir::make(directory)?;
    let merged = known(directory)?.merge(others);
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
    let tombstones = known(&config.storage.data_dir)?;
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
        let noted = tombstones.note(back);
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
