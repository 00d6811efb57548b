//! The catalog of a workspace: what there is, narrowed and ordered as the URL says.

mod help;
pub(super) mod import;
mod query;
pub(super) mod selection;
mod start;
pub(super) mod tags;
mod view;

use poem::Response;
use poem::http::StatusCode;

use self::query::Query;
use super::layout::{Shell, Tab};
use super::outcome::Outcome;
use super::visitor::Visitor;
use crate::domain::{FoundArtifacts, TenantId, Violations};
use crate::http::pages::{PageRequest, artifact_cursor};
use crate::service::Error;

/// Shows it.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let workspace = visitor.workspace(tenant)?;
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let found = find(&request, &visitor, tenant, &query).await?;
    let shell = Shell::new(workspace.workspace.name.as_str()).of(&visitor).within(workspace, Tab::Catalog);
    let shell = shell.searching(&query.q);
    Ok(match found {
        Ok((found, _)) if found.total == 0 && !query.is_narrowed() => {
            shell.page(StatusCode::OK, &start::page(&request, tenant))
        }
        Ok((found, next)) => {
            shell.page(StatusCode::OK, &view::page(&request, &visitor, tenant, &query, &found, next.as_deref()))
        }
        Err(violations) => shell.page(StatusCode::UNPROCESSABLE_ENTITY, &view::refused(tenant, &query, &violations)),
    })
}

type Found = Result<(FoundArtifacts, Option<String>), Violations>;

/// What there is of it, and the cursor of the next page.
async fn find(request: &PageRequest, visitor: &Visitor, tenant: TenantId, query: &Query) -> Result<Found, Error> {
    let (service, key) = (request.service(), &request.service().signatures.cursor_key);
    let wanted = match query.check(key, tenant) {
        Ok(wanted) => wanted,
        Err(violations) => return Ok(Err(violations)),
    };
    let (text, list) = (wanted.text.clone(), wanted.list.clone());
    let found = match service.search_artifacts(&visitor.caller, tenant, wanted).await {
        // Without the index there is still the list.
        Err(Error::SearchRebuilding) if text.is_none() => {
            service.artifacts(&visitor.caller, tenant, list.clone()).await?
        }
        found => found?,
    };
    let next = artifact_cursor::next(key, tenant, (&text, &list.filter, list.sort), &found);
    Ok(Ok((found, next)))
}
