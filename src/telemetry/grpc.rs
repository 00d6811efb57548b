//! Spans to a collector over gRPC.
//!
//! The exporter of `opentelemetry-otlp` copies each batch before it converts it, and encodes what it converted; this one
//! encodes the batch as it is, once for all attempts. How it behaves is the same: OTLP 1.x, "OTLP/gRPC".

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use opentelemetry_http::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use poem::http::uri::PathAndQuery;
use prost::Message as _;
use prost::bytes::BufMut as _;
use tokio::runtime::Handle;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::client::with_causes;
use super::encoding::export_request;

const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// The first pause before another attempt, the longest one, and how many attempts follow the first.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(1600);
const RETRIES: usize = 3;

/// Sends each batch in one call, and again while the collector says that it may be worth it.
#[derive(Debug)]
pub(super) struct GrpcSpanExporter {
    client: Grpc<Channel>,
    metadata: MetadataMap,
    timeout: Duration,
    resource: Resource,
    runtime: Handle,
}

impl GrpcSpanExporter {
    /// An exporter that gives each batch this long, all attempts together. Must be made on the runtime it will work on,
    /// for the exporting thread of the SDK has none.
    pub(super) fn new(client: Grpc<Channel>, metadata: MetadataMap, timeout: Duration) -> Self {
        Self { client, metadata, timeout, resource: Resource::builder_empty().build(), runtime: Handle::current() }
    }
}

impl SpanExporter for GrpcSpanExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let message = Bytes::from(export_request(&batch, &self.resource));
        drop(batch);
        let (client, metadata) = (self.client.clone(), self.metadata.clone());
        let attempt = move || call(client.clone(), metadata.clone(), message.clone());
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(RETRIES)
            .with_jitter();
        let (attempts, timeout) = (attempt.retry(pauses).when(is_transient).adjust(as_asked), self.timeout);
        let export = self.runtime.spawn(async move { tokio::time::timeout(timeout, attempts).await });
        match export.await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(status))) => Err(OTelSdkError::InternalFailure(told(&status))),
            Ok(Err(_)) => Err(OTelSdkError::Timeout(timeout)),
            Err(stopped) => Err(OTelSdkError::InternalFailure(stopped.to_string())),
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.clone();
    }
}

async fn call(mut client: Grpc<Channel>, metadata: MetadataMap, message: Bytes) -> Result<(), Status> {
    client.ready().await.map_err(|error| Status::from_error(error.into()))?;
    let request = Request::from_parts(metadata, Default::default(), message);
    let answer = client.unary(request, PathAndQuery::from_static(METHOD), Encoded).await?.into_inner();
    if let Some(partial) = answer.partial_success
        && partial.rejected_spans > 0
    {
        let (rejected, reason) = (partial.rejected_spans, partial.error_message);
        tracing::warn!(rejected, reason, "the collector took the traces but for some spans");
    }
    Ok(())
}

/// Whether another attempt is worth it, by the table of the specification ("Failures").
fn is_transient(status: &Status) -> bool {
    match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::ResourceExhausted => asked(status).is_some(),
        _ => false,
    }
}

/// How long the collector asks to wait.
fn asked(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// The next pause, not shorter than the collector asks for.
fn as_asked(status: &Status, pause: Option<Duration>) -> Option<Duration> {
    pause.map(|pause| pause.max(asked(status).unwrap_or_default()))
}

fn told(status: &Status) -> String {
    let message = match std::error::Error::source(status) {
        Some(cause) => with_causes(cause),
        None => status.message().to_owned(),
    };
    format!("{}: {message}", status.code().description())
}

/// The way of a message that is encoded already.
#[derive(Clone, Copy, Debug)]
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = ExportTraceServiceResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = ExportTraceServiceResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let answer = ExportTraceServiceResponse::decode(buffer);
        answer.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
