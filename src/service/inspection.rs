//! What operators see of the database as a whole while it is used: what takes up space, and whether everything agrees.

use super::{Error, Operator, Service, check_index};
use crate::search::SearchIndex;
use crate::store::Stats;
use crate::store::check::CheckReport;
use crate::telemetry::{Operation, Subject};

/// What the search index is called beside the tables.
const SEARCH: &str = "search";

impl Service {
    /// What takes up space.
    pub async fn storage(&self, _: &Operator) -> Result<Stats, Error> {
        let stats = async { Ok(self.store.stats().await?) };
        self.telemetry.observe(Operation::SystemStorage, Subject::default(), stats).await
    }

    /// Checks everything in the database as of the last commit, and what the search index says of it, unless that is being
    /// rebuilt. Nothing is changed, but for an index that can't be read, which is rebuilt.
    pub async fn check(&self, _: &Operator) -> Result<CheckReport, Error> {
        self.telemetry
            .observe(Operation::SystemCheck, Subject::default(), async {
                let mut report = self.store.check().await?;
                // What is wrong with the rows says nothing about the index.
                if report.found > report.repairable || self.search.reached().is_none() {
                    return Ok(report);
                }
                let findings = match self.search.change(SearchIndex::contents).await {
                    Ok(index) => {
                        report.rows.insert(SEARCH.into(), index.updated_at.len() as u64);
                        check_index(&*self.store, index).await?
                    }
                    Err(error) => vec![error.to_string()],
                };
                findings.into_iter().for_each(|finding| report.derived(finding));
                Ok(report)
            })
            .await
    }

    /// How far the search index is.
    pub async fn search_index(&self, _: &Operator) -> Result<IndexProgress, Error> {
        let progress = async { Ok(self.index_progress()) };
        self.telemetry.observe(Operation::SystemSearchIndex, Subject::default(), progress).await
    }

    /// Has the search index rebuilt from all artifacts, unless it is being rebuilt already.
    pub async fn rebuild_search_index(&self, operator: &Operator) -> Result<IndexProgress, Error> {
        self.telemetry
            .observe(Operation::SystemSearchIndex, Subject::default(), async {
                if self.search.reached().is_some() {
                    let account = operator.account.map(|account| account.to_string());
                    tracing::info!(user.id = account, "an operator has the search index rebuilt");
                    self.search.rebuild();
                }
                Ok(self.index_progress())
            })
            .await
    }

    fn index_progress(&self) -> IndexProgress {
        let (rebuilt, artifacts) = self.search.rebuilt();
        let documents = self.search.documents();
        match self.search.reached() {
            Some(_) => IndexProgress { is_complete: true, done: documents, total: documents },
            None => IndexProgress { is_complete: false, done: rebuilt, total: artifacts },
        }
    }
}

/// How far the search index is.
#[derive(Clone, Copy, Debug)]
pub struct IndexProgress {
    /// Whether it can be searched; not while it is rebuilt.
    pub is_complete: bool,
    /// Artifacts in it; while it is rebuilt, those taken in so far.
    pub done: u64,
    /// Artifacts that it is to have.
    pub total: u64,
}
