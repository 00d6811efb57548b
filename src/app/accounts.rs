//! Accounts, for the command line: of the server that uses the data directory, or in its database when none does.

use std::sync::Arc;

use hyper::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::operator::ask_running;
use super::{Error, store_options};
use crate::config::Config;
use crate::domain::{Actor, Clock as _, Email, Stamp, SystemClock, Timestamp, User, UserId, WorkspaceView};
use crate::store::redb::{OpenError, RedbStore};
use crate::store::{NoObserver, Sessions as _, Store as _, StoreResult, Users as _, Workspaces as _};

/// Where they are, on a running server.
const ACCOUNTS: &str = "/api/v1/operator/accounts";
/// How many accounts are read at once.
const PAGE: usize = 100;

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// Its address.
    pub email: String,
    /// Whether it may sign in.
    pub is_active: bool,
    /// Whether its sessions may operate the server.
    pub is_operator: bool,
    /// Whether its address is verified.
    pub is_verified: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// An account, and what it has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountDetails {
    /// The account.
    pub account: Account,
    /// The workspaces that it is a member of.
    pub workspaces: Vec<AccountWorkspace>,
    /// How many of its sessions live.
    pub sessions: usize,
}

/// A workspace of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountWorkspace {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// What the account may do there.
    pub role: String,
}

/// What an operator lets an account do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountSetting {
    /// Whether it may sign in.
    Active(bool),
    /// Whether it may operate the server.
    Operator(bool),
}

impl AccountSetting {
    /// Whether an account has it already.
    fn is_of(self, account: &Account) -> bool {
        match self {
            Self::Active(is_active) => account.is_active == is_active,
            Self::Operator(is_operator) => account.is_operator == is_operator,
        }
    }

    /// What a server calls it.
    const fn operation(self) -> &'static str {
        match self {
            Self::Active(true) => "enable",
            Self::Active(false) => "disable",
            Self::Operator(true) => "grant-operator",
            Self::Operator(false) => "revoke-operator",
        }
    }
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Account>,
    next_cursor: Option<String>,
}

/// Where accounts are.
enum Accounts<'a> {
    Stopped(Box<RedbStore>),
    Running(&'a Config),
}

impl<'a> Accounts<'a> {
    fn open(config: &'a Config) -> Result<Self, Error> {
        let options = store_options(&config.storage);
        if !options.location.has_database() {
            return Err(Error::NoDatabase { path: config.storage.data_dir.clone() });
        }
        match RedbStore::open(options, Arc::new(NoObserver)) {
            Ok(store) => Ok(Self::Stopped(Box::new(store))),
            Err(OpenError::Locked { .. }) => Ok(Self::Running(config)),
            Err(error) => Err(error.into()),
        }
    }

    /// All accounts of a page after another, and where the next one goes on: after an id, or by the server's cursor.
    async fn page(&self, from: &str) -> Result<Page, Error> {
        match self {
            Self::Stopped(store) => {
                let after = Uuid::try_parse(from).ok().map(UserId::from);
                let users = store.users_after(after, PAGE).await.map_err(Error::NotRead)?;
                let last = users.last().filter(|_| users.len() == PAGE);
                let next_cursor = last.map(|user| user.id.to_string());
                Ok(Page { items: users.into_iter().map(Account::from).collect(), next_cursor })
            }
            Self::Running(config) => {
                let cursor = if from.is_empty() { String::new() } else { format!("&cursor={from}") };
                ask_running(config, Method::GET, &format!("{ACCOUNTS}?limit={PAGE}{cursor}"), None).await
            }
        }
    }

    async fn id_of(&self, email: &Email) -> Result<UserId, Error> {
        let none = || Error::NoSuchUser { email: email.as_str().to_owned() };
        match self {
            Self::Stopped(store) => {
                let credentials = store.credentials(email).await.map_err(Error::NotRead)?;
                Ok(credentials.ok_or_else(none)?.user)
            }
            Self::Running(config) => {
                let path = format!("{ACCOUNTS}?email={}", escaped(email.as_str()));
                let page: Page = ask_running(config, Method::GET, &path, None).await?;
                page.items.first().map(|account| account.id.into()).ok_or_else(none)
            }
        }
    }

    async fn details(&self, id: UserId) -> Result<AccountDetails, Error> {
        match self {
            Self::Stopped(store) => {
                let details = details(store, id).await.map_err(Error::NotRead)?;
                details.ok_or_else(|| Error::NoSuchUser { email: id.to_string() })
            }
            Self::Running(config) => {
                ask_running(config, Method::GET, &format!("{ACCOUNTS}/{}", id.as_uuid()), None).await
            }
        }
    }

    async fn set(&self, id: UserId, setting: AccountSetting) -> Result<(), Error> {
        match self {
            Self::Stopped(store) => {
                let stamp = Stamp::new(SystemClock.now(), Actor::default());
                let done = match setting {
                    AccountSetting::Active(is_active) => store.set_user_active(id, is_active, stamp).await,
                    AccountSetting::Operator(is_operator) => store.set_user_operator(id, is_operator, stamp).await,
                };
                done.map(drop).map_err(Error::NotChanged)
            }
            Self::Running(config) => {
                let path = format!("{ACCOUNTS}/{}/{}", id.as_uuid(), setting.operation());
                ask_running::<AccountDetails>(config, Method::POST, &path, None).await.map(drop)
            }
        }
    }

    async fn close(self) -> Result<(), Error> {
        match self {
            Self::Stopped(store) => store.close().await.map_err(Error::Close),
            Self::Running(_) => Ok(()),
        }
    }
}

/// All accounts, in the order of their ids.
pub async fn accounts(config: &Config) -> Result<Vec<Account>, Error> {
    let place = Accounts::open(config)?;
    let (mut accounts, mut next) = (Vec::new(), Some(String::new()));
    while let Some(from) = next {
        let page = place.page(&from).await?;
        accounts.extend(page.items);
        next = page.next_cursor;
    }
    place.close().await?;
    Ok(accounts)
}

/// The account with an address, and what it has.
pub async fn account(config: &Config, email: &Email) -> Result<AccountDetails, Error> {
    let place = Accounts::open(config)?;
    let details = place.details(place.id_of(email).await?).await?;
    place.close().await?;
    Ok(details)
}

/// Sets what an account may do: one that is kept from signing in has its sessions ended. Returns whether that was a change.
pub async fn set_account(config: &Config, email: &Email, setting: AccountSetting) -> Result<bool, Error> {
    let place = Accounts::open(config)?;
    let id = place.id_of(email).await?;
    let is_change = !setting.is_of(&place.details(id).await?.account);
    if is_change {
        place.set(id, setting).await?;
    }
    place.close().await?;
    Ok(is_change)
}

async fn details(store: &RedbStore, id: UserId) -> StoreResult<Option<AccountDetails>> {
    let Some(user) = store.user(id).await? else { return Ok(None) };
    let now = SystemClock.now();
    let sessions = store.sessions_of(id).await?.iter().filter(|session| session.is_live(now)).count();
    let workspaces = store.workspaces_of(id).await?.into_iter().map(AccountWorkspace::from).collect();
    Ok(Some(AccountDetails { account: user.into(), workspaces, sessions }))
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            id: user.id.as_uuid(),
            email: user.email.into_string(),
            is_active: user.is_active,
            is_operator: user.is_operator,
            is_verified: user.is_verified,
            created_at: user.created_at,
        }
    }
}

impl From<WorkspaceView> for AccountWorkspace {
    fn from(WorkspaceView { workspace, role, .. }: WorkspaceView) -> Self {
        Self {
            id: workspace.id.as_uuid(),
            name: workspace.name.into_string(),
            slug: workspace.slug.into_string(),
            role: role.as_str().to_owned(),
        }
    }
}

/// An address as the value of a parameter.
fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
