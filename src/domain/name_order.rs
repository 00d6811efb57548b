//! The order of names: that of the Unicode collation (CLDR root). Letters come first, then accents, then case: Apfel, Äpfel,
//! Birne.

use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use serde::{Deserialize, Serialize};

static COLLATOR: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    let root = Collator::try_new(CollatorPreferences::default(), CollatorOptions::default());
    root.expect("the data of the root collation are part of the program")
});

/// A name as it is compared with others: two keys are in the order of their names. Kept in the search index and in cursors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NameKey(Vec<u8>);

impl NameKey {
    /// The version of the order. Another one, and the search index is rebuilt and cursors are at their end: raised when the
    /// data of the collation change, which a test finds.
    pub const VERSION: u32 = 1;
    /// Longer keys are cut, in bytes, so that cursors stay short. Names that are alike so far are in the order of creation.
    const MAX_BYTES: usize = 512;

    /// The key of a name.
    pub fn new(name: &str) -> Self {
        let mut key = Vec::with_capacity(2 * name.len() + 8);
        let Ok(()) = COLLATOR.write_sort_key_to(name, &mut key);
        key.truncate(Self::MAX_BYTES);
        Self(key)
    }

    /// A key that was kept.
    pub fn from_stored(key: Vec<u8>) -> Self {
        Self(key)
    }

    /// Its bytes, which are in the order of the names.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn names_are_in_the_order_of_letters_then_accents_then_case() {
        let sorted = [
            "1 Apfel",
            "apfel",
            "Apfel",
            "äpfel",
            "Äpfel",
            "Apfel 2",
            "Birne",
            "Øre",
            "Zebra",
            "αλφα",
            "яблоко",
            "東京",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by_key(|name| NameKey::new(name));
        assert_eq!(names, sorted);
        assert_eq!(NameKey::new("a\u{308}"), NameKey::new("ä"));
        assert!(NameKey::new(&"東".repeat(255)).as_bytes().len() <= NameKey::MAX_BYTES);
    }

    /// When this fails, the data of the collation have changed: raise [`NameKey::VERSION`], and put the new digest here.
    #[test]
    fn the_order_is_that_of_its_version() {
        let mut keys = Sha256::new();
        for c in ('\u{20}'..='\u{2ffff}').filter(|c| c.is_alphanumeric() || c.is_ascii()) {
            keys.update(NameKey::new(c.encode_utf8(&mut [0; 4])).as_bytes());
        }
        let digest: String = keys.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((NameKey::VERSION, digest.as_str()), (1, "54d5b0a26627197a"));
    }
}
