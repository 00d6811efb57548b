//! How keys are made of ids and times.

use crate::domain::{ArtifactId, Creation, TenantId, Timestamp};

/// The key of `second` under `first`.
pub fn pair(first: [u8; 16], second: [u8; 16]) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&first);
    key[16..].copy_from_slice(&second);
    key
}

/// The second half of a key made by [`pair`].
pub fn second_of(key: &[u8; 32]) -> [u8; 16] {
    let mut second = [0; 16];
    second.copy_from_slice(&key[16..]);
    second
}

/// The two ids of a key, the other way round.
pub fn swapped(key: &[u8]) -> Vec<u8> {
    let (first, second) = key.split_at(key.len().min(16));
    [second, first].concat()
}

/// The key of an artifact in the order of creation.
pub fn creation_key(tenant: TenantId, in_trash: bool, creation: Creation) -> [u8; 41] {
    let mut key = [0; 41];
    key[..16].copy_from_slice(&tenant.to_bytes());
    key[16] = u8::from(in_trash);
    // So that times before 1970 come first.
    let micros = creation.at.as_microsecond().cast_unsigned() ^ (1 << 63);
    key[17..25].copy_from_slice(&micros.to_be_bytes());
    key[25..].copy_from_slice(&creation.id.to_bytes());
    key
}

/// What a key made by [`creation_key`] says; nothing if it is none.
pub fn creation_in(key: &[u8]) -> Option<(TenantId, bool, Creation)> {
    let (tenant, rest) = key.split_first_chunk()?;
    let ([in_trash], rest) = rest.split_first_chunk()?;
    let (micros, id) = rest.split_first_chunk()?;
    let micros = (u64::from_be_bytes(*micros) ^ (1 << 63)).cast_signed();
    let (at, id) = (time(micros)?, ArtifactId::from_bytes(id.try_into().ok()?));
    Some((TenantId::from_bytes(*tenant), *in_trash != 0, Creation { at, id }))
}

/// (jiff's own `from_microsecond` refuses the last second there is.)
fn time(micros: i64) -> Option<Timestamp> {
    let nanos = i32::try_from(micros % 1_000_000 * 1_000).ok()?;
    Timestamp::new(micros / 1_000_000, nanos).ok()
}

/// The key of an answer in the order in which answers expire.
pub fn expiry_key(expires_at: Timestamp, key: &[u8; 48]) -> [u8; 56] {
    let mut bytes = [0; 56];
    // Nothing here is from before 1970.
    let micros = u64::try_from(expires_at.as_microsecond()).unwrap_or_default();
    bytes[..8].copy_from_slice(&micros.to_be_bytes());
    bytes[8..].copy_from_slice(key);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_creation_and_say_what_it_is() {
        let (tenant, late, early) = (TenantId::from_bytes([7; 16]), [1; 16], [9; 16]);
        let times = [Timestamp::MIN, time(-1).unwrap(), Timestamp::UNIX_EPOCH, time(1).unwrap(), Timestamp::MAX];
        let creations = times.iter().flat_map(|&at| [late, early].map(|id| (at, ArtifactId::from_bytes(id))));
        let creations: Vec<_> = creations.map(|(at, id)| Creation { at: micros_of(at), id }).collect();
        let keys: Vec<_> = creations.iter().map(|creation| creation_key(tenant, false, *creation)).collect();
        assert!(keys.is_sorted() && creations.is_sorted());
        for creation in creations {
            let key = creation_key(tenant, true, creation);
            assert_eq!(creation_in(&key), Some((tenant, true, creation)));
            assert_eq!(creation_in(&key[1..]), None);
        }
    }

    fn micros_of(at: Timestamp) -> Timestamp {
        time(at.as_microsecond()).unwrap()
    }
}
