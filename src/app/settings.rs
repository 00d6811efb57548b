//! What the configuration means for the parts of a server: for those that begin, and for those that run when it is read
//! again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::Error;
use crate::backups::{Place, S3};
use crate::config::{self, Config, Effective};
use crate::domain::{PasswordPolicy, Quotas, SystemClock, SystemEntropy};
use crate::mail::{Links, Mailer, MailerError};
use crate::service::{AccountSettings, Admission, BackupTerms, RateLimitSettings, RateLimits, Setting};
use crate::telemetry::Telemetry;

/// What is asked of accounts.
pub(super) fn accounts(config: &Config, base: &str) -> AccountSettings {
    let auth = &config.auth;
    AccountSettings {
        verification_token_seconds: auth.verification_token_seconds,
        reset_token_seconds: auth.reset_token_seconds,
        invitation_token_seconds: auth.invitation_token_seconds,
        direct_add: config.members.adds_directly(config.environment),
        require_verified_email: auth.require_verified_email,
        admit_demo: config.environment != config::Environment::Production,
        admission: admission(auth),
        password_policy: PasswordPolicy { composition: auth.password_composition },
        links: links(&config.mail, base),
    }
}

/// Where people find a server that listens on this address: at its public URL, or on this machine.
pub(super) fn base(config: &Config, address: Option<SocketAddr>) -> String {
    if let Some(url) = &config.server.public_url {
        return url.as_str().to_owned();
    }
    let scheme = config.server.scheme();
    match address {
        Some(address) if address.ip().is_unspecified() => format!("{scheme}://localhost:{}", address.port()),
        Some(address) => format!("{scheme}://{address}"),
        None => format!("{scheme}://localhost"),
    }
}

/// Where the links of e-mails lead to.
fn links(mail: &config::Mail, base: &str) -> Links {
    let link = |link: &str| config::Mail::link(link, base);
    let config::Mail { verify_link, reset_link, invitation_link, .. } = mail;
    Links { verify: link(verify_link), reset: link(reset_link), invitation: link(invitation_link) }
}

/// Who may register.
fn admission(auth: &config::Auth) -> Admission {
    let domain = |domain: &String| idna::domain_to_ascii_strict(domain).ok();
    match auth.registration {
        config::Registration::Open => Admission::Open,
        config::Registration::Invite => Admission::Invite,
        config::Registration::Closed => Admission::Closed,
        config::Registration::Domains => {
            Admission::Domains(auth.registration_domains.iter().filter_map(domain).collect())
        }
    }
}

/// The most that every workspace may have.
pub(super) fn quotas(config: &config::Quotas) -> Quotas {
    let config::Quotas { artifacts, bytes, members, api_keys, workspaces } = *config;
    Quotas { artifacts, bytes, members, api_keys, workspaces }
}

/// Where backups go and when, for this address.
pub(super) fn backup_terms(
    to: &str,
    config: &config::Backups,
    telemetry: Arc<Telemetry>,
) -> Result<BackupTerms, Error> {
    let place = backup_place(to, config, telemetry)?;
    Ok(BackupTerms { place, every: Duration::from_secs(config.every_seconds), keep: config.keep })
}

/// The place of backups that has this address.
pub(super) fn backup_place(address: &str, config: &config::Backups, telemetry: Arc<Telemetry>) -> Result<Place, Error> {
    let s3 = S3 {
        endpoint: config.s3_endpoint.clone(),
        region: config.s3_region.clone(),
        access_key_id: config.s3_access_key_id.clone().unwrap_or_default(),
        secret_access_key: config.s3_secret_access_key.clone().unwrap_or_default(),
    };
    Place::new(address, &s3, telemetry).map_err(|error| Error::BackupPlace { to: address.to_owned(), error })
}

/// How often things may be asked for; none without limits.
pub(super) fn rate_limits(config: &config::Limits) -> Option<RateLimits> {
    let settings = RateLimitSettings {
        register: config.register_per_minute,
        login: config.login_per_minute,
        login_per_account: config.login_per_account_per_minute,
        refresh: config.refresh_per_minute,
        workspace_create: config.workspace_create_per_minute,
        mail: config.mail_per_minute,
        mail_in_all: config.mail_in_all_per_minute,
        mail_per_recipient: config.mail_per_recipient_per_hour,
        signed_in: config.signed_in_per_minute,
    };
    (config.rate_limits == config::Switch::On).then(|| RateLimits::new(settings))
}

/// The way to send e-mails: over the mail server; without one, in development only, to the log.
pub(super) fn mailer(config: &Config, base: &str) -> Result<Option<Mailer>, MailerError> {
    let (mail, links) = (&config.mail, links(&config.mail, base));
    let Some(url) = &mail.smtp_url else {
        let is_development = config.environment == config::Environment::Development;
        return Ok(is_development.then(|| Mailer::to_log(links)));
    };
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    Mailer::over_smtp(url.expose_secret(), &mail.from, links, clock, entropy).map(Some)
}

/// Every setting as it is in force: as the configuration was read last, but for those that take a restart.
pub(super) fn in_force(started: &Effective, newer: &Effective, needs_restart: &[String]) -> Vec<Setting> {
    let setting = |(key, value, origin)| Setting { key, value, origin };
    let is_waiting = |key: &String| needs_restart.contains(key);
    let mut settings: Vec<Setting> = newer.settings().into_iter().map(setting).collect();
    settings.retain(|setting| !is_waiting(&setting.key));
    settings.extend(started.settings().into_iter().map(setting).filter(|setting| is_waiting(&setting.key)));
    let place = |key: &str| (key.rsplit_once('.').map(|(section, _)| section.to_owned()), key.to_owned());
    settings.sort_by_cached_key(|setting| place(&setting.key));
    settings
}
