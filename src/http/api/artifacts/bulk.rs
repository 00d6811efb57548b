//! Many writes in one request, and what became of each, in JSON.

use poem::http::StatusCode;
use poem_openapi::types::Example;
use poem_openapi::{Object, Union};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::body::{ArtifactBody, CreateArtifactRequest, UpdateArtifactRequest};
use crate::domain::{RawArtifactWrite, Violations};
use crate::http::problem::{PartProblem, Problem};
use crate::http::types::Flag;
use crate::service::BulkOutcome;

/// The most operations of a request.
pub(in crate::http) const MAX_OPERATIONS: usize = 1000;

/// Many writes.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct BulkRequest {
    /// The operations, carried out in order: a later one sees what an earlier one did.
    #[oai(validator(min_items = 1))]
    operations: Vec<Operation>,
    /// Whether nothing is to happen unless every operation succeeds.
    #[serde(default)]
    #[oai(default)]
    pub(super) atomic: Flag,
}

impl Example for BulkRequest {
    fn example() -> Self {
        let operation = BulkCreate { artifact: CreateArtifactRequest::example() };
        Self { operations: vec![Operation::Create(operation)], atomic: Flag(true) }
    }
}

/// One write.
#[derive(Deserialize, Union)]
#[serde(tag = "op", rename_all = "lowercase")]
#[oai(rename = "BulkOperation", discriminator_name = "op", rename_all = "lowercase")]
enum Operation {
    Create(BulkCreate),
    Update(BulkUpdate),
    Delete(BulkDelete),
}

/// An artifact to create, by the same rules as a single one. Breaking one is the result of this operation.
#[derive(Deserialize, Object)]
struct BulkCreate {
    #[serde(flatten)]
    #[oai(flatten)]
    artifact: CreateArtifactRequest,
}

/// An artifact to change: fields that are not there stay, `null` clears.
#[derive(Deserialize, Object)]
struct BulkUpdate {
    /// Which artifact.
    id: Uuid,
    /// Change it only if this is still its version.
    #[serde(default)]
    #[oai(nullable, validator(minimum(value = "0")))]
    version: Option<u64>,
    #[serde(flatten)]
    #[oai(flatten)]
    changes: UpdateArtifactRequest,
}

/// An artifact to move to the trash.
#[derive(Deserialize, Object)]
struct BulkDelete {
    /// Which artifact.
    id: Uuid,
    /// Delete it only if this is still its version.
    #[serde(default)]
    #[oai(nullable, validator(minimum(value = "0")))]
    version: Option<u64>,
}

impl BulkRequest {
    /// The operations, when there are as many as there may be.
    pub(super) fn writes(self) -> Result<Vec<RawArtifactWrite>, Violations> {
        if !(1..=MAX_OPERATIONS).contains(&self.operations.len()) {
            return Err(Violations::one("/operations", format!("must be 1 to {MAX_OPERATIONS} operations")));
        }
        Ok(self.operations.into_iter().map(RawArtifactWrite::from).collect())
    }
}

impl From<Operation> for RawArtifactWrite {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Create(body) => Self::Create(body.artifact.into()),
            Operation::Update(body) => {
                Self::Update { id: body.id.into(), version: body.version, patch: body.changes.into() }
            }
            Operation::Delete(body) => Self::Delete { id: body.id.into(), version: body.version },
        }
    }
}

/// What became of many writes.
#[derive(Serialize, Object)]
#[oai(rename = "BulkAnswer")]
pub(super) struct BulkBody {
    /// One for each operation, in their order.
    results: Vec<BulkResult>,
    /// How many were carried out.
    succeeded: u64,
    /// How many were not.
    failed: u64,
}

/// What became of one write.
#[derive(Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct BulkResult {
    /// The place of the operation among all, beginning with 0.
    index: u64,
    /// What the operation would have been answered with alone.
    status: u16,
    /// The artifact's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// The artifact as it is now, unless it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact: Option<ArtifactBody>,
    /// Why the operation was not carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<PartProblem>,
}

impl BulkBody {
    pub(super) fn new(outcomes: Vec<(Option<Uuid>, BulkOutcome)>) -> Self {
        let results: Vec<BulkResult> = outcomes
            .into_iter()
            .enumerate()
            .map(|(index, (id, outcome))| BulkResult::new(index, id, outcome))
            .collect();
        let failed = results.iter().filter(|result| result.error.is_some()).count();
        Self { succeeded: (results.len() - failed) as u64, failed: failed as u64, results }
    }
}

impl BulkResult {
    /// `id` is the one that the operation named.
    fn new(index: usize, id: Option<Uuid>, outcome: BulkOutcome) -> Self {
        let index = index as u64;
        match outcome {
            Ok(artifact) => {
                let is_deleted = artifact.deleted_at.is_some();
                let status = match (id, is_deleted) {
                    (None, _) => StatusCode::CREATED,
                    (Some(_), true) => StatusCode::NO_CONTENT,
                    (Some(_), false) => StatusCode::OK,
                };
                let id = Some(artifact.id.as_uuid());
                let artifact = (!is_deleted).then(|| artifact.into());
                Self { index, status: status.as_u16(), id, artifact, error: None }
            }
            Err(error) => {
                let (status, problem) = Problem::from(error).into_part();
                Self { index, status, id, artifact: None, error: Some(problem) }
            }
        }
    }
}

/// The artifact that an operation names.
pub(super) fn named(write: &RawArtifactWrite) -> Option<Uuid> {
    match write {
        RawArtifactWrite::Create(_) => None,
        RawArtifactWrite::Update { id, .. } | RawArtifactWrite::Delete { id, .. } => Some(id.as_uuid()),
    }
}
