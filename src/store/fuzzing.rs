//! What is read from files, for the fuzz targets alone (`tests/fuzz`).

use super::records::{Account, Entry, LastUse, Record, RefreshSalts, SpentTokens, decode, encode};
use crate::domain::{ApiKey, Artifact, Invitation, Membership, Noted, OneTimeToken, Session, Workspace};

pub use super::backup::read_anything as backup;

/// Reads these bytes as each kind of record. What can be read can be written, and is then read as the same.
pub fn record(bytes: &[u8]) {
    read::<Account>(bytes);
    read::<ApiKey>(bytes);
    read::<Artifact>(bytes);
    read::<Entry>(bytes);
    read::<Invitation>(bytes);
    read::<LastUse>(bytes);
    read::<Membership>(bytes);
    read::<Noted>(bytes);
    read::<OneTimeToken>(bytes);
    read::<RefreshSalts>(bytes);
    read::<Session>(bytes);
    read::<SpentTokens>(bytes);
    read::<Workspace>(bytes);
}

fn read<R: Record>(bytes: &[u8]) {
    if let Ok(record) = decode::<R>(bytes) {
        let written = encode(&record).expect("what was read can be written");
        let again = decode::<R>(&written).expect("what was written can be read");
        assert_eq!(encode(&again), Ok(written));
    }
}
