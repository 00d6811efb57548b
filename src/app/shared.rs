//! What the nodes before one database share: the installation that all of them are to the place of their backups.

use std::sync::Arc;

use super::database::Database;
use super::{Error, installation};
use crate::config::Config;
use crate::domain::{InstallationId, SystemEntropy};
use crate::store::postgres;
use crate::store::{Shared, SharedKind, Store, StoreError};

/// Where the nodes of a database share things, made if need be; none for a file. Blocks.
pub(super) fn place(config: &Config) -> Result<Option<Arc<dyn Shared>>, Error> {
    Ok(match Database::of(&config.storage)? {
        Database::File(_) => None,
        Database::Postgres(options) => Some(Arc::new(postgres::shared(&options.address)?)),
    })
}

/// The installation that a place of backups belongs to: of the database where nodes share it, else of the data directory.
pub(super) async fn installation(store: &dyn Store, own: InstallationId) -> Result<InstallationId, Error> {
    match store.shared() {
        Some(shared) => identify(&*shared).await,
        None => Ok(own),
    }
}

/// The same without a server, if there is one.
pub(super) async fn known_installation(config: &Config) -> Result<Option<InstallationId>, Error> {
    match Database::of(&config.storage)? {
        Database::File(_) => installation::known(&config.storage.data_dir),
        Database::Postgres(options) => {
            let shared = postgres::SharedTable::at(options.address).map_err(Error::Shared)?;
            let (rows, _) = shared.shared(SharedKind::Installation).await.map_err(Error::Shared)?;
            Ok(rows.into_values().next().and_then(|id| id.try_into().ok()).map(InstallationId::from_bytes))
        }
    }
}

/// The same, made if there is none.
pub(super) async fn made_installation(config: &Config) -> Result<InstallationId, Error> {
    match place(config)? {
        Some(shared) => identify(&*shared).await,
        None => installation::identify(&config.storage.data_dir),
    }
}

async fn identify(shared: &dyn Shared) -> Result<InstallationId, Error> {
    let (mut rows, _) = shared.shared(SharedKind::Installation).await.map_err(Error::Shared)?;
    if rows.is_empty() {
        let id = InstallationId::random(&SystemEntropy).to_bytes().to_vec();
        let make = Box::new(|rows: &mut std::collections::BTreeMap<_, _>, _| {
            if rows.is_empty() {
                rows.insert(Vec::new(), id);
            }
        });
        rows = shared.change_shared(SharedKind::Installation, make).await.map_err(Error::Shared)?;
    }
    let id = rows.into_values().next().and_then(|id| id.try_into().ok());
    let none = || Error::Shared(StoreError::unavailable("the installation that is noted in it makes no sense"));
    id.map(InstallationId::from_bytes).ok_or_else(none)
}
