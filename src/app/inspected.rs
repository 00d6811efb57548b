//! The database and the search index of a server that runs, as it says itself.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use tokio::time::sleep;

use super::Error;
use super::operator::{OPERATOR, ask_running};
use crate::config::Config;
use crate::domain::Share;
use crate::store::Stats;
use crate::store::check::CheckReport;

/// What an index is made of, and what becomes of it.
pub(super) const INDEXED: &str = "artifacts indexed";
/// How often it is asked how far it is.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// What takes up space.
pub(super) async fn stats(config: &Config) -> Result<Stats, Error> {
    ask_running(config, Method::GET, &format!("{OPERATOR}/storage"), None).await
}

/// Whether everything agrees.
pub(super) async fn check(config: &Config) -> Result<CheckReport, Error> {
    let answer: CheckAnswer = ask_running(config, Method::POST, &format!("{OPERATOR}/check"), None).await?;
    Ok(answer.into())
}

/// Has the search index rebuilt, and returns how many artifacts are in it then.
pub(super) async fn reindex(config: &Config, mut passed: impl FnMut(Share)) -> Result<u64, Error> {
    let path = format!("{OPERATOR}/search-index");
    let mut now: IndexAnswer = ask_running(config, Method::POST, &format!("{path}/rebuild"), None).await?;
    while !now.complete {
        passed(Share::new(INDEXED, now.artifacts, Some(now.of)));
        sleep(BETWEEN_LOOKS).await;
        now = ask_running(config, Method::GET, &path, None).await?;
    }
    Ok(now.artifacts)
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
    of: u64,
}
