//! The composition root: opens everything in order, serves, and closes everything in reverse.

mod accounts;
mod audit_logs;
mod background;
mod building;
mod data_dir;
mod database;
mod deleted;
mod demo;
mod descriptors;
mod encryption;
mod error;
mod inspected;
mod installation;
mod key_rotation;
mod listening;
mod memory_limit;
mod move_to;
mod moving;
mod observers;
mod operator;
mod operator_api;
mod own_server;
mod places;
mod recovery;
mod reloading;
mod running;
mod scratch;
mod settings;
mod setup_link;
mod shared;
mod signals;
mod signing_key;
mod supervisor;
mod tenant_transfer;
mod transfer;
mod upkeep;
mod workspaces;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{self, Config, Domain, Effective, Listen, Sources};
use crate::console;
use crate::domain::{Clock as _, IdGenerator, SharedQuotas, SystemClock};
use crate::http::server::Listener;
use crate::http::{self, OperatorSocket, State, server};
use crate::service::{Outbox, ReloadDesk};
use crate::store::{ReadOnly, Store, StoreError};
use crate::telemetry::{self, Pipeline};

use self::audit_logs::AuditLogs;
use self::building::{Beginning, hasher, search};
use self::encryption::Encryption;
use self::listening::Listeners;
use self::observers::{register_certificate, register_gauges, watch_the_parts};
use self::reloading::Reloader;
use self::setup_link::Offer;
use self::signals::Signals;
use self::signing_key::keys_of;

pub use accounts::{
    Account, AccountDetails, AccountDraft, AccountKey, AccountSession, AccountSetting, AccountWorkspace, Accounts,
    MadeAccount, PasswordLink,
};
pub use demo::{Demo, fill_throw_away, fill_with_demo};
pub use encryption::{needs_terms, terms};
pub use error::Error;
pub use key_rotation::{RotatedKey, reseal_keys, rotate_key};
pub use move_to::{MovedOver, move_to};
pub use moving::{ChangedField, Moved, MovedTable, Moving, MovingError, Passed, migrate_from};
pub use operator::{
    PinnedSetting, Reloaded, SettingInForce, ask_operator, log_level, read_only, reload, settings_in_force,
};
pub use places::{BackupPlace, RestorePoint, Verified};
pub use recovery::{Recovered, recover};
pub use running::{is_there, readiness};
pub use tenant_transfer::TenantImport;
pub use transfer::{Export, Exported, Import, Imported, Refused, RefusedLine, TransferError, export, import};
pub use upkeep::{Restored, backup, check, compact, migrate, reindex, restore, stats};
pub use workspaces::{Workspace, WorkspaceDetails, WorkspaceOwner, WorkspaceQuotas, Workspaces};

/// How long the database may take to close, and each background task to end.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);

/// Where the search index is, in the data directory.
const SEARCH_DIR: &str = "search";

/// What a server starts with.
pub struct Start {
    /// Whether a directory that has lost its database gets an empty one.
    pub may_be_new: bool,
    /// What the data directory was filled with, when all of it is thrown away in the end.
    pub demo: Option<Demo>,
}

/// Runs the server until it is asked to stop by SIGTERM or SIGINT.
pub async fn serve(effective: Effective, sources: Sources, start: Start) -> Result<(), Error> {
    let started = Instant::now();
    let mut config = effective.config().clone();
    let signals = Signals::new().map_err(Error::Signal)?;
    let ids = IdGenerator::new();
    let instance = ids.next(SystemClock.now());
    let (pipeline, telemetry) = Pipeline::start(&config.telemetry, config.environment, instance)?;
    let _log = telemetry::logs::start(&config.log, pipeline.logger_provider(), pipeline.log_bytes());
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if config.environment != config::Environment::Development && config.auth.registration == config::Registration::Open
    {
        tracing::info!("anyone may register here; auth.registration changes that");
    }
    config.server.max_connections = descriptors::connections(config.server.max_connections);
    memory_limit::hold(&mut config);
    let listeners = Listeners::open(&config).await?;
    if start.demo.is_some() && listeners.main.address().is_none_or(|address| !address.ip().is_loopback()) {
        tracing::warn!("anyone who can reach this demonstration can operate it: its passwords are public");
    }
    let data_dir = &config.storage.data_dir;
    data_dir::make(data_dir)?;

    if !start.may_be_new && config.storage.url.is_none() {
        installation::require_database(data_dir)?;
    }
    let telemetry = Arc::new(telemetry);
    let encryption = Encryption::new(&config, &telemetry)?;
    let quotas = SharedQuotas::new(settings::quotas(&config.quotas));
    let read_only = ReadOnly::default();
    let store = building::open_store(&config.storage, &quotas, &read_only, telemetry.clone())?;
    let audit_logs = AuditLogs::open(&telemetry, &store, data_dir).await;
    let installation = installation::identify(data_dir)?;
    let place_owner = shared::installation(&*store, installation).await?;
    let keys = keys_of(&config.auth, data_dir, &*store).await?;
    let tombstones = deleted::known(data_dir, store.shared()).await?;
    match deleted::enforce(&*store, &tombstones).await.map_err(Error::Deleted)? {
        0 => {}
        again => tracing::warn!(again, "people who were deleted were in the database, and are deleted again"),
    }
    if config.server.read_only {
        tracing::warn!("the server is read-only (server.read_only): writes are refused");
        read_only.set(true);
    }
    let base = settings::base(&config, listeners.main.address());
    let (outbox, mail_requests) = Outbox::new();
    let (desk, reload_requests) = ReloadDesk::new();
    let beginning = Beginning {
        store: store.clone(),
        tombstones,
        quotas,
        read_only,
        installation,
        place_owner,
        keys,
        telemetry,
        ids,
        started,
        base: base.clone(),
        outbox,
        desk,
    };
    let service = Arc::new(building::service(&config, beginning)?);
    service.configuration.store(Arc::new(settings::in_force(&effective, &effective, &[])));
    register_gauges(&service);
    watch_the_parts(&service);
    let state = building::state(&config, service.clone(), pipeline, instance, listeners.metrics.is_some());
    let state = Arc::new(State { certificate: encryption.certificate(), ..state });
    register_certificate(&state);

    let (reloads, stop) = signals.split(state.clone());
    let operator_socket = operator_socket(data_dir);
    let Offer { shown, file } = setup_link::offer(&service, data_dir, &base, state.server.console).await;
    let has_certificate = state.certificate.as_ref().is_none_or(|certificate| certificate.not_after().is_some());
    announce(&config, &listeners, &base, shown.as_deref(), has_certificate, start.demo.as_ref());
    let Encryption { tls, renewal, challenges } = encryption;
    let background = background::start(&service, mail_requests, file, renewal, audit_logs);
    let reloader = Reloader::new(effective, sources, base, state.clone(), tls.clone());
    tokio::spawn(reloader.run(reloads, reload_requests));
    supervisor::ready();
    let router = Arc::new(http::router(state.clone(), state.server.console.then(console::pages)));
    // Until the last request is answered, metrics are worth seeing and operators can ask.
    let (stop_inner, inner_stopped) = watch::channel(());
    let mut inner = JoinSet::new();
    if let Some(listener) = listeners.metrics {
        let router = Arc::new(http::metrics_router(state.clone()));
        inner.spawn(server::serve(listener, None, router, inner_limits(&config.server), stopped(&inner_stopped)));
    }
    if let Some(listener) = listeners.operators {
        let router = Arc::new(http::operator_router(state.clone()));
        inner.spawn(server::serve(listener, None, router, inner_limits(&config.server), stopped(&inner_stopped)));
    }
    if let Some((listener, challenges)) = listeners.plain.zip(challenges) {
        let router = Arc::new(http::to_https_router(state.clone(), challenges));
        inner.spawn(server::serve(listener, None, router, plain_limits(&config.server), stopped(&inner_stopped)));
    }
    if let Some(socket) = operator_socket {
        inner.spawn(socket.serve(router.clone(), stopped(&inner_stopped)));
    }
    server::serve(listeners.main, tls, router, limits(&config.server), stop).await;
    drop(stop_inner);
    // A panic has been reported where it happened.
    while inner.join_next().await.is_some() {}

    background.stop(CLOSE_DEADLINE).await;
    setup_link::withdraw(data_dir);
    let closed = close(store).await.map_err(Error::Close);
    state.pipeline.shut_down().await;
    closed
}

/// Closes the database, unless its disk is stuck: what was answered is on it, and waiting would not help the rest.
async fn close(store: Arc<dyn Store>) -> Result<(), StoreError> {
    let closed = tokio::time::timeout(CLOSE_DEADLINE, store.close()).await;
    closed.unwrap_or_else(|_| {
        // Dropping it would wait for the writer, too.
        std::mem::forget(store);
        Err(StoreError::unavailable("its disk does not answer"))
    })
}

/// The socket for operators; without it, they need the token.
fn operator_socket(data_dir: &Path) -> Option<OperatorSocket> {
    let socket = OperatorSocket::bind(data_dir);
    socket.inspect_err(|error| tracing::warn!(%error, "there is no operator socket in the data directory")).ok()
}

/// Resolves when the sender is dropped.
fn stopped(stop: &watch::Receiver<()>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.clone();
    async move { while stop.changed().await.is_ok() {} }
}

fn limits(config: &config::Server) -> server::ConnectionLimits {
    server::ConnectionLimits {
        max_connections: config.max_connections,
        trusted_proxies: config.trusted_proxies.clone(),
        probes: http::probes(),
        header_timeout: Duration::from_secs(config.header_timeout_seconds),
        idle_timeout: Duration::from_secs(config.idle_timeout_seconds),
        pace: http::Pace::new(config.least_bytes_per_second, Duration::from_secs(config.idle_timeout_seconds)),
        drain_timeout: Duration::from_secs(config.drain_timeout_seconds),
    }
}

/// The same for those that are not for everybody.
fn inner_limits(config: &config::Server) -> server::ConnectionLimits {
    let limits = limits(config);
    server::ConnectionLimits { max_connections: limits.max_connections.min(descriptors::INNER_CONNECTIONS), ..limits }
}

/// The same for those who are sent on.
fn plain_limits(config: &config::Server) -> server::ConnectionLimits {
    let limits = limits(config);
    let max_connections = limits.max_connections.min(descriptors::PLAIN_CONNECTIONS);
    server::ConnectionLimits { max_connections, idle_timeout: limits.idle_timeout.min(limits.header_timeout), ..limits }
}

/// Says where things are, once they are there. The first line is for programs too.
fn announce(
    config: &Config,
    listeners: &Listeners,
    base: &str,
    setup: Option<&str>,
    has_certificate: bool,
    demo: Option<&Demo>,
) {
    let server = &config.server;
    let url = |scheme: &str, listener: &Listener, configured: &Listen| match listener.address() {
        Some(address) => format!("{scheme}://{address}"),
        None => configured.to_string(),
    };
    let own = url(server.scheme(), &listeners.main, &server.listen);
    let mut lines = format!("ghostworks ready on {own}\n");
    if !has_certificate {
        let names: Vec<&str> = server.acme_domains.iter().map(Domain::as_str).collect();
        lines +=
            &format!("  waits    for its first certificate, of {} for {}\n", server.acme_directory, names.join(", "));
    }
    if server.console && listeners.main.address().is_some() {
        lines += &format!("  console  {base}/console\n");
    }
    if let Some(link) = setup {
        lines += &format!("  setup    {link}\n           makes the first operator, once, within an hour\n");
    }
    if server.docs && listeners.main.address().is_some() {
        lines += &format!("  docs     {base}/docs\n");
    }
    // Of their own, the metrics are for the inside.
    let metrics = listeners.metrics.as_ref().and_then(Listener::address);
    lines += &format!("  metrics  {}/metrics\n", metrics.map_or(own, |address| format!("http://{address}")));
    if let (Some(listener), Some(configured)) = (&listeners.operators, &server.operator_listen) {
        lines += &format!("  operator {}\n", url("http", listener, configured));
    }
    if let Some((listener, configured)) = listeners.plain.as_ref().zip(server.acme_http_listen.as_ref()) {
        lines += &format!("  http     {}\n", url("http", listener, configured));
    }
    let data_dir = &config.storage.data_dir;
    let data = std::fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.clone());
    let gone =
        demo.map_or_else(String::new, |demo| format!(", which goes when the server stops\n\n{}", demo.sign_in()));
    let mut out = anstream::stdout().lock();
    // Ignore write errors on stdout: the server is there all the same.
    let _ = writeln!(out, "{lines}  data     {}{gone}", data.display());
    let _ = out.flush();
}
