//! One-time tokens: what someone is sent by mail, and proves with it that the mail reached them.

use super::Timestamp;

/// SHA-256 of a one-time token's secret. The secret itself is never stored.
pub type OneTimeDigest = [u8; 32];

/// What a one-time token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To prove that an address is one's own.
    VerifyEmail,
    /// To choose another password without the old one.
    ResetPassword,
    /// To prove that another address is one's own, which then takes the place of the one before.
    ChangeEmail,
}

impl Purpose {
    /// What it is called in log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
        }
    }
}

/// A one-time token as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneTimeToken {
    /// The digest of its secret.
    pub digest: OneTimeDigest,
    /// When it is no longer good, used or not.
    pub expires_at: Timestamp,
}

impl OneTimeToken {
    /// How many an account may have to choose another password that are still good. None gives way to another: who keeps
    /// asking can't take an account's link away, nor fill its mailbox. To prove an address, the newest counts alone.
    pub const MAX_RESETS: u8 = 5;

    /// Whether it is the one that was `presented`, and still good at `now`.
    pub fn is_proved_by(&self, presented: OneTimeDigest, now: Timestamp) -> bool {
        self.digest == presented && now < self.expires_at
    }
}
