//! One's own sessions, and the workspace that each is in.

use super::{Caller, Error, Service, TokenPair};
use crate::auth::RefreshToken;
use crate::domain::{Role, Session, SessionId, TenantId, UserId};
use crate::store::{Missing, StoreError};
use crate::telemetry::{self, Operation, Subject};

/// A session that was pointed at a workspace.
pub struct SwitchedTo {
    /// Its new tokens.
    pub tokens: TokenPair,
    /// The caller's role in the workspace.
    pub role: Role,
}

impl Service {
    /// The caller's sessions that live, newest first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<Session>, Error> {
        self.telemetry
            .observe(Operation::AuthSessionList, Subject::user(caller.user), async {
                caller.session()?;
                self.live_sessions(caller.user).await
            })
            .await
    }

    /// The sessions of an account that live, newest first.
    pub(super) async fn live_sessions(&self, user: UserId) -> Result<Vec<Session>, Error> {
        let now = self.clock.now();
        let sessions = self.store.sessions_of(user).await?;
        Ok(sessions.into_iter().rev().filter(|session| session.is_live(now)).collect())
    }

    /// Ends one of the caller's sessions, with all its tokens.
    pub async fn revoke_session(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        self.telemetry
            .observe(Operation::AuthSessionRevoke, Subject::user(caller.user), async {
                caller.session()?;
                let stamp = self.stamp_of(caller);
                Ok(self.store.revoke_session(caller.user, id, stamp).await?)
            })
            .await
    }

    /// Ends all of the caller's sessions but the one it calls with. Returns how many.
    pub async fn revoke_other_sessions(&self, caller: &Caller) -> Result<usize, Error> {
        self.telemetry
            .observe(Operation::AuthSessionRevoke, Subject::user(caller.user), async {
                let stamp = self.stamp_of(caller);
                Ok(self.store.revoke_other_sessions(caller.user, caller.session()?, stamp).await?)
            })
            .await
    }

    /// Points the caller's session at a workspace, and gives it tokens that say so. The refresh token is another line of
    /// the session's: those that it had are as good as before.
    pub async fn switch_workspace(&self, caller: &Caller, tenant: TenantId) -> Result<SwitchedTo, Error> {
        self.telemetry
            .observe(Operation::WorkspaceSwitch, Subject::new(tenant, caller.user), async {
                let id = caller.session()?;
                let refresh = RefreshToken::generate(caller.user, id, &*self.entropy);
                let idle_until = self.clock.after_seconds(self.sessions.idle_seconds);
                let (token, stamp) = (refresh.secret.digest(), self.stamp_of(caller));
                let switched = self.store.switch_session(caller.user, id, tenant, token, idle_until, stamp).await;
                let switched = switched.map_err(|error| match error {
                    // It ended while the request was on its way.
                    StoreError::NotFound(Missing::Session) => Error::NotAuthenticated,
                    other => other.into(),
                })?;
                telemetry::authorised_in(tenant);
                let user = self.store.user(caller.user).await?.ok_or(Error::NotAuthenticated)?;
                let tokens = self.token_pair(&user, &switched.session, &refresh).await?;
                self.telemetry.metrics().workspace_operation("switch", tenant);
                Ok(SwitchedTo { tokens, role: switched.role })
            })
            .await
    }
}
