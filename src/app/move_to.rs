//! Everything of the database in the data directory, moved into a PostgreSQL.

use std::collections::BTreeMap;
use std::fs;

use secrecy::{ExposeSecret as _, SecretString};

use super::database::address;
use super::upkeep::backup;
use super::{Error, operator, running, stats};
use crate::config::Config;
use crate::domain::{Share, SystemEntropy};
use crate::store::backup::Copied;
use crate::store::check::Check;
use crate::store::engine::{Section, Whole};
use crate::store::{StoreResult, TableStats, postgres};

/// What the copy is called while it is on its way.
const COPY: &str = "moving.backup";
/// What the other database need not have as many of: its history begins there, and salts are kept for seconds.
const OWN: [&str; 2] = ["meta", "refresh_salts"];

/// What was moved.
pub struct MovedOver {
    /// How many rows.
    pub rows: u64,
    /// How many of them can't be read, here as there.
    pub damaged: u64,
    /// What they were moved into, as people call it.
    pub database: String,
}

/// Copies the database into a PostgreSQL, which has nothing in it unless it is `force`d, and checks that everything has arrived
/// before anybody sees it. A server that uses the data directory must be read-only. `passed` is called with how much is done.
pub async fn move_to(
    config: &Config,
    url: &SecretString,
    force: bool,
    mut passed: impl FnMut(Share),
) -> Result<MovedOver, Error> {
    if config.storage.url.is_some() {
        return Err(Error::MovedAlready);
    }
    let address = address(url.expose_secret())?;
    if running::is_there(&config.storage.data_dir).await && !operator::read_only(config, None).await? {
        return Err(Error::NotReadOnly);
    }
    if !force {
        postgres::require_empty(&address).map_err(Error::NotMoved)?;
    }
    let here = counted(&stats(config).await?.tables);
    let copy = config.storage.data_dir.join(COPY);
    let made = backup(config, &copy, true, &mut passed).await;
    let moved = made.and_then(|Copied { damaged, .. }| {
        let look = |there: &dyn Whole| compare(&here, there, damaged > 0);
        let rows = postgres::restore(&address, &copy, &[], force, &SystemEntropy, look, &mut passed);
        Ok((rows.map_err(Error::NotMoved)?, damaged))
    });
    // What went wrong is more worth telling than that something was left behind.
    drop(fs::remove_file(&copy));
    let (rows, damaged) = moved?;
    Ok(MovedOver { rows, damaged, database: address.to_string() })
}

/// What is wrong with what has arrived, if anything is.
fn compare(here: &BTreeMap<String, u64>, there: &dyn Whole, is_damaged: bool) -> StoreResult<Option<String>> {
    if *here != counted(&there.sizes()?) {
        return Ok(Some("it has not as many rows as the database here".to_owned()));
    }
    // What can't be read here can't be read there, and the check would say so.
    if is_damaged {
        return Ok(None);
    }
    let mut check = Check::default();
    check.look(there)?;
    Ok(check.report.findings.into_iter().next().map(|(finding, _)| finding))
}

/// How many rows each table has, of those that are the same in both.
fn counted(tables: &[TableStats]) -> BTreeMap<String, u64> {
    let known = tables.iter().filter(|table| Section::named(&table.name).is_some());
    let known = known.filter(|table| !OWN.contains(&table.name.as_str()) && table.rows > 0);
    known.map(|table| (table.name.clone(), table.rows)).collect()
}
