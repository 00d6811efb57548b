//! The use cases, a file per resource: may this caller do this, and what does it mean to do it?
//!
//! Permission checks are made here and nowhere else, and every use case runs inside its business span. Knows neither
//! HTTP nor which store it talks to.

mod access;
mod account_access;
mod account_data;
mod accounts;
mod admission;
mod api_keys;
mod artifacts;
mod audit;
mod auth;
mod backups;
mod caller;
mod console;
mod deletion;
mod devices;
mod error;
mod first_operator;
mod history;
mod housekeeping;
mod idempotency;
mod index_check;
mod indexing;
mod inspection;
mod invitations;
mod kept_answers;
mod known;
mod large_writes;
mod lease;
mod mailing;
mod members;
mod own_account;
mod passwords;
mod rate_limits;
mod read_only;
mod refresh;
mod scrubbing;
mod search;
mod sessions;
mod settings;
mod signing_key;
mod system;
mod tenants;
mod tokens;
mod traces;
mod turns;
mod verification;
mod workspaces;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Notify;

use crate::auth::PasswordHasher;
use crate::backups::Tombstones;
use crate::domain::{Actor, Clock, Entropy, IdGenerator, PasswordPolicy, SharedQuotas, Stamp, UserId};
use crate::followers::TaskRegistry;
use crate::mail::{Links, Mailer};
use crate::store::{ReadOnly, Store};
use crate::telemetry::{self, Telemetry};

pub use crate::auth::CursorKey;
pub use crate::auth::{Allowance, Exhausted};
pub use crate::followers::TaskHealth;
pub use crate::store::check::CheckReport;
pub use crate::store::{Backup, Stats};
pub use account_access::{CreatedAccount, NewAccount, ResetLink};
pub use account_data::AccountData;
pub use accounts::AccountDetails;
pub use admission::Admission;
pub use api_keys::{ApiKeyUses, MadeApiKey};
pub use artifacts::{BulkOutcome, Export};
pub use auth::{Profile, Registered, Registration, SignIn, SignedIn};
pub use backups::{BackupHealth, BackupPlan, BackupSchedule, BackupTerms, MakeBackups, ShipChanges};
pub use caller::{Caller, Client, Operator, Via};
pub use console::{ConsoleCaller, ConsoleSignedIn};
pub use devices::Devices;
pub use error::{Error, LoginFailure, RefreshFailure};
pub use first_operator::SetupDesk;
pub use history::Sampling;
pub use housekeeping::{Housekeeping, Retention};
pub use index_check::check_index;
pub use indexing::{Indexer, MergeSegments, SaveIndex, reindex};
pub use inspection::IndexProgress;
pub use invitations::MadeInvitation;
pub use kept_answers::KeptAnswers;
pub use large_writes::LargeWrites;
pub use lease::{BackgroundLease, KeepLease, LeaseHealth};
pub use mailing::{MailRequests, Mailing, Outbox};
pub use members::{AddedMember, ChangedRole, Roster};
pub use passwords::WasReset;
pub use rate_limits::{Allowances, RateLimitSettings, RateLimits};
pub use refresh::SignOut;
pub use scrubbing::Scrubbing;
pub use search::{Lasted, Search, SearchHealth};
pub use sessions::SwitchedTo;
pub use settings::{ReloadDesk, ReloadRequests, Reloaded, Setting};
pub use signing_key::{
    FollowSigningKeys, KeyPlace, KeyRotation, SharedKeysError, SharedSigningKeys, Signatures, reseal_signing_keys,
};
pub use system::{Condition, Health};
pub use tenants::TenantDetails;
pub use tokens::TokenPair;
pub use traces::{RecordedInWorkspace, RecordedPage};

/// How long tokens and sessions last, in seconds, and whom the tokens are for.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// The `iss` of access tokens.
    pub issuer: String,
    /// The `aud` of access tokens.
    pub audience: String,
    /// How long an access token lasts.
    pub access_token_seconds: u64,
    /// How long a session lasts without a refresh.
    pub idle_seconds: u64,
    /// How long a session lasts in any case.
    pub absolute_seconds: u64,
    /// For how long a spent refresh token may be presented again.
    pub grace_seconds: u64,
    /// How many sessions an account may have.
    pub per_account: usize,
}

/// What is asked of accounts, and how long the tokens of e-mails last, in seconds.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// How long an e-mail can verify an address.
    pub verification_token_seconds: u64,
    /// How long an e-mail lets someone choose another password.
    pub reset_token_seconds: u64,
    /// How long an invitation can be accepted.
    pub invitation_token_seconds: u64,
    /// Whether who is added to a workspace is a member at once, and not asked.
    pub direct_add: bool,
    /// Whether only accounts with a verified address may sign in.
    pub require_verified_email: bool,
    /// Whether demonstration accounts may sign in.
    pub admit_demo: bool,
    /// Who may register.
    pub admission: Admission,
    /// What a new password must be like.
    pub password_policy: PasswordPolicy,
    /// Where the links lead to that people are given.
    pub links: Links,
}

/// All use cases, and what they work with.
pub struct Service {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where everything is found.
    pub search: Arc<Search>,
    /// Where everything is recorded.
    pub telemetry: Arc<Telemetry>,
    /// Hashes passwords.
    pub hasher: PasswordHasher,
    /// Signs and verifies all that is signed.
    pub signatures: Signatures,
    /// Where the signing key is from.
    pub keys: KeyPlace,
    /// What is asked of accounts.
    pub accounts: ArcSwap<AccountSettings>,
    /// Where e-mails are left to be sent.
    pub outbox: Outbox,
    /// The way to send them, if there is one.
    pub mailer: ArcSwapOption<Mailer>,
    /// Where it is asked for that the configuration is read again.
    pub desk: ReloadDesk,
    /// The configuration that is in force.
    pub configuration: ArcSwap<Vec<Setting>>,
    /// How long sessions last.
    pub sessions: SessionSettings,
    /// Rate limits; without a value, there are none.
    pub rate_limits: ArcSwapOption<RateLimits>,
    /// For how long things are kept that nobody needs any more.
    pub retention: Retention,
    /// How much every workspace may have.
    pub quotas: SharedQuotas,
    /// Whether writes are refused.
    pub read_only: ReadOnly,
    /// How long an idempotency key leads to the first answer.
    pub idempotency_seconds: u64,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Makes ids.
    pub ids: IdGenerator,
    /// Uses of API keys that are not written yet.
    pub api_key_uses: ApiKeyUses,
    /// What accounts have stored by their idempotency keys.
    pub kept_answers: KeptAnswers,
    /// Turns at writing many artifacts at once.
    pub large_writes: LargeWrites,
    /// From where accounts were signed in to.
    pub devices: Devices,
    /// When backups are made; none when they are not wanted.
    pub backups: Option<Arc<BackupSchedule>>,
    /// The link with which the first operator is made.
    pub setup: SetupDesk,
    /// Who was deleted.
    pub tombstones: Tombstones,
    /// Has what is left of people who were deleted taken out of the change log.
    pub deletions: Notify,
    /// Whether this node does what one of several does for all.
    pub lease: BackgroundLease,
    /// Wakes the housekeeping.
    pub housekeeping: Notify,
    /// How the background tasks do.
    pub background: Arc<TaskRegistry>,
    /// Whether changes of an artifact must say which version they are about.
    pub require_if_match: bool,
    /// When the process started.
    pub started: Instant,
}

impl Service {
    /// The stamp of a write that `caller` makes now.
    fn stamp_of(&self, caller: &Caller) -> Stamp {
        let mut stamp = self.stamp(&caller.client, Some(caller.user));
        stamp.actor.api_key = caller.api_key();
        stamp.reservation = caller.client.reservation;
        stamp
    }

    /// The stamp of a write that an operator makes now.
    fn stamp_by(&self, operator: &Operator) -> Stamp {
        let mut stamp = self.stamp(&operator.client, operator.account);
        stamp.reservation = operator.client.reservation;
        stamp
    }

    /// The stamp of a write that is made now for someone who is not signed in, or not yet.
    fn stamp(&self, client: &Client, user: Option<UserId>) -> Stamp {
        let actor = Actor {
            user,
            api_key: None,
            ip: client.ip.map(|ip| ip.to_string()),
            user_agent: client.user_agent.clone(),
            trace_id: telemetry::current_trace_id(),
        };
        Stamp::new(self.clock.now(), actor)
    }
}
