//! The files of the server: the database, the search index, the backups, and the tasks that look after them.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::{Operating, timeline};
use crate::console::layout::{Part, Shell};
use crate::console::outcome::Outcome;
use crate::console::words::{ago, bytes, counted, date, number};
use crate::domain::Timestamp;
use crate::http::pages::PageRequest;
use crate::service::{BackupHealth, BackupPlan, Health, SearchHealth, TaskHealth};

/// Of more rows that can't be read, the rest is left out.
const DAMAGED: usize = 50;

/// Shows them.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let Operating { visitor, .. } = Operating::of(&request).await?;
    let service = request.service();
    let health = service.health().await;
    let search = service.search_health(health.newest_change());
    let figures = service.store.figures();
    let size = |size: Option<u64>| size.map_or_else(|| "unknown".to_owned(), bytes);
    let looked_up = figures.cache.hits + figures.cache.misses;
    let content = html! {
        h1 { "Storage" }
        h2 { "Database" }
        dl class="facts" {
            dt { "File" } dd { (size(figures.file_bytes)) ", " (size(figures.free_bytes)) " free on its disk" }
            dt { "Last change" } dd { (number(health.store.newest_change.entry())) }
            dt { "Writes that wait" } dd { (number(figures.queue_depth as u64)) " of at most " (number(figures.queue_capacity as u64)) }
            dt { "Found in memory" } dd { @if looked_up > 0 { (figures.cache.hits * 100 / looked_up) " of 100 pages" } @else { "–" } }
            dt { "Oldest read" } dd { (figures.oldest_reader.as_secs()) " s" }
        }
        (damaged(&health))
        h2 { "Search index" }
        (index(&search))
        (backups(service.backup_health(), service.backup_plan().as_ref(), health.at))
        h2 { "Background tasks" }
        (tasks(&service.background_health(), health.at))
    };
    Ok(Shell::new("Storage").of(&visitor).operating(Part::Storage).page(StatusCode::OK, &content))
}

fn damaged(health: &Health) -> Markup {
    let damaged = &health.store.damaged;
    html! {
        @if !damaged.is_empty() {
            div class="panel warning" {
                p { strong { (counted(damaged.len() as u64, "row", "rows")) " can’t be read." }
                    " They were met since the start; " code { "ghostworks check" } " finds all." }
                ul { @for damage in damaged.iter().take(DAMAGED) { li { code { (damage.table) " " (damage.key_text()) } } } }
            }
        }
    }
}

fn index(search: &SearchHealth) -> Markup {
    let (done, all) = search.rebuilt;
    html! {
        dl class="facts" {
            dt { "Artifacts" } dd { (number(search.documents)) }
            dt { "Files" } dd { (search.size_bytes.map_or_else(|| "unknown".to_owned(), bytes)) }
            dt { "State" } dd {
                @if !search.is_complete { "being rebuilt: " (number(done)) " of " (number(all)) }
                @else if search.lag.is_zero() { "up to date" }
                @else { "behind for " (search.lag.as_secs()) " s" }
                @if search.merging { ", merging" }
            }
        }
    }
}

fn backups(health: Option<BackupHealth>, plan: Option<&BackupPlan>, now: Timestamp) -> Markup {
    let (Some(health), Some(plan)) = (health, plan) else {
        return html! {
            h2 { "Backups" }
            p { "None are scheduled: " code { "backups.to" } " names the place for them." }
        };
    };
    if health.is_elsewhere {
        return html! {
            h2 { "Backups" }
            p { "Another server before the same database makes them; it shows which there are." }
        };
    }
    html! {
        (timeline::drawn(plan, now))
        @if !plan.kept.is_empty() {
            details class="help" {
                summary { "When each was made" }
                ul { @for at in plan.kept.iter().rev() { li { (date(*at)) } } }
            }
        }
        dl class="facts" {
            dt { "Changes since" } dd {
                @if let Some(shipped) = health.shipped { "at the same place, up to " (ago(now, shipped)) }
                @else { "not shipped" }
            }
            @if health.is_failing || health.is_shipping_failing {
                dt { "Trouble" } dd class="error" { "the last attempt failed; the log says why" }
            }
        }
        p class="muted small" { code { "ghostworks restore --to TIME" } " brings back any moment between the oldest backup and the last change." }
    }
}

fn tasks(tasks: &[TaskHealth], now: Timestamp) -> Markup {
    html! {
        div class="wide" {
            table class="requests" {
                thead { tr {
                    th scope="col" { "Task" } th scope="col" { "Last well" } th scope="col" { "Failures since the start" } th scope="col" { "The last" }
                } }
                tbody { @for task in tasks {
                    tr {
                        td { code { (task.name) } @if task.is_failing { " " span class="status bad" { "failing" } } }
                        td data-of="last well" { @if let Some(at) = task.last_success { (ago(now, at)) } @else { "–" } }
                        td class="number" data-of="failures" { (number(task.errors + task.panics)) }
                        td class="muted small" { @if let Some(failure) = task.last_failure { (failure.what) " " (ago(now, failure.at)) } }
                    }
                } }
            }
        }
    }
}
