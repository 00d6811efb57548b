//! `ghostworks user`: what an operator sees of accounts and does to them, whether the server runs or not.

use clap::Subcommand;
use tokio::runtime::Builder;

use super::table::table;
use super::{Failure, print, print_json};
use crate::{
    app::{self, Account, AccountDetails},
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
}

/// Asks the server that uses the data directory, or looks into the directory when none does.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        match &args.command {
            Command::List => listed(&app::accounts(&config).await?, args.json),
            Command::Show { email } => shown(&app::account(&config, email).await?, args.json),
            Command::Disable { email } => set_active(&config, email, false, args.json).await,
            Command::Enable { email } => set_active(&config, email, true, args.json).await,
        }
    })
}

async fn set_active(config: &Config, email: &Email, is_active: bool, as_json: bool) -> Result<(), Failure> {
    let is_change = app::set_user_active(config, email, is_active).await?;
    if as_json {
        return print_json(&serde_json::json!({"email": email.as_str(), "is_active": is_active, "changed": is_change}));
    }
    let (already, word) = (if is_change { "" } else { "already " }, if is_active { "enabled" } else { "disabled" });
    print(&format!("The account {} is {already}{word}.", email.as_str()))
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
    match (account.is_active, account.is_verified) {
        (true, true) => "active".to_owned(),
        (true, false) => "active, address not verified".to_owned(),
        (false, _) => "disabled".to_owned(),
    }
}
