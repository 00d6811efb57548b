//! The database and the search index of a server that runs, as it says itself.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use tokio::time::sleep;

use super::Error;
use super::operator::{OPERATOR, ask_running};
use crate::config::Config;
use crate::store::check::CheckReport;
use crate::store::{Stats, TableStats, WorkspaceStats};

/// How often it is asked how far it is.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// What takes up space.
pub(super) async fn stats(config: &Config) -> Result<Stats, Error> {
    let answer: StorageAnswer = ask_running(config, Method::GET, &format!("{OPERATOR}/storage"), None).await?;
    Ok(answer.into())
}

/// Whether everything agrees.
pub(super) async fn check(config: &Config) -> Result<CheckReport, Error> {
    let answer: CheckAnswer = ask_running(config, Method::POST, &format!("{OPERATOR}/check"), None).await?;
    Ok(answer.into())
}

/// Has the search index rebuilt, and returns how many artifacts are in it then.
pub(super) async fn reindex(config: &Config, mut passed: impl FnMut(u64)) -> Result<u64, Error> {
    let path = format!("{OPERATOR}/search-index");
    let mut now: IndexAnswer = ask_running(config, Method::POST, &format!("{path}/rebuild"), None).await?;
    while !now.complete {
        passed(now.artifacts);
        sleep(BETWEEN_LOOKS).await;
        now = ask_running(config, Method::GET, &path, None).await?;
    }
    Ok(now.artifacts)
}

#[derive(Deserialize)]
struct StorageAnswer {
    file_bytes: u64,
    tables: Vec<TableAnswer>,
    workspaces: Vec<WorkspaceAnswer>,
}

#[derive(Deserialize)]
struct TableAnswer {
    name: String,
    rows: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct WorkspaceAnswer {
    slug: String,
    members: u64,
    api_keys: u64,
    artifacts: u64,
    in_trash: u64,
    bytes: u64,
}

impl From<StorageAnswer> for Stats {
    fn from(StorageAnswer { file_bytes, tables, workspaces }: StorageAnswer) -> Self {
        let tables = tables.into_iter().map(|TableAnswer { name, rows, bytes }| TableStats { name, rows, bytes });
        let workspaces = workspaces.into_iter().map(|it| WorkspaceStats {
            slug: it.slug,
            members: it.members,
            api_keys: it.api_keys,
            artifacts: it.artifacts,
            in_trash: it.in_trash,
            bytes: it.bytes,
        });
        Self { file_bytes, tables: tables.collect(), workspaces: workspaces.collect() }
    }
}

#[derive(Deserialize)]
struct CheckAnswer {
    rows: BTreeMap<String, u64>,
    findings: Vec<FindingAnswer>,
    found: usize,
    repairable: usize,
}

#[derive(Deserialize)]
struct FindingAnswer {
    finding: String,
    repairable: bool,
}

impl From<CheckAnswer> for CheckReport {
    fn from(CheckAnswer { rows, findings, found, repairable }: CheckAnswer) -> Self {
        let rows = rows.into_iter().map(|(table, rows)| (table.into(), rows)).collect();
        let findings = findings.into_iter().map(|it| (it.finding, it.repairable)).collect();
        Self { rows, findings, found, repairable }
    }
}

#[derive(Deserialize)]
struct IndexAnswer {
    complete: bool,
    artifacts: u64,
}
