//! Latencies by route and time: the slower, the stronger the colour. Each cell leads to the requests in it.

use std::time::Duration;

use maud::{Markup, html};

use crate::console::links;
use crate::domain::Timestamp;
use crate::telemetry::history::{Counts, Hour, LIMITS, Minute};

/// How many routes are shown: those that took the most time.
const SHOWN: usize = 12;
/// How many minutes one column covers.
pub(super) const MINUTES: usize = 5;
/// Whose times say nothing of the server's work.
const ASSETS: &str = "/console/assets/";
/// The share of requests that are at most as slow as what is shown.
const SHARE: f64 = 0.95;

/// A route, and its requests in each column.
struct Row {
    name: &'static str,
    cells: Vec<Counts>,
}

/// The table.
pub(super) fn map(hour: &Hour, moment: impl Fn(u64) -> Timestamp) -> Markup {
    let starts: Vec<u64> = hour.minutes.chunks(MINUTES).filter_map(|column| column.first()).map(|it| it.at).collect();
    let rows = rows(hour);
    html! {
        @if rows.is_empty() {
            p class="empty" { "No requests yet." }
        } @else {
            div class="wide" {
                table class="heat" {
                    caption class="small muted" {
                        "95 of 100 requests took at most this many milliseconds. Times are in UTC; a frame is around what failed. \
                         A cell leads to its requests."
                    }
                    thead { tr {
                        th scope="col" { "Route" }
                        @for start in &starts { th scope="col" { (moment(*start).strftime("%H:%M").to_string()) } }
                    } }
                    tbody { @for (index, row) in rows.iter().enumerate() { (of_route(index, row, &starts)) } }
                }
            }
        }
    }
}

fn of_route(index: usize, row: &Row, starts: &[u64]) -> Markup {
    let form = format!("heat-{index}");
    html! {
        tr {
            th scope="row" {
                form id=(form) action=(links::OPERATE_TRACES) { input type="hidden" name="on" value=(row.name); }
                a href=(links::with_query(links::OPERATE_TRACES, &[("on", row.name)])) {
                    (row.name) @if !row.name.contains(' ') { " without a route" }
                }
            }
            @for (counts, start) in row.cells.iter().zip(starts) {
                td { @if counts.requests() > 0 {
                    button form=(form) name="from" value=(start / 1_000_000_000) class=(class(counts)) { (words(counts)) }
                } }
            }
        }
    }
}

/// The routes that took the most time, with what came in each column.
fn rows(hour: &Hour) -> Vec<Row> {
    let route = |(index, name): (usize, &&'static str)| {
        let of = |column: &[Minute]| {
            let counts = column.iter().filter_map(|minute| minute.routes.get(index));
            counts.fold(Counts::default(), |sum, counts| sum.and(counts))
        };
        Row { name, cells: hour.minutes.chunks(MINUTES).map(of).collect() }
    };
    let mut rows: Vec<Row> = hour.routes.iter().enumerate().map(route).collect();
    rows.retain(|row| !row.name.contains(ASSETS) && row.cells.iter().any(|counts| counts.requests() > 0));
    rows.sort_by_key(|row| std::cmp::Reverse(row.cells.iter().map(time).sum::<u128>()));
    rows.truncate(SHOWN);
    rows
}

/// About how much time requests took in all.
fn time(counts: &Counts) -> u128 {
    let longest = LIMITS.iter().map(Duration::as_micros).chain([10_000_000]);
    counts.latency.iter().zip(longest).map(|(count, limit)| u128::from(*count) * limit).sum()
}

/// How strong the colour is, and whether something failed.
fn class(counts: &Counts) -> String {
    let slow =
        counts.quantile(SHARE).and_then(|limit| LIMITS.iter().position(|it| *it == limit)).unwrap_or(LIMITS.len());
    format!("h{slow}{}", if counts.failures > 0 { " failing" } else { "" })
}

fn words(counts: &Counts) -> String {
    counts.quantile(SHARE).map_or_else(
        || format!("> {}", LIMITS[LIMITS.len() - 1].as_millis()),
        |limit| format!("{}", limit.as_secs_f64() * 1e3),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(bucket: usize, requests: u64) -> Counts {
        let mut counts = Counts::default();
        counts.latency[bucket] = requests;
        counts
    }

    #[test]
    fn the_routes_that_take_the_most_time_come_first() {
        let minute = |at, routes: Vec<Counts>| Minute { at, routes };
        let minutes = (0..7).map(|at| minute(at, vec![counts(0, 10), counts(8, 3)])).collect();
        let hour = Hour { points: Vec::new(), routes: vec!["GET /fast", "GET /slow", "GET /never"], minutes };
        let rows = rows(&hour);
        assert_eq!(rows.iter().map(|row| row.name).collect::<Vec<_>>(), ["GET /slow", "GET /fast"]);
        assert_eq!(rows[1].cells.iter().map(Counts::requests).collect::<Vec<_>>(), [50, 20]);
        assert_eq!([words(&rows[0].cells[0]), words(&rows[1].cells[0])], ["250", "0.5"]);
        let failed = Counts { failures: 1, ..counts(11, 1) };
        assert_eq!((class(&failed).as_str(), words(&failed).as_str()), ("h11 failing", "> 2500"));
    }
}
