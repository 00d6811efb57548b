//! What it costs to write a batch of spans for a collector: by our encoder, and by the types that `opentelemetry-otlp` uses.

use std::hint::black_box;
use std::time::UNIX_EPOCH;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ghostworks::telemetry::export_request;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use prost::Message as _;

/// As many as are sent at once by default.
const SPANS: u64 = 512;

/// A span like those that a read of an artifact makes.
fn span(number: u64) -> SpanData {
    let now = UNIX_EPOCH;
    let context = SpanContext::new(
        TraceId::from(u128::from(number / 3 + 1)),
        SpanId::from(number + 1),
        TraceFlags::SAMPLED,
        false,
        TraceState::default(),
    );
    SpanData {
        span_context: context,
        parent_span_id: SpanId::from(number),
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: "GET /api/v1/workspaces/{workspace_id}/artifacts/{artifact_id}".into(),
        start_time: now,
        end_time: now,
        attributes: vec![
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("http.route", "/api/v1/workspaces/{workspace_id}/artifacts/{artifact_id}"),
            KeyValue::new("url.path", "/api/v1/workspaces/01890000-0000-7000-8000-000000000000/artifacts"),
            KeyValue::new("http.response.status_code", 200),
            KeyValue::new("tenant.id", "01890000-0000-7000-8000-000000000000"),
            KeyValue::new("user.id", "01890000-0000-7000-8000-000000000001"),
        ],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("ghostworks").with_version("1").build(),
    }
}

fn encoding(criterion: &mut Criterion) {
    let spans: Vec<SpanData> = (0..SPANS).map(span).collect();
    let resource = Resource::builder_empty().with_service_name("ghostworks").build();
    let mut group = criterion.benchmark_group("a batch of spans");
    group.throughput(Throughput::Elements(SPANS));
    group.bench_function("ours", |bencher| bencher.iter(|| export_request(black_box(&spans), &resource)));
    // The exporter of opentelemetry-otlp is given borrowed spans as well, and clones them.
    group.bench_function("generated types", |bencher| {
        bencher.iter(|| {
            let resource_spans = group_spans_by_resource_and_scope(black_box(&spans).clone(), &(&resource).into());
            ExportTraceServiceRequest { resource_spans }.encode_to_vec()
        });
    });
    group.finish();
}

criterion_group!(benches, encoding);
criterion_main!(benches);
