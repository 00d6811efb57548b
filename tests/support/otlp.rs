//! An OTLP collector of the tests' own: receives spans over gRPC and keeps them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{Span as ProtoSpan, span::SpanKind};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use super::{PATIENCE, lock};

/// Attributes by name.
pub type Attributes = BTreeMap<String, Value>;

/// A span as it arrived.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its trace, as 32 hexadecimal digits.
    pub trace: String,
    /// Its own id, as 16 hexadecimal digits.
    pub id: String,
    /// The id of the span it is within; empty for a root.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SpanKind,
    /// Its attributes.
    pub attributes: Attributes,
    /// Whether its status is error.
    pub is_error: bool,
    /// The message of its status.
    pub status_message: String,
    /// Whoever sent it.
    pub resource: Arc<Attributes>,
}

impl Span {
    /// An attribute; null when it is not there.
    pub fn attribute(&self, name: &str) -> &Value {
        self.attributes.get(name).unwrap_or(&Value::Null)
    }
}

/// A port on which nobody listens, held so that nobody else can.
pub struct Absent {
    runtime: Runtime,
    socket: TcpSocket,
}

impl Absent {
    /// Takes a port.
    pub fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        Self { runtime, socket }
    }

    /// Where a collector would be.
    pub fn endpoint(&self) -> String {
        endpoint(self.socket.local_addr().expect("a bound socket"))
    }

    /// Starts a collector on the port.
    pub fn appear(self) -> Collector {
        let listener = self.runtime.block_on(async { self.socket.listen(128) }).expect("the port is ours");
        Collector::serve(self.runtime, listener)
    }
}

/// Accepts connections and never answers on them.
pub struct Mute(std::net::TcpListener);

impl Mute {
    /// Starts one. The kernel accepts on its behalf.
    pub fn new() -> Self {
        Self(std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        endpoint(self.0.local_addr().expect("a bound socket"))
    }
}

fn endpoint(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// A collector. Ends when dropped.
pub struct Collector {
    address: SocketAddr,
    received: Arc<Received>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Received {
    spans: Mutex<Vec<Span>>,
    more: Condvar,
}

impl Collector {
    /// Starts a collector on a port of its own.
    pub fn start() -> Self {
        Absent::new().appear()
    }

    fn serve(runtime: Runtime, listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("a bound socket");
        let received = Arc::new(Received::default());
        let service = TraceServiceServer::new(Receiver(Arc::clone(&received)));
        let router = tonic::transport::Server::builder().add_service(service);
        runtime.spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { address, received, _runtime: runtime }
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        endpoint(self.address)
    }

    /// Waits until `pick` finds what it looks for in the spans that arrived.
    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, mut pick: impl FnMut(&[Span]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut spans = lock(&self.received.spans);
        loop {
            if let Some(found) = pick(&spans) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} among:\n{}", listing(&spans));
            spans = self.received.more.wait_timeout(spans, left).expect("no test panics with the lock").0;
        }
    }

    /// Waits for the span called `name` in a trace.
    #[track_caller]
    pub fn span(&self, trace: &str, name: &str) -> Span {
        self.wait_for(&format!("`{name}` of trace {trace}"), |spans| {
            spans.iter().find(|span| span.trace == trace && span.name == name).cloned()
        })
    }

    /// All that arrived.
    pub fn spans(&self) -> Vec<Span> {
        lock(&self.received.spans).clone()
    }
}

struct Receiver(Arc<Received>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut spans = lock(&self.0.spans);
        for group in request.into_inner().resource_spans {
            let resource = Arc::new(attributes(group.resource.unwrap_or_default().attributes));
            let arrived = group.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.extend(arrived.map(|arrived| span(arrived, &resource)));
        }
        self.0.more.notify_all();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn span(proto: ProtoSpan, resource: &Arc<Attributes>) -> Span {
    let kind = proto.kind();
    let status = proto.status.unwrap_or_default();
    Span {
        trace: hex(&proto.trace_id),
        id: hex(&proto.span_id),
        parent: hex(&proto.parent_span_id),
        name: proto.name,
        kind,
        attributes: attributes(proto.attributes),
        is_error: status.code == opentelemetry_proto::tonic::trace::v1::status::StatusCode::Error as i32,
        status_message: status.message,
        resource: Arc::clone(resource),
    }
}

fn attributes(pairs: Vec<KeyValue>) -> Attributes {
    pairs.into_iter().map(|pair| (pair.key, plain(pair.value))).collect()
}

fn plain(value: Option<AnyValue>) -> Value {
    match value.and_then(|value| value.value) {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(flag)) => json!(flag),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::ArrayValue(array)) => array.values.into_iter().map(|value| plain(Some(value))).collect(),
        other => json!(format!("{other:?}")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

fn listing(spans: &[Span]) -> String {
    spans.iter().map(|span| format!("{} {} ← {} {}\n", span.trace, span.id, span.parent, span.name)).collect()
}
