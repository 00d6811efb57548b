//! When something was last used, as it is stored.

use serde::{Deserialize, Serialize};

use super::{Record, Unreadable, parse, time, unknown};
use crate::domain::Timestamp;

/// When an API key was last used.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(in crate::store) struct LastUse(pub Timestamp);

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct LastUseV1 {
    at: i64,
}

impl Record for LastUse {
    const NAME: &'static str = "an API key's last use";
    const VERSION: u8 = 1;
    type Latest = LastUseV1;

    fn to_latest(&self) -> LastUseV1 {
        LastUseV1 { at: self.0.as_microsecond() }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => Ok(Self(time(parse::<LastUseV1>(body)?.at)?)),
            other => Err(unknown(other)),
        }
    }
}
