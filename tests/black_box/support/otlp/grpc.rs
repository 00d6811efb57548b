//! OTLP over gRPC.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::received::{log_count, span_count};
use super::{Authority, State, Verdict};

/// Serves until the runtime ends.
pub async fn serve(listener: TcpListener, state: Arc<State>, authority: Option<Authority>) {
    let receiver = Receiver(state);
    let gzip = CompressionEncoding::Gzip;
    let mut server = tonic::transport::Server::builder();
    if let Some(Authority { certificate, key, client }) = authority {
        let mut tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
        if let Some(client) = client {
            tls = tls.client_ca_root(Certificate::from_pem(client));
        }
        server = server.tls_config(tls).expect("a certificate and its key");
    }
    server
        .add_service(TraceServiceServer::new(receiver.clone()).accept_compressed(gzip))
        .add_service(MetricsServiceServer::new(receiver.clone()).accept_compressed(gzip))
        .add_service(LogsServiceServer::new(receiver).accept_compressed(gzip))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await
        .expect("it serves");
}

#[derive(Clone)]
struct Receiver(Arc<State>);

impl Receiver {
    /// The request of `items`, if the collector is in the mood for it, and how many it rejects.
    async fn take<T>(&self, request: Request<T>, items: usize) -> Result<(T, i64), Status> {
        self.0.received.keep_headers(request.metadata().as_ref());
        match self.0.judge(items).await {
            Verdict::Take => Ok((request.into_inner(), 0)),
            Verdict::TakeButOne => Ok((request.into_inner(), 1)),
            Verdict::Unavailable => Err(Status::unavailable("not now")),
            Verdict::TooLarge => Err(Status::resource_exhausted("too large")),
            Verdict::Later => {
                let wait = ErrorDetails::with_retry_info(Some(Duration::from_millis(20)));
                Err(Status::with_error_details(Code::ResourceExhausted, "busy", wait))
            }
            Verdict::Page => Err(Status::unimplemented("what is here is for people")),
        }
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let items = span_count(request.get_ref());
        let (request, rejected_spans) = self.take(request, items).await?;
        self.0.received.keep_spans(request);
        let partial = ExportTracePartialSuccess { rejected_spans, error_message: String::new() };
        Ok(Response::new(ExportTraceServiceResponse { partial_success: (rejected_spans > 0).then_some(partial) }))
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let (request, rejected_data_points) = self.take(request, 1).await?;
        self.0.received.keep_metrics(request);
        let partial = ExportMetricsPartialSuccess { rejected_data_points, error_message: String::new() };
        let partial_success = (rejected_data_points > 0).then_some(partial);
        Ok(Response::new(ExportMetricsServiceResponse { partial_success }))
    }
}

#[tonic::async_trait]
impl LogsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let items = log_count(request.get_ref());
        let (request, rejected_log_records) = self.take(request, items).await?;
        self.0.received.keep_logs(request);
        let partial = ExportLogsPartialSuccess { rejected_log_records, error_message: String::new() };
        Ok(Response::new(ExportLogsServiceResponse { partial_success: (rejected_log_records > 0).then_some(partial) }))
    }
}
