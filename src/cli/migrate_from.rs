//! `ghostworks migrate-from`: what the older service has, taken over from its PostgreSQL while the server is stopped.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::builder::styling::{AnsiColor, Style};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Builder;

use super::{Failure, print, print_json, progress::Progress, table::table};
use crate::{
    app::{self, Moved, MovedTable, Moving, MovingError},
    config::{Config, Sources, postgres_password},
    domain::{Clock as _, SystemClock},
};

#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(super) struct Args {
    /// The other database: postgres://user@host:5432/name?sslmode=verify-full
    #[arg(value_name = "URL", required_unless_present = "from_file")]
    url: Option<String>,
    /// Read the address from this file, so that a password in it is on no command line
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    from_file: Option<PathBuf>,
    /// Read the password from this file [default: PGPASSWORD]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Only look, and say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Write each thing that did not come as it was to this file [default: migrate-from-TIME.ndjson]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
The other database is only read, as of one moment. Ids and times are kept, and passwords go on
working. The same command again takes over what has changed there since, and leaves what has
changed here: run it while the older service is up, and once more when it is stopped.

sslmode is disable, prefer, require, verify-ca or verify-full, with sslrootcert=FILE as for
other clients of PostgreSQL. The exit code is 5 when rows were left as they are.

\x1b[1;4mExamples:\x1b[0m
  ghostworks migrate-from --from-file older.url --dry-run
      See what would be changed to fit, and what would be left
  PGPASSWORD=… ghostworks migrate-from postgres://reader@db.example.com/ghostworks
      Take everything over";

/// Takes everything over.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let address = address(args)?;
    let password = password(args)?;
    let report = args.report.clone().unwrap_or_else(default_report);
    let moving = Moving { address: &address, password: password.as_ref(), report: &report, is_dry_run: args.dry_run };
    let mut progress = Progress::new();
    let mut passed = |share| progress.show(share);
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let moved = runtime.block_on(app::migrate_from(&config, &moving, &mut passed));
    drop(progress);
    let moved = moved?;
    if args.json {
        print_json(&moved)?;
    } else {
        print(&summary(&moved))?;
    }
    match moved.left() {
        0 => Ok(()),
        left => {
            Err(Failure::LeftBehind(format!("{left} rows were left as they are; {} says why", moved.report.display())))
        }
    }
}

fn address(args: &Args) -> Result<SecretString, Failure> {
    if let Some(path) = &args.from_file {
        return secret(path);
    }
    let url = args.url.clone().unwrap_or_default();
    let place = url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    if place.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        const WORD: Style = AnsiColor::Yellow.on_default();
        anstream::eprintln!(
            "{WORD}note:{WORD:#} others on this machine can see the password on the command line; PGPASSWORD, \
             --password-file and --from-file keep it from them"
        );
    }
    Ok(url.into())
}

fn password(args: &Args) -> Result<Option<SecretString>, Failure> {
    match &args.password_file {
        Some(path) => secret(path).map(Some),
        None => Ok(postgres_password()),
    }
}

/// The first line of a file.
fn secret(path: &Path) -> Result<SecretString, Failure> {
    let text = fs::read_to_string(path).map(SecretString::from);
    let text = text.map_err(|error| app::Error::from(MovingError::Secret { path: path.to_owned(), error }))?;
    let line = text.expose_secret().lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(Failure::NoAddress(format!("there is nothing in {}", path.display())));
    }
    Ok(line.into())
}

/// In the working directory, with the time in its name, so that none takes another's place.
fn default_report() -> PathBuf {
    format!("migrate-from-{}.ndjson", SystemClock.now().strftime("%Y%m%dT%H%M%SZ")).into()
}

fn summary(moved: &Moved) -> String {
    let headings =
        ["table", ">rows", ">added", ">updated", ">unchanged", ">inactive", ">skipped", ">conflicts", ">gone"];
    let mut text = table(&headings, &moved.tables.iter().map(cells).collect::<Vec<_>>());
    for changed in &moved.changed {
        text += &format!("{} of {} changed to fit: {}\n", changed.values, changed.table, changed.field);
    }
    if moved.password_resets > 0 {
        text += &format!(
            "{} accounts have no hash that can be used: another password has to be chosen\n",
            moved.password_resets
        );
    }
    if moved.dry_run {
        text += "Nothing was written here. ";
    }
    text + &format!("Everything that did not come as it was is in {}.", moved.report.display())
}

fn cells(it: &MovedTable) -> Vec<String> {
    let numbers = [it.rows, it.added, it.updated, it.unchanged, it.inactive, it.skipped, it.conflicts, it.gone];
    std::iter::once(it.table.to_owned()).chain(numbers.map(|number| number.to_string())).collect()
}
