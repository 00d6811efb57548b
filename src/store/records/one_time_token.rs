//! One-time tokens as they are stored.

use serde::{Deserialize, Serialize};

use super::{Record, Unreadable, parse, time, unknown};
use crate::domain::OneTimeToken;

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct OneTimeTokenV1 {
    digest: [u8; 32],
    expires_at: i64,
}

impl Record for OneTimeToken {
    const NAME: &'static str = "a one-time token";
    const VERSION: u8 = 1;
    type Latest = OneTimeTokenV1;

    fn to_latest(&self) -> OneTimeTokenV1 {
        OneTimeTokenV1 { digest: self.digest, expires_at: self.expires_at.as_microsecond() }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => {
                let record: OneTimeTokenV1 = parse(body)?;
                Ok(Self { digest: record.digest, expires_at: time(record.expires_at)? })
            }
            other => Err(unknown(other)),
        }
    }
}
