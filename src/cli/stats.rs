//! `ghostworks stats`: what takes up space.

use serde::Serialize;
use tokio::runtime::Builder;

use super::{Failure, print, print_json, table::size};
use crate::{
    app,
    config::{Config, Quotas, Sources},
    store::Stats,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The number of workspaces to show, the largest first
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    workspaces: usize,
    /// Print JSON, with all workspaces
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct AsJson {
    unused_bytes: u64,
    #[serde(flatten)]
    stats: Stats,
}

/// Shows the tables and the largest workspaces.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let stats = runtime.block_on(app::stats(&config))?;
    if args.json {
        return print_json(&AsJson { unused_bytes: stats.unused_bytes(), stats });
    }
    print(&(summary(&stats, args.workspaces) + &limits(&config.quotas)))
}

fn summary(stats: &Stats, most: usize) -> String {
    let unused = stats.unused_bytes();
    let mut text = match stats.file_bytes {
        0 => String::new(),
        bytes => format!("The database has {}, of which {} are not used.\n\n", size(bytes), size(unused)),
    };
    text += &format!("{:<24}{:>12}{:>14}\n", "table", "rows", "size");
    for table in &stats.tables {
        text += &format!("{:<24}{:>12}{:>14}\n", table.name, table.rows, size(table.bytes));
    }
    text += &format!(
        "\n{:<40}{:>9}{:>6}{:>11}{:>10}{:>12}\n",
        "workspace", "members", "keys", "artifacts", "in trash", "size"
    );
    for it in stats.workspaces.iter().take(most) {
        let (size, keys) = (size(it.bytes), it.api_keys);
        text +=
            &format!("{:<40}{:>9}{keys:>6}{:>11}{:>10}{size:>12}\n", it.slug, it.members, it.artifacts, it.in_trash);
    }
    match stats.workspaces.len().saturating_sub(most) {
        0 => {}
        more => text += &format!("and {more} more\n"),
    }
    text
}

/// The most that every workspace, and every account, may have, if anything is limited.
fn limits(quotas: &Quotas) -> String {
    let number = |most: Option<u64>, what: &str| most.map(|most| format!("{most} {what}"));
    let limits = [
        number(quotas.members, "members"),
        number(quotas.api_keys, "API keys"),
        number(quotas.artifacts, "artifacts"),
        quotas.bytes.map(size),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    let mut text = String::new();
    if !limits.is_empty() {
        text += &format!("\nEach may have at most {}.\n", limits.join(", "));
    }
    if let Some(most) = quotas.workspaces {
        text += &format!("\nAn account may own at most {most} workspaces.\n");
    }
    text
}
