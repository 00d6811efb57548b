//! `ghostworks user`: what an operator sees of accounts and does to them, whether the server runs or not.

mod password;
mod show;

use clap::Subcommand;
use serde_json::json;
use tokio::runtime::Builder;

use super::{Failure, confirm, print, print_json};
use crate::{
    app::{AccountDraft, AccountSetting, Accounts},
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
    Show(Whose),
    /// Make an account: its password is typed, or comes from standard input, or is chosen with a link
    Create(Create),
    /// Set another password, and end all sessions of the account and its API keys
    SetPassword(SetPassword),
    /// Print a link with which somebody chooses another password, once
    ResetLink(Whose),
    /// List the sessions of an account, or end them
    Sessions {
        #[command(flatten)]
        whose: Whose,
        /// End all of them
        #[arg(long)]
        end: bool,
    },
    /// Print everything that there is about a person, as JSON
    Export(Whose),
    /// Delete an account for good: its sessions, memberships and API keys, and what is known about the person
    Delete(Delete),
    /// Keep an account from signing in, and end all its sessions
    Disable(Whose),
    /// Let an account sign in again
    Enable(Whose),
    /// Let the sessions of an account operate the server
    GrantOperator(Whose),
    /// Let an account operate the server no longer
    RevokeOperator(Whose),
}

#[derive(Debug, clap::Args)]
struct Whose {
    /// The account's e-mail address
    #[arg(value_parser = Email::parse)]
    email: Email,
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    whose: Whose,
    /// Given name
    #[arg(long, value_name = "NAME")]
    first_name: Option<String>,
    /// Family name
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,
    /// The address is known to be theirs, and needs no e-mail to prove it
    #[arg(long)]
    verified: bool,
    /// Let them operate the server
    #[arg(long)]
    operator: bool,
    /// Read the password from the first line of standard input
    #[arg(long, conflicts_with = "link")]
    password_stdin: bool,
    /// Set no password, and print a link with which one is chosen
    #[arg(long)]
    link: bool,
}

#[derive(Debug, clap::Args)]
struct SetPassword {
    #[command(flatten)]
    whose: Whose,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// Leave the API keys that the account made as they are
    #[arg(long)]
    keep_api_keys: bool,
}

#[derive(Debug, clap::Args)]
struct Delete {
    #[command(flatten)]
    whose: Whose,
    /// Give the workspaces that nobody else owns to the account with this address
    #[arg(long, value_name = "ADDRESS", value_parser = Email::parse)]
    transfer_to: Option<Email>,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

/// Asks the server that uses the data directory, or looks into the directory when none does.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    // Read before anything is opened: nobody is to wait for somebody who types.
    let password = match &args.command {
        Command::Create(create) if !create.link => Some(password::read(create.password_stdin)?),
        Command::SetPassword(set) => Some(password::read(set.password_stdin)?),
        _ => None,
    };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        let accounts = Accounts::open(&config).await?;
        let done = perform(&args.command, &accounts, password, args.json).await;
        accounts.close().await?;
        done
    })
}

async fn perform(
    command: &Command,
    accounts: &Accounts<'_>,
    password: Option<String>,
    as_json: bool,
) -> Result<(), Failure> {
    match command {
        Command::List => show::list(&accounts.all().await?, as_json),
        Command::Show(Whose { email }) => show::details(&accounts.find(email).await?, as_json),
        Command::Create(create) => show::made(&accounts.create(&create.draft(password)).await?, as_json),
        Command::SetPassword(set) => {
            let (email, password) = (&set.whose.email, password.unwrap_or_default());
            let keys = accounts.set_password(email, &password, !set.keep_api_keys).await?;
            show::password_set(email, &keys, as_json)
        }
        Command::ResetLink(Whose { email }) => show::link(&accounts.reset_link(email).await?, as_json),
        Command::Sessions { whose: Whose { email }, end: false } => {
            show::sessions(&accounts.sessions(email).await?, as_json)
        }
        Command::Sessions { whose: Whose { email }, end: true } => {
            show::sessions_ended(email, accounts.end_sessions(email).await?, as_json)
        }
        Command::Delete(delete) => {
            let email = &delete.whose.email;
            if !delete.yes {
                let email = accounts.find(email).await?.account.email;
                confirm::deletion(&format!(
                    "Delete {email} for good? Only a backup from before, restored with --include-deleted, has it then."
                ))?;
            }
            show::deleted(email, &accounts.delete(email, delete.transfer_to.as_ref()).await?, as_json)
        }
        Command::Export(Whose { email }) => print_json(&accounts.export(email).await?),
        Command::Disable(whose) => set(accounts, whose, AccountSetting::Active(false), as_json).await,
        Command::Enable(whose) => set(accounts, whose, AccountSetting::Active(true), as_json).await,
        Command::GrantOperator(whose) => set(accounts, whose, AccountSetting::Operator(true), as_json).await,
        Command::RevokeOperator(whose) => set(accounts, whose, AccountSetting::Operator(false), as_json).await,
    }
}

impl Create {
    fn draft(&self, password: Option<String>) -> AccountDraft {
        AccountDraft {
            email: self.whose.email.as_str().to_owned(),
            password,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            is_verified: self.verified,
            is_operator: self.operator,
        }
    }
}

async fn set(
    accounts: &Accounts<'_>,
    Whose { email }: &Whose,
    setting: AccountSetting,
    as_json: bool,
) -> Result<(), Failure> {
    let is_change = accounts.set(email, setting).await?;
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
