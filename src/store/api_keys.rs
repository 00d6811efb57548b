//! API keys at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{ApiKey, ApiKeyId, ApiKeyUse, Stamp, TenantId, UserId};

/// Keys with which machines act in a workspace.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Adds a key. Errors as for [`super::Members`]: who makes it must be an admin.
    async fn create_api_key(&self, tenant: TenantId, key: ApiKey, stamp: Stamp) -> StoreResult<()>;

    /// A key of a workspace. Revoked ones are gone; expired ones are still there.
    async fn api_key(&self, tenant: TenantId, id: ApiKeyId) -> StoreResult<Option<ApiKey>>;

    /// The keys of a workspace, newest first.
    async fn api_keys_of(&self, tenant: TenantId) -> StoreResult<Vec<ApiKey>>;

    /// The keys that someone made in the workspaces that they are a member of.
    async fn api_keys_by(&self, user: UserId) -> StoreResult<Vec<ApiKey>>;

    /// Removes a key, by an admin. [`super::StoreError::NotFound`] when there is no such key.
    async fn revoke_api_key(&self, tenant: TenantId, id: ApiKeyId, by: UserId, stamp: Stamp) -> StoreResult<()>;

    /// Notes when keys were last used. Nothing of it is in the change log; keys that are gone are passed over.
    async fn note_api_key_uses(&self, uses: Vec<ApiKeyUse>) -> StoreResult<()>;
}
