//! Logs: for people on a terminal, JSON lines for everything else. They go to standard error, by a queue of their own
//! (`queue.rs`), so that no request waits for their reader.

mod level;
mod queue;
mod records;
mod remembered;

use std::fmt;
use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt as _, TraceId};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{Format, FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use self::level::{level, set_level};
use self::queue::Queue;
use self::records::Records;
use self::remembered::{Memory, Remembering};
use super::resource::scope;
use crate::config::{Log, LogFormat};

pub use self::remembered::{FoundLines, Line, WantedLines};
pub use crate::config::LogLevel;

/// The lines of this process that wait to be written.
static LINES: Queue = Queue::new();
/// The newest of them, unless none are to be kept.
static NEWEST: OnceLock<Arc<Memory>> = OnceLock::new();

/// How long the last lines may take to be written.
const FLUSH_DEADLINE: Duration = Duration::from_secs(1);

/// How many lines of this process were dropped, because nobody read standard error in time.
pub(super) fn dropped_lines() -> u64 {
    LINES.dropped()
}

/// A page of the newest lines of this process that are wanted, newest first, below a place; none when none are kept.
pub fn newest(wanted: &WantedLines, after: Option<u64>, limit: usize) -> Option<FoundLines> {
    NEWEST.get().map(|memory| memory.find(wanted, after, limit))
}

/// Writes the last lines when it is dropped.
#[must_use]
pub struct Started(());

impl Drop for Started {
    fn drop(&mut self) {
        LINES.flush(FLUSH_DEADLINE);
    }
}

/// Sends the process's log lines where the configuration says, and to `provider`, if there is one, and keeps the newest of them
/// in this number of bytes. Only the first call has an effect.
pub fn start(config: &Log, provider: Option<&SdkLoggerProvider>, bytes: usize) -> Started {
    let is_terminal = std::io::stderr().is_terminal();
    let (filter, written) = reload::Layer::new(level::written(config.level));
    let (carried, carries) = reload::Layer::new(level::carried(config.level));
    let bridge = provider.map(|provider| Records::new(provider, scope()).with_filter(carried));
    let memory = (bytes > 0).then(|| Arc::new(Memory::new(bytes)));
    let remembering = memory.clone().map(Remembering);
    let registry = tracing_subscriber::registry().with(filter).with(bridge).with(remembering);
    let lines = tracing_subscriber::fmt::layer().with_writer(|| &LINES);
    let is_pretty = match config.format {
        LogFormat::Pretty => true,
        LogFormat::Json => false,
        LogFormat::Auto => is_terminal,
    };
    let started = if is_pretty {
        let format = Format::default().with_ansi(is_terminal).with_target(false);
        registry.with(lines.event_format(PrettyLine(format))).try_init()
    } else {
        registry.with(lines.event_format(JsonLine)).try_init()
    };
    // A second start can only be another server in the same test process; its lines go the same way.
    if started.is_ok() {
        memory.map(|memory| NEWEST.set(memory));
        level::remember(config.level, move |level| {
            // It fails when nothing is logged any more.
            let _ = (written.reload(level::written(level)), carries.reload(level::carried(level)));
        });
        std::thread::spawn(|| LINES.write_to(std::io::stderr(), report_dropped));
        // By itself, a panic would write to standard error, and wait for its reader.
        std::panic::set_hook(Box::new(log_panic));
    }
    Started(())
}

fn report_dropped(lines: u64) {
    tracing::warn!(lines, "log lines were dropped, because nobody read standard error in time");
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let place = panic.location().map(ToString::to_string);
    let (thread, place) = (thread.name().unwrap_or_default(), place.as_deref().unwrap_or_default());
    tracing::error!(thread, place, "panicked: {}", panic.payload_as_str().unwrap_or("no message"));
}

/// A line for people, with the ids of the open span at its end.
struct PrettyLine(Format);

impl<S, N> FormatEvent<S, N> for PrettyLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        match open_span() {
            Some((trace, span, _)) => writeln!(writer, "{} trace_id={trace} span_id={span}", line.trim_end()),
            None => writer.write_str(&line),
        }
    }
}

/// The ids of the span that is open on this task, and whether its trace is recorded.
fn open_span() -> Option<(TraceId, SpanId, bool)> {
    Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        ids.is_valid().then(|| (ids.trace_id(), ids.span_id(), ids.is_sampled()))
    })
}

/// One JSON object a line: time, level, message, the ids of the open span, and the event's fields. Written by a
/// serializer, so nothing in a field can begin a line of its own.
struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut line = Fields(Vec::new());
        line.put("timestamp", timestamp);
        line.put("level", event.metadata().level().as_str());
        line.put("target", event.metadata().target());
        if let Some((trace, span, is_sampled)) = open_span() {
            line.put("trace_id", trace.to_string());
            line.put("span_id", span.to_string());
            line.put("sampled", is_sampled);
        }
        event.record(&mut line);
        let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

/// Fields in the order they were put.
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn put(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.push((key, value.into()));
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }
}
