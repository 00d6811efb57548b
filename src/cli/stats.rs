//! `ghostworks stats`: what takes up the room, while the server is stopped.

use super::{Failure, print, progress::Progress};
use crate::{
    app,
    config::{Config, Sources},
    store::redb::Stats,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Show so many workspaces, the largest first
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    workspaces: usize,
}

/// Shows the tables and the largest workspaces.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let mut progress = Progress::new("read");
    let stats = app::stats(&config, |rows| progress.show(rows))?;
    drop(progress);
    print(&told(&stats, args.workspaces))
}

fn told(stats: &Stats, most: usize) -> String {
    let unused = stats.file_bytes.saturating_sub(stats.used_bytes);
    let mut text = format!("The database has {}, of which {} are not used.\n\n", size(stats.file_bytes), size(unused));
    text += &format!("{:<24}{:>12}{:>14}\n", "table", "rows", "size");
    for table in &stats.tables {
        text += &format!("{:<24}{:>12}{:>14}\n", table.name, table.rows, size(table.bytes));
    }
    text += &format!("\n{:<40}{:>9}{:>11}{:>10}{:>12}\n", "workspace", "members", "artifacts", "in trash", "size");
    for it in stats.workspaces.iter().take(most) {
        let size = size(it.bytes);
        text += &format!("{:<40}{:>9}{:>11}{:>10}{size:>12}\n", it.slug, it.members, it.artifacts, it.in_trash);
    }
    match stats.workspaces.len().saturating_sub(most) {
        0 => {}
        more => text += &format!("and {more} more\n"),
    }
    text
}

/// Bytes, for people.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{:.1} {name}", bytes as f64 / unit as f64))
}
