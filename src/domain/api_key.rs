//! API keys: what machines show instead of a session.

use super::text::validated_text;
use super::{ApiKeyId, Scope, TenantId, Timestamp, UserId, Violations, one_line};

validated_text!(ApiKeyName);

/// SHA-256 of an API key's secret. The secret itself is never stored.
pub type ApiKeyDigest = [u8; 32];

/// What an API key is called: one line of 1–100 characters after trimming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyName(String);

impl ApiKeyName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Trims and checks a name.
    pub fn parse(text: &str) -> Result<Self, String> {
        one_line::parse(text, Self::MAX_CHARS).map(Self)
    }
}

/// A key with which a machine acts in one workspace, for the person who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The one workspace it is good in.
    pub tenant: TenantId,
    /// What it is called.
    pub name: ApiKeyName,
    /// What it was made for, each once.
    pub scopes: Vec<Scope>,
    /// The digest of its secret.
    pub digest: ApiKeyDigest,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is still good at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A use of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiKeyUse {
    /// The key's workspace.
    pub tenant: TenantId,
    /// The key.
    pub key: ApiKeyId,
    /// When it was used.
    pub at: Timestamp,
}

/// A new API key as it was sent, unchecked.
#[derive(Clone, Debug, Default)]
pub struct RawApiKey {
    /// See [`ApiKeyName`].
    pub name: String,
    /// At least one.
    pub scopes: Vec<Scope>,
    /// When it ends, which must not be over.
    pub expires_at: Option<Timestamp>,
}

/// A new API key, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyDraft {
    /// What it is called.
    pub name: ApiKeyName,
    /// What it is made for, each once.
    pub scopes: Vec<Scope>,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
}

impl ApiKeyDraft {
    /// How many scopes may be sent: the same one more than once is no fault.
    pub const MAX_SCOPES_SENT: usize = 20;

    /// Checks every field. It is `now`.
    pub fn parse(raw: RawApiKey, now: Timestamp) -> Result<Self, Violations> {
        Violations::check(|check| {
            let name = check.field("/name", ApiKeyName::parse(&raw.name));
            let scopes = check.field("/scopes", check_scopes(raw.scopes));
            let expires_at = check.field("/expires_at", check_end(raw.expires_at, now));
            Some(Self { name: name?, scopes: scopes?, expires_at: expires_at? })
        })
    }
}

fn check_scopes(mut scopes: Vec<Scope>) -> Result<Vec<Scope>, String> {
    if scopes.len() > ApiKeyDraft::MAX_SCOPES_SENT {
        return Err(format!("must be at most {} scopes", ApiKeyDraft::MAX_SCOPES_SENT));
    }
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() { Err("must have at least one scope".to_owned()) } else { Ok(scopes) }
}

fn check_end(end: Option<Timestamp>, now: Timestamp) -> Result<Option<Timestamp>, String> {
    if end.is_some_and(|end| end <= now) { Err("must be in the future".to_owned()) } else { Ok(end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(scopes: &[Scope], expires_at: Option<Timestamp>) -> Result<ApiKeyDraft, Violations> {
        let raw = RawApiKey { name: " CI ".to_owned(), scopes: scopes.to_vec(), expires_at };
        ApiKeyDraft::parse(raw, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_key_has_each_scope_once_and_one_at_least() {
        let draft = parse(&[Scope::WriteArtifacts, Scope::ReadArtifacts, Scope::WriteArtifacts], None).expect("valid");
        assert_eq!((draft.name.as_str(), draft.scopes), ("CI", vec![Scope::ReadArtifacts, Scope::WriteArtifacts]));
        assert!(parse(&[], None).is_err());
        assert!(parse(&[Scope::ReadArtifacts; ApiKeyDraft::MAX_SCOPES_SENT + 1], None).is_err());
    }

    #[test]
    fn a_key_ends_in_the_future() {
        assert!(parse(&[Scope::ReadArtifacts], Some(Timestamp::UNIX_EPOCH)).is_err());
        assert!(parse(&[Scope::ReadArtifacts], Some(Timestamp::MAX)).is_ok());
    }
}
