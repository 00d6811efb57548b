//! Cursors: where a page of a list ended, opaque to clients.
//!
//! A cursor names its list, its workspace and the history of the database, so that it is refused elsewhere and after a restore.
//! It grants nothing: a caller who presents one is checked as without it. It is signed, so that what is read from one is what
//! this server wrote.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::problem::Problem;
use crate::domain::TenantId;
use crate::service::CursorKey;

/// The longest cursor that is read, in bytes. None that is made is longer.
pub(super) const MAX_LEN: usize = 2048;
/// The workspace of lists that are of none.
pub(super) const NO_WORKSPACE: TenantId = TenantId::from_bytes([0; 16]);
/// How cursors are written. Raised with every change of what is in them, or of the order that it stands for.
const VERSION: u8 = 3;

/// The cursor of `position` in the list called `list` of a workspace.
pub(super) fn encode<P: Serialize>(key: &CursorKey, list: &str, tenant: TenantId, position: &P) -> Option<String> {
    let mut bytes =
        postcard::to_stdvec(&(VERSION, key.history().to_string(), list, tenant.to_bytes(), position)).ok()?;
    bytes.extend(key.sign(&bytes));
    Some(URL_SAFE_NO_PAD.encode(bytes)).filter(|text| text.len() <= MAX_LEN)
}

/// The position that a cursor of this list of this workspace stands for.
pub(super) fn decode<P: DeserializeOwned>(
    key: &CursorKey,
    text: &str,
    list: &str,
    tenant: TenantId,
) -> Result<P, String> {
    let refused =
        || "is not a cursor of this list; begin without one, or take `next_cursor` of the page before".to_owned();
    let message = verified(key, text).ok_or_else(refused)?;
    let (version, history, of_list, of_tenant, position): (u8, String, String, [u8; 16], P) =
        postcard::from_bytes(&message).map_err(|_| refused())?;
    let is_current = version == VERSION && history == key.history().to_string();
    let is_own = is_current && of_list == list && of_tenant == tenant.to_bytes();
    if is_own { Ok(position) } else { Err(refused()) }
}

/// Whether a cursor was made here, but by an earlier version, or before the database was restored or moved.
fn is_expired(key: &CursorKey, text: &str) -> bool {
    let Some(message) = verified(key, text) else { return false };
    match postcard::take_from_bytes::<(u8, String)>(&message) {
        Ok(((version, history), _)) => version != VERSION || history != key.history().to_string(),
        // What was signed is a cursor, of another form.
        Err(_) => true,
    }
}

/// Refuses such a cursor: its list is to be read from the beginning.
pub(super) fn require_current(key: &CursorKey, text: Option<&str>) -> Result<(), Problem> {
    match text {
        Some(text) if is_expired(key, text) => Err(Problem::cursor_expired()),
        Some(_) | None => Ok(()),
    }
}

/// What a cursor says, if it is signed.
fn verified(key: &CursorKey, text: &str) -> Option<Vec<u8>> {
    let mut bytes =
        Some(text).filter(|text| text.len() <= MAX_LEN).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())?;
    let signature = bytes.split_off(bytes.len().checked_sub(CursorKey::SIGNATURE_LEN)?);
    key.verifies(&bytes, &signature).then_some(bytes)
}

/// A digest of what a list is narrowed to and ordered by: a cursor that holds it is good for no other.
pub(super) fn digest<T: Serialize>(what: &T) -> [u8; 32] {
    Sha256::digest(postcard::to_stdvec(what).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> CursorKey {
        CursorKey::derive(&[byte; 32])
    }

    #[test]
    fn a_cursor_is_good_for_its_list_of_its_workspace_on_its_server() {
        let (own, other) = (TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16]));
        let cursor = encode(&key(1), "audit", own, &7_u64).expect("a cursor");
        assert_eq!(decode(&key(1), &cursor, "audit", own), Ok(7_u64));
        assert!(decode::<u64>(&key(1), &cursor, "audit", other).is_err());
        assert!(decode::<u64>(&key(1), &cursor, "artifacts", own).is_err());
        assert!(decode::<u64>(&key(2), &cursor, "audit", own).is_err());
        assert!(decode::<u64>(&key(1), &"A".repeat(MAX_LEN + 1), "audit", own).is_err());
    }

    #[test]
    fn a_cursor_of_another_history_or_form_has_expired() {
        let own = TenantId::from_bytes([1; 16]);
        let current = encode(&key(1), "audit", own, &7_u64).expect("a cursor");
        assert!(!is_expired(&key(1), &current) && !is_expired(&key(2), &current) && !is_expired(&key(1), "AAAA"));
        for message in [
            postcard::to_stdvec(&(VERSION, "0badcafe", "audit", own.to_bytes(), 7_u64)),
            postcard::to_stdvec(&(2_u8, "audit", own.to_bytes(), 7_u64)),
        ] {
            let mut bytes = message.expect("bytes");
            bytes.extend(key(1).sign(&bytes));
            assert!(is_expired(&key(1), &URL_SAFE_NO_PAD.encode(bytes)));
        }
    }

    #[test]
    fn s65_a_cursor_that_was_changed_or_is_unsigned_is_refused() {
        let own = TenantId::from_bytes([1; 16]);
        let cursor = encode(&key(1), "audit", own, &7_u64).expect("a cursor");
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("text");
            assert!(decode::<u64>(&key(1), &forged, "audit", own).is_err(), "byte {at}");
            assert!(decode::<u64>(&key(1), &cursor[..at], "audit", own).is_err(), "{at} bytes");
        }
        let unsigned = postcard::to_stdvec(&("audit", own.to_bytes(), 7_u64)).expect("bytes");
        assert!(decode::<u64>(&key(1), &URL_SAFE_NO_PAD.encode(unsigned), "audit", own).is_err());
    }
}
