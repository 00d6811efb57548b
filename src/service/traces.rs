//! What the last requests were like: for operators, everything that was recorded of them; for admins of a workspace, those
//! whose callers were allowed to do there what they asked for.

use std::sync::Arc;

use super::{Caller, Error, Service};
use crate::domain::TenantId;
use crate::offload::offload;
use crate::telemetry::recorder::{Contents, Part, Record, RecordKey, Wanted};
use crate::telemetry::{Operation, Recorder, Subject};

/// The attributes of spans that are shown: what was done and how, never by whom or from where.
const SHOWN: [&str; 17] = [
    "artifact.atomic",
    "artifact.cursor.present",
    "artifact.id",
    "artifact.include_deleted",
    "artifact.limit",
    "artifact.offset",
    "artifact.operations",
    "artifact.query.present",
    "artifact.result_count",
    "artifact.sort",
    "artifact.tag_count",
    "artifact.total",
    "db.collection.name",
    "db.operation.name",
    "error.type",
    "http.response.status_code",
    "operation.success",
];

/// A page of recorded requests.
#[derive(Debug, Default)]
pub struct RecordedPage {
    /// The requests, newest first, and whether all spans of each are there.
    pub records: Vec<(Record, bool)>,
    /// Where the next page begins, if there is one.
    pub next: Option<RecordKey>,
    /// What the recorder has in all; none when it is off.
    pub contents: Option<Contents>,
}

/// A page of recorded requests in a workspace.
#[derive(Debug, Default)]
pub struct RecordedInWorkspace {
    /// The requests, newest first, and their parts.
    pub records: Vec<(Record, Vec<Part>)>,
    /// Where the next page begins, if there is one.
    pub next: Option<RecordKey>,
}

impl Service {
    /// The requests that are wanted, newest first, from where a page before ended. For operators alone.
    pub async fn recorded(
        &self,
        wanted: Wanted,
        after: Option<RecordKey>,
        limit: usize,
    ) -> Result<RecordedPage, Error> {
        let work = async { Ok(self.page_of_records(wanted, after, limit).await) };
        self.telemetry.observe(Operation::SystemTraces, Subject::default(), work).await
    }

    /// The slowest requests that are wanted, the slowest first. For operators alone.
    pub async fn slowest_recorded(&self, wanted: Wanted, limit: usize) -> Result<Vec<Record>, Error> {
        let work = async {
            let Some(recorder) = self.telemetry.recorder().cloned() else { return Ok(Vec::new()) };
            Ok(offload(move || recorder.slowest(&wanted, limit)).await)
        };
        self.telemetry.observe(Operation::SystemTraces, Subject::default(), work).await
    }

    /// The requests of a trace, the first to come first, with their parts where those were kept. For operators alone.
    pub async fn recorded_requests(&self, trace: [u8; 16]) -> Result<Vec<(Record, Vec<Part>)>, Error> {
        const MOST: usize = 20;
        let work = async {
            let recorder = self.telemetry.recorder().ok_or(Error::TraceNotFound)?.clone();
            let wanted = Wanted { trace: Some(trace), ..Wanted::default() };
            let requests: Vec<_> = offload(move || {
                let found = recorder.find(&wanted, None, MOST).records;
                found.into_iter().rev().map(|record| (record, recorder.parts(&record))).collect()
            })
            .await;
            if requests.is_empty() { Err(Error::TraceNotFound) } else { Ok(requests) }
        };
        self.telemetry.observe(Operation::SystemTrace, Subject::default(), work).await
    }

    /// A trace as an OTLP message in JSON. For operators alone.
    pub async fn recorded_trace(&self, trace: [u8; 16]) -> Result<serde_json::Value, Error> {
        let work = async {
            let recorder = self.telemetry.recorder().ok_or(Error::TraceNotFound)?.clone();
            offload(move || recorder.trace(trace)).await.ok_or(Error::TraceNotFound)
        };
        self.telemetry.observe(Operation::SystemTrace, Subject::default(), work).await
    }

    /// The same of the requests in a workspace, with their parts where those were kept.
    pub async fn recorded_in(
        &self,
        caller: &Caller,
        tenant: TenantId,
        wanted: Wanted,
        after: Option<RecordKey>,
        limit: usize,
    ) -> Result<RecordedInWorkspace, Error> {
        let wanted = Wanted { tenant: Some(tenant), only_authorised: true, ..wanted };
        self.in_workspace(Operation::WorkspaceTraces, caller, tenant, async {
            let Some(recorder) = self.telemetry.recorder().cloned() else { return Ok(RecordedInWorkspace::default()) };
            Ok(offload(move || {
                let found = recorder.find(&wanted, after, limit);
                let records = found.records.into_iter().map(|record| (record, shown(recorder.parts(&record))));
                RecordedInWorkspace { records: records.collect(), next: found.next }
            })
            .await)
        })
        .await
    }

    async fn page_of_records(&self, wanted: Wanted, after: Option<RecordKey>, limit: usize) -> RecordedPage {
        match self.telemetry.recorder().cloned() {
            Some(recorder) => offload(move || page(&recorder, &wanted, after, limit)).await,
            None => RecordedPage::default(),
        }
    }
}

/// Parts with those attributes alone that are shown.
fn shown(mut parts: Vec<Part>) -> Vec<Part> {
    for part in &mut parts {
        part.attributes.retain(|(name, _)| SHOWN.contains(&name.as_str()));
    }
    parts
}

fn page(recorder: &Arc<Recorder>, wanted: &Wanted, after: Option<RecordKey>, limit: usize) -> RecordedPage {
    let found = recorder.find(wanted, after, limit);
    let records = found.records.into_iter().map(|record| (record, recorder.has_spans(record.trace)));
    RecordedPage { records: records.collect(), next: found.next, contents: Some(recorder.contents()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s62_only_what_is_listed_is_shown_of_a_span() {
        let attributes =
            ["client.address", "user.id", "tenant.id", "member.id", "artifact.total", "url.path", "my.own"];
        let attributes = attributes.map(|name| (name.to_owned(), "secret".into())).to_vec();
        let parts = shown(vec![Part { name: "artifact.list".to_owned(), attributes, ..Part::default() }]);
        assert_eq!(parts[0].attributes.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["artifact.total"]);
    }
}
