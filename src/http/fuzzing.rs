//! What strangers send, for the fuzz targets alone (`tests/fuzz`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::cursor;
use crate::domain::{ListPosition, TenantId};
use crate::service::CursorKey;

pub use super::api::fuzz_import as import;

/// Reads these bytes as a cursor, as they are and as what was signed.
pub fn cursor(bytes: &[u8]) {
    let (list, tenant) = ("artifacts", TenantId::from_bytes([0; 16]));
    let key = CursorKey::derive(&[0; 32]);
    let read = |text: &str| cursor::decode::<([u8; 32], ListPosition)>(&key, text, list, tenant);
    let _ = read(&String::from_utf8_lossy(bytes));
    let signed = [bytes, &key.sign(bytes)].concat();
    if let Ok(position) = read(&URL_SAFE_NO_PAD.encode(signed)) {
        let again = cursor::encode(&key, list, tenant, &position).expect("what was read can be written");
        assert_eq!(read(&again), Ok(position));
    }
}
