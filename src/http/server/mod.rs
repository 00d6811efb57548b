//! The accept loop: connections with timeouts, a cap on their number, and an orderly end. It speaks HTTP/1.1 alone.
//!
//! poem's own server gives hyper no timer and accepts without a limit, so a half-sent request would hold its
//! connection for ever; only the endpoint is poem's.

mod framing;
mod head_timer;
mod incoming;
mod lingering;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use poem::Response;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutWriter;

use self::head_timer::{HeadTimer, Received};
use self::incoming::Watched;

/// How long to wait before accepting again after the system refused, as when descriptors have run out.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

/// The largest head of a request, in bytes; beyond it, or beyond hyper's 100 header fields, the answer is 431.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// Limits on connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many may be open at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long a request's head may take to arrive: the first from when the connection is accepted, a later one from
    /// its first byte.
    pub header_timeout: Duration,
    /// How long a connection may rest between requests, or not take what it is sent.
    pub idle_timeout: Duration,
    /// How long requests in flight may take to finish once the server is told to stop.
    pub drain_timeout: Duration,
}

/// Serves connections until `stop` resolves, then lets the requests in flight finish.
pub async fn serve<E>(listener: TcpListener, endpoint: E, limits: Limits, stop: impl Future<Output = ()>)
where
    E: Endpoint<Output = Response> + 'static,
{
    let connections = Arc::new(Connections { endpoint, limits });
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let drain = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer, slot) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        tokio::spawn(connections.clone().serve(stream, peer, drain.watcher(), slot));
    }
    // New connections are refused at once, so that clients go elsewhere.
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, drain.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time; their connections are closed");
    }
}

/// The next connection, once there is a slot for it.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed.
    let slot = slots.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, slot),
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "can't accept connections; trying again shortly");
                tokio::time::sleep(ACCEPT_BACK_OFF).await;
            }
        }
    }
}

/// Whether only the connection being accepted is affected.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

struct Connections<E> {
    endpoint: E,
    limits: Limits,
}

impl<E: Endpoint<Output = Response> + 'static> Connections<E> {
    async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        drain: Watcher,
        _slot: Option<OwnedSemaphorePermit>,
    ) {
        // Answers are small and whole: waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let local =
            stream.local_addr().map_or_else(|_| LocalAddr::default(), |address| LocalAddr(Addr::SocketAddr(address)));
        let remote = RemoteAddr(Addr::SocketAddr(peer));
        let received = Received::default();
        let mut stream = TimeoutWriter::new(Watched::new(stream, received.clone()));
        stream.set_timeout(Some(self.limits.idle_timeout));
        let service = service_fn(|request: Request<Incoming>| {
            let request = (request, local.clone(), remote.clone(), Scheme::HTTP).into();
            let connections = self.clone();
            // The future is large, and hyper moves it: the box is what moves.
            Box::pin(async move { Ok::<_, Infallible>(connections.endpoint.get_response(request).await.into()) })
        });
        let connection = self.builder(received).serve_connection(TokioIo::new(Box::pin(stream)), service);
        // How a connection ends is the client's affair: it leaves, it is too slow, it does not speak HTTP.
        if let Err(error) = drain.watch(connection).await {
            tracing::debug!(%error, "connection ended");
        }
    }

    fn builder(&self, received: Received) -> Builder {
        let Limits { header_timeout: head_timeout, idle_timeout, .. } = self.limits;
        let mut builder = Builder::new();
        builder
            .timer(HeadTimer { head_timeout, idle_timeout, received })
            // The timer decides how long; hyper only needs to be told that there is a limit.
            .header_read_timeout(head_timeout)
            // Answers are small: in one piece they cost the system less than in two.
            .writev(false)
            .max_buf_size(MAX_HEAD_BYTES);
        builder
    }
}
