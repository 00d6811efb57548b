//! How ghostworks is wanted: every setting, its default, and where it may come from.
//!
//! A value is taken from the strongest place that has it: defaults < file < environment < command line. The file is
//! the one named by `--config` or `GHOSTWORKS_CONFIG`. In the environment a setting is `GHOSTWORKS__SECTION__KEY`, and
//! some have a standard name too (`ENVIRONMENT`, `OTEL_SERVICE_NAME`, …), which is the weaker of the two; an empty
//! variable counts as unset. What follows from `server.acme_domains` is stronger than a default alone.
//!
//! Unknown keys and bad values are refused. This is the only module that reads the environment; it knows nothing of
//! what the settings are used for.

mod acme;
mod auth;
mod backups;
mod check;
mod effective;
mod error;
mod layer;
mod limits;
mod listen;
mod log;
mod mail;
mod members;
mod origin;
mod otlp;
mod postgres;
mod propagation;
mod public_url;
mod quotas;
mod reload;
mod remote;
mod sampling;
mod secret;
#[cfg(test)]
mod secret_file_tests;
mod secret_files;
mod server;
mod source;
mod standard;
mod storage;
mod telemetry;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use acme::{AcmeChallenge, Domain, DomainError};
pub use auth::{Auth, Registration};
pub use backups::Backups;
pub use effective::Effective;
pub use error::ConfigError;
pub use limits::{Limits, Switch};
pub use listen::{Listen, ListenError};
pub use log::{Log, LogFormat, LogLevel};
pub use mail::Mail;
pub use members::Members;
pub use origin::Origin;
pub use otlp::{Compression, Otlp, OtlpProtocol, Signal};
pub use postgres::{postgres_directory, postgres_password};
pub use propagation::{Propagators, TrustContext};
pub use public_url::PublicUrl;
pub use quotas::Quotas;
pub use reload::Differences;
pub use remote::Remote;
pub use sampling::{RemoteSampling, Sampler, SamplerArg};
pub use server::{CertificateSource, Server};
pub use source::Sources;
pub use storage::Storage;
pub use telemetry::{Exporter, MetricTemporality, MetricsExporters, TRACE_ID, Telemetry};

/// Every setting. Serialized, secrets are masked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What the installation is for; [`Environment::Development`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub environment: Environment,
    /// The HTTP server.
    pub server: Server,
    /// The database.
    pub storage: Storage,
    /// Backups that are made by themselves.
    pub backups: Backups,
    /// The server that `ghostworks export` and `import` ask.
    pub remote: Remote,
    /// Passwords, tokens and sessions.
    pub auth: Auth,
    /// How often things may be asked for.
    pub limits: Limits,
    /// How much every workspace may have.
    pub quotas: Quotas,
    /// How people come into workspaces.
    pub members: Members,
    /// Mail.
    pub mail: Mail,
    /// What is written to standard error.
    pub log: Log,
    /// Traces and metrics.
    pub telemetry: Telemetry,
    /// What was passed over in the environment, in a sentence each.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the configuration from `sources` and the environment, and checks it.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        Effective::load(sources).map(Effective::into_config)
    }

    /// What serde can't see: ranges, and settings that must fit each other or the environment.
    fn check(&self) -> check::Checked {
        self.server.check()?;
        self.storage.check()?;
        self.backups.check()?;
        self.remote.check()?;
        self.auth.check(self.environment)?;
        self.limits.check()?;
        self.quotas.check()?;
        self.mail.check()?;
        let can_verify = !self.auth.require_verified_email || self.mail.reaches_people(self.environment);
        check::ensure("auth.require_verified_email", can_verify, "needs mail.smtp_url, or nobody could ever sign in")?;
        self.telemetry.check()
    }
}

/// What an installation is for. Outside development, weak secrets and cheap password hashes are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// One's own machine, and tests.
    #[default]
    Development,
    /// A rehearsal of production.
    Staging,
    /// The real thing.
    Production,
}

impl Environment {
    /// The name it has in configuration, answers and telemetry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}
