//! The rows that turned out to be unreadable, remembered so that each is reported once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Damage, NoObserver, Observer};

/// How many are remembered at most; of more, no more is reported.
const MOST: usize = 1000;

/// Which table, and which key there.
type RowName = (String, Vec<u8>);

/// The unreadable rows that were met since the database was opened, and who is informed of each new one.
pub struct Damages {
    rows: Mutex<BTreeMap<RowName, Damage>>,
    any: AtomicBool,
    observer: Arc<dyn Observer>,
}

impl Damages {
    /// None so far.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self { rows: Mutex::default(), any: AtomicBool::new(false), observer }
    }

    /// A row was met that can't be read.
    pub fn note(&self, damage: &Damage) {
        let mut rows = self.rows();
        let place = (damage.table.clone(), damage.key.clone());
        if rows.len() >= MOST || rows.contains_key(&place) {
            return;
        }
        rows.insert(place, damage.clone());
        self.any.store(true, Ordering::Relaxed);
        drop(rows);
        self.observer.damaged(damage);
    }

    /// A row was written again, or removed.
    pub fn forget(&self, table: &str, key: &[u8]) {
        let mut rows = self.rows();
        rows.remove(&(table.to_owned(), key.to_vec()));
        self.any.store(!rows.is_empty(), Ordering::Relaxed);
    }

    /// The rows of a table before this key were removed.
    pub fn forget_before(&self, table: &str, key: &[u8]) {
        let mut rows = self.rows();
        rows.retain(|(of, row), _| of != table || row.as_slice() >= key);
        self.any.store(!rows.is_empty(), Ordering::Relaxed);
    }

    /// Whether there are any. Costs nothing.
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// All that are remembered.
    pub fn all(&self) -> Vec<Damage> {
        self.rows().values().cloned().collect()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<RowName, Damage>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Damages {
    fn default() -> Self {
        Self::new(Arc::new(NoObserver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Call, Cause};

    #[derive(Default)]
    struct Count(Mutex<usize>);

    impl Observer for Count {
        fn finished(&self, _call: &Call) {}

        fn damaged(&self, _damage: &Damage) {
            *self.0.lock().unwrap() += 1;
        }
    }

    #[test]
    fn each_row_is_reported_once_and_no_more_than_are_remembered() {
        let count = Arc::new(Count::default());
        let damages = Damages::new(count.clone());
        let damage = |number: usize| Damage {
            table: "users".to_owned(),
            key: number.to_be_bytes().to_vec(),
            cause: Cause::new("it is empty"),
        };
        assert!(!damages.any());
        for _ in 0..2 {
            (0..MOST + 10).for_each(|number| damages.note(&damage(number)));
            assert_eq!((*count.0.lock().unwrap(), damages.all().len(), damages.any()), (MOST, MOST, true));
        }
        (0..MOST).for_each(|number| damages.forget("users", &number.to_be_bytes()));
        assert_eq!((damages.all(), damages.any()), (vec![], false));
    }
}
