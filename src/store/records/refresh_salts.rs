//! The salts of refresh tokens that were spent a moment ago, as they are stored.

use serde::{Deserialize, Serialize};

use super::{Record, Unreadable, parse, time, unknown};
use crate::domain::{RefreshDigest, RefreshSalt, Timestamp};

/// A session's tokens that were spent a moment ago, oldest first, each with what leads to its successor.
#[derive(Default)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(in crate::store) struct RefreshSalts(pub Vec<Salted>);

/// A token that may be presented again for a while.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(in crate::store) struct Salted {
    /// The digest of the token.
    pub digest: RefreshDigest,
    /// What its successor was derived with.
    pub salt: RefreshSalt,
    /// The number of its successor in the line.
    pub number: u64,
    /// Until when it may be presented again.
    pub until: Timestamp,
    /// The address that it was spent from.
    pub ip: Option<String>,
    /// The `User-Agent` that it was spent with.
    pub user_agent: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct RefreshSaltsV1 {
    salted: Vec<SaltedV1>,
}

#[derive(Serialize, Deserialize)]
struct SaltedV1 {
    digest: [u8; 32],
    salt: [u8; 16],
    number: u64,
    until: i64,
    ip: Option<String>,
    user_agent: Option<String>,
}

impl Record for RefreshSalts {
    const NAME: &'static str = "a session's salts of refresh tokens";
    const VERSION: u8 = 1;
    type Latest = RefreshSaltsV1;

    fn to_latest(&self) -> RefreshSaltsV1 {
        let salted = |it: &Salted| SaltedV1 {
            digest: it.digest,
            salt: it.salt,
            number: it.number,
            until: it.until.as_microsecond(),
            ip: it.ip.clone(),
            user_agent: it.user_agent.clone(),
        };
        RefreshSaltsV1 { salted: self.0.iter().map(salted).collect() }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        let record = match version {
            1 => parse::<RefreshSaltsV1>(body)?,
            other => return Err(unknown(other)),
        };
        record.salted.into_iter().map(Salted::try_from).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<SaltedV1> for Salted {
    type Error = Unreadable;

    fn try_from(record: SaltedV1) -> Result<Self, Unreadable> {
        let SaltedV1 { digest, salt, number, until, ip, user_agent } = record;
        Ok(Self { digest, salt, number, until: time(until)?, ip, user_agent })
    }
}
