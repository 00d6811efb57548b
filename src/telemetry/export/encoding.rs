//! A batch of spans as the OTLP message that carries it, written in one pass.
//!
//! Source: `opentelemetry/proto/{collector/trace,trace,common,resource}/v1` of the OpenTelemetry protocol 1.x. The types
//! generated from it own a copy of every text, and measure each message once for every message around it; for spans, of
//! which there are several in a request, that costs more than making them.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Event, Link, SpanContext, SpanId, SpanKind, Status};
use opentelemetry::{Array, InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::encoding::{WireType, encode_key, encode_varint};

/// That the flags tell whether the parent is remote, and that it is.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// An `ExportTraceServiceRequest` of OTLP with these spans of this resource, in protobuf. Public for `benches/encoding.rs`.
pub fn export_request(spans: &[SpanData], resource: &Resource) -> Vec<u8> {
    let mut request = Message(Vec::with_capacity(spans.len() * 1024));
    request.message(1, |resource_spans| {
        resource_spans.message(1, |message| {
            for (key, value) in resource {
                message.attribute(1, key.as_str(), value);
            }
        });
        for spans in spans.chunk_by(|one, next| one.instrumentation_scope == next.instrumentation_scope) {
            resource_spans.message(2, |scope_spans| scope_spans.scope_spans(spans));
        }
        resource_spans.text(3, resource.schema_url().unwrap_or_default());
    });
    request.0
}

/// The fields of a message. Like every encoder of version 3 of the language, it leaves out what has its default.
struct Message(Vec<u8>);

impl Message {
    fn scope_spans(&mut self, spans: &[SpanData]) {
        let Some(first) = spans.first() else { return };
        let scope = &first.instrumentation_scope;
        self.message(1, |message| message.scope(scope));
        for span in spans {
            self.message(2, |message| message.span(span));
        }
        self.text(3, scope.schema_url().unwrap_or_default());
    }

    fn scope(&mut self, scope: &InstrumentationScope) {
        self.text(1, scope.name());
        self.text(2, scope.version().unwrap_or_default());
        for KeyValue { key, value, .. } in scope.attributes() {
            self.attribute(3, key.as_str(), value);
        }
    }

    fn span(&mut self, span: &SpanData) {
        self.context(&span.span_context);
        if span.parent_span_id != SpanId::INVALID {
            self.bytes(4, &span.parent_span_id.to_bytes());
        }
        self.text(5, &span.name);
        self.number(6, kind(&span.span_kind));
        self.time(7, span.start_time);
        self.time(8, span.end_time);
        self.attributes(9, &span.attributes);
        self.number(10, span.dropped_attributes_count.into());
        for event in &span.events.events {
            self.message(11, |message| message.event(event));
        }
        self.number(12, span.events.dropped_count.into());
        for link in &span.links.links {
            self.message(13, |message| message.link(link));
        }
        self.number(14, span.links.dropped_count.into());
        self.message(15, |message| message.status(&span.status));
        self.flags(16, &span.span_context, span.parent_span_is_remote);
    }

    fn event(&mut self, event: &Event) {
        self.time(1, event.timestamp);
        self.text(2, &event.name);
        self.attributes(3, &event.attributes);
        self.number(4, event.dropped_attributes_count.into());
    }

    fn link(&mut self, link: &Link) {
        self.context(&link.span_context);
        self.attributes(4, &link.attributes);
        self.number(5, link.dropped_attributes_count.into());
        self.flags(6, &link.span_context, link.span_context.is_remote());
    }

    fn status(&mut self, status: &Status) {
        let code = match status {
            Status::Unset => 0,
            Status::Ok => 1,
            Status::Error { description } => {
                self.text(2, description);
                2
            }
        };
        self.number(3, code);
    }

    /// The ids and the state of a trace, which spans and links have in the same fields.
    fn context(&mut self, context: &SpanContext) {
        self.bytes(1, &context.trace_id().to_bytes());
        self.bytes(2, &context.span_id().to_bytes());
        self.text(3, &context.trace_state().header());
    }

    fn flags(&mut self, field: u32, context: &SpanContext, is_remote: bool) {
        let flags = u32::from(context.trace_flags().to_u8()) | HAS_IS_REMOTE | if is_remote { IS_REMOTE } else { 0 };
        encode_key(field, WireType::ThirtyTwoBit, &mut self.0);
        self.0.extend(flags.to_le_bytes());
    }

    fn attributes(&mut self, field: u32, attributes: &[KeyValue]) {
        for KeyValue { key, value, .. } in attributes {
            self.attribute(field, key.as_str(), value);
        }
    }

    fn attribute(&mut self, field: u32, key: &str, value: &Value) {
        self.message(field, |message| {
            message.text(1, key);
            message.message(2, |message| message.value(value));
        });
    }

    /// An `AnyValue`. The field says of which type it is, so it is there whatever the value.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Bool(value) => self.any_bool(*value),
            Value::I64(value) => self.any_integer(*value),
            Value::F64(value) => self.any_float(*value),
            Value::String(value) => self.any_text(value.as_str()),
            Value::Array(Array::Bool(values)) => self.array(values, |message, value| message.any_bool(*value)),
            Value::Array(Array::I64(values)) => self.array(values, |message, value| message.any_integer(*value)),
            Value::Array(Array::F64(values)) => self.array(values, |message, value| message.any_float(*value)),
            Value::Array(Array::String(texts)) => self.array(texts, |message, text| message.any_text(text.as_str())),
            // What a later version of the API may add.
            other => self.any_text(&other.as_str()),
        }
    }

    fn any_text(&mut self, text: &str) {
        self.length_delimited(1, text.as_bytes());
    }

    fn any_bool(&mut self, value: bool) {
        encode_key(2, WireType::Varint, &mut self.0);
        encode_varint(value.into(), &mut self.0);
    }

    fn any_integer(&mut self, value: i64) {
        encode_key(3, WireType::Varint, &mut self.0);
        encode_varint(value.cast_unsigned(), &mut self.0);
    }

    fn any_float(&mut self, value: f64) {
        encode_key(4, WireType::SixtyFourBit, &mut self.0);
        self.0.extend(value.to_le_bytes());
    }

    fn array<T>(&mut self, values: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.message(5, |array| {
            for value in values {
                array.message(1, |message| write(message, value));
            }
        });
    }

    fn time(&mut self, field: u32, time: SystemTime) {
        let nanoseconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        encode_key(field, WireType::SixtyFourBit, &mut self.0);
        self.0.extend(u64::try_from(nanoseconds).unwrap_or(u64::MAX).to_le_bytes());
    }

    fn number(&mut self, field: u32, value: u64) {
        if value != 0 {
            encode_key(field, WireType::Varint, &mut self.0);
            encode_varint(value, &mut self.0);
        }
    }

    fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.length_delimited(field, bytes);
        }
    }

    fn length_delimited(&mut self, field: u32, bytes: &[u8]) {
        encode_key(field, WireType::LengthDelimited, &mut self.0);
        encode_varint(bytes.len() as u64, &mut self.0);
        self.0.extend(bytes);
    }

    /// A message within this one. Its length comes first but is known last: one byte is kept for it, which is mostly
    /// enough, and what was written makes room for a longer one.
    fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        encode_key(field, WireType::LengthDelimited, &mut self.0);
        let at = self.0.len();
        self.0.push(0);
        write(self);
        let length = self.0.len() - at - 1;
        match u8::try_from(length) {
            Ok(short @ 0..=0x7f) => self.0[at] = short,
            Ok(_) | Err(_) => {
                let mut varint = Vec::with_capacity(10);
                encode_varint(length as u64, &mut varint);
                self.0.splice(at..=at, varint);
            }
        }
    }
}

fn kind(kind: &SpanKind) -> u64 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::time::Duration;

    use opentelemetry::trace::{TraceFlags, TraceId, TraceState};
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e300..1e300).prop_map(Value::from),
            ".{0,200}".prop_map(Value::from),
            vec(any::<bool>(), 0..5).prop_map(|values| Value::Array(values.into())),
            vec(any::<i64>(), 0..5).prop_map(|values| Value::Array(values.into())),
            vec(-1.0..1.0, 0..5).prop_map(|values| Value::Array(values.into())),
            vec(".{0,20}", 0..5)
                .prop_map(|texts| { Value::Array(Array::String(texts.into_iter().map(Into::into).collect())) }),
        ]
    }

    fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
        vec(("[a-z.]{0,20}", value()).prop_map(|(key, value)| KeyValue::new(key, value)), 0..6)
    }

    fn time() -> impl Strategy<Value = SystemTime> {
        any::<u32>().prop_map(|millis| UNIX_EPOCH + Duration::from_millis(millis.into()))
    }

    fn context() -> impl Strategy<Value = SpanContext> {
        (any::<u128>(), any::<u64>(), any::<u8>(), any::<bool>(), prop_oneof![Just(""), Just("one=1,two=2")]).prop_map(
            |(trace, span, flags, is_remote, state)| {
                let state: TraceState = state.parse().expect("a trace state");
                SpanContext::new(trace.into(), span.into(), TraceFlags::new(flags), is_remote, state)
            },
        )
    }

    fn events() -> impl Strategy<Value = SpanEvents> {
        let event = (".{0,20}", time(), attributes(), any::<u32>())
            .prop_map(|(name, time, attributes, dropped)| Event::new(name, time, attributes, dropped));
        (vec(event, 0..3), any::<u32>()).prop_map(|(all, dropped)| {
            let mut events = SpanEvents::default();
            (events.events, events.dropped_count) = (all, dropped);
            events
        })
    }

    fn links() -> impl Strategy<Value = SpanLinks> {
        let link = (context(), attributes(), any::<u32>())
            .prop_map(|(context, attributes, dropped)| Link::new(context, attributes, dropped));
        (vec(link, 0..3), any::<u32>()).prop_map(|(all, dropped)| {
            let mut links = SpanLinks::default();
            (links.links, links.dropped_count) = (all, dropped);
            links
        })
    }

    fn status() -> impl Strategy<Value = Status> {
        prop_oneof![Just(Status::Unset), Just(Status::Ok), ".{0,20}".prop_map(Status::error)]
    }

    fn span() -> impl Strategy<Value = SpanData> {
        let kind = prop_oneof![
            Just(SpanKind::Internal),
            Just(SpanKind::Server),
            Just(SpanKind::Client),
            Just(SpanKind::Producer),
            Just(SpanKind::Consumer),
        ];
        (
            (context(), prop_oneof![Just(0), any::<u64>()], any::<bool>(), kind, ".{0,40}"),
            (time(), time(), attributes(), any::<u32>()),
            (events(), links(), status()),
        )
            .prop_map(
                |((span_context, parent, parent_span_is_remote, span_kind, name), times, (events, links, status))| {
                    let (start_time, end_time, attributes, dropped_attributes_count) = times;
                    SpanData {
                        span_context,
                        parent_span_id: parent.into(),
                        parent_span_is_remote,
                        span_kind,
                        name: Cow::Owned(name),
                        start_time,
                        end_time,
                        attributes,
                        dropped_attributes_count,
                        events,
                        links,
                        status,
                        instrumentation_scope: scope(),
                    }
                },
            )
    }

    fn scope() -> InstrumentationScope {
        InstrumentationScope::builder("ghostworks")
            .with_version("1")
            .with_schema_url("https://example.com/scope")
            .with_attributes([KeyValue::new("a", 1)])
            .build()
    }

    proptest! {
        /// The types generated from the protocol, filled by those who made them, are the reference.
        #[test]
        fn it_is_what_the_generated_types_say(spans in vec(span(), 1..5), about in attributes()) {
            let resource = Resource::builder_empty().with_schema_url(about, "https://example.com/resource").build();
            let written = export_request(&spans, &resource);
            let expected = group_spans_by_resource_and_scope(spans, &(&resource).into());
            let read = ExportTraceServiceRequest::decode(written.as_slice());
            prop_assert_eq!(read, Ok(ExportTraceServiceRequest { resource_spans: expected }));
        }
    }

    #[test]
    fn spans_of_several_scopes_stay_in_theirs() {
        let of = |scope: &'static str, trace: u128| SpanData {
            span_context: SpanContext::new(trace.into(), 1.into(), TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: "work".into(),
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::builder(scope).build(),
        };
        let written = export_request(&[of("a", 1), of("a", 2), of("b", 3)], &Resource::builder_empty().build());
        let request = ExportTraceServiceRequest::decode(written.as_slice()).expect("a message");
        let scopes: Vec<(String, usize)> = (request.resource_spans[0].scope_spans.iter())
            .map(|spans| (spans.scope.clone().unwrap_or_default().name, spans.spans.len()))
            .collect();
        assert_eq!(scopes, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        assert_eq!(request.resource_spans[0].scope_spans[1].spans[0].trace_id, TraceId::from(3).to_bytes());
    }
}
