//! Which records are wanted.

use std::collections::HashSet;

use super::record::{Record, RecordKey};
use crate::domain::TenantId;
use crate::operations::Operation;

/// What records are wanted. What is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// On this route.
    pub route: Option<String>,
    /// With this method on this route: `GET /livez`, or the method alone without a route.
    pub name: Option<String>,
    /// Asking for this.
    pub operation: Option<Operation>,
    /// Answered with a status from here to there.
    pub status: Option<(u16, u16)>,
    /// Taking at least so long, in nanoseconds.
    pub at_least: Option<u64>,
    /// About this workspace.
    pub tenant: Option<TenantId>,
    /// Whose caller was allowed in that workspace.
    pub only_authorised: bool,
    /// Coming at this time or later, in nanoseconds since 1970.
    pub since: Option<u64>,
    /// Coming at this time or earlier.
    pub until: Option<u64>,
    /// With this request id.
    pub request_id: Option<String>,
    /// With this trace.
    pub trace: Option<[u8; 16]>,
    /// With each of these attributes, by key and value, on a span of its trace: on those whose spans are all kept.
    pub attributes: Vec<(String, String)>,
}

/// The key and the value of an attribute that is wanted, written as `key:value`.
pub fn wanted_attribute(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once(':')?;
    (!key.is_empty()).then(|| (key.to_owned(), value.to_owned()))
}

/// What is looked up before records are looked at.
#[derive(Default)]
pub(super) struct LookedUp {
    /// The digest of the request id that is wanted.
    pub request: Option<u64>,
    /// The traces that have the attributes that are wanted.
    pub traces: Option<HashSet<[u8; 16]>>,
}

impl Wanted {
    /// Whether a record is.
    pub(super) fn fits(&self, record: &Record, looked_up: &LookedUp) -> bool {
        self.operation.is_none_or(|operation| record.operation == Some(operation))
            && self.status.is_none_or(|(least, most)| (least..=most).contains(&record.status))
            && self.at_least.is_none_or(|least| record.elapsed >= least)
            && self.tenant.is_none_or(|tenant| record.tenant == Some(tenant))
            && (!self.only_authorised || record.is_authorised)
            && self.since.is_none_or(|since| record.started >= since)
            && self.until.is_none_or(|until| record.started <= until)
            && looked_up.request.is_none_or(|request| record.request == request)
            && looked_up.traces.as_ref().is_none_or(|traces| traces.contains(&record.trace))
            && self.trace.is_none_or(|trace| record.trace == trace)
            && self.route.as_deref().is_none_or(|route| record.route() == Some(route))
            && self.name.as_deref().is_none_or(|name| record.name == name)
    }
}

/// A page of records, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The records.
    pub records: Vec<Record>,
    /// Where the next page begins, if there is one.
    pub next: Option<RecordKey>,
}

/// The slowest of what is seen, as many as are wanted.
pub(super) struct Slowest {
    limit: usize,
    records: Vec<Record>,
}

impl Slowest {
    pub fn new(limit: usize) -> Self {
        Self { limit, records: Vec::new() }
    }

    pub fn see(&mut self, record: &Record) {
        self.records.push(*record);
        if self.records.len() > 4 * (self.limit + 1) {
            self.cut();
        }
    }

    pub fn found(mut self) -> Vec<Record> {
        self.cut();
        self.records
    }

    fn cut(&mut self) {
        self.records.sort_unstable_by_key(|record| std::cmp::Reverse((record.elapsed, record.place())));
        self.records.dedup_by_key(|record| record.place());
        self.records.truncate(self.limit);
    }
}

/// The newest of what is seen, as many as a page has, after a place.
pub(super) struct Newest {
    after: Option<RecordKey>,
    limit: usize,
    records: Vec<Record>,
}

impl Newest {
    pub fn new(after: Option<RecordKey>, limit: usize) -> Self {
        Self { after, limit, records: Vec::new() }
    }

    pub fn see(&mut self, record: &Record) {
        if self.after.is_some_and(|after| record.place() >= after) {
            return;
        }
        self.records.push(*record);
        if self.records.len() > 4 * (self.limit + 1) {
            self.cut();
        }
    }

    pub fn found(mut self) -> Found {
        self.cut();
        let has_more = self.records.len() > self.limit;
        self.records.truncate(self.limit);
        let next = self.records.last().filter(|_| has_more).map(Record::place);
        Found { records: self.records, next }
    }

    /// Keeps one more than a page has.
    fn cut(&mut self) {
        self.records.sort_unstable_by_key(|record| std::cmp::Reverse(record.place()));
        self.records.dedup_by_key(|record| record.place());
        self.records.truncate(self.limit + 1);
    }
}
