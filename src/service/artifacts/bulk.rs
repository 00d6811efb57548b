//! Many writes of artifacts at once, each with a result of its own.

use super::count;
use crate::domain::{Artifact, ArtifactDraft, ArtifactWrite, RawArtifactWrite, TenantId, Violation, Violations};
use crate::service::{Caller, Error, Service};
use crate::store::StoreError;
use crate::telemetry::{Operation, annotate};

/// What became of one write of many.
pub type BulkOutcome = Result<Artifact, Error>;

impl Service {
    /// Carries out many writes in order, in one commit, and returns what became of each. With `atomic`, either all of
    /// them succeed or [`Error::BulkFailed`] says which don't, and nothing is written.
    pub async fn write_artifacts(
        &self,
        caller: &Caller,
        tenant: TenantId,
        writes: Vec<RawArtifactWrite>,
        atomic: bool,
    ) -> Result<Vec<BulkOutcome>, Error> {
        self.in_workspace(Operation::ArtifactBulk, caller, tenant, async {
            annotate("artifact.operations", count(writes.len()));
            annotate("artifact.atomic", atomic);
            let created: Vec<bool> = writes.iter().map(|it| matches!(it, RawArtifactWrite::Create(_))).collect();
            let mut checked = Vec::with_capacity(writes.len());
            for write in writes {
                checked.push(self.check_write(caller, tenant, write).await);
            }
            if atomic {
                refuse_failed(&checked)?;
            }
            let mut good = Vec::with_capacity(checked.len());
            let refused: Vec<Result<(), Error>> =
                checked.into_iter().map(|write| write.map(|write| good.push(write))).collect();
            let mut stored =
                self.write_many(tenant, good, atomic, (caller.user, self.stamp_of(caller))).await?.into_iter();
            let outcome =
                |refused: Result<(), Error>| refused.and_then(|()| Ok(stored.next().unwrap_or_else(|| Err(lost()))?));
            let outcomes: Vec<BulkOutcome> = refused.into_iter().map(outcome).collect();
            if atomic {
                refuse_failed(&outcomes)?;
            }
            let made = created.iter().zip(&outcomes).filter(|(created, _)| **created);
            for artifact in made.filter_map(|(_, outcome)| outcome.as_ref().ok()) {
                self.telemetry.metrics().artifact_created(tenant, artifact.artifact_type.as_str());
            }
            Ok(outcomes)
        })
        .await
    }

    async fn check_write(
        &self,
        caller: &Caller,
        tenant: TenantId,
        write: RawArtifactWrite,
    ) -> Result<ArtifactWrite, Error> {
        let expected = |version: Option<u64>| self.require_precondition(version.into());
        Ok(match write {
            RawArtifactWrite::Create(raw) => {
                ArtifactWrite::Create(Box::new(self.new_artifact(caller.user, tenant, ArtifactDraft::parse(raw)?)))
            }
            RawArtifactWrite::Update { id, version, patch } => ArtifactWrite::Update {
                id,
                expected: expected(version)?,
                patch: self.check_patch(tenant, id, patch).await?,
            },
            RawArtifactWrite::Delete { id, version } => ArtifactWrite::Delete { id, expected: expected(version)? },
        })
    }
}

/// A store that answers for fewer writes than it was given.
fn lost() -> StoreError {
    StoreError::unavailable("a write has no outcome")
}

/// Refuses when one of many failed. Each rule that an input breaks is named; other errors are a sentence.
fn refuse_failed<T>(outcomes: &[Result<T, Error>]) -> Result<(), Error> {
    let mut failed = Vec::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        let place = format!("/operations/{index}");
        match outcome {
            Ok(_) => {}
            Err(Error::Invalid(violations)) => failed.extend(violations.iter().map(|violation| Violation {
                pointer: format!("{place}{}", violation.pointer),
                detail: violation.detail.clone(),
            })),
            Err(error) => failed.push(Violation { pointer: place, detail: error.to_string() }),
        }
    }
    Violations::none(failed).map_err(Error::BulkFailed)
}
