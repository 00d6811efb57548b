//! How entities are written as bytes: types of their own, apart from the domain's, so that neither dictates the other.
//!
//! A stored value is one byte of version and then the record in [postcard](https://postcard.jamesmunns.com/wire-format).
//! Postcard knows fields and variants by their order, so once it has been released a record never changes, except for
//! enum variants added at the end. A new form is a new type (`UserV2`) with a new version, and the old one stays, to be
//! read. `tests/records/` has a sample of every version, which the tests decode.

mod answer;
mod api_key;
mod artifact;
mod change;
mod invitation;
mod last_use;
mod one_time_token;
mod refresh_salts;
#[cfg(test)]
pub(super) mod samples;
mod session;
mod user;
mod workspace;

use std::error::Error;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{ApiKey, Artifact, Invitation, Membership, Noted, OneTimeToken, Session, Timestamp, Workspace};
use crate::store::{StoreError, StoreResult};

pub use change::Entry;
pub(super) use last_use::LastUse;
pub(super) use refresh_salts::{RefreshSalts, Salted};
pub(super) use session::SpentTokens;
pub(super) use user::Account;
pub(super) use workspace::terms_in;

/// 16 bytes of an id.
type Id = [u8; 16];

/// An entity that is stored.
pub(super) trait Record: Sized {
    /// What it is called, with its article, when its bytes can't be read.
    const NAME: &'static str;
    /// The version of [`Self::Latest`].
    const VERSION: u8;
    /// The form it is written in.
    type Latest: Serialize;

    /// The entity in the form it is written in.
    fn to_latest(&self) -> Self::Latest;

    /// The entity from the form it was once written in.
    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable>;
}

/// Why stored bytes could not be read.
pub(super) type Unreadable = Box<dyn Error + Send + Sync>;

/// Bytes that were taken for a row of something.
#[derive(Debug, thiserror::Error)]
#[error("the row of {name} is corrupt: {source}")]
struct Corrupt {
    name: &'static str,
    source: Unreadable,
}

/// A row that can't be written.
#[derive(Debug, thiserror::Error)]
#[error("the row of {name} can't be written: {source}")]
struct Unwritable {
    name: &'static str,
    source: postcard::Error,
}

/// The bytes that `entity` is stored as.
pub(super) fn encode<R: Record>(entity: &R) -> StoreResult<Vec<u8>> {
    let mut bytes = Vec::new();
    encode_into(entity, &mut bytes)?;
    Ok(bytes)
}

/// Appends the bytes that `entity` is stored as.
pub(super) fn encode_into<R: Record>(entity: &R, bytes: &mut Vec<u8>) -> StoreResult<()> {
    bytes.push(R::VERSION);
    postcard::to_io(&entity.to_latest(), bytes)
        .map(drop)
        .map_err(|source| StoreError::internal(Unwritable { name: R::NAME, source }))
}

/// The entity that is stored as `bytes`.
pub(super) fn decode<R: Record>(bytes: &[u8]) -> Result<R, Unreadable> {
    let read = match bytes.split_first() {
        Some((version, body)) => R::from_version(*version, body),
        None => Err("it is empty".into()),
    };
    read.map_err(|source| Corrupt { name: R::NAME, source }.into())
}

/// Why a row of the table of this name can't be read, if it can't be. Tables that have no records always can.
pub(super) fn trouble(table: &str, row: &[u8]) -> Option<Unreadable> {
    match table {
        "users" => decode::<Account>(row).err(),
        "one_time_tokens" => decode::<OneTimeToken>(row).err(),
        "sessions" => decode::<Session>(row).err(),
        "spent_refresh_tokens" => decode::<SpentTokens>(row).err(),
        "refresh_salts" => decode::<RefreshSalts>(row).err(),
        "workspaces" => decode::<Workspace>(row).err(),
        "members" => decode::<Membership>(row).err(),
        "invitations" => decode::<Invitation>(row).err(),
        "api_keys" => decode::<ApiKey>(row).err(),
        "api_key_uses" => decode::<LastUse>(row).err(),
        "artifacts" | "artifacts_trash" | "artifact_versions" => decode::<Artifact>(row).err(),
        "answers" => decode::<Noted>(row).err(),
        "changes" => decode::<Entry>(row).err(),
        _ => None,
    }
}

/// The record that takes up all of `body`.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    match postcard::take_from_bytes(body)? {
        (record, []) => Ok(record),
        (_, rest) => Err(format!("its last {} bytes are too many", rest.len()).into()),
    }
}

fn unknown(version: u8) -> Unreadable {
    format!("version {version} is unknown").into()
}

/// Times are stored in microseconds since 1970. (jiff's own `from_microsecond` refuses the last second there is.)
fn time(microseconds: i64) -> Result<Timestamp, Unreadable> {
    let nanoseconds = i32::try_from(microseconds % 1_000_000 * 1_000)?;
    Ok(Timestamp::new(microseconds / 1_000_000, nanoseconds)?)
}
