//! The last hour in minutes, as pages show it.

use std::time::Duration;

use crate::telemetry::history::{Hour, Point};

/// How many points make a minute.
const IN_A_MINUTE: usize = 4;
/// How long an hour is, in nanoseconds.
const HOUR: u64 = 3_600_000_000_000;

/// The points of an hour, by the minute, the oldest first: times are those of the longest, and what is a state is the last.
pub(super) fn minutes(hour: &Hour) -> Vec<Point> {
    let points: Vec<Point> = hour.points.rchunks(IN_A_MINUTE).filter_map(together).collect();
    points.into_iter().rev().collect()
}

/// The last of the points that came to be within a time before the end.
pub(super) fn latest(hour: &Hour, within: Duration) -> Option<Point> {
    let end = end(hour);
    let within = u64::try_from(within.as_nanos()).unwrap_or(u64::MAX);
    let first = hour.points.partition_point(|point| point.at < end.saturating_sub(within));
    together(hour.points.get(first..)?)
}

fn together(points: &[Point]) -> Option<Point> {
    points.iter().copied().reduce(|sum, next| Point {
        at: sum.at,
        lasted: sum.lasted + next.lasted,
        requests: sum.requests.and(&next.requests),
        commits: sum.commits + next.commits,
        writes: sum.writes + next.writes,
        longest_queue: sum.longest_queue.max(next.longest_queue),
        longest_commit: sum.longest_commit.max(next.longest_commit),
        longest_index_wait: sum.longest_index_wait.max(next.longest_index_wait),
        exported: sum.exported + next.exported,
        lost: sum.lost + next.lost,
        ..next
    })
}

/// When the last point ended, in nanoseconds since 1970.
pub(super) fn end(hour: &Hour) -> u64 {
    hour.points.last().map(ended).unwrap_or_default()
}

/// When a point ended.
pub(super) fn ended(point: &Point) -> u64 {
    point.at.saturating_add(u64::try_from(point.lasted.as_nanos()).unwrap_or(u64::MAX))
}

/// Where in the hour before `end` a moment is, from 0 to 1.
pub(super) fn place(moment: u64, end: u64) -> f64 {
    let from = end.saturating_sub(HOUR);
    (moment.saturating_sub(from) as f64 / HOUR as f64).min(1.0)
}

/// How long it takes until the disk is full, at the pace at which the files grew in the hour; none if they did not, or too
/// little is known.
pub(super) fn until_full(hour: &Hour) -> Option<Duration> {
    const LEAST: f64 = 600.0;
    let used = |point: &Point| Some(point.figures.database_bytes? + point.figures.index_bytes.unwrap_or(0));
    let (first, last) = (hour.points.iter().find(|point| used(point).is_some())?, hour.points.last()?);
    let seconds = ended(last).saturating_sub(ended(first)) as f64 / 1e9;
    let grown = used(last)?.checked_sub(used(first)?).filter(|grown| *grown > 0)? as f64;
    let free = last.figures.free_bytes? as f64;
    (seconds >= LEAST).then(|| Duration::try_from_secs_f64(free / (grown / seconds)).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::history::Figures;

    fn hour(points: u64) -> Hour {
        let point = |number: u64| Point {
            at: number * 15_000_000_000,
            lasted: Duration::from_secs(15),
            commits: 1,
            longest_commit: Duration::from_millis(number),
            figures: Figures {
                database_bytes: Some(1_000 * (number + 1)),
                free_bytes: Some(1_000_000),
                ..Figures::default()
            },
            ..Point::default()
        };
        Hour { points: (0..points).map(point).collect(), ..Hour::default() }
    }

    #[test]
    fn minutes_count_from_the_end() {
        let minutes = minutes(&hour(9));
        assert_eq!(minutes.iter().map(|minute| minute.commits).collect::<Vec<_>>(), [1, 4, 4]);
        assert_eq!(minutes[2].longest_commit, Duration::from_millis(8));
        assert_eq!((minutes[2].at, ended(&minutes[2])), (75_000_000_000, 135_000_000_000));
        assert_eq!(latest(&hour(9), Duration::from_secs(30)).map(|point| point.commits), Some(2));
        assert_eq!(latest(&Hour::default(), Duration::from_secs(30)), None);
    }

    #[test]
    fn a_moment_has_its_place_in_the_hour() {
        assert_eq!([place(0, 2 * HOUR), place(HOUR, 2 * HOUR), place(2 * HOUR, 2 * HOUR)], [0.0, 0.0, 1.0]);
        assert_eq!(place(HOUR + HOUR / 2, 2 * HOUR), 0.5);
    }

    #[test]
    fn a_disk_that_fills_says_for_how_long_it_has_room() {
        // 1 000 bytes in each 15 seconds, and 1 000 000 are free.
        assert_eq!(until_full(&hour(100)), Some(Duration::from_secs(15_000)));
        assert_eq!([until_full(&hour(10)), until_full(&Hour::default())], [None, None]);
    }
}
