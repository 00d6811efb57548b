//! OTLP over HTTP, in protobuf and in JSON; and what else a collector answers over HTTP.

use std::convert::Infallible;
use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::received::{log_count, span_count};
use super::{Authority, State, Verdict};

/// Serves until the runtime ends.
pub async fn serve(listener: TcpListener, state: Arc<State>, authority: Option<Authority>) {
    let tls = authority.map(|authority| acceptor(&authority));
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (state, tls) = (state.clone(), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => converse(stream, state).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, state).await;
                    }
                }
            }
        });
    }
}

pub(super) fn acceptor(authority: &Authority) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(authority.certificate.as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(authority.key.as_bytes()).expect("a key");
    let provider = Arc::new(ring::default_provider());
    let clients = authority.client.as_ref().map_or_else(WebPkiClientVerifier::no_client_auth, |client| {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(client.as_bytes()).expect("a certificate")).expect("an authority");
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().expect("a verifier")
    });
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, state: Arc<State>) {
    let service = service_fn(move |request| {
        let state = state.clone();
        async move { Ok::<_, Infallible>(answer(request, &state).await) }
    });
    // A client may leave as it likes.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, state: &State) -> Response<Full<Bytes>> {
    state.received.keep_headers(request.headers());
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return status(StatusCode::BAD_REQUEST) };
    let mut content = body.to_bytes().to_vec();
    if head.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip") {
        let packed = std::mem::take(&mut content);
        GzDecoder::new(&packed[..]).read_to_end(&mut content).expect("gzip");
    }
    let is_json = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let message = match head.uri.path() {
        "/v1/traces" => Export::Spans(decode(&content, is_json)),
        "/v1/metrics" => Export::Metrics(decode(&content, is_json)),
        "/v1/logs" => Export::Logs(decode(&content, is_json)),
        "/health" => Export::None,
        _ => return status(StatusCode::NOT_FOUND),
    };
    let rejected = match state.judge(message.items()).await {
        Verdict::Take => 0,
        Verdict::TakeButOne => 1,
        Verdict::Unavailable => return status(StatusCode::SERVICE_UNAVAILABLE),
        Verdict::TooLarge => return status(StatusCode::PAYLOAD_TOO_LARGE),
        Verdict::Later => {
            let later = Response::builder().status(StatusCode::TOO_MANY_REQUESTS).header(RETRY_AFTER, "1");
            return later.body(Full::default()).expect("a response");
        }
        Verdict::Page => {
            let page = Response::builder().header(CONTENT_TYPE, "text/html");
            return page.body(Full::from("<html>Welcome!</html>")).expect("a response");
        }
    };
    message.keep(state);
    let partial = ExportTracePartialSuccess { rejected_spans: rejected, error_message: String::new() };
    let answer = ExportTraceServiceResponse { partial_success: (rejected > 0).then_some(partial) };
    let (kind, body) = if is_json {
        ("application/json", serde_json::to_vec(&answer).expect("JSON"))
    } else {
        ("application/x-protobuf", answer.encode_to_vec())
    };
    Response::builder().header(CONTENT_TYPE, kind).body(Full::from(body)).expect("a response")
}

/// What came.
enum Export {
    Spans(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
    None,
}

impl Export {
    fn items(&self) -> usize {
        match self {
            Self::Spans(request) => span_count(request),
            Self::Logs(request) => log_count(request),
            Self::Metrics(_) | Self::None => 1,
        }
    }

    fn keep(self, state: &State) {
        match self {
            Self::Spans(request) => state.received.keep_spans(request),
            Self::Metrics(request) => state.received.keep_metrics(request),
            Self::Logs(request) => state.received.keep_logs(request),
            Self::None => {}
        }
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::default()).expect("a response")
}

fn decode<T: Message + Default + DeserializeOwned>(content: &[u8], is_json: bool) -> T {
    if is_json { serde_json::from_slice(content).expect("OTLP in JSON") } else { T::decode(content).expect("OTLP") }
}
