//! How long the requests of a route took in the last hour, and where one of them is among them.

use std::time::Duration;

use maud::{Markup, html};

use crate::console::words::{counted, lasting, number};
use crate::telemetry::history::{Counts, Hour, LIMITS};

/// How wide the longest bar is, in the units of the picture.
const WIDTH: u64 = 100;

/// The requests of a route in an hour, if there were any.
pub(super) fn of(hour: &Hour, name: &str) -> Option<Counts> {
    let index = hour.routes.iter().position(|route| *route == name)?;
    let counts = hour.minutes.iter().filter_map(|minute| minute.routes.get(index));
    Some(counts.fold(Counts::default(), |sum, counts| sum.and(counts))).filter(|counts| counts.requests() > 0)
}

/// The distribution as a table with bars; the bar that `own` is in is marked.
pub(super) fn drawn(counts: &Counts, own: Option<Duration>) -> Markup {
    let most = counts.latency.iter().max().copied().unwrap_or_default().max(1);
    let own = own.map(|own| LIMITS.partition_point(|limit| *limit < own));
    let first = counts.latency.iter().position(|count| *count > 0).unwrap_or_default();
    let last = counts.latency.iter().rposition(|count| *count > 0).unwrap_or_default();
    let (first, last) = (first.min(own.unwrap_or(first)), last.max(own.unwrap_or(last)));
    html! {
        table class="distribution" {
            caption class="small muted" {
                (counted(counts.requests(), "request", "requests")) " in the last hour, " (number(counts.refusals)) " refused, "
                (number(counts.failures)) " failed"
            }
            tbody { @for (index, count) in counts.latency.iter().enumerate().take(last + 1).skip(first) {
                tr class=[(own == Some(index)).then_some("own")] {
                    th scope="row" { (label(index)) @if own == Some(index) { span class="hidden" { " (this request)" } } }
                    td class="bars" {
                        svg viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" aria-hidden="true" {
                            rect width=((count * WIDTH).div_ceil(most)) height="10" {}
                        }
                    }
                    td class="number" { (number(*count)) }
                }
            } }
        }
    }
}

fn label(bucket: usize) -> String {
    let nanoseconds = |limit: Duration| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
    match LIMITS.get(bucket) {
        Some(limit) => format!("up to {}", lasting(nanoseconds(*limit))),
        None => format!("over {}", lasting(nanoseconds(LIMITS[LIMITS.len() - 1]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_of_a_request_is_marked() {
        let mut counts = Counts::default();
        (counts.latency[1], counts.latency[4]) = (10, 3);
        let html = drawn(&counts, Some(Duration::from_millis(7))).into_string();
        assert_eq!(html.matches("<tr").count(), 4, "{html}");
        let (_, own) = html.split_once("class=\"own\"").expect("a mark");
        assert!(own.starts_with("><th scope=\"row\">up to 10.0 ms"), "{own}");
        assert!(drawn(&counts, None).into_string().matches("own").count() == 0);
    }
}
