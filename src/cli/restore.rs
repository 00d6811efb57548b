//! `ghostworks restore`: a database made from a backup, or from what a server keeps in the place of its backups, while
//! the server is stopped.

use std::path::PathBuf;

use tokio::runtime::Builder;

use super::{Failure, moment, print, progress::Progress};
use crate::{
    app,
    config::{Config, Sources},
    domain::{Email, Timestamp},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The backup; without it, the newest of those that a server made by itself, with all changes since
    #[arg(conflicts_with_all = ["to", "from"])]
    file: Option<PathBuf>,
    /// Restore what was there at this moment, such as "yesterday 18:00", "2026-11-26 01:30", 2026-11-26T01:30:00Z or
    /// "2h ago"
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    to: Option<Timestamp>,
    /// Take the backups and changes from this directory or s3://bucket/prefix [default: backups.to]
    #[arg(long, value_name = "PLACE")]
    from: Option<String>,
    /// Bring the account with this address back although it was deleted since
    #[arg(long, value_name = "ADDRESS", value_parser = Email::parse)]
    include_deleted: Vec<Email>,
    /// Replace the database that is in the data directory
    #[arg(long)]
    force: bool,
}

/// Restores into the data directory. Everything is read once before anything is changed.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let backups = args.from.clone();
    let config = Config::load(&Sources { backups, ..sources.clone() })?;
    let directory = config.storage.data_dir.display();
    let mut progress = Progress::new();
    let mut passed = |share| progress.show(share);
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let include = &args.include_deleted;
    if let Some(file) = &args.file {
        let restored = runtime.block_on(app::restore(&config, file, args.force, include, passed));
        drop(progress);
        let app::Restored { rows, deleted } = restored?;
        return print(&format!(
            "{rows} rows were restored to {directory} from {}.{}",
            file.display(),
            still_deleted(deleted)
        ));
    }
    let recovered = runtime.block_on(app::recover(&config, args.to, args.force, include, &mut passed));
    drop(progress);
    let app::Recovered { rows, deleted, backup, owner, changes, time } = recovered?;
    let whose = owner.map(|owner| format!(" of the installation {owner}")).unwrap_or_default();
    print(&format!(
        "{rows} rows were restored to {directory} as of {time}, from {backup}{whose} and {changes} shipments of changes.{}",
        still_deleted(deleted)
    ))
}

/// What became of people who were in it, and were deleted since.
fn still_deleted(count: usize) -> String {
    let people = if count == 1 { "person in it was" } else { "people in it were" };
    let more = format!("\n{count} {people} deleted since, and stay deleted; --include-deleted brings somebody back.");
    if count == 0 { String::new() } else { more }
}
