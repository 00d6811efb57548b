//! The parts of a server, made from the configuration and put together.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Notify;
use uuid::Uuid;

use super::database::Database;
use super::observers::{StoreTelemetry, on_hashed};
use super::{Error, SEARCH_DIR, places, settings};
use crate::auth::{
    AccessTokens, CursorKey, DeviceTokens, HashCost, HashingError, OnHashed, PasswordHasher, SigningKeys,
};
use crate::backups::Tombstones;
use crate::config::{self, Config};
use crate::domain::{Clock, Entropy, HistoryId, IdGenerator, InstallationId, SharedQuotas, SystemClock, SystemEntropy};
use crate::http::{Memory, MetricsAccess, SharedToken, State};
use crate::search::SearchIndex;
use crate::service::{
    ApiKeyUses, BackgroundLease, BackupSchedule, Devices, KeptAnswers, KeyPlace, LargeWrites, Outbox, ReloadDesk,
    Retention, Search, Service, SessionSettings, SetupDesk, Signatures,
};
use crate::store::{LeaseHolder, ReadOnly, Store};
use crate::telemetry::{Pipeline, Telemetry};

/// Opens the database, which is watched.
pub(super) fn open_store(
    config: &config::Storage,
    quotas: &SharedQuotas,
    read_only: &ReadOnly,
    telemetry: Arc<Telemetry>,
) -> Result<Arc<dyn Store>, Error> {
    let database = Database::of(config)?.with(quotas.clone(), read_only.clone());
    let system = database.system();
    database.open(&config.data_dir, Arc::new(StoreTelemetry { telemetry, system }))
}

/// What hashes passwords.
pub(super) fn hasher(auth: &config::Auth, on_hashed: OnHashed) -> Result<PasswordHasher, HashingError> {
    let cost = HashCost {
        memory_kib: auth.hash_memory_kib,
        iterations: auth.hash_iterations,
        parallelism: auth.hash_parallelism,
    };
    let concurrency = match auth.hash_concurrency {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    PasswordHasher::new(cost, concurrency, auth.hash_queue, Arc::new(SystemEntropy), on_hashed)
}

/// What a service begins with.
pub(super) struct Beginning {
    pub store: Arc<dyn Store>,
    pub tombstones: Tombstones,
    pub quotas: SharedQuotas,
    pub read_only: ReadOnly,
    pub installation: InstallationId,
    /// The installation that the place of the backups belongs to.
    pub place_owner: InstallationId,
    pub keys: (SigningKeys, KeyPlace),
    pub telemetry: Arc<Telemetry>,
    pub ids: IdGenerator,
    pub started: Instant,
    /// Where people find the server, without a slash at the end.
    pub base: String,
    pub outbox: Outbox,
    pub desk: ReloadDesk,
}

/// The use cases.
pub(super) fn service(config: &Config, beginning: Beginning) -> Result<Service, Error> {
    let Beginning { store, tombstones, quotas, read_only, telemetry, ids, started, base, outbox, desk, .. } = beginning;
    let Beginning { installation, place_owner, keys: (keys, place), .. } = beginning;
    let auth = &config.auth;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let history = store.history();
    let holder = LeaseHolder::new(installation, places::whereabouts(config), &*entropy);
    Ok(Service {
        search: Arc::new(search(&config.storage, store.history())?),
        hasher: hasher(auth, on_hashed(telemetry.clone()))?,
        backups: backups(config, place_owner, &telemetry)?.map(Arc::new),
        lease: BackgroundLease::new(store.clone(), holder),
        store,
        telemetry,
        signatures: Signatures {
            access_tokens: AccessTokens::new(&keys, &auth.issuer, &auth.audience, clock.clone()),
            cursor_key: CursorKey::new(&keys, history, clock.clone()),
            device_tokens: DeviceTokens::new(&keys, clock.clone()),
        },
        keys: place,
        accounts: ArcSwap::from_pointee(settings::accounts(config, &base)),
        outbox,
        mailer: ArcSwapOption::new(settings::mailer(config, &base)?.map(Arc::new)),
        desk,
        configuration: ArcSwap::default(),
        sessions: SessionSettings {
            issuer: auth.issuer.clone(),
            audience: auth.audience.clone(),
            access_token_seconds: auth.access_token_seconds,
            idle_seconds: auth.refresh_idle_seconds,
            absolute_seconds: auth.refresh_absolute_seconds,
            grace_seconds: auth.refresh_grace_seconds,
            per_account: auth.sessions_per_account,
        },
        rate_limits: ArcSwapOption::new(settings::rate_limits(&config.limits).map(Arc::new)),
        retention: retention(&config.storage),
        quotas,
        read_only,
        idempotency_seconds: config.limits.idempotency_seconds,
        clock,
        entropy,
        ids,
        api_key_uses: ApiKeyUses::default(),
        devices: Devices::default(),
        large_writes: LargeWrites::default(),
        kept_answers: KeptAnswers::new(config.limits.idempotency_bytes),
        setup: SetupDesk::default(),
        tombstones,
        deletions: Notify::new(),
        housekeeping: Notify::new(),
        background: Arc::default(),
        require_if_match: config.server.require_if_match,
        started,
    })
}

/// What handlers work with.
pub(super) fn state(
    config: &Config,
    service: Arc<Service>,
    pipeline: Pipeline,
    instance: Uuid,
    serves_metrics_apart: bool,
) -> State {
    let config::Server { memory_bytes, max_body_bytes, max_import_bytes, .. } = config.server;
    State {
        service,
        pipeline,
        metrics: MetricsAccess::new(serves_metrics_apart, config.telemetry.metrics_token.as_ref()),
        memory: Memory::new(memory_bytes, max_body_bytes.max(max_import_bytes)),
        operator: ArcSwapOption::new(config.server.operator_token.as_ref().map(SharedToken::new).map(Arc::new)),
        cors_origins: ArcSwap::from_pointee(config.server.cors_origins.clone()),
        certificate: None,
        environment: config.environment,
        server: config.server.clone(),
        trace_url: config.telemetry.trace_url.clone(),
        instance,
        draining: AtomicBool::new(false),
    }
}

/// When backups are made, if they are wanted.
fn backups(
    config: &Config,
    installation: InstallationId,
    telemetry: &Arc<Telemetry>,
) -> Result<Option<BackupSchedule>, Error> {
    let owner = (installation, places::whereabouts(config));
    let Some(to) = &config.backups.to else { return Ok(None) };
    let terms = settings::backup_terms(to, &config.backups, telemetry.clone())?;
    let changes_every = Some(config.backups.changes_every_seconds).filter(|seconds| *seconds > 0);
    Ok(Some(BackupSchedule::new(terms, owner, changes_every.map(Duration::from_secs))))
}

/// For how long things are kept.
fn retention(config: &config::Storage) -> Retention {
    let config::Storage { trash_seconds, history_seconds, changes_seconds, .. } = *config;
    Retention { trash_seconds, history_seconds, changes_seconds }
}

/// The index beside the database of this history.
pub(super) fn search(config: &config::Storage, history: HistoryId) -> Result<Search, Error> {
    let path = config.data_dir.join(SEARCH_DIR);
    let index = SearchIndex::open(&path, history).map_err(|error| Error::Search { path, error })?;
    Ok(Search::new(index, std::thread::available_parallelism().map_or(1, usize::from)))
}
