//! API keys as they are stored.

use serde::{Deserialize, Serialize};

use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{ApiKey, ApiKeyId, ApiKeyName, Scope, TenantId, Timestamp, UserId};

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct ApiKeyV1 {
    id: Id,
    tenant: Id,
    name: String,
    scopes: Vec<ScopeV1>,
    digest: [u8; 32],
    created_by: Id,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
enum ScopeV1 {
    ReadArtifacts,
    WriteArtifacts,
}

impl Record for ApiKey {
    const NAME: &'static str = "an API key";
    const VERSION: u8 = 1;
    type Latest = ApiKeyV1;

    fn to_latest(&self) -> ApiKeyV1 {
        ApiKeyV1 {
            id: self.id.to_bytes(),
            tenant: self.tenant.to_bytes(),
            name: self.name.as_str().to_owned(),
            scopes: self.scopes.iter().map(|scope| (*scope).into()).collect(),
            digest: self.digest,
            created_by: self.created_by.to_bytes(),
            created_at: self.created_at.as_microsecond(),
            expires_at: self.expires_at.map(Timestamp::as_microsecond),
            last_used_at: self.last_used_at.map(Timestamp::as_microsecond),
        }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<ApiKeyV1>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<ApiKeyV1> for ApiKey {
    type Error = Unreadable;

    fn try_from(record: ApiKeyV1) -> Result<Self, Unreadable> {
        Ok(Self {
            id: ApiKeyId::from_bytes(record.id),
            tenant: TenantId::from_bytes(record.tenant),
            name: ApiKeyName::from_stored(record.name),
            scopes: record.scopes.into_iter().map(Scope::from).collect(),
            digest: record.digest,
            created_by: UserId::from_bytes(record.created_by),
            created_at: time(record.created_at)?,
            expires_at: record.expires_at.map(time).transpose()?,
            last_used_at: record.last_used_at.map(time).transpose()?,
        })
    }
}

impl From<Scope> for ScopeV1 {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::ReadArtifacts => Self::ReadArtifacts,
            Scope::WriteArtifacts => Self::WriteArtifacts,
        }
    }
}

impl From<ScopeV1> for Scope {
    fn from(scope: ScopeV1) -> Self {
        match scope {
            ScopeV1::ReadArtifacts => Self::ReadArtifacts,
            ScopeV1::WriteArtifacts => Self::WriteArtifacts,
        }
    }
}
