//! What the system's signals mean to a server.

use std::future;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, channel};

use crate::http::State;

/// The signals that are listened to.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Begins to listen, and has those ignored that would end the process for no reason.
    pub(super) fn new() -> io::Result<Self> {
        for kind in [SignalKind::user_defined1(), SignalKind::user_defined2(), SignalKind::alarm()] {
            // Once somebody has listened, it stays without effect.
            drop(signal(kind)?);
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Requests to read the configuration again, and what resolves when the process is asked to end. From then on it is no
    /// longer ready.
    pub(super) fn split(self, state: Arc<State>) -> (Receiver<()>, impl Future<Output = ()>) {
        let Self { mut terminate, mut interrupt, mut hangup } = self;
        let (request, requests) = channel(1);
        let has_terminal = io::stdin().is_terminal();
        let hung_up = async move {
            while hangup.recv().await.is_some() {
                if has_terminal && !io::stdin().is_terminal() {
                    // It was no request: the terminal is gone that this was started at.
                    return;
                }
                // One that waits is enough.
                let _ = request.try_send(());
            }
            future::pending::<()>().await;
        };
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                () = hung_up => {}
            }
            state.draining.store(true, Ordering::Relaxed);
            super::supervisor::stopping();
            tracing::info!("stopping: finishing the requests in flight; a second signal stops at once");
            tokio::spawn(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                std::process::exit(1);
            });
        };
        (requests, stop)
    }
}
