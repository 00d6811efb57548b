//! What an operator does to an account, in the database of a server that is stopped.

use std::sync::Arc;

use super::{Error, store_options};
use crate::config::Config;
use crate::domain::{Actor, Clock as _, Email, Stamp, SystemClock};
use crate::store::redb::RedbStore;
use crate::store::{NoObserver, Store as _, Users as _};

/// Lets an account sign in, or keeps it from it and ends its sessions. Returns whether that was a change.
pub async fn set_user_active(config: &Config, email: &Email, is_active: bool) -> Result<bool, Error> {
    let options = store_options(&config.storage);
    if !options.location.has_database() {
        return Err(Error::NoDatabase { path: config.storage.data_dir.clone() });
    }
    let store = RedbStore::open(options, Arc::new(NoObserver))?;
    let credentials = store.credentials(email).await.map_err(Error::NotChanged)?.ok_or(Error::NoSuchUser)?;
    let stamp = Stamp::new(SystemClock.now(), Actor::default());
    let is_change = store.set_user_active(credentials.user, is_active, stamp).await.map_err(Error::NotChanged)?;
    store.close().await.map_err(Error::Close)?;
    Ok(is_change)
}
