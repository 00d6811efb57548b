//! Instruments bound to their labels once, found again without a lock.

use std::hash::Hash;
use std::sync::Arc;

use arc_swap::ArcSwap;
use foldhash::{HashMap, HashMapExt as _};

/// A map that is read with every request and hardly ever grows: readers share an immutable copy, and an insertion
/// replaces it.
pub(super) struct Series<K, V>(ArcSwap<HashMap<K, Arc<V>>>);

impl<K: Eq + Hash + Clone, V> Series<K, V> {
    /// The value for `key`, made on first use.
    pub(super) fn get_or_insert(&self, key: &K, make: impl FnOnce() -> V) -> Arc<V> {
        self.get(key).unwrap_or_else(|| self.insert(key, Arc::new(make())))
    }

    /// The value for `key`, if there is one.
    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.0.load().get(key).cloned()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.load().len()
    }

    /// Adds `value`. When another thread was quicker, its value is the one.
    fn insert(&self, key: &K, value: Arc<V>) -> Arc<V> {
        self.0.rcu(|map| {
            let mut map = HashMap::clone(map);
            map.entry(key.clone()).or_insert_with(|| value.clone());
            map
        });
        self.get(key).unwrap_or(value)
    }
}

impl<K, V> Default for Series<K, V> {
    fn default() -> Self {
        Self(ArcSwap::from_pointee(HashMap::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once() {
        let series = Series::default();
        assert_eq!(*series.get_or_insert(&"a", || 1), 1);
        assert_eq!(*series.get_or_insert(&"a", || 2), 1);
    }
}
