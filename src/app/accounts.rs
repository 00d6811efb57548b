//! Accounts, for the command line.

use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Error;
use super::operator_api::OperatorApi;
use crate::config::Config;
use crate::domain::{Email, Timestamp};

/// Where they are, on a server.
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

/// An account to be made.
#[derive(Clone, Serialize)]
pub struct AccountDraft {
    /// Its address.
    pub email: String,
    /// Its password; without one, there is a link to choose one.
    pub password: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Whether the address is known to be theirs.
    pub is_verified: bool,
    /// Whether its sessions may operate the server.
    pub is_operator: bool,
}

/// An account that was made.
#[derive(Clone, Serialize, Deserialize)]
pub struct MadeAccount {
    /// The account.
    pub account: Account,
    /// Where its password is chosen, if it was made without one.
    pub link: Option<PasswordLink>,
}

/// A link that lets someone choose another password, once.
#[derive(Clone, Serialize, Deserialize)]
pub struct PasswordLink {
    /// The link.
    pub url: String,
    /// When it is no longer good.
    pub expires_at: Timestamp,
}

/// A session of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountSession {
    /// Its id.
    pub id: Uuid,
    /// When the account signed in.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed before.
    pub expires_at: Timestamp,
    /// The address it was opened from.
    pub ip: Option<String>,
    /// What the program called itself that opened it.
    pub user_agent: Option<String>,
}

/// An API key of an account whose password was set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountKey {
    /// Its id.
    pub id: Uuid,
    /// The workspace that it is good in.
    pub workspace_id: Uuid,
    /// What it is called.
    pub name: String,
    /// Whether it was revoked.
    pub revoked: bool,
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

/// Accounts, wherever they are.
pub struct Accounts<'a>(OperatorApi<'a>);

impl<'a> Accounts<'a> {
    /// Those in the data directory, whether a server uses it or not.
    pub async fn open(config: &'a Config) -> Result<Self, Error> {
        OperatorApi::open(config).await.map(Self)
    }

    /// All of them, in the order of their ids.
    pub async fn all(&self) -> Result<Vec<Account>, Error> {
        let (mut accounts, mut next) = (Vec::new(), Some(String::new()));
        while let Some(cursor) = next {
            let cursor = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
            let page: Page = self.0.ask(Method::GET, &format!("{ACCOUNTS}?limit={PAGE}{cursor}"), None).await?;
            accounts.extend(page.items);
            next = page.next_cursor;
        }
        Ok(accounts)
    }

    /// The one with an address, and what it has.
    pub async fn find(&self, email: &Email) -> Result<AccountDetails, Error> {
        self.0.ask(Method::GET, &self.path(email, "").await?, None).await
    }

    /// Makes one.
    pub async fn create(&self, draft: &AccountDraft) -> Result<MadeAccount, Error> {
        let body = serde_json::to_value(draft).unwrap_or_default();
        self.0.ask(Method::POST, ACCOUNTS, Some(body)).await
    }

    /// Sets what one may do: one that is kept from signing in has its sessions ended. Returns whether that was a change.
    pub async fn set(&self, email: &Email, setting: AccountSetting) -> Result<bool, Error> {
        let found: AccountDetails = self.find(email).await?;
        let is_change = !setting.is_of(&found.account);
        if is_change {
            let path = format!("{ACCOUNTS}/{}/{}", found.account.id, setting.operation());
            let _: AccountDetails = self.0.ask(Method::POST, &path, None).await?;
        }
        Ok(is_change)
    }

    /// Sets the password of one, whose sessions end, and its API keys if so wished. Returns the keys.
    pub async fn set_password(
        &self,
        email: &Email,
        password: &str,
        revoke_api_keys: bool,
    ) -> Result<Vec<AccountKey>, Error> {
        #[derive(Deserialize)]
        struct Set {
            api_keys: Vec<AccountKey>,
        }
        let body = json!({"new_password": password, "revoke_api_keys": revoke_api_keys});
        let set: Set = self.0.ask(Method::PUT, &self.path(email, "/password").await?, Some(body)).await?;
        Ok(set.api_keys)
    }

    /// Deletes one. What nobody else owns goes to the account with the other address, if one is given. Returns the API keys
    /// that have ended.
    pub async fn delete(&self, email: &Email, transfer_to: Option<&Email>) -> Result<Vec<AccountKey>, Error> {
        #[derive(Deserialize)]
        struct Deleted {
            api_keys: Vec<AccountKey>,
        }
        let heir = transfer_to.map(|heir| format!("?transfer_to={}", escaped(heir))).unwrap_or_default();
        let deleted: Deleted = self.0.ask(Method::DELETE, &self.path(email, &heir).await?, None).await?;
        Ok(deleted.api_keys)
    }

    /// A link with which the password of one is chosen.
    pub async fn reset_link(&self, email: &Email) -> Result<PasswordLink, Error> {
        self.0.ask(Method::POST, &self.path(email, "/reset-link").await?, None).await
    }

    /// The sessions of one that live, newest first.
    pub async fn sessions(&self, email: &Email) -> Result<Vec<AccountSession>, Error> {
        self.0.ask(Method::GET, &self.path(email, "/sessions").await?, None).await
    }

    /// Ends the sessions of one. Returns how many there were.
    pub async fn end_sessions(&self, email: &Email) -> Result<usize, Error> {
        #[derive(Deserialize)]
        struct Ended {
            revoked: usize,
        }
        let ended: Ended = self.0.ask(Method::DELETE, &self.path(email, "/sessions").await?, None).await?;
        Ok(ended.revoked)
    }

    /// Everything that there is about a person.
    pub async fn export(&self, email: &Email) -> Result<Value, Error> {
        self.0.ask(Method::GET, &self.path(email, "/export").await?, None).await
    }

    /// Ends what was begun.
    pub async fn close(self) -> Result<(), Error> {
        self.0.close().await
    }

    /// Where something of the account with an address is.
    async fn path(&self, email: &Email, what: &str) -> Result<String, Error> {
        let page: Page = self.0.ask(Method::GET, &format!("{ACCOUNTS}?email={}", escaped(email)), None).await?;
        let found = page.items.first().ok_or_else(|| Error::NoSuchUser { email: email.as_str().to_owned() })?;
        Ok(format!("{ACCOUNTS}/{}{what}", found.id))
    }
}

/// An address as the value of a parameter.
fn escaped(email: &Email) -> String {
    percent_encoding::utf8_percent_encode(email.as_str(), percent_encoding::NON_ALPHANUMERIC).to_string()
}
