//! The request that an artifact is as it is by, for those who may see requests.

use maud::{Markup, html};

use crate::console::links;
use crate::console::visitor::Visitor;
use crate::console::words::hex;
use crate::domain::{Action, Artifact, Change, ChangeKind};
use crate::http::pages::PageRequest;
use crate::service::Error;
use crate::telemetry::recorder::Wanted;

/// How many of the newest entries of the audit view are searched: what is older is hardly remembered.
const NEWEST: usize = 200;

/// The row of the facts that leads there; nothing when the request is no longer remembered.
pub(super) async fn fact(request: &PageRequest, visitor: &Visitor, artifact: &Artifact) -> Result<Markup, Error> {
    let trace = trace(request, visitor, artifact).await?;
    Ok(html! {
        @if let Some(trace) = trace {
            dt { "Request" }
            dd { a href=(format!("{}/{}", links::traces(artifact.tenant), hex(&trace))) { "where its time went" } }
        }
    })
}

async fn trace(request: &PageRequest, visitor: &Visitor, artifact: &Artifact) -> Result<Option<[u8; 16]>, Error> {
    let role = visitor.workspace(artifact.tenant)?.role;
    if !role.may(Action::ReadAudit) || !role.may(Action::ReadTraces) {
        return Ok(None);
    }
    let (service, caller) = (request.service(), &visitor.caller);
    let log = service.audit(caller, artifact.tenant, None, NEWEST).await?;
    let Some(trace) = log.items.iter().find(|change| made(change, artifact)).and_then(|change| change.actor.trace_id)
    else {
        return Ok(None);
    };
    let wanted = Wanted { trace: Some(trace), ..Wanted::default() };
    let found = service.recorded_in(caller, artifact.tenant, wanted, None, 1).await?;
    Ok((!found.records.is_empty()).then_some(trace))
}

/// Whether an artifact is as it is by this change.
fn made(change: &Change, artifact: &Artifact) -> bool {
    match change.kind {
        ChangeKind::ArtifactCreated(id) => id == artifact.id && artifact.version == 1,
        ChangeKind::ArtifactUpdated(id, version)
        | ChangeKind::ArtifactDeleted(id, version)
        | ChangeKind::ArtifactRestored(id, version) => id == artifact.id && version == artifact.version,
        _ => false,
    }
}
