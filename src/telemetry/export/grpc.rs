//! OTLP/gRPC: a message that is encoded already, in a unary call (OTLP 1.x, "OTLP/gRPC").

use std::error::Error as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_http::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use poem::http::uri::PathAndQuery;
use prost::Message as _;
use prost::bytes::BufMut as _;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::message::{Refusal, Taken};
use crate::config::Signal;
use crate::telemetry::client::with_causes;

/// Calls to a collector over one connection, which is made again when it breaks.
#[derive(Debug)]
pub(super) struct Grpc {
    endpoint: Endpoint,
    channel: Mutex<Channel>,
    method: PathAndQuery,
    metadata: MetadataMap,
    is_compressed: bool,
}

impl Grpc {
    /// The way of a signal to `endpoint`, with `metadata` in each call. Must be called on a runtime.
    pub(super) fn new(endpoint: Endpoint, signal: Signal, metadata: MetadataMap, is_compressed: bool) -> Self {
        let method = PathAndQuery::from_static(match signal {
            Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        });
        let channel = Mutex::new(endpoint.connect_lazy());
        Self { endpoint, channel, method, metadata, is_compressed }
    }

    /// Sends a message once.
    pub(super) async fn send(&self, message: Bytes) -> Result<Taken, Refusal> {
        let channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut client = tonic::client::Grpc::new(channel);
        if self.is_compressed {
            client = client.send_compressed(CompressionEncoding::Gzip).accept_compressed(CompressionEncoding::Gzip);
        }
        let request = Request::from_parts(self.metadata.clone(), Default::default(), message);
        let call = async {
            client.ready().await.map_err(|error| Status::from_error(error.into()))?;
            client.unary(request, self.method.clone(), Encoded).await
        };
        call.await.map(|answer| answer.into_inner().into()).map_err(|status| refusal(&status))
    }

    /// The next message goes over another connection.
    pub(super) fn reconnect(&self) {
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner) = self.endpoint.connect_lazy();
    }
}

/// By the table of the specification ("Failures"). A status with a source was not sent by a collector: the connection
/// broke, and another may hold.
fn refusal(status: &Status) -> Refusal {
    let wait = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let reason = match status.source() {
        Some(cause) => format!("{}: {}", status.code().description(), with_causes(cause)),
        None => format!("{}: {}", status.code().description(), status.message()),
    };
    let transient =
        |wait: Option<Duration>| Refusal::Transient { reason: reason.clone(), wait: wait.unwrap_or_default() };
    match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => transient(wait),
        Code::ResourceExhausted if wait.is_some() => transient(wait),
        Code::ResourceExhausted => Refusal::TooLarge(reason),
        _ if status.source().is_some() => transient(None),
        _ => Refusal::Permanent(reason),
    }
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
