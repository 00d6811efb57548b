//! What is kept of every request: a few numbers of fixed size, and nothing about the person who sent it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::TenantId;
use crate::operations::Operation;
use crate::telemetry::moment::now;

/// One request that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// The id of its trace.
    pub trace: [u8; 16],
    /// The id of its server span.
    pub span: [u8; 8],
    /// A digest of its request id, by which it is found.
    pub(in crate::telemetry) request: u64,
    /// Its method, and the pattern of its route if it has one: `GET /livez`.
    pub name: &'static str,
    /// What it asked for; none without a route.
    pub operation: Option<Operation>,
    /// The workspace it was about, as far as that was known.
    pub tenant: Option<TenantId>,
    /// Whether the caller was found to be allowed to do this in that workspace.
    pub is_authorised: bool,
    /// The status of its answer; 499 when the client left before it.
    pub status: u16,
    /// What kind of failure it was.
    pub error: Option<&'static str>,
    /// When it came, in nanoseconds since 1970.
    pub started: u64,
    /// How long it took, in nanoseconds.
    pub elapsed: u64,
    /// What its time was spent on.
    pub stages: Stages,
}

impl Record {
    /// One of a request that has just ended after so long, and of which nothing else is known.
    pub(in crate::telemetry) fn ended_after(elapsed: Duration) -> Self {
        let elapsed = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        Self {
            trace: [0; 16],
            span: [0; 8],
            request: 0,
            name: "",
            operation: None,
            tenant: None,
            is_authorised: false,
            status: 0,
            error: None,
            // As precise as times are shown.
            started: now().saturating_sub(elapsed) / 1000 * 1000,
            elapsed,
            stages: Stages::default(),
        }
    }

    /// Its method.
    pub fn method(&self) -> &'static str {
        self.name.split_once(' ').map_or(self.name, |(method, _)| method)
    }

    /// The pattern of its route.
    pub fn route(&self) -> Option<&'static str> {
        self.name.split_once(' ').map(|(_, route)| route)
    }

    /// Its place in a list, newest first.
    pub(super) fn place(&self) -> RecordKey {
        RecordKey { started: self.started, span: self.span }
    }
}

/// Where a record stands among all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordKey {
    pub(super) started: u64,
    span: [u8; 8],
}

/// What the time of a request was spent on, apart from computing. Times are in microseconds, and those called `at` count
/// from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// The write that took longest.
    pub write: Option<Write>,
    /// The look into the search index that took longest.
    pub search: Option<Lookup>,
}

/// A write, from the call until it was on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// When it was called.
    pub at: u32,
    /// How long it took in all.
    pub took: u32,
    /// How long of that it waited for the writer.
    pub queued: u32,
    /// How long the commit took.
    pub commit: u32,
    /// How many writes shared the commit.
    pub group: u32,
}

/// A look into the search index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// When it was called.
    pub at: u32,
    /// How long it took in all.
    pub took: u32,
    /// How long of that it waited until the index knew of every write before.
    pub waited: u32,
}

/// What is noted of a request while it is served.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Notes(Mutex<Noted>);

/// All of it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::telemetry) struct Noted {
    /// What its time was spent on.
    pub stages: Stages,
    /// The workspace that its caller was found to be allowed in.
    pub authorised_in: Option<TenantId>,
    /// What was done, where that is known better than from the route.
    pub operation: Option<Operation>,
    /// What kind of failure that ended with.
    pub error: Option<&'static str>,
    /// Whether it had a business span.
    pub was_observed: bool,
    /// Why the request was refused.
    pub refused: Option<&'static str>,
}

impl Notes {
    /// A write has ended.
    pub fn wrote(&self, write: Write) {
        self.with(|it| {
            if it.stages.write.is_none_or(|known| known.took < write.took) {
                it.stages.write = Some(write);
            }
        });
    }

    /// A look into the search index has ended.
    pub fn searched(&self, lookup: Lookup) {
        self.with(|it| {
            if it.stages.search.is_none_or(|known| known.took < lookup.took) {
                it.stages.search = Some(lookup);
            }
        });
    }

    /// The caller may do this in the workspace. The first to say so is right: a request is about one.
    pub fn authorised(&self, tenant: TenantId) {
        self.with(|it| it.authorised_in = it.authorised_in.or(Some(tenant)));
    }

    /// What was done has ended, and maybe failed. The last to end is right: it was around the others.
    pub fn ended(&self, operation: Option<Operation>, error: Option<&'static str>) {
        self.with(|it| (it.operation, it.error, it.was_observed) = (operation.or(it.operation), error, true));
    }

    /// The request is refused. The first to say why is right.
    pub fn refused(&self, why: &'static str) {
        self.with(|it| it.refused = it.refused.or(Some(why)));
    }

    /// What was noted so far.
    pub fn read(&self) -> Noted {
        self.with(|it| *it)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Noted) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Microseconds, or as many as fit: an hour and more.
pub(in crate::telemetry) fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
