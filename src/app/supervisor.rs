//! What a supervisor such as systemd gets to know, if it wants to: that the server is ready, reads its configuration again,
//! stops, and lives.

use std::time::Duration;

use sd_notify::NotifyState;

/// The server answers requests. From now on, it says again and again that it lives, if that is wanted.
pub(super) fn ready() {
    notify(&[NotifyState::Ready]);
    if let Some(patience) = sd_notify::watchdog_enabled() {
        tokio::spawn(live(patience / 2));
    }
}

/// The configuration is read again; [`reloaded`] says when that is done.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the supervisor can't be notified of the reload"),
    }
}

/// The configuration was read again.
pub(super) fn reloaded() {
    notify(&[NotifyState::Ready]);
}

/// The server finishes.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

async fn live(every: Duration) {
    loop {
        notify(&[NotifyState::Watchdog]);
        tokio::time::sleep(every).await;
    }
}

/// Without a supervisor, nothing happens.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the supervisor can't be notified");
    }
}
