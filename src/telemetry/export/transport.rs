//! The ways a message takes to the collector.

use opentelemetry_http::Bytes;

use super::grpc::Grpc;
use super::http::Http;
use super::message::{Format, Refusal, Taken};

/// A way to a collector.
#[derive(Debug)]
pub(super) enum Transport {
    /// OTLP/gRPC.
    Grpc(Box<Grpc>),
    /// OTLP/HTTP.
    Http(Box<Http>),
}

impl Transport {
    /// How it wants messages written.
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Grpc(_) => Format::Protobuf,
            Self::Http(http) => http.format(),
        }
    }

    /// Sends a message once.
    pub(super) async fn send(&self, message: Bytes) -> Result<Taken, Refusal> {
        match self {
            Self::Grpc(grpc) => grpc.send(message).await,
            Self::Http(http) => http.send(message).await,
        }
    }

    /// Gives up the connection, which does not answer.
    pub(super) fn reconnect(&self) {
        match self {
            Self::Grpc(grpc) => grpc.reconnect(),
            // A connection whose answer nobody waits for any more is closed.
            Self::Http(_) => {}
        }
    }
}
