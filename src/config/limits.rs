//! How often things may be asked for.

use serde::{Deserialize, Serialize};

use super::check::{self, Checked};

/// Limits on how often a client may ask, and for how long what it asked for once is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Whether the rate limits hold; [`Switch::On`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub rate_limits: Switch,
    /// Registrations a minute from one address. Default 5.
    pub register_per_minute: u32,
    /// Logins a minute from one address. Default 5.
    pub login_per_minute: u32,
    /// Logins a minute to one account, from all addresses together. Default 10.
    pub login_per_account_per_minute: u32,
    /// Refreshes a minute from one address. Default 10.
    pub refresh_per_minute: u32,
    /// Workspaces created a minute from one address. Default 10.
    pub workspace_create_per_minute: u32,
    /// Requests a minute from one address that send mail or follow from a mail. Default 5.
    pub mail_per_minute: u32,
    /// E-mails a minute in all. Default 60.
    pub mail_in_all_per_minute: u32,
    /// E-mails of one kind to one address, an hour. Default 10.
    pub mail_per_recipient_per_hour: u32,
    /// Requests a minute of one account, through API keys too. Default 600.
    pub signed_in_per_minute: u32,
    /// Seconds for which an idempotency key leads to the first answer. Default 86400, a day.
    pub idempotency_seconds: u64,
    /// Bytes of answers that are kept for an account; beyond that, only the ids of what was made. With twice as much, keys
    /// are refused. Default 16 MiB.
    pub idempotency_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate_limits: Switch::On,
            register_per_minute: 5,
            login_per_minute: 5,
            login_per_account_per_minute: 10,
            refresh_per_minute: 10,
            workspace_create_per_minute: 10,
            mail_per_minute: 5,
            mail_in_all_per_minute: 60,
            mail_per_recipient_per_hour: 10,
            signed_in_per_minute: 600,
            idempotency_seconds: 86_400,
            idempotency_bytes: 16 << 20,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Checked {
        let rate = |key, value| check::within(key, value, 1..=1_000_000);
        rate("limits.mail_per_recipient_per_hour", self.mail_per_recipient_per_hour)?;
        rate("limits.register_per_minute", self.register_per_minute)?;
        rate("limits.login_per_minute", self.login_per_minute)?;
        rate("limits.login_per_account_per_minute", self.login_per_account_per_minute)?;
        rate("limits.refresh_per_minute", self.refresh_per_minute)?;
        rate("limits.workspace_create_per_minute", self.workspace_create_per_minute)?;
        rate("limits.mail_per_minute", self.mail_per_minute)?;
        rate("limits.mail_in_all_per_minute", self.mail_in_all_per_minute)?;
        rate("limits.signed_in_per_minute", self.signed_in_per_minute)?;
        check::seconds("limits.idempotency_seconds", self.idempotency_seconds)?;
        check::within("limits.idempotency_bytes", self.idempotency_bytes, 0..=1 << 40)
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// On.
    #[default]
    On,
    /// Off.
    Off,
}
