//! Rows on their way into the database.

use std::collections::BTreeMap;

use futures_util::TryFutureExt as _;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::layout::{APPEND, PUT, REMOVE, number_of};
use super::loaded::RowName;
use crate::domain::LogPosition;
use crate::store::StoreResult;
use crate::store::engine::{Entry, chain};

/// Rows that were written; none removes one.
pub(super) type Written = BTreeMap<RowName, Option<Vec<u8>>>;

/// An entry of the change log: its number, the workspace whose audit view has it, and what it is stored as.
pub(super) struct LogRow {
    pub n: i64,
    pub tenant: Option<[u8; 16]>,
    pub value: Vec<u8>,
}

impl LogRow {
    /// An entry.
    pub fn of(entry: &Entry) -> StoreResult<Self> {
        let change = &entry.change;
        let tenant = chain(change.tenant, change.about).map(|(tenant, _)| tenant.to_bytes());
        Ok(Self { n: number(change.position), tenant, value: entry.to_bytes()? })
    }

    /// What an entry is stored as, from elsewhere. One that can't be read is in no workspace's audit view.
    pub fn stored(n: u64, value: &[u8]) -> Self {
        let change = Entry::at(n, value).ok().map(|entry| entry.change);
        let tenant = change.and_then(|change| chain(change.tenant, change.about)).map(|(tenant, _)| tenant.to_bytes());
        Self { n: i64::try_from(n).unwrap_or(i64::MAX), tenant, value: value.to_vec() }
    }
}

/// The number of a position in the database.
pub(super) fn number(position: LogPosition) -> i64 {
    i64::try_from(position.entry()).unwrap_or(i64::MAX)
}

/// The position of a number in the database.
pub(super) fn position(n: i64) -> LogPosition {
    LogPosition::of_entry(u64::try_from(n).unwrap_or_default())
}

/// Writes rows and entries of the change log, in one trip.
pub(super) async fn write(client: &Client, written: &Written, log: &[LogRow]) -> Result<(), Error> {
    let (mut put, mut removed) = ((Vec::new(), Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for ((section, key), row) in written {
        let (section, key) = (number_of(*section), key.as_slice());
        match row {
            Some(row) => {
                put.0.push(section);
                put.1.push(key);
                put.2.push(row.as_slice());
            }
            None => {
                removed.0.push(section);
                removed.1.push(key);
            }
        }
    }
    let numbers: Vec<i64> = log.iter().map(|row| row.n).collect();
    let tenants: Vec<Option<&[u8]>> = log.iter().map(|row| row.tenant.as_ref().map(<[u8; 16]>::as_slice)).collect();
    let values: Vec<&[u8]> = log.iter().map(|row| row.value.as_slice()).collect();
    let put_params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&put.0, Type::INT2_ARRAY), (&put.1, Type::BYTEA_ARRAY), (&put.2, Type::BYTEA_ARRAY)];
    let removed_params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
        [(&removed.0, Type::INT2_ARRAY), (&removed.1, Type::BYTEA_ARRAY)];
    let log_params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&numbers, Type::INT8_ARRAY), (&tenants, Type::BYTEA_ARRAY), (&values, Type::BYTEA_ARRAY)];
    let ask = |is_needed: bool, query: &'static str, params| async move {
        if is_needed { client.query_typed(query, params).map_ok(drop).await } else { Ok(()) }
    };
    futures_util::try_join!(
        ask(!put.0.is_empty(), PUT, &put_params[..]),
        ask(!removed.0.is_empty(), REMOVE, &removed_params[..]),
        ask(!log.is_empty(), APPEND, &log_params[..]),
    )?;
    Ok(())
}
