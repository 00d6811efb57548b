//! The last requests to the server, for operators: everything that is known of them.

use std::time::Duration;

use maud::{Markup, html};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::filter::Filter;
use super::list::{self, Places};
use super::{distribution, waterfall};
use crate::console::layout::{Part, Shell};
use crate::console::links;
use crate::console::operate::Operating;
use crate::console::outcome::Outcome;
use crate::console::words::{ago, counted, hex, lasting, moment, number, parameter};
use crate::http::pages::{PageRequest, traces_cursor};
use crate::service::{Error, RecordedPage};
use crate::telemetry::logs::{Line, WantedLines};
use crate::telemetry::recorder::{Contents, Part as SpanPart, Record, Worth};

/// How many requests a page shows.
const ON_PAGE: usize = 30;
/// How many log lines a trace shows.
const LINES: usize = 100;

/// Lists them.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let Operating { visitor, .. } = Operating::of(&request).await?;
    let (service, place) = (request.service(), links::OPERATE_TRACES);
    let filter = Filter::of_operators(request.uri().query().unwrap_or_default());
    // One that is not good leads to the beginning.
    let cursor = parameter(&request, "cursor");
    let after = cursor.and_then(|text| traces_cursor::place(&service.signatures.cursor_key, &text, None).ok());
    let RecordedPage { records, next, contents } = if filter.is_slowest() {
        let slowest = service.slowest_recorded(filter.wanted(), ON_PAGE).await?;
        RecordedPage { records: slowest.into_iter().map(|record| (record, false)).collect(), ..RecordedPage::default() }
    } else {
        service.recorded(filter.wanted(), after, ON_PAGE).await?
    };
    let next = next.and_then(|place| traces_cursor::encode(&service.signatures.cursor_key, place, None));
    let hour = if filter.on.is_empty() { None } else { service.last_hour().await? };
    let records: Vec<_> = records.iter().map(|(record, _)| record).collect();
    let content = html! {
        h1 { "Requests" }
        (filter.choices(place))
        @if let Some(counts) = hour.as_ref().and_then(|hour| distribution::of(hour, &filter.on)) {
            section class="panel" { h2 { "How long it takes" } (distribution::drawn(&counts, None)) }
        }
        (list::table(&records, &filter, &Places { list: place, trace: place }, service.now()))
        @if let Some(next) = next { a class="button" rel="next" href=(filter.link(place, &next)) { "Older requests" } }
        @if let Some(contents) = &contents { (kept(contents)) }
    };
    Ok(Shell::new("Requests").of(&visitor).operating(Part::Traces).page(StatusCode::OK, &content))
}

/// What is kept, and what no longer is.
fn kept(contents: &Contents) -> Markup {
    let name = |worth| match worth {
        Worth::Failure => "failures",
        Worth::Refusal => "refusals",
        Worth::Slow => "the slowest of each route",
        Worth::Other => "a sample of the others",
    };
    html! {
        details class="help" {
            summary { "What is remembered" }
            dl class="facts" {
                @for (worth, kept) in contents.records {
                    dt { (name(worth)) }
                    dd { (number(kept.kept)) " kept, " (number(kept.dropped)) " no longer" }
                }
                dt { "traces with all spans" } dd { (number(contents.spans.traces)) }
            }
            p class="muted small" { "Health checks and scrapes leave no record. " code { "telemetry.recorder_bytes" } " says how much is kept." }
        }
    }
}

/// Shows all that is known of one.
pub(in crate::console) async fn one(request: PageRequest) -> Result<Response, Outcome> {
    let Operating { visitor, .. } = Operating::of(&request).await?;
    let service = request.service();
    let trace = named(&request)?;
    let requests = service.recorded_requests(trace).await?;
    let wanted = WantedLines { trace: Some(trace), ..WantedLines::default() };
    let lines = service.log_lines(wanted, None, LINES).await?.map(|found| found.lines).unwrap_or_default();
    let hour = service.last_hour().await?;
    let now = service.now();
    let of_request = |(record, parts): &(Record, Vec<SpanPart>)| {
        let counts = hour.as_ref().and_then(|hour| distribution::of(hour, record.name));
        html! {
            section class="panel" {
                div class="head" {
                    h2 { (record.name) }
                    p { (list::status(record)) " · " (lasting(record.elapsed)) " · " (ago(now, moment(record.started))) }
                }
                (of_whom(record))
                (waterfall::drawn(&waterfall::with_lines(record, parts, &own_lines(&lines, record, requests.len()))))
                @if let Some(counts) = counts {
                    details class="help" {
                        summary { "Among the requests of its route" }
                        (distribution::drawn(&counts, Some(Duration::from_nanos(record.elapsed))))
                    }
                }
            }
        }
    };
    let content = html! {
        p { a href=(links::OPERATE_TRACES) { "← Requests" } }
        div class="head" {
            h1 { "Trace " code class="id" { (hex(&trace)) } }
            div class="actions" {
                @if let Some(link) = request.state().trace_link(&hex(&trace)) {
                    a class="button" href=(link) rel="noopener noreferrer" { "Open where traces are kept" }
                }
                a class="button" href=(format!("{}/{}/otlp", links::OPERATE_TRACES, hex(&trace))) download=(file_name(trace)) {
                    "Download as OTLP"
                }
            }
        }
        @for request in &requests { (of_request(request)) }
        @if lines.len() == LINES { p class="muted small" { "There are more log lines than " (counted(LINES as u64, "is", "are")) " shown." } }
    };
    Ok(Shell::new("Trace").of(&visitor).operating(Part::Traces).page(StatusCode::OK, &content))
}

/// Which workspace a request was about, and with what others it can be compared.
fn of_whom(record: &Record) -> Markup {
    let like_it = links::with_query(links::OPERATE_TRACES, &[("on", record.name)]);
    html! {
        p class="small" {
            a href=(like_it) { "Requests like it" }
            @if let Some(tenant) = record.tenant {
                " · " a href=(links::with_query(links::OPERATE_TRACES, &[("workspace", &tenant.to_string())])) { "in the same workspace" }
                @if !record.is_authorised { span class="muted" { " (its caller was not allowed there)" } }
            }
        }
    }
}

/// The log lines that were written while a request was served, where there are several.
fn own_lines<'a>(lines: &'a [Line], record: &Record, requests: usize) -> Vec<&'a Line> {
    // The line about the request itself comes when it is over.
    const AFTER: u64 = 10_000_000;
    let end = record.started.saturating_add(record.elapsed).saturating_add(AFTER);
    lines.iter().rev().filter(|line| requests == 1 || (record.started..=end).contains(&line.at)).collect()
}

/// The trace as OTLP JSON, which Jaeger and other programs load.
pub(in crate::console) async fn download(request: PageRequest) -> Result<Response, Outcome> {
    Operating::of(&request).await?;
    let trace = named(&request)?;
    let message = request.service().recorded_trace(trace).await?;
    let disposition = format!("attachment; filename=\"{}\"", file_name(trace));
    let disposition = HeaderValue::try_from(disposition).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Response::builder()
        .content_type("application/json")
        .header(header::CONTENT_DISPOSITION, disposition)
        .header(header::CACHE_CONTROL, "no-store")
        .body(message.to_string()))
}

fn file_name(trace: [u8; 16]) -> String {
    format!("trace-{}.json", hex(&trace))
}

fn named(request: &PageRequest) -> Result<[u8; 16], Error> {
    request.text_in_path("trace_id").and_then(|text| super::trace(&text)).ok_or(Error::TraceNotFound)
}
