//! A queue in which all take turns. What waits is kept by whose it is, and after one of somebody's comes one of each of the
//! others', so that one who adds much does not keep the rest waiting.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The queue: items of `T`, each of an owner `K`.
#[derive(Debug)]
pub struct RoundRobin<K, T> {
    /// What waits of each owner, oldest first. None has nothing.
    of_owner: HashMap<K, VecDeque<T>>,
    /// The owners: the one at the front is next.
    next: VecDeque<K>,
    len: usize,
}

impl<K, T> Default for RoundRobin<K, T> {
    fn default() -> Self {
        Self { of_owner: HashMap::new(), next: VecDeque::new(), len: 0 }
    }
}

impl<K: Copy + Eq + Hash, T> RoundRobin<K, T> {
    /// Adds an item behind those of the same owner.
    pub fn push(&mut self, owner: K, item: T) {
        let waiting = self.of_owner.entry(owner).or_default();
        if waiting.is_empty() {
            self.next.push_back(owner);
        }
        waiting.push_back(item);
        self.len += 1;
    }

    /// Takes the oldest item of the owner who is next.
    pub fn pop(&mut self) -> Option<T> {
        let owner = self.next.pop_front()?;
        let waiting = self.of_owner.get_mut(&owner)?;
        let item = waiting.pop_front()?;
        if waiting.is_empty() {
            self.of_owner.remove(&owner);
        } else {
            self.next.push_back(owner);
        }
        self.len -= 1;
        Some(item)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many of an owner wait.
    pub fn len_of(&self, owner: &K) -> usize {
        self.of_owner.get(owner).map_or(0, VecDeque::len)
    }

    /// Keeps only what is still wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&T) -> bool) {
        for waiting in self.of_owner.values_mut() {
            waiting.retain(&is_wanted);
        }
        self.of_owner.retain(|_, waiting| !waiting.is_empty());
        self.next.retain(|owner| self.of_owner.contains_key(owner));
        self.len = self.of_owner.values().map(VecDeque::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(items: &[(char, u32)]) -> RoundRobin<char, u32> {
        let mut queue = RoundRobin::default();
        for (owner, item) in items {
            queue.push(*owner, *item);
        }
        queue
    }

    #[test]
    fn owners_take_turns_and_each_has_its_items_in_order() {
        let mut queue = filled(&[('a', 1), ('a', 2), ('a', 3), ('b', 4), ('c', 5), ('c', 6)]);
        assert_eq!((queue.len(), queue.len_of(&'a'), queue.len_of(&'d')), (6, 3, 0));
        assert_eq!(queue.pop(), Some(1));
        queue.push('b', 7);
        assert_eq!(std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>(), [4, 5, 2, 7, 6, 3]);
        assert_eq!((queue.len(), queue.len_of(&'a')), (0, 0));
        queue.push('a', 8);
        assert_eq!(queue.pop(), Some(8));
    }

    #[test]
    fn what_is_no_longer_wanted_goes_and_with_the_last_of_it_the_owner() {
        let mut queue = filled(&[('a', 1), ('b', 2), ('b', 3), ('c', 5), ('a', 7)]);
        queue.retain(|item| item % 2 == 0);
        assert_eq!((queue.len(), queue.pop(), queue.pop()), (1, Some(2), None));
    }
}
