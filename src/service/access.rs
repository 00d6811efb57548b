//! The two questions asked of every request: who are you, and may you do this here?

use super::{Allowance, Caller, Client, Error, Operator, Service, Via};
use crate::auth::ApiKeyToken;
use crate::domain::{Action, Membership, TenantId};
use crate::operations::{Access, Operation};
use crate::telemetry::{self, Subject};

impl Service {
    /// Who holds this token: an access token, or an API key.
    pub async fn authenticate(&self, token: &str, client: Client) -> Result<Caller, Error> {
        if token.starts_with(ApiKeyToken::PREFIX) {
            self.authenticate_api_key(token, client).await
        } else {
            self.authenticate_session(token, client).await
        }
    }

    /// Who holds this access token. The token must be genuine and its session still be open, so that signing out
    /// takes effect with the next request.
    async fn authenticate_session(&self, access_token: &str, client: Client) -> Result<Caller, Error> {
        let now = self.clock.now();
        let tokens = &self.signatures.access_tokens;
        let claims = match tokens.verify(access_token, now) {
            Ok(claims) => claims,
            Err(_) if self.learn_new_signing_keys().await? => {
                tokens.verify(access_token, now).map_err(|_| Error::NotAuthenticated)?
            }
            Err(_) => return Err(Error::NotAuthenticated),
        };
        let session = self.store.session(claims.sub, claims.sid).await?;
        if !session.is_some_and(|session| session.is_live(now)) {
            return Err(Error::NotAuthenticated);
        }
        telemetry::annotate_subject(Subject::user(claims.sub));
        Ok(Caller { user: claims.sub, via: Via::Session(claims.sid), client })
    }

    /// The caller as an operator, if their account is one. Asked with each request, so that it ends at once; API keys never
    /// are.
    pub async fn operator(&self, caller: &Caller) -> Result<Operator, Error> {
        caller.session()?;
        let user = self.store.user(caller.user).await?.ok_or(Error::NotAuthenticated)?;
        let operator = Operator { account: Some(user.id), is_on_site: false, client: caller.client.clone() };
        if user.is_operator { Ok(operator) } else { Err(Error::NotOperator) }
    }

    /// Counts a request of the caller's account, and returns what is left of its limit if there is one.
    pub fn count_request(&self, caller: &Caller) -> Result<Option<Allowance>, Error> {
        self.rate_limits.load().as_ref().map(|limits| limits.count_by(caller.user)).transpose()
    }

    /// Runs an operation on a workspace: opens its business span, and does the work if the caller may, by the table of
    /// operations.
    pub(super) async fn in_workspace<T>(
        &self,
        operation: Operation,
        caller: &Caller,
        tenant: TenantId,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        // It is large, and all futures around it would have room for it, and move it.
        let work = Box::pin(work);
        self.telemetry
            .observe(operation, Subject::new(tenant, caller.user), async {
                match operation.row().access {
                    Access::Member(action) => self.require(caller, tenant, action).await?,
                    Access::Anyone | Access::SignedIn | Access::Known | Access::Operator => {
                        self.membership(caller, tenant).await?
                    }
                };
                telemetry::authorised_in(tenant);
                work.await
            })
            .await
    }

    /// The caller's membership, if it allows `action`. A key can do no more than the person who made it.
    async fn require(&self, caller: &Caller, tenant: TenantId, action: Action) -> Result<Membership, Error> {
        let needs = match &caller.via {
            Via::Session(_) => None,
            Via::ApiKey { scopes, .. } => {
                let needs = action.scope().ok_or(Error::ApiKeyNotAllowed)?;
                Some(needs).filter(|needs| !scopes.contains(needs))
            }
        };
        let membership = self.membership(caller, tenant).await?;
        if let Some(needs) = needs {
            return Err(Error::MissingScope { needs });
        }
        if membership.role.may(action) { Ok(membership) } else { Err(Error::Forbidden { needs: action.least_role() }) }
    }

    /// The caller's membership. Non-members get "not found", and so does an API key of another workspace.
    pub(super) async fn membership(&self, caller: &Caller, tenant: TenantId) -> Result<Membership, Error> {
        if matches!(&caller.via, Via::ApiKey { tenant: own, .. } if *own != tenant) {
            return Err(Error::WorkspaceNotFound);
        }
        self.store.membership(tenant, caller.user).await?.ok_or(Error::WorkspaceNotFound)
    }
}
