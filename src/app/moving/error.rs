//! Why nothing, or not all, was taken over from another service.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::store::StoreError;
use crate::store::postgres::AddressError;

/// Why nothing, or not all, was taken over: one line that says what to do. No password is in it.
#[derive(Debug, Error)]
pub enum MovingError {
    /// The address is of no use.
    #[error("the other database: {0}")]
    Address(#[from] AddressError),
    /// The file that should have the address, or the password, can't be read.
    #[error("can't read {path}: {error}")]
    Secret {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is no connection.
    #[error("can't connect to {database}: {cause}")]
    Unreachable {
        /// Which database.
        database: String,
        /// What came of it.
        cause: String,
    },
    /// A question was not answered.
    #[error(
        "{database} did not answer: {cause}; what was taken over before stays, and the same command goes on from there"
    )]
    Source {
        /// Which database.
        database: String,
        /// What came of it.
        cause: String,
    },
    /// It is not the database of the older service.
    #[error(
        "{database} has no column {column} in a table {table} that this user may read; is it the database of the older \
         service, and its schema in the search path? (?options=-csearch_path%3Dname)"
    )]
    NoColumn {
        /// Which database.
        database: String,
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The database here is of an older schema.
    #[error("the database here is to be brought up to date first: ghostworks migrate")]
    OlderSchema,
    /// Something was not written here.
    #[error(
        "{table} {id} was not written: {error}; what was taken over before stays, and the same command goes on from there"
    )]
    Store {
        /// The table it comes from.
        table: &'static str,
        /// The row.
        id: String,
        /// What is wrong.
        error: StoreError,
    },
    /// What was taken over can't be noted.
    #[error("can't use {path}, which says what was taken over before: {cause}")]
    Notes {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The report can't be written.
    #[error("can't write the report {path}: {error}; choose another place with --report")]
    Report {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}
