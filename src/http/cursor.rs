//! Cursors: where a page of a list ended, opaque to clients.
//!
//! A cursor names its list and its workspace, so that it is refused elsewhere. It grants nothing: whoever presents one is
//! checked as without it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::domain::TenantId;

/// The longest cursor that is looked at, in bytes.
const MAX_LEN: usize = 2048;

/// The cursor of `position` in the list called `list` of a workspace.
pub(super) fn encode<P: Serialize>(list: &str, tenant: TenantId, position: &P) -> Option<String> {
    let bytes = postcard::to_stdvec(&(list, tenant.to_bytes(), position)).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// The position that a cursor of this list of this workspace stands for.
pub(super) fn decode<P: DeserializeOwned>(text: &str, list: &str, tenant: TenantId) -> Result<P, String> {
    let foreign = || "is not a cursor of this list; take `next_cursor` of the page before".to_owned();
    let bytes = Some(text).filter(|text| text.len() <= MAX_LEN).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let (of_list, of_tenant, position): (String, [u8; 16], P) =
        bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()).ok_or_else(foreign)?;
    if of_list == list && of_tenant == tenant.to_bytes() { Ok(position) } else { Err(foreign()) }
}

/// A digest of what a list is narrowed to and ordered by: a cursor that holds it is good for no other.
pub(super) fn digest<T: Serialize>(what: &T) -> [u8; 32] {
    Sha256::digest(postcard::to_stdvec(what).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_list_of_its_workspace() {
        let (own, other) = (TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16]));
        let cursor = encode("audit", own, &7_u64).expect("a cursor");
        assert_eq!(decode(&cursor, "audit", own), Ok(7_u64));
        assert!(decode::<u64>(&cursor, "audit", other).is_err());
        assert!(decode::<u64>(&cursor, "artifacts", own).is_err());
        assert!(decode::<u64>(&"A".repeat(MAX_LEN + 1), "audit", own).is_err());
    }
}
