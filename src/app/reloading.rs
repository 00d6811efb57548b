//! The configuration, read again while the server runs: all that can change does, or nothing.

use std::sync::Arc;

use tokio::sync::mpsc::Receiver;

use super::settings;
use super::signing_key::signing_keys;
use crate::auth::{KeyFiles, SigningKeys};
use crate::config::{self, CertificateSource, Config, Differences, Effective, Sources};
use crate::http::server::{Certificate, Files, Tls};
use crate::http::{SharedToken, State};
use crate::mail::Mailer;
use crate::service::{BackupTerms, ReloadRequests, Reloaded};
use crate::telemetry::{NewSampler, logs};

/// Why the key that nodes are given stays.
const SEALING: &str = "auth.signing_key: it seals the signing keys of all servers; `ghostworks key reseal` seals them with \
                       another, which each server then starts with; `ghostworks key rotate` makes another that signs";

/// Reads the configuration again when it is asked to.
pub(super) struct Reloader {
    /// What the server started with: what can't change since is as it says.
    started: Effective,
    /// What holds now.
    current: Effective,
    sources: Sources,
    /// Where people find the server.
    base: String,
    state: Arc<State>,
    tls: Option<Tls>,
}

/// What can't be made of every configuration, made before anything changes.
#[derive(Default)]
struct Prepared {
    certificate: Option<Certificate>,
    mailer: Option<Option<Mailer>>,
    sampler: Option<NewSampler>,
    backups: Option<BackupTerms>,
    signing: Option<(SigningKeys, Option<KeyFiles>)>,
}

impl Reloader {
    pub(super) fn new(started: Effective, sources: Sources, base: String, state: Arc<State>, tls: Option<Tls>) -> Self {
        Self { current: started.clone(), started, sources, base, state, tls }
    }

    /// Reloads for each signal and each request, one after the other.
    pub(super) async fn run(mut self, mut signals: Receiver<()>, mut requests: ReloadRequests) {
        loop {
            tokio::select! {
                Some(()) = signals.recv() => drop(self.reload().await),
                Some(answer) = requests.next() => drop(answer.send(self.reload().await)),
                else => return,
            }
        }
    }

    /// Reads the configuration again, and says in the log what came of it, too.
    async fn reload(&mut self) -> Result<Reloaded, Vec<String>> {
        super::supervisor::reloading();
        let reloaded = self.read_and_apply().await;
        match &reloaded {
            Ok(Reloaded { changed, needs_restart, pinned }) => {
                let pinned: Vec<String> = pinned.iter().map(|(key, by)| format!("{key} by {by}")).collect();
                let [changed, needs_restart, pinned] = [changed, needs_restart, &pinned].map(|list| list.join(", "));
                tracing::info!(changed, needs_restart, pinned, "the configuration was read again");
            }
            Err(errors) => {
                let errors = errors.join("; ");
                tracing::error!(errors, "the configuration is refused, and the one before it stays");
            }
        }
        super::supervisor::reloaded();
        reloaded
    }

    async fn read_and_apply(&mut self) -> Result<Reloaded, Vec<String>> {
        let newer = Effective::load(&self.sources)
            .map_err(|error| error.into_each().iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let mut differences = self.current.differences(&newer);
        differences.needs_restart = self.started.differences(&newer).needs_restart;
        self.keep_speaking_tls_or_not(&newer, &mut differences);
        let config = self.without_what_takes_a_restart(newer.config());
        let prepared = self.prepared(&config, &differences)?;
        self.apply(&config, prepared, &differences).await;
        let in_force = settings::in_force(&self.started, &newer, &differences.needs_restart);
        self.state.service.configuration.store(Arc::new(in_force));
        self.current = newer;
        let Differences { changed, needs_restart, pinned } = differences;
        Ok(Reloaded { changed, needs_restart, pinned })
    }

    /// A certificate can be another one; whether there is one, and who gives it, takes a restart.
    fn keep_speaking_tls_or_not(&self, newer: &Effective, differences: &mut Differences) {
        let source = |effective: &Effective| effective.config().server.certificate_source();
        if source(&self.started) != source(newer) {
            let is_tls = |key: &String| key.starts_with("server.tls_");
            differences.changed.retain(|key| !is_tls(key));
            differences.needs_restart.extend(self.started.differences(newer).changed.into_iter().filter(is_tls));
        }
    }

    /// A configuration in which what other settings are used with is as the server started.
    fn without_what_takes_a_restart(&self, config: &Config) -> Config {
        let started = self.started.config();
        let (server, telemetry) = (&config.server, &config.telemetry);
        Config {
            environment: started.environment,
            server: config::Server { public_url: started.server.public_url.clone(), ..server.clone() },
            telemetry: config::Telemetry {
                sampler: telemetry.sampler,
                sampler_arg: telemetry.sampler_arg.clone(),
                metrics_token: telemetry.metrics_token.clone(),
                ..started.telemetry.clone()
            },
            ..config.clone()
        }
    }

    fn prepared(&self, config: &Config, differences: &Differences) -> Result<Prepared, Vec<String>> {
        let is_changed = |part: &str| differences.changed.iter().any(|key| key.starts_with(part));
        let (mut prepared, mut errors) = (Prepared::default(), Vec::new());
        let server = &config.server;
        let by_files = self.started.config().server.certificate_source() == CertificateSource::Files;
        if let (true, Some(certificate), Some(key)) = (by_files, &server.tls_certificate, &server.tls_key) {
            let files = Files { certificate: certificate.clone(), key: key.clone() };
            prepared.certificate = noted(Certificate::read(files), &mut errors);
        }
        if is_changed("mail.") {
            prepared.mailer = noted(settings::mailer(config, &self.base), &mut errors);
        }
        if is_changed("auth.signing_key") {
            let data_dir = &self.started.config().storage.data_dir;
            if self.started.config().storage.url.is_some() {
                errors.push(SEALING.to_owned());
            }
            prepared.signing = noted(signing_keys(&config.auth, data_dir), &mut errors);
        }
        if is_changed("telemetry.sampler") {
            prepared.sampler = noted(NewSampler::of(&config.telemetry), &mut errors);
        }
        if let Some(to) = self.started.config().backups.to.as_ref().filter(|_| is_changed("backups.")) {
            let telemetry = self.state.service.telemetry.clone();
            prepared.backups = noted(settings::backup_terms(to, &config.backups, telemetry), &mut errors);
        }
        if errors.is_empty() { Ok(prepared) } else { Err(errors) }
    }

    /// Has everything hold that can.
    async fn apply(&self, config: &Config, prepared: Prepared, differences: &Differences) {
        let (state, service) = (&self.state, &self.state.service);
        logs::set_level(config.log.level);
        if differences.changed.iter().any(|key| key.starts_with("limits.")) {
            // Counting begins again.
            service.rate_limits.store(settings::rate_limits(&config.limits).map(Arc::new));
        }
        // Unless that is what was changed, what an operator said holds.
        if differences.changed.iter().any(|key| key == "server.read_only") {
            service.read_only.set(config.server.read_only);
        }
        service.quotas.set(settings::quotas(&config.quotas));
        service.accounts.store(Arc::new(settings::accounts(config, &self.base)));
        state.cors_origins.store(Arc::new(config.server.cors_origins.clone()));
        state.operator.store(config.server.operator_token.as_ref().map(SharedToken::new).map(Arc::new));
        state.metrics.set_token(config.telemetry.metrics_token.as_ref());
        if let (Some(tls), Some(certificate)) = (&self.tls, prepared.certificate) {
            tls.replace(certificate);
        }
        if let Some((keys, files)) = prepared.signing {
            service.adopt_signing_key(&keys.current, files).await;
        }
        if let Some(mailer) = prepared.mailer {
            service.mailer.store(mailer.map(Arc::new));
        }
        if let Some(sampler) = prepared.sampler {
            state.pipeline.set_sampler(sampler);
        }
        if let (Some(schedule), Some(terms)) = (&service.backups, prepared.backups) {
            schedule.set_terms(terms);
        }
    }
}

/// What was made; if it was not, notes why.
fn noted<T, E: std::fmt::Display>(made: Result<T, E>, errors: &mut Vec<String>) -> Option<T> {
    made.map_err(|error| errors.push(error.to_string())).ok()
}
