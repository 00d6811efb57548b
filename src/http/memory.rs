//! How many bytes requests and answers may hold: all together, those of people who are not signed in, those of one address
//! and those of one account. They are taken before a body is read or an answer is sent, and held until the answer has left.
//!
//! What fits the buffers that every connection has anyway is not counted. Of HTTP/2 everything is, for a connection has many
//! requests at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use poem::Request;

use super::problem::Problem;
use crate::domain::{Network, UserId};

/// What is not counted of a body, in bytes.
pub(super) const UNCOUNTED: usize = 16 << 10;

/// The part of the memory that people who are not signed in may hold, all together.
const STRANGERS: usize = 2;
/// The part that one account may hold.
const ACCOUNT: usize = 4;
/// The part that one address may hold, for people who are not signed in.
const ADDRESS: usize = 8;

/// The memory for requests and answers.
pub struct Memory {
    max: usize,
    /// The largest body: a share is never less.
    largest: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    all: usize,
    strangers: usize,
    by_holder: HashMap<Holder, usize>,
}

/// Whose share bytes are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    /// Somebody who is not signed in; connections without an address share one share.
    Address(Option<Network>),
    Account(UserId),
}

/// Why there are no bytes to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spent {
    Share,
    All,
}

impl Memory {
    /// A budget of `max` bytes, none of which is held, for bodies of up to `largest` bytes.
    pub fn new(max: usize, largest: usize) -> Arc<Self> {
        Arc::new(Self { max, largest, held: Mutex::default() })
    }

    /// How many bytes are held.
    pub fn held(&self) -> usize {
        self.lock().all
    }

    fn take(&self, holder: Holder, bytes: usize) -> Result<(), Spent> {
        let mut held = self.lock();
        let own = held.by_holder.get(&holder).copied().unwrap_or_default();
        if held.all + bytes > self.max {
            return Err(Spent::All);
        }
        if own + bytes > self.share(holder) {
            return Err(Spent::Share);
        }
        if matches!(holder, Holder::Address(_)) && held.strangers + bytes > self.max / STRANGERS {
            return Err(Spent::All);
        }
        held.add(holder, bytes);
        Ok(())
    }

    fn share(&self, holder: Holder) -> usize {
        match holder {
            Holder::Address(_) => self.max / ADDRESS,
            Holder::Account(_) => (self.max / ACCOUNT).max(self.largest),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn add(&mut self, holder: Holder, bytes: usize) {
        self.all += bytes;
        *self.by_holder.entry(holder).or_default() += bytes;
        if matches!(holder, Holder::Address(_)) {
            self.strangers += bytes;
        }
    }

    fn give_back(&mut self, holder: Holder, bytes: usize) {
        self.all -= bytes;
        if matches!(holder, Holder::Address(_)) {
            self.strangers -= bytes;
        }
        if let Some(own) = self.by_holder.get_mut(&holder) {
            *own -= bytes;
            if *own == 0 {
                self.by_holder.remove(&holder);
            }
        }
    }
}

/// What one request holds, until the last of this is dropped.
#[derive(Clone)]
pub(super) struct Holding(Arc<OfRequest>);

struct OfRequest {
    memory: Arc<Memory>,
    /// What is not counted of its body.
    uncounted: usize,
    counts: Mutex<Counts>,
}

struct Counts {
    holder: Holder,
    all: usize,
    /// For the request's body, which may be read twice.
    body: usize,
}

impl Holding {
    /// Nothing yet, for somebody at this address.
    pub(super) fn new(memory: Arc<Memory>, address: Option<Network>, uncounted: usize) -> Self {
        let counts = Mutex::new(Counts { holder: Holder::Address(address), all: 0, body: 0 });
        Self(Arc::new(OfRequest { memory, uncounted, counts }))
    }

    /// What a request holds.
    pub(super) fn of(request: &Request) -> Result<&Self, Problem> {
        request.data::<Self>().ok_or_else(|| Problem::internal("the router keeps no count of memory"))
    }

    /// From now on it is the account's.
    pub(super) fn belongs_to(&self, account: UserId) {
        let mut counts = self.lock();
        let before = std::mem::replace(&mut counts.holder, Holder::Account(account));
        if counts.all > 0 {
            let mut held = self.0.memory.lock();
            held.give_back(before, counts.all);
            held.add(counts.holder, counts.all);
        }
    }

    /// Whether nobody is known to have sent the request.
    pub(super) fn is_strangers(&self) -> bool {
        matches!(self.lock().holder, Holder::Address(_))
    }

    /// Takes `bytes` more.
    pub(super) fn take(&self, bytes: usize) -> Result<(), Problem> {
        let mut counts = self.lock();
        self.0.memory.take(counts.holder, bytes).map_err(|spent| match spent {
            Spent::Share => Problem::memory_share_spent(),
            Spent::All => Problem::memory_spent(),
        })?;
        counts.all += bytes;
        Ok(())
    }

    /// Gives `bytes` back.
    pub(super) fn give_back(&self, bytes: usize) {
        let mut counts = self.lock();
        counts.all -= bytes;
        self.0.memory.lock().give_back(counts.holder, bytes);
    }

    /// Takes what is missing to hold a body of `bytes`.
    pub(super) fn take_body(&self, bytes: usize) -> Result<(), Problem> {
        let missing = if bytes <= self.0.uncounted { 0 } else { bytes.saturating_sub(self.lock().body) };
        if missing > 0 {
            self.take(missing)?;
            self.lock().body += missing;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OfRequest {
    fn drop(&mut self) {
        let counts = self.counts.get_mut().unwrap_or_else(PoisonError::into_inner);
        if counts.all > 0 {
            self.memory.lock().give_back(counts.holder, counts.all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u8) -> Holder {
        Holder::Address(Some(Network::of([192, 0, 2, number].into())))
    }

    fn account(number: u8) -> Holder {
        Holder::Account(UserId::from_bytes([number; 16]))
    }

    #[test]
    fn s47_nobody_has_more_than_a_share_and_strangers_no_more_than_half() {
        let memory = Memory::new(800, 10);
        assert_eq!(memory.take(address(1), 101), Err(Spent::Share));
        for number in 1..=4 {
            assert_eq!(memory.take(address(number), 100), Ok(()));
            assert_eq!(memory.take(address(number), 1), Err(Spent::Share));
        }
        assert_eq!(memory.take(address(5), 1), Err(Spent::All), "half of it is for those who are signed in");
        assert_eq!(memory.take(account(1), 200), Ok(()));
        assert_eq!(memory.take(account(1), 1), Err(Spent::Share));
        assert_eq!(memory.take(account(2), 200), Ok(()));
        assert_eq!(memory.take(account(3), 1), Err(Spent::All));
        memory.lock().give_back(address(1), 100);
        assert_eq!(memory.take(account(3), 100), Ok(()));
    }

    #[test]
    fn what_a_request_holds_is_given_back_with_it_by_its_owner() {
        let memory = Memory::new(1 << 20, 1 << 20);
        let holding = Holding::new(memory.clone(), None, UNCOUNTED);
        assert!(holding.take_body(UNCOUNTED).is_ok() && memory.held() == 0);
        assert!(holding.take_body(50_000).is_ok() && holding.take_body(50_000).is_ok());
        assert_eq!(memory.held(), 50_000, "the body is counted once");
        holding.belongs_to(UserId::from_bytes([1; 16]));
        assert_eq!((memory.held(), memory.lock().strangers), (50_000, 0));
        let answer = holding.clone();
        assert!(holding.take(30_000).is_ok());
        holding.give_back(10_000);
        drop(holding);
        assert_eq!(memory.held(), 70_000);
        drop(answer);
        assert!(memory.held() == 0 && memory.lock().by_holder.is_empty());
    }
}
