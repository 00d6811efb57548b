//! API keys: made, listed and revoked by people, used by machines.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

use super::{Caller, Client, Error, Service, Via};
use crate::auth::ApiKeyToken;
use crate::domain::{ApiKey, ApiKeyDraft, ApiKeyId, ApiKeyUse, RawApiKey, TenantId, Timestamp};
use crate::store::StoreResult;
use crate::telemetry::{Operation, Subject, annotate_subject, annotate_with};

/// A use is worth writing when the one that is known was so long before.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Uses that are written at once.
const WRITTEN_AT_ONCE: usize = 256;

/// An API key that was just made, with its text, which nobody sees again.
pub struct MadeApiKey {
    /// The key.
    pub key: ApiKey,
    /// What its holder sends.
    pub text: String,
}

/// The latest uses of API keys that are not written yet: a request must not wait for a commit of its own.
#[derive(Default)]
pub struct ApiKeyUses(Mutex<HashMap<(TenantId, ApiKeyId), Timestamp>>);

impl ApiKeyUses {
    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, ApiKeyId), Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, it: ApiKeyUse) {
        let mut uses = self.lock();
        let latest = uses.entry((it.tenant, it.key)).or_insert(it.at);
        *latest = it.at.max(*latest);
    }

    fn latest(&self, key: &ApiKey) -> Option<Timestamp> {
        self.lock().get(&(key.tenant, key.id)).copied().max(key.last_used_at)
    }

    fn take(&self) -> Vec<ApiKeyUse> {
        let uses = std::mem::take(&mut *self.lock());
        uses.into_iter().map(|((tenant, key), at)| ApiKeyUse { tenant, key, at }).collect()
    }
}

impl Service {
    /// Makes an API key that acts for the caller.
    pub async fn create_api_key(&self, caller: &Caller, tenant: TenantId, raw: RawApiKey) -> Result<MadeApiKey, Error> {
        self.in_workspace(Operation::ApiKeyCreate, caller, tenant, async {
            let now = self.clock.now();
            let draft = ApiKeyDraft::parse(raw, now)?;
            let token = ApiKeyToken::generate(tenant, self.ids.next(now), &*self.entropy);
            annotate_with("api_key.id", || token.key.to_string());
            let key = ApiKey {
                id: token.key,
                tenant,
                name: draft.name,
                scopes: draft.scopes,
                digest: token.digest(),
                created_by: caller.user,
                created_at: now,
                expires_at: draft.expires_at,
                last_used_at: None,
            };
            self.store.create_api_key(tenant, key.clone(), self.stamp_of(caller)).await?;
            self.telemetry.metrics().workspace_operation("api_key_create", tenant);
            Ok(MadeApiKey { key, text: token.encode() })
        })
        .await
    }

    /// The API keys of a workspace, newest first.
    pub async fn api_keys(&self, caller: &Caller, tenant: TenantId) -> Result<Vec<ApiKey>, Error> {
        self.in_workspace(Operation::ApiKeyList, caller, tenant, async {
            let keys = self.store.api_keys_of(tenant).await?;
            let used = |key: ApiKey| ApiKey { last_used_at: self.api_key_uses.latest(&key), ..key };
            Ok(keys.into_iter().map(used).collect())
        })
        .await
    }

    /// Revokes an API key: the next request with it is refused.
    pub async fn revoke_api_key(&self, caller: &Caller, tenant: TenantId, id: ApiKeyId) -> Result<(), Error> {
        self.in_workspace(Operation::ApiKeyRevoke, caller, tenant, async {
            annotate_with("api_key.id", || id.to_string());
            self.store.revoke_api_key(tenant, id, caller.user, self.stamp_of(caller)).await?;
            self.telemetry.metrics().workspace_operation("api_key_revoke", tenant);
            Ok(())
        })
        .await
    }

    /// For whom the holder of this API key acts. The key must be known and not have ended, and its maker's account must
    /// be active.
    pub(super) async fn authenticate_api_key(&self, text: &str, client: Client) -> Result<Caller, Error> {
        let found = self.find_api_key(text).await;
        self.telemetry.metrics().api_key_presented(found.is_ok());
        let key = found?;
        annotate_subject(Subject::user(key.created_by));
        Ok(Caller {
            user: key.created_by,
            via: Via::ApiKey { id: key.id, tenant: key.tenant, scopes: key.scopes },
            client,
        })
    }

    async fn find_api_key(&self, text: &str) -> Result<ApiKey, Error> {
        let now = self.clock.now();
        let token = ApiKeyToken::parse(text).ok_or(Error::NotAuthenticated)?;
        let key = self.store.api_key(token.tenant, token.key).await?.ok_or(Error::NotAuthenticated)?;
        if key.digest != token.digest() || !key.is_live(now) {
            return Err(Error::NotAuthenticated);
        }
        if !self.store.user(key.created_by).await?.is_some_and(|user| user.is_active) {
            return Err(Error::NotAuthenticated);
        }
        if key.last_used_at.is_none_or(|known| now.duration_since(known) >= NOTED_EVERY) {
            self.api_key_uses.note(ApiKeyUse { tenant: key.tenant, key: key.id, at: now });
        }
        Ok(key)
    }

    /// Writes the uses of API keys that are not written yet. Those that could not be are kept for the next time.
    pub(super) async fn write_api_key_uses(&self) -> StoreResult<()> {
        let uses = self.api_key_uses.take();
        for (written, chunk) in uses.chunks(WRITTEN_AT_ONCE).enumerate() {
            if let Err(error) = self.store.note_api_key_uses(chunk.to_vec()).await {
                uses[written * WRITTEN_AT_ONCE..].iter().for_each(|it| self.api_key_uses.note(*it));
                return Err(error);
            }
        }
        Ok(())
    }
}
