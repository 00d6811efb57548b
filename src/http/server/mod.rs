//! The accept loop: connections with timeouts, a fair cap on their number, and an orderly end. It speaks HTTP/1.1, and over
//! TLS HTTP/2, too.
//!
//! poem's own server gives hyper no timer and accepts without a limit, so a half-sent request would hold its
//! connection for ever; only the endpoint is poem's.

mod connection;
mod frames;
mod framing;
mod head_timer;
mod incoming;
mod lingering;
mod listener;
mod outgoing;
mod paced;
mod seats;
mod tls;
mod turns;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use poem::{Endpoint, Response};

use self::connection::Connections;
pub(in crate::http) use self::connection::MAX_HEAD;
use self::listener::{Accept, Ends};
pub use self::listener::{Inherited, Listener};
use self::seats::Seats;
pub use self::tls::{Certificate, Files, Tls, TlsError};
use super::pace::Pace;
use crate::domain::Network;

/// How long to wait before accepting again after the system refused, as when descriptors have run out.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

/// Limits on connections.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// How many may be open at once, and a few more for probes.
    pub max_connections: usize,
    /// Whose connections no shares bind, for they are those of many.
    pub trusted_proxies: Vec<IpNet>,
    /// The paths that are answered on connections beyond those that may be open.
    pub probes: Arc<[String]>,
    /// How long a request's head may take to arrive: the first from when the connection is accepted, a later one from
    /// its first byte.
    pub header_timeout: Duration,
    /// How long a connection may rest between requests.
    pub idle_timeout: Duration,
    /// How slowly a client may take what it is sent.
    pub pace: Pace,
    /// How long requests in flight may take to finish once the server is asked to stop.
    pub drain_timeout: Duration,
}

impl ConnectionLimits {
    /// The address that a connection counts for; none for a proxy's.
    fn counted(&self, ends: Ends) -> Option<Network> {
        let peer = ends.peer?.ip().to_canonical();
        let is_proxy = self.trusted_proxies.iter().any(|network| network.contains(&peer));
        (!is_proxy).then(|| Network::of(peer))
    }
}

/// Marks a request that came on a connection too many, and for which no other ended in time.
#[derive(Clone)]
pub(in crate::http) struct Crowded;

/// Serves connections until `stop` resolves, then lets the requests in flight finish.
pub async fn serve<E>(
    listener: Listener,
    tls: Option<Tls>,
    endpoint: Arc<E>,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) where
    E: Endpoint<Output = Response> + 'static,
{
    let connections = Connections { endpoint, limits, tls };
    match listener {
        Listener::Tcp(listener) => serve_accepted(listener, connections, stop).await,
        Listener::Unix(listener) => serve_accepted(listener, connections, stop).await,
    }
}

async fn serve_accepted<E>(listener: impl Accept, connections: Connections<E>, stop: impl Future<Output = ()>)
where
    E: Endpoint<Output = Response> + 'static,
{
    let connections = Arc::new(connections);
    let limits = &connections.limits;
    let seats = Seats::new(limits.max_connections);
    let drain = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, ends) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener) => accepted,
        };
        // Who has had their share, or comes when there is no place at all, is turned away.
        if let Some(seat) = seats.take(limits.counted(ends)) {
            tokio::spawn(connections.clone().serve(stream, ends, drain.watcher(), seat));
        }
    }
    // New connections are refused at once, so that clients go elsewhere.
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, drain.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time; their connections are closed");
    }
}

/// The next connection.
async fn accept<L: Accept>(listener: &L) -> (L::Stream, Ends) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
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
