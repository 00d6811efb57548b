//! One connection, from when it was accepted until it ends.

use std::os::fd::AsFd;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Error, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::frames::Frames;
use super::head_timer::{HeadTimer, Received};
use super::incoming::Watched;
use super::listener::Ends;
use super::outgoing::{Flow, OutgoingBody, Unsent};
use super::paced::Paced;
use super::seats::Seat;
use super::tls::{Tls, is_http2, is_proof};
use super::turns::Turns;
use super::{ConnectionLimits, Crowded};
use crate::http::forwarded::unix_peer;

/// The largest head of a request, in bytes; beyond it, or beyond hyper's 100 header fields, the answer is 431.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// What a client of HTTP/2 may have: requests at once, bytes of a head, and bytes sent that were not asked for yet, in each
/// direction.
const STREAMS: u32 = 32;
pub(in crate::http) const MAX_HEAD: usize = 16 << 10;
const WINDOW_BYTES: u32 = 64 << 10;

/// The connections of a listener.
pub(super) struct Connections<E> {
    pub endpoint: Arc<E>,
    pub limits: ConnectionLimits,
    /// None for plain HTTP.
    pub tls: Option<Tls>,
}

/// What the requests of a connection have in common.
struct Common {
    local: LocalAddr,
    remote: RemoteAddr,
    scheme: Scheme,
    seat: Seat,
}

/// The connection was asked to close before the request began, so that it can be made again elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("the connection makes way for others")]
struct MadeWay;

impl<E: Endpoint<Output = Response> + 'static> Connections<E> {
    pub(super) async fn serve<S>(self: Arc<Self>, stream: S, ends: Ends, drain: Watcher, seat: Seat)
    where
        S: AsyncRead + AsyncWrite + AsFd + Unpin + Send + 'static,
    {
        let local = ends.local.map_or_else(LocalAddr::default, |address| LocalAddr(Addr::SocketAddr(address)));
        let remote = RemoteAddr(ends.peer.map_or_else(unix_peer, Addr::SocketAddr));
        let scheme = if self.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        let common = Arc::new(Common { local, remote, scheme, seat });
        let stream = Paced::new(stream, self.limits.pace);
        tokio::select! {
            () = self.choose(stream, common.clone(), drain) => {}
            () = common.seat.closing() => tracing::debug!("connection closed: others had to be served"),
        }
    }

    /// Speaks what the client and we agree on.
    async fn choose<S>(self: Arc<Self>, stream: Paced<S>, common: Arc<Common>, drain: Watcher)
    where
        S: AsyncRead + AsyncWrite + AsFd + Unpin + Send + 'static,
    {
        let Some(tls) = &self.tls else { return self.serve_http1(stream, common, drain).await };
        let accepted = tokio::time::timeout(self.limits.header_timeout, tls.accept(stream)).await;
        match accepted {
            Ok(Ok(stream)) if is_proof(&stream) => tracing::debug!("an authority looked at a proof"),
            Ok(Ok(stream)) if is_http2(&stream) => self.serve_http2(stream, common, drain).await,
            Ok(Ok(stream)) => self.serve_http1(stream, common, drain).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS connection was made"),
            Err(_) => tracing::debug!("no TLS connection was made in time"),
        }
    }

    async fn serve_http1<S>(self: Arc<Self>, stream: S, common: Arc<Common>, drain: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (received, unsent) = (Received::default(), Unsent::default());
        let stream = Watched::new(stream, received.clone(), unsent.clone());
        let service = service_fn(|request: Request<Incoming>| {
            let (connections, common, unsent) = (self.clone(), common.clone(), unsent.clone());
            // The future is large, and hyper moves it: the box is what moves.
            Box::pin(async move { connections.answer(request, &common, Flow::Http1(unsent)).await })
        });
        let connection = self.http1(received).serve_connection(TokioIo::new(Box::pin(stream)), service);
        // How a connection ends is the client's affair: it leaves, it is too slow, it does not speak HTTP.
        if let Err(error) = drain.watch(connection).await {
            tracing::debug!(%error, "connection ended");
        }
    }

    async fn serve_http2<S>(self: Arc<Self>, stream: S, common: Arc<Common>, drain: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let turns = Turns::new();
        let service = service_fn(|request: Request<Incoming>| {
            let (connections, common, turn) = (self.clone(), common.clone(), turns.begin());
            Box::pin(async move { connections.answer(request, &common, Flow::Http2(turn)).await })
        });
        let connection = http2_builder().serve_connection(TokioIo::new(Frames::new(stream)), service);
        let ConnectionLimits { header_timeout, idle_timeout, pace, .. } = &self.limits;
        tokio::select! {
            ended = drain.watch(connection) => if let Err(error) = ended {
                tracing::debug!(%error, "connection ended");
            },
            () = turns.overdue(*header_timeout, *idle_timeout, pace.patience()) => {
                tracing::debug!("connection closed: the client let its time pass");
            }
        }
    }

    fn is_probe(&self, path: &str) -> bool {
        self.limits.probes.iter().any(|probe| probe == path)
    }

    async fn answer(
        &self,
        mut request: Request<Incoming>,
        common: &Common,
        flow: Flow,
    ) -> Result<hyper::Response<OutgoingBody>, MadeWay> {
        let Common { local, remote, scheme, seat } = common;
        if !seat.is_regular() && !self.is_probe(request.uri().path()) {
            let waited = tokio::time::timeout(self.limits.header_timeout, seat.become_regular()).await;
            if waited.is_err() {
                request.extensions_mut().insert(Crowded);
            }
        }
        let busy = seat.begin().ok_or(MadeWay)?;
        let request = (request, local.clone(), remote.clone(), scheme.clone()).into();
        let response = E::call(&self.endpoint, request).await.unwrap_or_else(Error::into_response);
        let response: hyper::Response<_> = response.into();
        Ok(response.map(|body| OutgoingBody::new(body, flow, busy)))
    }

    fn http1(&self, received: Received) -> http1::Builder {
        let ConnectionLimits { header_timeout: head_timeout, idle_timeout, .. } = self.limits;
        let mut builder = http1::Builder::new();
        builder
            .timer(HeadTimer { head_timeout, idle_timeout, received })
            // The timer decides how long; hyper only needs to know that there is a limit.
            .header_read_timeout(head_timeout)
            // Answers are small: in one piece they cost the system less than in two.
            .writev(false)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_header_size(MAX_HEAD_BYTES);
        builder
    }
}

fn http2_builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_send_buf_size(WINDOW_BYTES as usize)
        .max_header_list_size(MAX_HEAD as u32);
    builder
}
