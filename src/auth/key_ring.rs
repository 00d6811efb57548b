//! The key that signs, and former ones that are believed for a while.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::{Clock, Timestamp};

/// What was made of the key that signs, and of former ones, each until its end. Nothing that is presented says by which it was
/// signed: all are tried.
pub(super) struct KeyRing<K> {
    held: Arc<ArcSwap<Held<K>>>,
    clock: Arc<dyn Clock>,
}

struct Held<K> {
    current: Arc<K>,
    former: Vec<(Arc<K>, Timestamp)>,
}

impl<K> KeyRing<K> {
    /// The key that signs, and former ones with their ends.
    pub fn new(current: K, former: Vec<(K, Timestamp)>, clock: Arc<dyn Clock>) -> Self {
        let former = former.into_iter().map(|(key, until)| (Arc::new(key), until)).collect();
        let held = Held { current: Arc::new(current), former };
        Self { held: Arc::new(ArcSwap::from_pointee(held)), clock }
    }

    /// The key that signs.
    pub fn current(&self) -> Arc<K> {
        self.held.load().current.clone()
    }

    /// What the first of the keys that are believed now has to say.
    pub fn find<T>(&self, ask: impl Fn(&K) -> Option<T>) -> Option<T> {
        let held = self.held.load();
        ask(&held.current).or_else(|| {
            let now = self.clock.now();
            held.former.iter().filter(|(_, until)| now < *until).find_map(|(key, _)| ask(key))
        })
    }

    /// Has these keys hold, and no others.
    pub fn replace(&self, current: K, former: Vec<(K, Timestamp)>) {
        let former = former.into_iter().map(|(key, until)| (Arc::new(key), until)).collect();
        self.held.store(Arc::new(Held { current: Arc::new(current), former }));
    }

    /// Has another key sign. The one before is believed until `until`.
    pub fn rotate(&self, next: K, until: Timestamp) {
        let now = self.clock.now();
        let next = Arc::new(next);
        self.held.rcu(|held| {
            let still = held.former.iter().filter(|(_, until)| now < *until).cloned();
            let former = still.chain([(held.current.clone(), until)]).collect();
            Held { current: next.clone(), former }
        });
    }
}

impl<K> Clone for KeyRing<K> {
    fn clone(&self) -> Self {
        Self { held: self.held.clone(), clock: self.clock.clone() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// A clock that stands still until it is set.
    #[derive(Default)]
    pub struct SetClock(AtomicI64);

    impl SetClock {
        /// Sets it to a second.
        pub fn set(&self, second: i64) {
            self.0.store(second, Ordering::Relaxed);
        }
    }

    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            at(self.0.load(Ordering::Relaxed))
        }
    }

    /// The moment of a second.
    pub fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn former_keys_are_asked_until_they_end() {
        let clock = Arc::new(SetClock::default());
        let ring = KeyRing::new(2, vec![(1, at(10))], clock.clone());
        let is_believed = |key: i32| ring.find(|held| (*held == key).then_some(())).is_some();
        assert_eq!(*ring.current(), 2);
        assert!(is_believed(1) && is_believed(2));
        ring.rotate(3, at(20));
        assert_eq!(*ring.current(), 3);
        assert!(is_believed(1) && is_believed(2) && is_believed(3), "two rotations in a row end neither");
        clock.set(10);
        assert!(!is_believed(1) && is_believed(2));
        clock.set(20);
        assert!(!is_believed(2) && is_believed(3));
    }
}
