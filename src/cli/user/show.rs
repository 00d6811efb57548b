//! Accounts as tables and sentences, or as JSON.

use serde_json::json;

use crate::app::{Account, AccountDetails, AccountKey, AccountSession, MadeAccount, PasswordLink};
use crate::cli::table::table;
use crate::cli::{Failure, print, print_json};
use crate::domain::Email;

/// All accounts.
pub(super) fn list(accounts: &[Account], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(accounts);
    }
    if accounts.is_empty() {
        return print("There are no accounts.");
    }
    let rows: Vec<_> = accounts
        .iter()
        .map(|account| {
            vec![account.email.clone(), state(account), account.created_at.to_string(), account.id.to_string()]
        })
        .collect();
    print(&table(&["address", "state", "registered", "id"], &rows))
}

/// An account, and what it has.
pub(super) fn details(details: &AccountDetails, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(details);
    }
    let AccountDetails { account, workspaces, sessions } = details;
    let mut text = format!(
        "address     {}\nstate       {}\nregistered  {}\nid          {}\nsessions    {sessions}\n",
        account.email,
        state(account),
        account.created_at,
        account.id
    );
    if !workspaces.is_empty() {
        let rows: Vec<_> =
            workspaces.iter().map(|it| vec![it.slug.clone(), it.role.clone(), it.name.clone()]).collect();
        text += &format!("\n{}", table(&["workspace", "role", "name"], &rows));
    }
    print(&text)
}

/// An account that was made.
pub(super) fn made(made: &MadeAccount, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(made);
    }
    let said = format!("The account {} is there, with the id {}.", made.account.email, made.account.id);
    match &made.link {
        Some(link) => {
            print(&format!("{said}\nIts password is chosen here, once, until {}:\n{}", link.expires_at, link.url))
        }
        None => print(&said),
    }
}

/// What became of an account whose password was set.
pub(super) fn password_set(email: &Email, keys: &[AccountKey], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(&json!({"email": email.as_str(), "api_keys": keys}));
    }
    let mut text = format!("The account {} has another password, and all its sessions have ended.\n", email.as_str());
    if !keys.is_empty() {
        let state = |key: &AccountKey| if key.revoked { "revoked" } else { "still good" }.to_owned();
        let row = |key: &AccountKey| vec![key.name.clone(), state(key), key.workspace_id.to_string()];
        text += &format!("\n{}", table(&["API key", "state", "workspace"], &keys.iter().map(row).collect::<Vec<_>>()));
    }
    print(&text)
}

/// What became of the API keys of an account that was deleted.
pub(super) fn deleted(email: &Email, keys: &[AccountKey], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(&json!({"email": email.as_str(), "deleted": true, "api_keys": keys}));
    }
    let mut text = format!("The account {} is deleted, and stays so when a backup is restored.\n", email.as_str());
    if !keys.is_empty() {
        let row = |key: &AccountKey| vec![key.name.clone(), key.workspace_id.to_string()];
        let rows: Vec<_> = keys.iter().map(row).collect();
        text += &format!("\n{}", table(&["API key that has ended", "workspace"], &rows));
    }
    print(&text)
}

/// A link to choose a password.
pub(super) fn link(link: &PasswordLink, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(link);
    }
    print(&format!(
        "Good once, until {}; the first person to open it chooses the password:\n{}",
        link.expires_at, link.url
    ))
}

/// The sessions of an account.
pub(super) fn sessions(sessions: &[AccountSession], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(sessions);
    }
    if sessions.is_empty() {
        return print("It is signed in nowhere.");
    }
    let unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let row = |session: &AccountSession| {
        vec![
            session.created_at.to_string(),
            session.last_used_at.to_string(),
            session.expires_at.to_string(),
            unknown(&session.ip),
            unknown(&session.user_agent),
        ]
    };
    let rows: Vec<_> = sessions.iter().map(row).collect();
    print(&table(&["signed in", "last used", "ends", "from", "program"], &rows))
}

/// Sessions of an account that were ended.
pub(super) fn sessions_ended(email: &Email, count: usize, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(&json!({"email": email.as_str(), "ended": count}));
    }
    let sessions = if count == 1 { "session has" } else { "sessions have" };
    print(&format!("{count} {sessions} ended; the account {} is signed in nowhere.", email.as_str()))
}

fn state(account: &Account) -> String {
    let state = match (account.is_active, account.is_verified) {
        (true, true) => "active",
        (true, false) => "active, address not verified",
        (false, _) => "disabled",
    };
    if account.is_operator { format!("{state}, operator") } else { state.to_owned() }
}
