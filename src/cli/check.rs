//! `ghostworks check`: whether everything in the database agrees.

use tokio::runtime::Builder;

use super::{Failure, print, progress::Progress};
use crate::{
    app,
    config::{Config, Sources},
    store::check::CheckReport,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Rebuild what can be derived from the rest: indexes, counters, the chains of the change log,
    /// the search index; the server must be stopped
    #[arg(long)]
    repair: bool,
}

/// Checks the data directory and prints what was found. If anything is still wrong afterwards, the command fails.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let mut progress = Progress::new();
    let report = runtime.block_on(app::check(&config, args.repair, Box::new(move |share| progress.show(share))))?;
    print(&summary(&report, args.repair))?;
    let repaired = if args.repair { report.repairable } else { 0 };
    match (report.found - repaired, report.repairable - repaired) {
        (0, _) => Ok(()),
        (wrong, 0) => Err(Failure::Damaged(format!("{wrong} wrong, which only a backup can set right"))),
        (wrong, few) => Err(Failure::Damaged(format!("{wrong} wrong, of which --repair sets {few} right"))),
    }
}

fn summary(report: &CheckReport, repair: bool) -> String {
    let mut text = String::new();
    for (table, rows) in &report.rows {
        text += &format!("{rows:>12}  {table}\n");
    }
    for (finding, is_repairable) in &report.findings {
        let word = if *is_repairable && repair { "repaired" } else { "wrong" };
        text += &format!("{word}: {finding}\n");
    }
    match report.found - report.findings.len() {
        0 if report.found == 0 => text += "Everything agrees.",
        0 => {}
        more => text += &format!("and {more} more"),
    }
    text
}
