//! The settings of passwords, tokens and sessions.

use std::collections::BTreeSet;

use argon2::Params;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Environment,
    check::{self, Checked},
    secret::{self, MASK},
};

/// The shortest signing key that is worth as much as HMAC-SHA256, in bytes.
const SHORTEST_KEY: usize = 32;

/// A random key of [`SHORTEST_KEY`] bytes has at least this many different ones; a repeated word has fewer.
const FEWEST_DIFFERENT_BYTES: usize = 8;

/// What is left of the keys in other people's examples, apart from punctuation and case.
const EXAMPLE_KEYS: [&str; 5] = ["changeme", "changein", "changethis", "yoursecret", "secretkey"];

/// The cheapest argon2id outside development: OWASP's recommendation for one lane.
const LEAST_MEMORY_KIB: u32 = 19_456;
const LEAST_ITERATIONS: u32 = 2;

/// Passwords, tokens and sessions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// The key that access tokens are signed with: 32 bytes or more outside development. By default none: then a key
    /// is generated and kept in the data directory.
    #[serde(serialize_with = "secret::masked")]
    pub signing_key: Option<SecretString>,
    /// Who issues the tokens (`iss`). Default `ghostworks`.
    pub issuer: String,
    /// Whom the tokens are for (`aud`). Default `ghostworks-api`.
    pub audience: String,
    /// Lifetime of an access token, in seconds. Default 900, a quarter of an hour.
    pub access_token_seconds: u64,
    /// Seconds after which a session that is not refreshed ends. Default 604800, a week.
    pub refresh_idle_seconds: u64,
    /// Seconds after which a session ends, refreshed or not. Default 2592000, thirty days.
    pub refresh_absolute_seconds: u64,
    /// Seconds for which a spent refresh token may be presented again, and leads to the current one: for a second tab, or
    /// an answer that was lost. At most 60; 0 turns it off. Default 10.
    pub refresh_grace_seconds: u64,
    /// Who may register. Default `open`.
    pub registration: Registration,
    /// The domains of the addresses that may register, when `registration` is `domains`. Default none.
    #[serde(deserialize_with = "domains")]
    pub registration_domains: Vec<String>,
    /// How many sessions an account may have; of more, the one unused longest ends. Default 100.
    pub sessions_per_account: usize,
    /// Seconds for which a mail can verify an address. Default 86400, a day.
    pub verification_token_seconds: u64,
    /// Seconds for which a mail lets someone choose another password. Default 3600, an hour.
    pub reset_token_seconds: u64,
    /// Seconds for which an invitation to a workspace can be accepted. Default 604800, a week.
    pub invitation_token_seconds: u64,
    /// Whether only accounts with a verified address may sign in. Default false.
    pub require_verified_email: bool,
    /// Whether a new password needs an upper-case and a lower-case letter, a digit and a special character. Default
    /// true.
    pub password_composition: bool,
    /// Memory of one argon2id password hash, in KiB. Default 19456, which is also the least outside development.
    pub hash_memory_kib: u32,
    /// Passes of argon2id over its memory. Default 2, which is also the least outside development.
    pub hash_iterations: u32,
    /// Lanes of argon2id. Default 1.
    pub hash_parallelism: u32,
    /// Passwords hashed at a time; 0, the default, means one per core.
    pub hash_concurrency: usize,
    /// Logins and registrations that may wait for their hash; beyond that they are refused as overload. Default 64.
    pub hash_queue: usize,
}

/// Who may make themselves an account; operators may make one for anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Anyone.
    Open,
    /// Whom an admin of a workspace has invited.
    Invite,
    /// Nobody.
    Closed,
    /// Those with an address at one of `registration_domains`.
    Domains,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            signing_key: None,
            issuer: "ghostworks".into(),
            audience: "ghostworks-api".into(),
            access_token_seconds: 900,
            refresh_idle_seconds: 604_800,
            refresh_absolute_seconds: 2_592_000,
            refresh_grace_seconds: 10,
            registration: Registration::Open,
            registration_domains: Vec::new(),
            sessions_per_account: 100,
            verification_token_seconds: 86_400,
            reset_token_seconds: 3600,
            invitation_token_seconds: 604_800,
            require_verified_email: false,
            password_composition: true,
            hash_memory_kib: LEAST_MEMORY_KIB,
            hash_iterations: LEAST_ITERATIONS,
            hash_parallelism: 1,
            hash_concurrency: 0,
            hash_queue: 64,
        }
    }
}

fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    check::list(deserializer, "domains, such as example.com")
}

impl Auth {
    pub(super) fn check(&self, environment: Environment) -> Checked {
        if let Some(key) = &self.signing_key {
            check_signing_key(key.expose_secret(), environment)?;
        }
        check::one_line("auth.issuer", &self.issuer)?;
        check::one_line("auth.audience", &self.audience)?;
        check::seconds("auth.access_token_seconds", self.access_token_seconds)?;
        check::seconds("auth.refresh_absolute_seconds", self.refresh_absolute_seconds)?;
        check::within("auth.refresh_idle_seconds", self.refresh_idle_seconds, 1..=self.refresh_absolute_seconds)?;
        check::within("auth.refresh_grace_seconds", self.refresh_grace_seconds, 0..=60)?;
        check::within("auth.sessions_per_account", self.sessions_per_account, 1..=10_000)?;
        self.check_registration()?;
        check::seconds("auth.verification_token_seconds", self.verification_token_seconds)?;
        check::seconds("auth.reset_token_seconds", self.reset_token_seconds)?;
        check::seconds("auth.invitation_token_seconds", self.invitation_token_seconds)?;
        self.check_hashing(environment)?;
        check::within("auth.hash_concurrency", self.hash_concurrency, 0..=1024)?;
        check::within("auth.hash_queue", self.hash_queue, 1..=1_000_000)
    }

    fn check_registration(&self) -> Checked {
        let is_domain = |domain: &String| domain.contains('.') && idna::domain_to_ascii_strict(domain).is_ok();
        let ensure = |fit, problem| check::ensure("auth.registration_domains", fit, problem);
        ensure(self.registration_domains.iter().all(is_domain), "expected domains such as example.com")?;
        let is_needed = self.registration == Registration::Domains;
        ensure(
            is_needed != self.registration_domains.is_empty(),
            "expected one or more domains when auth.registration is \"domains\", and none otherwise",
        )
    }

    fn check_hashing(&self, environment: Environment) -> Checked {
        let (least_memory, least_iterations) = match environment {
            Environment::Development => (Params::MIN_M_COST, Params::MIN_T_COST),
            Environment::Staging | Environment::Production => (LEAST_MEMORY_KIB, LEAST_ITERATIONS),
        };
        check::within("auth.hash_parallelism", self.hash_parallelism, 1..=1024)?;
        let least_memory = least_memory.max(8 * self.hash_parallelism);
        check::within("auth.hash_memory_kib", self.hash_memory_kib, least_memory..=4 << 20)?;
        check::within("auth.hash_iterations", self.hash_iterations, least_iterations..=1000)
    }
}

fn check_signing_key(key: &str, environment: Environment) -> Checked {
    let ensure = |fit, problem| check::ensure("auth.signing_key", fit, problem);
    ensure(!key.is_empty() && key != MASK, "expected a key; leave it out to have one generated")?;
    if environment == Environment::Development {
        return Ok(());
    }
    ensure(key.len() >= SHORTEST_KEY, "expected 32 bytes or more; `openssl rand -base64 32` makes a good one")?;
    ensure(!is_guessable(key), "expected a random key, not an example's; `openssl rand -base64 32` makes a good one")
}

/// Whether it is one piece again and again.
fn is_repeated(key: &[u8]) -> bool {
    (1..=key.len() / 2).any(|period| key[period..] == key[..key.len() - period])
}

fn is_guessable(key: &str) -> bool {
    let letters: String = key.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
    let different = key.bytes().collect::<BTreeSet<_>>().len();
    different < FEWEST_DIFFERENT_BYTES
        || is_repeated(key.as_bytes())
        || EXAMPLE_KEYS.iter().any(|example| letters.contains(example))
}
