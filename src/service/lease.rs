//! What one node of several does for all, while it holds a lease in the database. A node alone always may.
//!
//! A node believes that it holds the lease no longer than it was given, counted from before it asked. What it writes is
//! fenced besides: a node that slept past the end of its lease, and does not know that yet, writes nothing.

use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::poll_fn;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

use super::Service;
use crate::domain::Timestamp;
use crate::followers::{Every, Failure, Task};
use crate::store::{LEASE, LeaseHolder, Leases, Store, StoreError, StoreResult};

/// How often it is renewed, or looked whether another's has run out: twice in vain, and there is a third time.
const RENEW: Duration = Duration::from_secs(5);
/// How long the database may take to answer.
const ANSWER: Duration = Duration::from_secs(4);

/// The lease, as a node knows it.
pub struct BackgroundLease {
    store: Arc<dyn Store>,
    leases: Option<Arc<dyn Leases>>,
    holder: LeaseHolder,
    known: watch::Sender<Known>,
}

/// What is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    /// The term in which this node holds it, and until when.
    own: Option<(i64, Instant)>,
    /// Where its holder is, and until when by the clock of the database.
    held: Option<(String, Timestamp)>,
}

/// A term in which this node does what one does for all.
pub struct Term {
    /// Which one it is.
    pub number: i64,
    /// The database, which takes writes in this term alone.
    pub store: Arc<dyn Store>,
}

/// Who does what one node does for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseHealth {
    /// Whether it is this node.
    pub is_here: bool,
    /// Where the node is that does; none when none does.
    pub holder: Option<String>,
    /// Until when that is certain. None for a node alone.
    pub until: Option<Timestamp>,
}

impl BackgroundLease {
    /// That of a node of this database.
    pub fn new(store: Arc<dyn Store>, holder: LeaseHolder) -> Self {
        Self { leases: store.leases(), store, holder, known: watch::Sender::default() }
    }

    /// Whether there may be other nodes.
    pub fn is_shared(&self) -> bool {
        self.leases.is_some()
    }

    /// Who holds it, as far as is known.
    pub fn health(&self) -> LeaseHealth {
        let Known { held, .. } = self.known.borrow().clone();
        match &self.leases {
            None => LeaseHealth { is_here: true, holder: Some(self.holder.whereabouts.clone()), until: None },
            Some(_) => {
                let (holder, until) = held.unzip();
                LeaseHealth { is_here: self.term().is_some(), holder, until }
            }
        }
    }

    /// The term, while this node holds it.
    pub fn term(&self) -> Option<Term> {
        let Some(leases) = &self.leases else { return Some(Term { number: 0, store: self.store.clone() }) };
        let (number, until) = self.known.borrow().own?;
        (Instant::now() < until).then(|| Term { number, store: leases.fenced(&self.holder, number) })
    }

    /// Waits until this node holds it.
    pub async fn until_held(&self) -> Term {
        let mut known = self.known.subscribe();
        loop {
            known.borrow_and_update();
            if let Some(term) = self.term() {
                return term;
            }
            // An error means that there is no sender, and this has one.
            drop(known.changed().await);
        }
    }

    /// Does what belongs to a term. It is given up when that ends.
    pub async fn during<T>(&self, term: &Term, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.ended(term) => None,
            done = work => Some(done),
        }
    }

    /// Resolves when a term has ended.
    async fn ended(&self, term: &Term) {
        if self.leases.is_none() {
            return std::future::pending().await;
        }
        let mut known = self.known.subscribe();
        loop {
            let own = known.borrow_and_update().own.filter(|(number, _)| *number == term.number);
            let Some((_, until)) = own else { return };
            let mut end = std::pin::pin!(sleep_until(until.into()));
            // Who has slept for long is to know it before the timer does.
            let at_the_end = poll_fn(|cx| match end.as_mut().poll(cx) {
                Poll::Pending if Instant::now() < until => Poll::Pending,
                _ => Poll::Ready(()),
            });
            tokio::select! {
                biased;
                () = at_the_end => return,
                _ = known.changed() => {}
            }
        }
    }

    /// Refuses who does not hold it, in the database: before something is done that is not written there.
    pub async fn require(&self, term: &Term) -> StoreResult<()> {
        let Some(leases) = &self.leases else { return Ok(()) };
        let lease = leases.hold(&self.holder, false).await?;
        if lease.is_own && lease.term == term.number { Ok(()) } else { Err(StoreError::LeaseLost) }
    }

    /// Takes or renews it, if it `wants`, and learns who holds it.
    /// Returns whether a term has begun.
    async fn keep(&self, leases: &dyn Leases, wants: bool) -> StoreResult<bool> {
        let asked = Instant::now();
        let late = || StoreError::unavailable(format!("the database did not answer for {} s", ANSWER.as_secs()));
        let asking = timeout(ANSWER, leases.hold(&self.holder, wants));
        let lease = asking.await.unwrap_or_else(|_| Err(late()))?;
        let own = (lease.is_own && wants).then(|| (lease.term, asked + LEASE));
        let known = Known { own, held: lease.held };
        let was = self.known.send_replace(known);
        let began = own.is_some_and(|(term, _)| was.own.is_none_or(|(before, _)| before != term));
        match (was.own.filter(|(_, until)| asked < *until), own) {
            (None, Some(_)) => tracing::info!("this node does the background work of all from now on"),
            (Some(_), None) => tracing::info!("another node does the background work from now on"),
            (Some(_), Some(_)) | (None, None) => {}
        }
        Ok(began)
    }

    async fn release(&self, leases: &dyn Leases) -> StoreResult<()> {
        let was = self.known.send_replace(Known::default());
        if was.own.is_some() { leases.release(&self.holder).await } else { Ok(()) }
    }
}

/// The background task that renews the lease, or takes it when it has run out. Nothing else is to finish after it.
pub struct KeepLease {
    service: Arc<Service>,
    leases: Arc<dyn Leases>,
    beat: Every,
}

impl KeepLease {
    /// The task for a service; none for a node alone. Must be made on a runtime.
    pub fn new(service: Arc<Service>) -> Option<Self> {
        let leases = service.lease.leases.clone()?;
        Some(Self { service, leases, beat: Every::new(RENEW) })
    }
}

#[async_trait]
impl Task for KeepLease {
    fn name(&self) -> &'static str {
        "lease"
    }

    async fn turn(&self) -> Result<(), Failure> {
        self.beat.due().await;
        let lease = &self.service.lease;
        let failed = |error: StoreError| Failure::new("the lease of the background work was not renewed", error);
        // One that takes no writes leaves them to the others.
        let wants = !self.service.refuses_writes();
        if !wants {
            lease.release(&*self.leases).await.map_err(failed)?;
        }
        if lease.keep(&*self.leases, wants).await.map_err(failed)? {
            // What the one before has left is to be done at once.
            self.service.wake_housekeeping();
            self.service.deletions.notify_one();
        }
        Ok(())
    }

    async fn finish(&self) -> Result<(), Failure> {
        let released = timeout(ANSWER, self.service.lease.release(&*self.leases)).await;
        let late = |late| Failure::new("the lease of the background work runs out by itself", late);
        released
            .map_err(late)?
            .map_err(|error| Failure::new("the lease of the background work was not given back", error))
    }

    fn longest_pause(&self) -> Duration {
        RENEW
    }
}
