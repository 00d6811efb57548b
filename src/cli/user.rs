//! `ghostworks user`: what an operator sees of accounts and does to them, whether the server runs or not.

use clap::Subcommand;
use serde_json::json;
use tokio::runtime::Builder;

use super::table::table;
use super::{Failure, print, print_json};
use crate::{
    app::{self, Account, AccountDetails, AccountSetting},
    config::{Config, Sources},
    domain::Email,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all accounts
    List,
    /// Show an account with its workspaces, and how many sessions it has
    Show {
        /// The account's e-mail address
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
    /// Keep an account from signing in, and end all its sessions
    Disable {
        /// The account's e-mail address
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
    /// Let an account sign in again
    Enable {
        /// The account's e-mail address
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
    /// Let the sessions of an account operate the server
    GrantOperator {
        /// The account's e-mail address
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
    /// Let an account operate the server no longer
    RevokeOperator {
        /// The account's e-mail address
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
}

/// Asks the server that uses the data directory, or looks into the directory when none does.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        match &args.command {
            Command::List => listed(&app::accounts(&config).await?, args.json),
            Command::Show { email } => shown(&app::account(&config, email).await?, args.json),
            Command::Disable { email } => set(&config, email, AccountSetting::Active(false), args.json).await,
            Command::Enable { email } => set(&config, email, AccountSetting::Active(true), args.json).await,
            Command::GrantOperator { email } => set(&config, email, AccountSetting::Operator(true), args.json).await,
            Command::RevokeOperator { email } => set(&config, email, AccountSetting::Operator(false), args.json).await,
        }
    })
}

async fn set(config: &Config, email: &Email, setting: AccountSetting, as_json: bool) -> Result<(), Failure> {
    let is_change = app::set_account(config, email, setting).await?;
    if as_json {
        let (name, value) = match setting {
            AccountSetting::Active(is_active) => ("is_active", is_active),
            AccountSetting::Operator(is_operator) => ("is_operator", is_operator),
        };
        return print_json(&json!({"email": email.as_str(), name: value, "changed": is_change}));
    }
    let now = match (setting, is_change) {
        (AccountSetting::Active(true), true) => "is enabled",
        (AccountSetting::Active(true), false) => "is already enabled",
        (AccountSetting::Active(false), true) => "is disabled",
        (AccountSetting::Active(false), false) => "is already disabled",
        (AccountSetting::Operator(true), true) => "may operate the server",
        (AccountSetting::Operator(true), false) => "may operate the server already",
        (AccountSetting::Operator(false), true) => "may operate the server no longer",
        (AccountSetting::Operator(false), false) => "may not operate the server anyway",
    };
    print(&format!("The account {} {now}.", email.as_str()))
}

fn listed(accounts: &[Account], as_json: bool) -> Result<(), Failure> {
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

fn shown(details: &AccountDetails, as_json: bool) -> Result<(), Failure> {
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

fn state(account: &Account) -> String {
    let state = match (account.is_active, account.is_verified) {
        (true, true) => "active",
        (true, false) => "active, address not verified",
        (false, _) => "disabled",
    };
    if account.is_operator { format!("{state}, operator") } else { state.to_owned() }
}
