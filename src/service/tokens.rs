//! What a caller gets when it signs in or stays signed in.

use super::{Error, Service};
use crate::auth::{Claims, RefreshToken, TokenType};
use crate::domain::{Session, TenantId, User, UserId, WorkspaceView};

/// An access token and the refresh token that follows it.
pub struct TokenPair {
    /// A JWT.
    pub access_token: String,
    /// Opaque.
    pub refresh_token: String,
    /// How long the access token lasts, in seconds.
    pub expires_in: u64,
    /// How long the refresh token lasts, in seconds: as long as its session without a refresh.
    pub refresh_expires_in: u64,
}

impl Service {
    /// The pair for a session whose good refresh token is `refresh`.
    pub(super) async fn token_pair(
        &self,
        user: &User,
        session: &Session,
        refresh: &RefreshToken,
    ) -> Result<TokenPair, Error> {
        let workspace = self.current_workspace(user.id, session.workspace).await?;
        let now = self.clock.now();
        let lifetime = self.sessions.access_token_seconds;
        let claims = Claims {
            sub: user.id,
            email: user.email.as_str().to_owned(),
            tenant_id: workspace.as_ref().map(|view| view.workspace.id),
            role: workspace.as_ref().map(|view| view.role),
            token_type: TokenType::Access,
            exp: self.clock.after_seconds(lifetime).as_second(),
            nbf: None,
            iat: now.as_second(),
            jti: self.ids.next(now),
            sid: session.id,
            iss: self.sessions.issuer.clone(),
            aud: self.sessions.audience.clone(),
        };
        let access_token =
            self.signatures.access_tokens.sign(&claims).map_err(|error| Error::Internal(error.to_string()))?;
        let refresh_lifetime = session.ends_at().duration_since(session.refreshed_at).as_secs();
        Ok(TokenPair {
            access_token,
            refresh_token: refresh.encode(),
            expires_in: lifetime,
            refresh_expires_in: u64::try_from(refresh_lifetime).unwrap_or_default(),
        })
    }

    /// The workspace a user is taken to: `preferred` while it is a member of that, else the one it has been a member of
    /// longest.
    pub(super) async fn current_workspace(
        &self,
        user: UserId,
        preferred: Option<TenantId>,
    ) -> Result<Option<WorkspaceView>, Error> {
        if let Some(tenant) = preferred
            && let Some(view) = self.store.workspace(tenant, user).await?
            && !view.workspace.terms.is_suspended
        {
            return Ok(Some(view));
        }
        Ok(self.store.first_workspace_of(user).await?)
    }
}
