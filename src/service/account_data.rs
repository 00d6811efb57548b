//! Everything that there is about a person.

use std::collections::VecDeque;

use super::{Error, Operator, Service};
use crate::domain::{ApiKey, Change, Invitation, KnownNetworks, LogPosition, Session, User, UserId, WorkspaceView};
use crate::telemetry::{Operation, Subject};

/// How many entries of the change log are told at most: the newest.
const CHANGES_MAX: usize = 100_000;
/// How many entries of the change log are read at once.
const BATCH: usize = 1000;

/// Everything that there is about a person. What they wrote in a workspace is the workspace's.
pub struct AccountData {
    /// The account.
    pub user: User,
    /// The networks that it was signed in to from.
    pub networks: KnownNetworks,
    /// The workspaces that it is a member of.
    pub workspaces: Vec<WorkspaceView>,
    /// Its sessions, newest first.
    pub sessions: Vec<Session>,
    /// The API keys that it made.
    pub api_keys: Vec<ApiKey>,
    /// The workspaces that its address is invited to; none unless the address was proved to be theirs.
    pub invitations: Vec<Invitation>,
    /// What it did, and what was done to it, newest first.
    pub changes: VecDeque<Change>,
    /// How many older entries there would be.
    pub older_changes: u64,
}

impl Service {
    /// Everything about a person, for an operator.
    pub async fn export_account(&self, id: UserId, _: &Operator) -> Result<AccountData, Error> {
        self.telemetry
            .observe(Operation::AccountExport, Subject::user(id), async {
                let user = self.known_account(id).await?;
                self.data_of(user).await
            })
            .await
    }

    /// Everything about a person.
    pub(super) async fn data_of(&self, user: User) -> Result<AccountData, Error> {
        let networks = self.store.credentials(&user.email).await?.map(|it| it.networks).unwrap_or_default();
        let (changes, older_changes) = self.changes_about(user.id).await?;
        Ok(AccountData {
            networks,
            workspaces: self.store.workspaces_of(user.id).await?,
            sessions: self.live_sessions(user.id).await?,
            api_keys: self.store.api_keys_by(user.id).await?,
            invitations: match user.is_verified {
                true => self.store.invitations_to(&user.email, self.clock.now()).await?,
                false => Vec::new(),
            },
            changes,
            older_changes,
            user,
        })
    }

    /// What an account did and what was done to it, newest first, and how many older ones there would be.
    async fn changes_about(&self, id: UserId) -> Result<(VecDeque<Change>, u64), Error> {
        let (mut found, mut older, mut after) = (VecDeque::new(), 0, LogPosition::START);
        loop {
            let batch = self.store.changes(after, BATCH).await?;
            after = batch.end;
            for change in batch.changes.into_iter().filter(|change| is_about(change, id)) {
                found.push_front(change);
                if found.len() > CHANGES_MAX {
                    found.pop_back();
                    older += 1;
                }
            }
            if !batch.has_more {
                return Ok((found, older));
            }
        }
    }
}

fn is_about(change: &Change, id: UserId) -> bool {
    change.actor.user == Some(id) || change.kind.user() == Some(id)
}
