//! The newest log lines, in memory that does not grow. Warnings and errors have a part of their own, so that no flood of other
//! lines takes their place.

use std::collections::VecDeque;
use std::fmt;
use std::mem::size_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::open_span;
use crate::config::LogLevel;
use crate::telemetry::moment::now;
use crate::telemetry::recorder::Kept;

/// Whose lines are for people at the terminal alone: they have the links that are shown for want of a mail server.
const NOT_KEPT: &str = "ghostworks::mail";
/// How many lines are read before the lock is released for writers.
const AT_A_TIME: usize = 256;
/// How much of the bytes is for warnings and errors: one part in three.
const IMPORTANT_SHARE: usize = 3;

/// One log line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its place among all lines of the process: later ones have greater places.
    pub place: u64,
    /// When it was written, in nanoseconds since 1970.
    pub at: u64,
    /// How important it is.
    pub level: LogLevel,
    /// The module it is of.
    pub target: &'static str,
    /// The trace and the span that were open.
    pub span: Option<([u8; 16], [u8; 8])>,
    /// What it says.
    pub message: Box<str>,
    /// Its fields, as the members of a JSON object.
    fields: Box<str>,
}

impl Line {
    /// Its fields by name.
    pub fn fields(&self) -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(&format!("{{{}}}", self.fields)).unwrap_or_default()
    }

    /// What it takes, and the room that a list of them has for more.
    fn size(&self) -> usize {
        2 * size_of::<Self>() + self.message.len() + self.fields.len()
    }
}

/// What lines are wanted. What is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedLines {
    /// At least so important.
    pub level: Option<LogLevel>,
    /// Of a module whose path begins so.
    pub target: Option<String>,
    /// With this in the message or in a field, in either case.
    pub text: Option<String>,
    /// Written in this trace.
    pub trace: Option<[u8; 16]>,
    /// Written at this time or later, in nanoseconds since 1970.
    pub since: Option<u64>,
    /// Written at this time or earlier.
    pub until: Option<u64>,
}

impl WantedLines {
    /// Whether a line is; `text` is the text in lower case.
    fn fits(&self, line: &Line, text: Option<&str>) -> bool {
        let has = |part: &str| text.is_none_or(|text| part.to_lowercase().contains(text));
        self.level.is_none_or(|level| line.level <= level)
            && self.since.is_none_or(|since| line.at >= since)
            && self.until.is_none_or(|until| line.at <= until)
            && self.trace.is_none_or(|trace| line.span.is_some_and(|(of, _)| of == trace))
            && self.target.as_deref().is_none_or(|target| line.target.starts_with(target))
            && (has(&line.message) || has(&line.fields))
    }
}

/// A page of lines, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundLines {
    /// The lines.
    pub lines: Vec<Line>,
    /// The place that the next page begins after, if there is one.
    pub next: Option<u64>,
    /// What is kept of warnings and errors.
    pub important: Kept,
    /// What is kept of the rest.
    pub others: Kept,
    /// Since when lines are kept, in nanoseconds since 1970.
    pub since: u64,
}

/// The newest lines.
pub(super) struct Memory {
    kept: Mutex<Lines>,
    since: u64,
}

struct Lines {
    last: u64,
    important: Ring,
    others: Ring,
}

impl Memory {
    /// One that takes `bytes` and no more, since now.
    pub(super) fn new(bytes: usize) -> Self {
        let important = bytes / IMPORTANT_SHARE;
        let lines = Lines { last: 0, important: Ring::new(important), others: Ring::new(bytes - important) };
        Self { kept: Mutex::new(lines), since: now() }
    }

    fn put(&self, mut line: Line) {
        let mut kept = self.lock();
        kept.last += 1;
        line.place = kept.last;
        let ring = if line.level <= LogLevel::Warn { &mut kept.important } else { &mut kept.others };
        ring.put(line);
    }

    /// A page of the lines that are wanted, newest first, below a place.
    pub(super) fn find(&self, wanted: &WantedLines, after: Option<u64>, limit: usize) -> FoundLines {
        let text = wanted.text.as_ref().map(|text| text.to_lowercase());
        let mut lines = Vec::new();
        let rings: [fn(&Lines) -> &Ring; 2] = [|it| &it.important, |it| &it.others];
        for ring in rings {
            let (mut below, mut found) = (after.or(Some(u64::MAX)), 0);
            while let Some(place) = below.filter(|_| found <= limit) {
                below = ring(&self.lock()).some(place, |line| {
                    if found <= limit && wanted.fits(line, text.as_deref()) {
                        found += 1;
                        lines.push(line.clone());
                    }
                });
            }
        }
        lines.sort_unstable_by_key(|line| std::cmp::Reverse(line.place));
        let has_more = lines.len() > limit;
        lines.truncate(limit);
        let next = lines.last().filter(|_| has_more).map(|line| line.place);
        let kept = self.lock();
        let (important, others) = (kept.important.count(), kept.others.count());
        FoundLines { lines, next, important, others, since: self.since }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines up to a number of bytes, the oldest first.
struct Ring {
    lines: VecDeque<Line>,
    used: usize,
    most: usize,
    lost: Kept,
}

impl Ring {
    fn new(most: usize) -> Self {
        Self { lines: VecDeque::new(), used: 0, most, lost: Kept::default() }
    }

    fn put(&mut self, line: Line) {
        self.used += line.size();
        self.lines.push_back(line);
        while self.used > self.most
            && let Some(oldest) = self.lines.pop_front()
        {
            self.used -= oldest.size();
            self.lost.dropped += 1;
            self.lost.all_since = self.lost.all_since.max(Some(oldest.at));
        }
    }

    /// Some of the lines below a place, from the newest on, and the place to go on below.
    fn some(&self, below: u64, mut see: impl FnMut(&Line)) -> Option<u64> {
        let end = self.lines.partition_point(|line| line.place < below);
        let start = end.saturating_sub(AT_A_TIME);
        self.lines.range(start..end).rev().for_each(&mut see);
        self.lines.get(start).filter(|_| start > 0).map(|line| line.place)
    }

    fn count(&self) -> Kept {
        Kept { kept: self.lines.len() as u64, ..self.lost }
    }
}

/// Keeps each line.
pub(super) struct Remembering(pub Arc<Memory>);

impl<S: Subscriber> Layer<S> for Remembering {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target().starts_with(NOT_KEPT) {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        self.0.put(Line {
            place: 0,
            // As precise as times are shown.
            at: now() / 1000 * 1000,
            level: level(*metadata.level()),
            target: metadata.target(),
            span: open_span().map(|(trace, span, _)| (trace.to_bytes(), span.to_bytes())),
            message: said.message.into(),
            fields: String::from_utf8(said.fields).unwrap_or_default().into(),
        });
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    /// The members of a JSON object.
    fields: Vec<u8>,
}

impl Said {
    fn put(&mut self, field: &Field, value: &impl serde::Serialize) {
        if !self.fields.is_empty() {
            self.fields.push(b',');
        }
        // Writing to memory does not fail, and these values can all be written.
        let _ = serde_json::to_writer(&mut self.fields, field.name());
        self.fields.push(b':');
        let _ = serde_json::to_writer(&mut self.fields, value);
    }

    fn text(&mut self, field: &Field, text: &str) {
        if field.name() == "message" { text.clone_into(&mut self.message) } else { self.put(field, &text) }
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, &value);
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn memory(bytes: usize) -> Arc<Memory> {
        Arc::new(Memory::new(bytes))
    }

    /// Does something whose log lines are kept.
    fn logging(memory: &Arc<Memory>, work: impl FnOnce()) {
        let subscriber = tracing_subscriber::registry().with(Remembering(memory.clone()));
        tracing::subscriber::with_default(subscriber, work);
    }

    fn messages(memory: &Memory, wanted: &WantedLines) -> Vec<String> {
        memory.find(wanted, None, 100).lines.iter().map(|line| line.message.to_string()).collect()
    }

    #[test]
    fn lines_are_kept_with_their_fields_newest_first() {
        let memory = memory(1 << 20);
        logging(&memory, || {
            tracing::info!(count = 3, name = "a \"b\"", share = 0.5, is_well = true, "first");
            tracing::error!(error = %"it broke", "second");
        });
        let found = memory.find(&WantedLines::default(), None, 10);
        assert_eq!(messages(&memory, &WantedLines::default()), ["second", "first"]);
        let fields = serde_json::json!({"count": 3, "name": "a \"b\"", "share": 0.5, "is_well": true});
        assert_eq!(serde_json::Value::from(found.lines[1].fields()), fields);
        assert_eq!((found.important.kept, found.others.kept, found.next), (1, 1, None));
        assert_eq!(found.lines[0].target, module_path!());
    }

    #[test]
    fn each_filter_narrows() {
        let memory = memory(1 << 20);
        logging(&memory, || {
            tracing::info!(place = "Disk ONE", "calm");
            tracing::warn!("odd");
            tracing::error!(target: "elsewhere::deep", "bad");
        });
        let all = WantedLines::default;
        let text = |text: &str| WantedLines { text: Some(text.to_owned()), ..all() };
        assert_eq!(messages(&memory, &WantedLines { level: Some(LogLevel::Warn), ..all() }), ["bad", "odd"]);
        assert_eq!(messages(&memory, &WantedLines { target: Some("elsewhere".to_owned()), ..all() }), ["bad"]);
        assert_eq!(messages(&memory, &text("disk one")), ["calm"]);
        assert_eq!(messages(&memory, &text("ODD")), ["odd"]);
        assert_eq!(messages(&memory, &WantedLines { trace: Some([1; 16]), ..all() }), [""; 0]);
        assert_eq!(messages(&memory, &WantedLines { since: Some(u64::MAX), ..all() }), [""; 0]);
        assert_eq!(messages(&memory, &WantedLines { until: Some(0), ..all() }), [""; 0]);
    }

    #[test]
    fn a_flood_takes_no_more_bytes_and_no_warning_away() {
        let bytes = 64 << 10;
        let memory = memory(bytes);
        logging(&memory, || {
            tracing::warn!("early");
            (0..5_000).for_each(|number| tracing::info!(number, "flood"));
        });
        let kept = memory.lock();
        assert!(kept.important.used + kept.others.used <= bytes);
        drop(kept);
        let found = memory.find(&WantedLines::default(), None, 1);
        assert_eq!(found.others.kept + found.others.dropped, 5_000);
        assert!(found.others.all_since.is_some() && found.important.all_since.is_none());
        assert_eq!(
            messages(&memory, &WantedLines { level: Some(LogLevel::Warn), ..WantedLines::default() }),
            ["early"]
        );
    }

    #[test]
    fn pages_have_each_line_once() {
        let memory = memory(1 << 20);
        logging(&memory, || {
            for number in 0..1_000 {
                if number % 3 == 0 { tracing::warn!(number, "odd") } else { tracing::info!(number, "even") }
            }
        });
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let found = memory.find(&WantedLines::default(), after, 70);
            seen.extend(found.lines.iter().map(|line| line.fields()["number"].as_u64().expect("a number")));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..1_000).rev().collect::<Vec<u64>>());
    }

    #[test]
    fn links_for_the_terminal_are_not_kept() {
        let memory = memory(1 << 20);
        logging(&memory, || tracing::info!(target: "ghostworks::mail", link = "secret", "a link"));
        assert_eq!(messages(&memory, &WantedLines::default()), [""; 0]);
    }
}
