//! `ghostworks backups`: what is in the place that a server makes backups in, beside it or without one.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::table::{size, table};
use super::{Failure, print, print_json};
use crate::{
    app::{BackupPlace, RestorePoint},
    config::{Config, Sources},
    domain::Timestamp,
    store::backup::Copied,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Look at this directory or s3://bucket/prefix [default: backups.to]
    #[arg(long, value_name = "PLACE", global = true)]
    from: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what can be restored, how large it is, and whose it is
    List,
    /// Read a backup and the changes since it through, and say whether they are whole; nothing is restored
    Verify {
        /// Its name; without it, the newest
        name: Option<String>,
        /// Read everything in the place
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    /// Remove what is older than the last `backups.keep` backups, as the server does after each
    Prune {
        /// Only show what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Give the place, with everything in it, to the installation in the data directory
    Adopt,
}

/// Does what was asked with the place.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(&Sources { backups: args.from.clone(), ..sources.clone() })?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        let place = BackupPlace::open(&config).await?;
        match &args.command {
            Command::List => list(&place, args.json),
            Command::Verify { name, all } => verify(&place, name.as_deref(), *all, args.json).await,
            Command::Prune { dry_run } => {
                let names = place.prune(config.backups.keep, *dry_run).await?;
                pruned(&names, *dry_run, args.json)
            }
            Command::Adopt => adopt(&place, &config, args.json).await,
        }
    })
}

fn list(place: &BackupPlace, as_json: bool) -> Result<(), Failure> {
    let points = place.restore_points();
    if as_json {
        let points: Vec<Value> = points.iter().map(|point| described(place, point)).collect();
        let owner = place.owner.as_ref().map(|owner| {
            json!({
                "installation": owner.installation.to_string(),
                "whereabouts": owner.whereabouts,
                "since": owner.since.to_string(),
                "is_this": Some(owner.installation) == place.here,
            })
        });
        return print_json(&json!({"owner": owner, "restore_points": points}));
    }
    print(&match &place.owner {
        Some(owner) if Some(owner.installation) == place.here => {
            format!("The place belongs to this installation, {owner}.")
        }
        Some(owner) => format!("The place belongs to the installation {owner}."),
        None => "The place belongs to nobody.".to_owned(),
    })?;
    let row = |point: &RestorePoint| {
        let (time, until) = (seconds(point.time), seconds(point.until));
        let changes = format!("{} in {}", size(point.changes_bytes), point.changes);
        vec![time, until, size(point.bytes), changes, whose(place, point), point.name.clone()]
    };
    let rows: Vec<_> = points.iter().map(row).collect();
    match rows.as_slice() {
        [] => print("There are no backups."),
        rows => print(&table(&["from", "until", ">backup", ">changes", "whose", "name"], rows)),
    }
}

fn described(place: &BackupPlace, point: &RestorePoint) -> Value {
    json!({
        "name": point.name,
        "from": point.time.to_string(),
        "until": point.until.to_string(),
        "bytes": point.bytes,
        "changes": point.changes,
        "changes_bytes": point.changes_bytes,
        "made_by": point.made_by.map(|id| id.to_string()),
        "whose": whose(place, point),
    })
}

/// Whose a backup is.
fn whose(place: &BackupPlace, point: &RestorePoint) -> String {
    let is_here = place.owner.as_ref().is_some_and(|owner| Some(owner.installation) == place.here);
    match (point.is_owners, is_here, point.made_by) {
        (true, true, _) => "this installation's".to_owned(),
        (true, false, _) => "the owner's".to_owned(),
        (false, _, Some(id)) if place.here.is_some_and(|here| here.short() == id) => "this installation's".to_owned(),
        (false, _, Some(id)) => format!("of {id}"),
        (false, _, None) => "not known".to_owned(),
    }
}

async fn verify(place: &BackupPlace, name: Option<&str>, all: bool, as_json: bool) -> Result<(), Failure> {
    let verified = place.verify(name, all).await?;
    let damaged = verified.iter().filter(|file| file.rows.is_err()).count();
    if as_json {
        let files = verified.iter().map(|file| match &file.rows {
            Ok(copied) => json!({"name": file.name, "rows": copied.rows, "damaged_rows": copied.damaged}),
            Err(error) => json!({"name": file.name, "error": error.to_string()}),
        });
        print_json(&Value::Array(files.collect()))?;
    } else {
        let row = |copied: &Result<Copied, _>| match copied {
            Ok(Copied { rows, damaged: 0 }) => (rows.to_string(), "whole".to_owned()),
            Ok(Copied { rows, damaged }) => {
                (rows.to_string(), format!("whole, with {damaged} rows that could not be read when it was made"))
            }
            Err(error) => (String::new(), format!("DAMAGED: {error}")),
        };
        let rows = verified.iter().map(|file| {
            let (rows, state) = row(&file.rows);
            vec![file.name.clone(), rows, state]
        });
        print(&table(&["name", ">rows", "state"], &rows.collect::<Vec<_>>()))?;
    }
    match damaged {
        0 => Ok(()),
        damaged => Err(Failure::Unverified(format!("{damaged} of {} files can't be restored from", verified.len()))),
    }
}

fn pruned(names: &[(String, u64)], dry_run: bool, as_json: bool) -> Result<(), Failure> {
    let bytes = names.iter().map(|(_, bytes)| bytes).sum();
    if as_json {
        let files: Vec<Value> = names.iter().map(|(name, bytes)| json!({"name": name, "bytes": bytes})).collect();
        return print_json(&json!({"dry_run": dry_run, "removed": files}));
    }
    let rows: Vec<_> = names.iter().map(|(name, bytes)| vec![name.clone(), size(*bytes)]).collect();
    let verb = if dry_run { "would be" } else { "were" };
    let listed = if rows.is_empty() { String::new() } else { table(&["name", ">size"], &rows) };
    print(&format!("{listed}{} files with {} {verb} removed.", names.len(), size(bytes)))
}

async fn adopt(place: &BackupPlace, config: &Config, as_json: bool) -> Result<(), Failure> {
    let before = place.adopt(config).await?;
    let directory: PathBuf = config.storage.data_dir.clone();
    if as_json {
        return print_json(&json!({"before": before.map(|owner| owner.installation.to_string())}));
    }
    let before = before.map_or_else(|| "nobody".to_owned(), |owner| format!("the installation {owner}"));
    print(&format!(
        "The place belongs to the installation in {} now, with everything in it; before, it belonged to {before}.",
        directory.display()
    ))
}

fn seconds(time: Timestamp) -> String {
    format!("{time:.0}")
}
