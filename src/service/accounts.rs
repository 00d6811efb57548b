//! Accounts, as operators see them.

use super::{Error, Operator, Service};
use crate::domain::{Email, User, UserId, WorkspaceView};
use crate::store::StoreResult;
use crate::telemetry::{Operation, Subject};

/// An account, and what it has.
pub struct AccountDetails {
    /// The account.
    pub user: User,
    /// The workspaces that it is a member of.
    pub workspaces: Vec<WorkspaceView>,
    /// How many of its sessions live.
    pub sessions: usize,
}

impl Service {
    /// The first `limit` accounts after one, in the order of their ids; with an address, the account that has it.
    pub async fn accounts(
        &self,
        email: Option<Email>,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<User>, Error> {
        self.telemetry
            .observe(Operation::AccountList, Subject::default(), async {
                let Some(email) = email else { return Ok(self.store.users_after(after, limit).await?) };
                let Some(credentials) = self.store.credentials(&email).await? else { return Ok(Vec::new()) };
                Ok(self.store.user(credentials.user).await?.into_iter().collect())
            })
            .await
    }

    /// An account, and what it has.
    pub async fn account(&self, id: UserId) -> Result<AccountDetails, Error> {
        self.telemetry.observe(Operation::AccountGet, Subject::user(id), self.account_details(id)).await
    }

    /// Lets an account sign in, or keeps it from it: then all its sessions end.
    pub async fn set_account_active(
        &self,
        id: UserId,
        is_active: bool,
        operator: &Operator,
    ) -> Result<AccountDetails, Error> {
        let done = self.store.set_user_active(id, is_active, self.stamp_by(operator));
        self.changed_account(id, done).await
    }

    /// Lets an account operate the server, or no longer. The last one may be revoked: the operator socket remains.
    pub async fn set_account_operator(
        &self,
        id: UserId,
        is_operator: bool,
        operator: &Operator,
    ) -> Result<AccountDetails, Error> {
        let done = self.store.set_user_operator(id, is_operator, self.stamp_by(operator));
        self.changed_account(id, done).await
    }

    /// An account after a change of it.
    async fn changed_account(
        &self,
        id: UserId,
        change: impl Future<Output = StoreResult<bool>>,
    ) -> Result<AccountDetails, Error> {
        self.telemetry
            .observe(Operation::AccountUpdate, Subject::user(id), async {
                change.await.map_err(Error::of_somebody_else)?;
                self.account_details(id).await
            })
            .await
    }

    pub(super) async fn account_details(&self, id: UserId) -> Result<AccountDetails, Error> {
        let user = self.known_account(id).await?;
        let workspaces = self.store.workspaces_of(id).await?;
        let sessions = self.live_sessions(id).await?.len();
        Ok(AccountDetails { user, workspaces, sessions })
    }
}
