//! Log lines as log records of OpenTelemetry: with an event name, a time, and attributes by the names that spans have.

use std::fmt;

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger, SdkLoggerProvider};
use opentelemetry_semantic_conventions::attribute;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Sends each line to a logger as well.
pub(super) struct Records(SdkLogger);

impl Records {
    /// To a logger of `provider`.
    pub(super) fn new(provider: &SdkLoggerProvider, scope: InstrumentationScope) -> Self {
        Self(provider.logger_with_scope(scope))
    }
}

impl<S: Subscriber> Layer<S> for Records {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut record = self.0.create_log_record();
        record.set_event_name(event_name(metadata));
        record.set_target(metadata.target());
        record.set_timestamp(opentelemetry::time::now());
        record.set_severity_text(metadata.level().as_str());
        record.set_severity_number(severity(*metadata.level()));
        event.record(&mut Fields(&mut record));
        self.0.emit(record);
    }
}

/// What lines are called that have no name of their own. Their scope is the module that they are of.
const LINE: &str = "ghostworks.log";

/// The name that was given to an event.
fn event_name(metadata: &'static Metadata<'static>) -> &'static str {
    // What the macros make up begins so, and goes on with the file and the line.
    if metadata.name().starts_with("event ") { LINE } else { metadata.name() }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::Error,
        Level::WARN => Severity::Warn,
        Level::INFO => Severity::Info,
        Level::DEBUG => Severity::Debug,
        Level::TRACE => Severity::Trace,
    }
}

/// The attribute that a field is on spans.
fn attribute_name(field: &'static str) -> &'static str {
    match field {
        "method" => attribute::HTTP_REQUEST_METHOD,
        "route" => attribute::HTTP_ROUTE,
        "status" => attribute::HTTP_RESPONSE_STATUS_CODE,
        "tenant_id" => "tenant.id",
        "user_id" => attribute::USER_ID,
        "error_type" => attribute::ERROR_TYPE,
        "error" => "error.message",
        other => other,
    }
}

struct Fields<'a>(&'a mut SdkLogRecord);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<AnyValue>) {
        match field.name() {
            "message" => self.0.set_body(value.into()),
            name => self.0.add_attribute(attribute_name(name), value),
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}
