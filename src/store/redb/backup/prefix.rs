//! The rows whose keys begin with some bytes.

use redb::{Key, Value};

/// The first and the last key that a row can have whose key begins with `prefix`; none when no key of this type does. A
/// text begins only with itself.
pub(super) fn bounds<K: Key + 'static>(prefix: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let width = K::fixed_width().unwrap_or(prefix.len());
    let filled = |with: u8| {
        let mut key = prefix.to_vec();
        key.resize(width, with);
        key
    };
    let bounds = (filled(0), filled(u8::MAX));
    let fits = prefix.len() <= width && is_a::<K>(&bounds.0) && is_a::<K>(&bounds.1);
    fits.then_some(bounds)
}

/// Whether these bytes are a `T`: redb takes that for granted.
pub(super) fn is_a<T: Value>(bytes: &[u8]) -> bool {
    let is_text = || T::type_name() != <&str as Value>::type_name() || std::str::from_utf8(bytes).is_ok();
    T::fixed_width().is_none_or(|width| width == bytes.len()) && is_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_a_table_is_seen() {
        assert!(is_a::<&[u8; 2]>(&[1, 2]) && !is_a::<&[u8; 2]>(&[1]) && is_a::<&[u8]>(&[]));
        assert!(is_a::<&str>(b"text") && !is_a::<&str>(&[0xff]) && is_a::<()>(&[]) && !is_a::<u64>(&[1]));
    }

    #[test]
    fn a_prefix_has_its_first_and_its_last_key() {
        assert_eq!(bounds::<&[u8; 3]>(&[7]), Some((vec![7, 0, 0], vec![7, 255, 255])));
        assert_eq!(bounds::<&[u8; 1]>(&[7]), Some((vec![7], vec![7])));
        assert_eq!(bounds::<&str>(b"text"), Some((b"text".to_vec(), b"text".to_vec())));
        assert_eq!((bounds::<&[u8; 1]>(&[7, 7]), bounds::<&str>(&[0xff])), (None, None));
    }
}
