//! How the server does: is it well, what needs attention, and how the last hour was.

use std::time::Duration;

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::attention::{self, Item, State, Weight};
use super::graphs::{Graph, Line};
use super::{Operating, heat, hour, timeline};
use crate::console::layout::{Part, Shell};
use crate::console::outcome::Outcome;
use crate::console::words::{ago, bytes, lasting, moment, number};
use crate::domain::Timestamp;
use crate::http::pages::PageRequest;
use crate::service::Health;
use crate::telemetry::history::{Hour, Point};

/// How long what happened is news.
const LATELY: Duration = Duration::from_secs(300);

/// Shows it.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let Operating { visitor, .. } = Operating::of(&request).await?;
    let service = request.service();
    let hour = service.last_hour().await?;
    let health = service.health().await;
    // What another server makes is for that to show.
    let backups = service.backup_health().zip(service.backup_plan());
    let is_elsewhere = backups.as_ref().is_some_and(|(health, _)| health.is_elsewhere);
    let plan = backups.as_ref().map(|(_, plan)| plan.clone());
    let items = attention::items(&State {
        health: &health,
        search: &service.search_health(health.newest_change()),
        exports: &service.export_health().await,
        tasks: &service.background_health(),
        certificate: request.state().certificate_health(),
        backups,
        needs_backups: request.needs_tls(),
        lately: hour.as_ref().and_then(|hour| hour::latest(hour, LATELY)),
        until_full: hour.as_ref().and_then(hour::until_full),
    });
    let counts = service.stats().await?;
    let content = html! {
        h1 { "Overview" }
        (verdict(&health, &items))
        @if !items.is_empty() { ul class="list" { @for item in &items { (attention_row(item, health.at)) } } }
        dl class="figures" {
            div { dt { "Version" } dd { (env!("CARGO_PKG_VERSION")) span class="muted" { " · " (request.state().environment.as_str()) } } }
            div { dt { "Accounts" } dd { (number(counts.users)) } }
            div { dt { "Workspaces" } dd { (number(counts.workspaces)) } }
            div { dt { "Artifacts" } dd { (number(counts.active_artifacts)) } }
        }
        @match &hour {
            Some(hour) => (last_hour(hour)),
            None => p class="note" { "The last hour is not recorded: telemetry.recorder_bytes is 0, or telemetry is turned off." },
        }
        @if let Some(plan) = plan.as_ref().filter(|_| !is_elsewhere) { (timeline::drawn(plan, health.at)) }
    };
    Ok(Shell::new("Overview").of(&visitor).operating(Part::Overview).live().page(StatusCode::OK, &content))
}

fn verdict(health: &Health, items: &[Item]) -> Markup {
    let up = Timestamp::from_duration(health.at.as_duration() - signed(health.uptime)).unwrap_or(health.at);
    let (class, words) = match items.first().map(|item| item.weight) {
        None => ("good", "Everything works."),
        Some(Weight::Odd) => ("odd", "Requests are served. Something needs attention:"),
        Some(Weight::Bad) => ("bad", "Requests fail:"),
    };
    html! {
        p class={ "verdict " (class) } role="status" { strong { (words) } span class="muted" { " Started " (ago(health.at, up)) "." } }
    }
}

fn signed(duration: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::ZERO)
}

fn attention_row(item: &Item, now: Timestamp) -> Markup {
    html! {
        li {
            p { strong class={ @if item.weight == Weight::Bad { "error" } } { (item.what) }
                @if let Some(since) = item.since { span class="muted" { " Last well " (ago(now, since)) "." } } }
            p class="small" { (item.remedy) @if let Some((name, link)) = &item.link { " " a href=(link) { "To the " (name) } } }
        }
    }
}

fn last_hour(hour: &Hour) -> Markup {
    html! {
        h2 { "The last hour" }
        div class="graphs" { @for graph in graphs(hour) { (graph.drawn()) } }
        h2 { "Latency by route" }
        (heat::map(hour, moment))
    }
}

/// The graphs of an hour.
fn graphs(hour: &Hour) -> Vec<Graph> {
    let (minutes, end) = (hour::minutes(hour), hour::end(hour));
    let series = |class, name, value: fn(&Point) -> Option<f64>| {
        let at = |minute: &Point| Some((hour::place(hour::ended(minute), end), value(minute)?));
        // The first minute is a line, too.
        let first = minutes.first().and_then(|minute| Some((hour::place(minute.at, end), value(minute)?)));
        Line { class, name, points: first.into_iter().chain(minutes.iter().filter_map(at)).collect() }
    };
    let graph = |title, words: fn(f64) -> String, lines: Vec<Line>| {
        let now = lines.first().and_then(|line| line.points.last()).map_or(0.0, |(_, value)| *value);
        Graph { title, now: words(now), lines, words }
    };
    vec![
        graph("Requests", per_second, vec![series("line", "", |it| Some(rate(it, it.requests.requests())))]),
        graph(
            "Errors",
            per_minute,
            vec![
                series("line bad", "failures", |it| Some(60.0 * rate(it, it.requests.failures))),
                series("line odd", "refusals", |it| Some(60.0 * rate(it, it.requests.refusals))),
            ],
        ),
        graph("Longest wait for the writer", time, vec![series("line", "", |it| Some(it.longest_queue.as_secs_f64()))]),
        graph("Longest commit", time, vec![series("line", "", |it| Some(it.longest_commit.as_secs_f64()))]),
        graph(
            "Writes and commits",
            per_second,
            vec![
                series("line", "writes", |it| Some(rate(it, it.writes))),
                series("line other", "commits", |it| Some(rate(it, it.commits))),
            ],
        ),
        graph(
            "Longest wait for the index",
            time,
            vec![series("line", "", |it| Some(it.longest_index_wait.as_secs_f64()))],
        ),
        graph("Memory", size, vec![series("line", "", |it| it.memory_bytes.map(float))]),
        graph("Free on the disk", size, vec![series("line", "", |it| it.figures.free_bytes.map(float))]),
        graph(
            "Database and index",
            size,
            vec![
                series("line", "database", |it| it.figures.database_bytes.map(float)),
                series("line other", "index", |it| it.figures.index_bytes.map(float)),
            ],
        ),
        graph(
            "Telemetry sent",
            per_minute,
            vec![
                series("line", "taken", |it| Some(60.0 * rate(it, it.exported))),
                series("line bad", "lost", |it| Some(60.0 * rate(it, it.lost))),
            ],
        ),
    ]
}

fn rate(point: &Point, count: u64) -> f64 {
    count as f64 / point.lasted.as_secs_f64().max(1.0)
}

fn float(number: u64) -> f64 {
    number as f64
}

fn per_second(value: f64) -> String {
    format!("{value:.1} / s")
}

fn per_minute(value: f64) -> String {
    format!("{value:.0} / min")
}

fn time(seconds: f64) -> String {
    lasting((seconds * 1e9) as u64)
}

fn size(value: f64) -> String {
    bytes(value as u64)
}
