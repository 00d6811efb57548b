//! What the server listens on, as it is configured.

use std::io;

use super::Error;
use crate::config::{Config, Listen};
use crate::http::server::{Inherited, Listener};

/// What is listened on.
pub(super) struct Listeners {
    /// For everybody.
    pub main: Listener,
    /// For those who scrape the metrics, if they have an address of their own.
    pub metrics: Option<Listener>,
    /// For operators, if they have one of their own.
    pub operators: Option<Listener>,
}

impl Listeners {
    /// Begins to listen. Nothing is accepted yet.
    pub(super) async fn open(config: &Config) -> Result<Self, Error> {
        let mut inherited = Inherited::of_process();
        let main = listen(&config.server.listen, &mut inherited, "--listen").await?;
        let operators = match &config.server.operator_listen {
            Some(wanted) => Some(listen(wanted, &mut inherited, "server.operator_listen").await?),
            None => None,
        };
        let metrics = match config.telemetry.metrics_listen {
            Some(address) => Some(listen(&Listen::Address(address), &mut inherited, "telemetry.metrics_listen").await?),
            None => None,
        };
        Ok(Self { main, metrics, operators })
    }
}

async fn listen(wanted: &Listen, inherited: &mut Inherited, setting: &'static str) -> Result<Listener, Error> {
    let listener: io::Result<Listener> = match wanted {
        Listen::Address(address) => Listener::bind(*address).await,
        Listen::Unix(path) => Listener::bind_unix(path),
        Listen::Systemd(number) => inherited.take(*number),
    };
    listener.map_err(|error| Error::Listen { address: wanted.clone(), setting, error })
}
