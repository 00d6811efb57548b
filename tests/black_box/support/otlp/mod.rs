//! An OTLP collector of the tests' own: receives spans, metrics and logs, over gRPC and over HTTP, and keeps them. And the
//! ways in which a collector can fail.

mod grpc;
mod http;
mod received;

use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use self::received::Received;
pub use self::received::{LogLine, Metric, Span};
use super::{PATIENCE, lock};

/// What a collector speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// gRPC.
    Grpc,
    /// HTTP, with protobuf or JSON in it.
    Http,
}

/// How a collector feels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It takes what it is sent.
    Well,
    /// It answers with errors.
    Erring,
    /// It takes its time, and then what it was sent.
    Slow,
    /// It takes no message with more than three items.
    Small,
    /// It takes what it is sent but for one item of each message.
    Choosy,
    /// It asks to be left alone for a moment, once.
    Busy,
    /// It answers with a page for people, as whatever else may be at its address.
    Page,
}

/// A certificate that vouches for itself, and its key, in PEM.
#[derive(Clone)]
pub struct Authority {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// The certificate that a client must show; anyone will do without.
    pub client: Option<String>,
}

impl Authority {
    /// One for this machine.
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem(), client: None }
    }

    /// Shows it to whoever connects.
    pub fn acceptor(&self) -> TlsAcceptor {
        http::acceptor(self)
    }
}

/// A port on which nobody listens, held so that nobody else can.
pub struct Absent(TcpSocket);

impl Absent {
    /// Takes a port.
    pub fn new() -> Self {
        Self(socket("127.0.0.1:0".parse().expect("an address")))
    }

    /// Where a collector would be.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("a bound socket")
    }

    /// Starts a collector on the port, until it is dropped.
    pub fn appear(&self) -> Collector {
        self.appear_speaking(Protocol::Grpc)
    }

    /// Starts a collector that speaks `protocol` on the port, until it is dropped.
    pub fn appear_speaking(&self, protocol: Protocol) -> Collector {
        Collector::serve(self.address(), protocol, None)
    }
}

/// A socket on this address, which several may share; only one that listens is connected to.
fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseport(true).expect("an option");
    socket.bind(address).expect("a free port");
    socket
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
        format!("http://{}", self.0.local_addr().expect("a bound socket"))
    }
}

/// Accepts connections, reads the beginning of what comes, and cuts them.
pub struct Cutter(SocketAddr);

impl Cutter {
    /// Starts one, for as long as the process lives.
    pub fn new() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        std::thread::spawn(move || {
            for mut connection in listener.incoming().map_while(Result::ok) {
                // What comes does not matter.
                let _ = connection.read(&mut [0; 64]);
            }
        });
        Self(address)
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.0)
    }
}

/// What becomes of a message.
enum Verdict {
    Take,
    TakeButOne,
    Unavailable,
    TooLarge,
    Later,
    Page,
}

/// What a collector's connections share.
pub struct State {
    received: Received,
    mood: Mutex<Mood>,
}

impl State {
    /// What to do with a message of this many items; when slow, after a while.
    async fn judge(&self, items: usize) -> Verdict {
        let mood = *lock(&self.mood);
        match mood {
            Mood::Well => Verdict::Take,
            Mood::Slow => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Verdict::Take
            }
            Mood::Erring => Verdict::Unavailable,
            Mood::Small if items > 3 => Verdict::TooLarge,
            Mood::Small => Verdict::Take,
            Mood::Choosy => Verdict::TakeButOne,
            Mood::Busy => {
                *lock(&self.mood) = Mood::Well;
                Verdict::Later
            }
            Mood::Page => Verdict::Page,
        }
    }
}

/// A collector. Ends when dropped.
pub struct Collector {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
    _runtime: Runtime,
}

impl Collector {
    /// Starts a collector on a port of its own, which speaks gRPC.
    pub fn start() -> Self {
        Self::speaking(Protocol::Grpc)
    }

    /// Starts a collector on a port of its own.
    pub fn speaking(protocol: Protocol) -> Self {
        Self::serve("127.0.0.1:0".parse().expect("an address"), protocol, None)
    }

    /// Starts a collector on a port of its own, behind TLS.
    pub fn with_tls(protocol: Protocol, authority: Authority) -> Self {
        Self::serve("127.0.0.1:0".parse().expect("an address"), protocol, Some(authority))
    }

    fn serve(address: SocketAddr, protocol: Protocol, authority: Option<Authority>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(async { socket(address).listen(128) }).expect("a port");
        let address = listener.local_addr().expect("a bound socket");
        let state = Arc::new(State { received: Received::default(), mood: Mutex::new(Mood::Well) });
        let scheme = if authority.is_some() { "https" } else { "http" };
        match protocol {
            Protocol::Grpc => runtime.spawn(grpc::serve(listener, state.clone(), authority)),
            Protocol::Http => runtime.spawn(http::serve(listener, state.clone(), authority)),
        };
        Self { address, scheme, state, _runtime: runtime }
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Changes how it feels.
    pub fn feel(&self, mood: Mood) {
        *lock(&self.state.mood) = mood;
    }

    /// Waits until `look` finds what it looks for in what arrived.
    #[track_caller]
    fn wait<T>(&self, what: &str, mut look: impl FnMut(&[Span], &Received) -> Option<T>) -> T {
        let received = &self.state.received;
        let deadline = Instant::now() + PATIENCE;
        let mut spans = lock(&received.spans);
        loop {
            if let Some(found) = look(&spans, received) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} among:\n{}", listing(&spans));
            spans = received.more.wait_timeout(spans, left).expect("no test panics with the lock").0;
        }
    }

    /// Waits until `pick` finds what it looks for in the spans that arrived.
    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, mut pick: impl FnMut(&[Span]) -> Option<T>) -> T {
        self.wait(what, |spans, _| pick(spans))
    }

    /// Waits for the span called `name` in a trace.
    #[track_caller]
    pub fn span(&self, trace: &str, name: &str) -> Span {
        self.wait_for(&format!("`{name}` of trace {trace}"), |spans| {
            spans.iter().find(|span| span.trace == trace && span.name == name).cloned()
        })
    }

    /// Waits for a metric that `fits`.
    #[track_caller]
    pub fn metric(&self, name: &str, fits: impl Fn(&Metric) -> bool) -> Metric {
        self.wait(&format!("metric {name}"), |_, received| {
            lock(&received.metrics).iter().rfind(|metric| metric.name == name && fits(metric)).cloned()
        })
    }

    /// Waits for a log line with this message that `fits`.
    #[track_caller]
    pub fn log_line(&self, body: &str, fits: impl Fn(&LogLine) -> bool) -> LogLine {
        self.wait(&format!("log line `{body}`"), |_, received| {
            lock(&received.logs).iter().find(|line| line.body == body && fits(line)).cloned()
        })
    }

    /// All spans that arrived.
    pub fn spans(&self) -> Vec<Span> {
        lock(&self.state.received.spans).clone()
    }

    /// All metrics that arrived, each as often as it did.
    pub fn metrics(&self) -> Vec<Metric> {
        lock(&self.state.received.metrics).clone()
    }

    /// All log lines that arrived.
    pub fn logs(&self) -> Vec<LogLine> {
        lock(&self.state.received.logs).clone()
    }

    /// The values of a header of the exports that had it.
    pub fn header(&self, name: &str) -> Vec<String> {
        lock(&self.state.received.headers).iter().filter_map(|headers| headers.get(name).cloned()).collect()
    }
}

fn listing(spans: &[Span]) -> String {
    spans.iter().map(|span| format!("{} {} ← {} {}\n", span.trace, span.id, span.parent, span.name)).collect()
}
