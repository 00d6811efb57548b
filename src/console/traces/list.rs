//! A list of requests, newest first.

use maud::{Markup, html};

use super::filter::Filter;
use crate::console::words::{ago, hex, lasting, moment};
use crate::domain::Timestamp;
use crate::operations::Operation;
use crate::telemetry::recorder::Record;

/// Where the rows of a list lead.
pub(super) struct Places<'a> {
    /// The list.
    pub list: &'a str,
    /// The page of a trace, without its id.
    pub trace: &'a str,
}

/// The requests; each leads to where its time went.
pub(super) fn table(records: &[&Record], filter: &Filter, places: &Places<'_>, now: Timestamp) -> Markup {
    let longest = records.iter().map(|record| record.elapsed).max().unwrap_or_default().max(1);
    html! {
        @if records.is_empty() {
            p class="empty" { "No request of this kind is remembered." }
        } @else {
            div class="wide" {
                table class="requests" {
                    thead { tr {
                        th scope="col" { "What" } th scope="col" { "Status" } th scope="col" { "Took" }
                        th scope="col" { "Waited, written" } th scope="col" { "When" }
                    } }
                    tbody { @for record in records { (row(record, filter, places, longest, now)) } }
                }
            }
        }
    }
}

fn row(record: &Record, filter: &Filter, places: &Places<'_>, longest: u64, now: Timestamp) -> Markup {
    let operation = record.operation.map(Operation::span_name).filter(|name| !name.is_empty());
    let share = |part: u64| part * 100 / longest;
    html! {
        tr {
            td {
                a class="title" href=(format!("{}/{}", places.trace, hex(&record.trace))) { (operation.unwrap_or(record.name)) }
                @if operation.is_some() { " " span class="muted small" { (record.name) } }
                @if let Some(operation) = operation.filter(|name| *name != filter.operation) {
                    " " a class="only" href=(Filter { operation: operation.to_owned(), ..filter.clone() }.link(places.list, "")) {
                        "only these"
                    }
                }
            }
            td { (status(record)) }
            td class="number" {
                (lasting(record.elapsed))
                svg class="small-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                    rect width=(share(record.elapsed).max(1)) height="4" {}
                }
            }
            td class="muted small" { (stages(record)) }
            td class="muted small" { (ago(now, moment(record.started))) }
        }
    }
}

/// The status, and what kind of failure it was.
pub(super) fn status(record: &Record) -> Markup {
    let class = match record.status {
        500.. => "status bad",
        400..=499 => "status odd",
        _ => "status",
    };
    html! {
        span class=(class) { (record.status) }
        @if let Some(error) = record.error { " " span class="small" { (error) } }
    }
}

/// What the time was spent on.
pub(super) fn stages(record: &Record) -> String {
    let micros = |micros: u32| lasting(u64::from(micros) * 1000);
    let mut parts = Vec::new();
    if let Some(write) = record.stages.write {
        parts.push(format!("queue {}", micros(write.queued)));
        parts.push(format!("commit {}", micros(write.commit)));
        parts.push(format!("group of {}", write.group));
    }
    if let Some(search) = record.stages.search {
        parts.push(format!("index {}", micros(search.waited)));
    }
    parts.join(" · ")
}
