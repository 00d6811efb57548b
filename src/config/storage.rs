//! The database's settings.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::check::{self, Checked};
use super::secret::masked;

/// The database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// The directory that everything is kept in, made when missing; relative to the working directory. Default
    /// `./data`.
    pub data_dir: PathBuf,
    /// The PostgreSQL that the database is in, for several nodes before it: `postgres://user@host:5432/name?sslmode=verify-full`.
    /// Default none: it is a file in the data directory.
    #[serde(serialize_with = "masked")]
    pub url: Option<SecretString>,
    /// Connections to a PostgreSQL for reads, at most; three more are for all else. Default 16.
    pub connections: usize,
    /// Memory for pages of the database, in bytes; at least 1 MiB. Default 32 MiB: the system keeps more of them, in memory
    /// that nobody else needs.
    pub cache_bytes: usize,
    /// Writes that may wait for the writer, half of them of one account; beyond that they are refused as overload. Default 8192.
    pub write_queue: usize,
    /// Writes that may share one commit. Default 512.
    pub group_max: usize,
    /// Writes are refused while the disk has less room than this, in bytes; 0 leaves it to the disk. Default 64 MiB.
    pub min_free_bytes: u64,
    /// Whether a database of an earlier version is backed up, into the data directory, before it is brought up to date: for the
    /// way back. Default true.
    pub backup_before_upgrade: bool,
    /// Seconds after which what is in the trash is removed for good, at least; by default never.
    pub trash_seconds: Option<u64>,
    /// Seconds after which a version of an artifact that was replaced is removed from the history, at least; by default
    /// never.
    pub history_seconds: Option<u64>,
    /// Seconds after which an entry of the change log is removed, at least, which the audit view shows; by default never.
    pub changes_seconds: Option<u64>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            data_dir: "./data".into(),
            url: None,
            connections: 16,
            cache_bytes: 32 << 20,
            write_queue: 8192,
            group_max: 512,
            min_free_bytes: 64 << 20,
            backup_before_upgrade: true,
            trash_seconds: None,
            history_seconds: None,
            changes_seconds: None,
        }
    }
}

impl Storage {
    pub(super) fn check(&self) -> Checked {
        check::one_line("storage.data_dir", &self.data_dir.to_string_lossy())?;
        if let Some(url) = &self.url {
            let is_postgres =
                ["postgres://", "postgresql://"].iter().any(|start| url.expose_secret().starts_with(start));
            check::ensure("storage.url", is_postgres, "expected a URL that begins with postgres://")?;
        }
        check::within("storage.connections", self.connections, 1..=1000)?;
        check::within("storage.cache_bytes", self.cache_bytes, 1 << 20..=1 << 40)?;
        check::within("storage.write_queue", self.write_queue, 1..=1_000_000)?;
        check::within("storage.group_max", self.group_max, 1..=1_000_000)?;
        check::within("storage.min_free_bytes", self.min_free_bytes, 0..=1 << 50)?;
        let seconds = |key, seconds: Option<u64>| seconds.map_or(Ok(()), |seconds| check::seconds(key, seconds));
        seconds("storage.trash_seconds", self.trash_seconds)?;
        seconds("storage.history_seconds", self.history_seconds)?;
        seconds("storage.changes_seconds", self.changes_seconds)
    }
}
