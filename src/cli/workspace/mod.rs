//! `ghostworks workspace`: what an operator sees of workspaces and does to them, whether the server runs or not.

mod show;
mod transfer;

use clap::Subcommand;
use tokio::runtime::Builder;

use super::{Failure, confirm};
use crate::app::{WorkspaceQuotas, Workspaces};
use crate::config::{Config, Sources};

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
    /// List all workspaces with what they take up, the largest first
    List,
    /// Show a workspace with what it takes up, its quotas and its owners
    Show(Which),
    /// Keep the members and API keys of a workspace from it, until it is resumed
    Suspend(Which),
    /// End that a workspace is suspended
    Resume(Which),
    /// Delete a workspace for good, with everything in it
    Delete(Delete),
    /// Give a workspace quotas of its own, in the place of those for all
    SetQuota(SetQuota),
    /// Write the artifacts of a workspace to a file, as `ghostworks export` does for its members; its log says so
    Export(transfer::Export),
    /// Create artifacts in a workspace from a file, as `ghostworks import` does for its members
    Import(transfer::Import),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The workspace: its slug or its id
    workspace: String,
}

#[derive(Debug, clap::Args)]
struct Delete {
    #[command(flatten)]
    which: Which,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
struct SetQuota {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    quotas: NewQuotas,
}

/// At least one is to be set.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct NewQuotas {
    /// Artifacts, those in the trash included: a number, or `default` for as many as all may have
    #[arg(long, value_name = "NUMBER")]
    artifacts: Option<Most>,
    /// Bytes of artifacts, with the trash and all histories
    #[arg(long, value_name = "NUMBER")]
    bytes: Option<Most>,
    /// Members
    #[arg(long, value_name = "NUMBER")]
    members: Option<Most>,
    /// API keys
    #[arg(long, value_name = "NUMBER")]
    api_keys: Option<Most>,
}

/// A quota, or none of its own.
#[derive(Clone, Copy, Debug)]
struct Most(Option<u64>);

impl std::str::FromStr for Most {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "default" => Ok(Self(None)),
            number => number.parse().map(|most| Self(Some(most))).map_err(|_| "expected a number, or `default`"),
        }
    }
}

impl NewQuotas {
    /// The quotas that a workspace has after these are set.
    fn over(self, before: WorkspaceQuotas) -> WorkspaceQuotas {
        let set = |new: Option<Most>, before| new.map_or(before, |Most(most)| most);
        WorkspaceQuotas {
            artifacts: set(self.artifacts, before.artifacts),
            bytes: set(self.bytes, before.bytes),
            members: set(self.members, before.members),
            api_keys: set(self.api_keys, before.api_keys),
        }
    }
}

/// Asks the server that uses the data directory, or looks into the directory when none does.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        let workspaces = Workspaces::open(&config).await?;
        let done = perform(&args.command, &workspaces, args.json).await;
        workspaces.close().await?;
        done
    })
}

async fn perform(command: &Command, workspaces: &Workspaces<'_>, as_json: bool) -> Result<(), Failure> {
    match command {
        Command::List => show::list(&workspaces.all().await?, as_json),
        Command::Show(Which { workspace }) => show::details(&workspaces.find(workspace).await?, as_json),
        Command::Suspend(Which { workspace }) => {
            let details = workspaces.suspend(workspace, true).await?;
            show::said(&details, "is suspended: its members and API keys can't use it until it is resumed", as_json)
        }
        Command::Resume(Which { workspace }) => {
            let details = workspaces.suspend(workspace, false).await?;
            show::said(&details, "is not suspended, and as it was", as_json)
        }
        Command::Delete(Delete { which: Which { workspace }, yes }) => {
            if !yes {
                let slug = workspaces.find(workspace).await?.workspace.slug;
                confirm::deletion(&format!(
                    "Delete the workspace {slug} for good, with everything in it? Only a backup from before has it then."
                ))?;
            }
            show::said(&workspaces.delete(workspace).await?, "is deleted, with everything in it", as_json)
        }
        Command::Export(export) => transfer::export(export, workspaces).await,
        Command::Import(import) => transfer::import(import, workspaces, as_json).await,
        Command::SetQuota(SetQuota { which: Which { workspace }, quotas }) => {
            let before = workspaces.find(workspace).await?.workspace.quotas;
            show::details(&workspaces.set_quotas(workspace, quotas.over(before)).await?, as_json)
        }
    }
}
