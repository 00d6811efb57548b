//! OTLP over gRPC.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tonic::{Request, Response, Status};

use super::{Authority, State};

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
    /// The request, if the collector is in the mood for it.
    async fn take<T>(&self, request: Request<T>) -> Result<T, Status> {
        self.0.received.keep_headers(request.metadata().as_ref());
        if self.0.is_well().await { Ok(request.into_inner()) } else { Err(Status::unavailable("not now")) }
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let request = self.take(request).await?;
        self.0.received.keep_spans(request);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let request = self.take(request).await?;
        self.0.received.keep_metrics(request);
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let request = self.take(request).await?;
        self.0.received.keep_logs(request);
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}
