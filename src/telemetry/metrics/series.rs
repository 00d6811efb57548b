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
        self.get(key).unwrap_or_else(|| self.insert(key, usize::MAX, Arc::new(make())))
    }

    /// The value for `key`, if there is one.
    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.0.load().get(key).cloned()
    }

    /// The value for `key`, made on first use while the map has fewer than `limit`; then `None`.
    pub(super) fn get_or_insert_up_to(&self, limit: usize, key: &K, make: impl FnOnce() -> V) -> Option<Arc<V>> {
        match self.get(key) {
            Some(value) => Some(value),
            None if self.0.load().len() < limit => {
                self.insert(key, limit, Arc::new(make()));
                self.get(key)
            }
            None => None,
        }
    }

    /// Adds `value` if there is room. When another thread was quicker, its value is the one.
    fn insert(&self, key: &K, limit: usize, value: Arc<V>) -> Arc<V> {
        self.0.rcu(|map| {
            let mut map = HashMap::clone(map);
            if map.len() < limit {
                map.entry(key.clone()).or_insert_with(|| value.clone());
            }
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
    fn it_holds_no_more_than_its_limit() {
        let series = Series::default();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let series = &series;
                scope.spawn(move || {
                    for key in 0..100 {
                        series.get_or_insert_up_to(10, &(thread, key), || key);
                    }
                });
            }
        });
        assert_eq!(series.0.load().len(), 10);
    }

    #[test]
    fn a_value_is_made_once() {
        let series = Series::default();
        assert_eq!(*series.get_or_insert(&"a", || 1), 1);
        assert_eq!(*series.get_or_insert(&"a", || 2), 1);
    }
}
