//! The last requests in a workspace, for its admins.

use maud::html;
use poem::Response;
use poem::http::StatusCode;

use super::filter::Filter;
use super::list::{self, Places};
use super::waterfall;
use crate::console::layout::{Shell, Tab};
use crate::console::links;
use crate::console::outcome::Outcome;
use crate::console::visitor::Visitor;
use crate::console::words::{ago, hex, lasting, moment, parameter};
use crate::domain::TenantId;
use crate::http::pages::{PageRequest, traces_cursor};
use crate::service::Error;
use crate::telemetry::recorder::Wanted;

/// How many requests a page shows.
const ON_PAGE: usize = 30;

/// Lists them.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let (service, place) = (request.service(), links::traces(tenant));
    let filter = Filter::parse(request.uri().query().unwrap_or_default());
    // One that is not good leads to the beginning.
    let cursor = parameter(&request, "cursor");
    let after = cursor.and_then(|text| traces_cursor::place(&service.signatures.cursor_key, &text, Some(tenant)).ok());
    let found = service.recorded_in(&visitor.caller, tenant, filter.wanted(), after, ON_PAGE).await?;
    let next = found.next.and_then(|place| traces_cursor::encode(&service.signatures.cursor_key, place, Some(tenant)));
    let records: Vec<_> = found.records.iter().map(|(record, _)| record).collect();
    let content = html! {
        h1 { "Requests" }
        p class="muted" {
            "What was asked for in this workspace of late, as far as this server remembers: failures, the slowest, and a sample of \
             the others. Who asked is in the audit view."
        }
        (filter.choices(&place))
        (list::table(&records, &filter, &Places { list: &place, trace: &place }, service.now()))
        @if let Some(next) = next { a class="button" rel="next" href=(filter.link(&place, &next)) { "Older requests" } }
    };
    let shell = Shell::new("Requests").of(&visitor).within(visitor.workspace(tenant)?, Tab::Traces);
    Ok(shell.page(StatusCode::OK, &content))
}

/// Shows where the time of one went.
pub(in crate::console) async fn one(request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    let trace = request.text_in_path("trace_id").and_then(|text| super::trace(&text)).ok_or(Error::TraceNotFound)?;
    let wanted = Wanted { trace: Some(trace), ..Wanted::default() };
    let found = request.service().recorded_in(&visitor.caller, tenant, wanted, None, ON_PAGE).await?;
    let requests: Vec<_> = found.records.iter().rev().collect();
    if requests.is_empty() {
        return Err(Error::TraceNotFound.into());
    }
    let now = request.service().now();
    let content = html! {
        p { a href=(links::traces(tenant)) { "← Requests" } }
        h1 { "Trace " code class="id" { (hex(&trace)) } }
        @for (record, parts) in requests {
            section class="panel" {
                div class="head" {
                    h2 { (record.name) }
                    p { (list::status(record)) " · " (lasting(record.elapsed)) " · " (ago(now, moment(record.started))) }
                }
                (waterfall::drawn(&waterfall::of_request(record, parts)))
            }
        }
    };
    let shell = Shell::new("Trace").of(&visitor).within(visitor.workspace(tenant)?, Tab::Traces);
    Ok(shell.page(StatusCode::OK, &content))
}
