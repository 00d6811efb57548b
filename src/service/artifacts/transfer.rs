//! All artifacts of a workspace, out and in.

use std::sync::Arc;

use super::count;
use crate::domain::{
    Artifact, ArtifactBatch, ArtifactDraft, ArtifactId, ArtifactWrite, Creation, ImportLine, Role, Stamp, TenantId,
    UserId, Violations,
};
use crate::offload::offload;
use crate::service::{Caller, Error, Operator, Service};
use crate::store::Store;
use crate::telemetry::{Operation, Subject, annotate};

/// Of more bad lines than this, the rest is not reported.
const BAD_LINES_TOLD: usize = 20;

/// More lines than this are checked off the runtime's threads.
const CHECKED_INLINE: usize = 100;

/// The artifacts of a workspace, a few hundred at a time, oldest first. Nothing is held in between, so that it may take
/// as long as it takes.
pub struct Export {
    store: Arc<dyn Store>,
    tenant: TenantId,
    deleted: bool,
    /// How many there were when it began.
    pub total: u64,
    next: Option<ArtifactBatch>,
    /// Where to go on, if more follow.
    after: Option<Creation>,
}

impl Export {
    /// The next artifacts, until there are none; of those that can't be read, the ids. What is there all the time is in
    /// exactly one of these.
    pub async fn next(&mut self) -> Result<Option<Vec<Result<Artifact, ArtifactId>>>, Error> {
        let batch = match self.next.take() {
            Some(batch) => batch,
            None if self.after.is_some() => self.store.artifacts_after(self.tenant, self.after, self.deleted).await?,
            None => return Ok(None),
        };
        self.after = batch.next;
        Ok(Some(batch.items))
    }
}

impl Service {
    /// Begins to send all artifacts; with `deleted`, also those in the trash.
    pub async fn export_artifacts(&self, caller: &Caller, tenant: TenantId, deleted: bool) -> Result<Export, Error> {
        self.in_workspace(Operation::ArtifactExport, caller, tenant, self.begin_export(tenant, deleted)).await
    }

    /// The same for an operator, which the log of the workspace says.
    pub async fn export_tenant(&self, tenant: TenantId, deleted: bool, operator: &Operator) -> Result<Export, Error> {
        self.telemetry
            .observe(Operation::TenantExport, Subject::tenant(tenant), async {
                operator.require_on_site()?;
                self.store.note_export(tenant, self.stamp_by(operator)).await?;
                self.begin_export(tenant, deleted).await
            })
            .await
    }

    async fn begin_export(&self, tenant: TenantId, deleted: bool) -> Result<Export, Error> {
        let first = self.store.artifacts_after(tenant, None, deleted).await?;
        annotate("artifact.total", i64::try_from(first.total).unwrap_or(i64::MAX));
        let (store, total) = (self.store.clone(), first.total);
        Ok(Export { store, tenant, deleted, total, next: Some(first), after: None })
    }

    /// Creates an artifact for each line, or none at all when a line is not good. Returns how many.
    pub async fn import_artifacts(
        &self,
        caller: &Caller,
        tenant: TenantId,
        lines: Vec<ImportLine>,
    ) -> Result<usize, Error> {
        let by = (caller.user, self.stamp_of(caller));
        self.in_workspace(Operation::ArtifactImport, caller, tenant, self.create_lines(tenant, lines, by)).await
    }

    /// The same for an operator: the artifacts are those of the owner who has been a member longest.
    pub async fn import_tenant(
        &self,
        tenant: TenantId,
        lines: Vec<ImportLine>,
        operator: &Operator,
    ) -> Result<usize, Error> {
        self.telemetry
            .observe(Operation::TenantImport, Subject::tenant(tenant), async {
                operator.require_on_site()?;
                let members = self.store.members_of(tenant).await?.into_iter().map(|member| member.membership);
                let owners = members.filter(|membership| membership.role == Role::Owner);
                let owner = owners.min_by_key(|membership| (membership.joined_at, membership.user));
                let owner = owner.ok_or(Error::WorkspaceNotFound)?.user;
                self.create_lines(tenant, lines, (owner, self.stamp_by(operator))).await
            })
            .await
    }

    /// Creates an artifact of an account for each line.
    async fn create_lines(
        &self,
        tenant: TenantId,
        lines: Vec<ImportLine>,
        (user, stamp): (UserId, Stamp),
    ) -> Result<usize, Error> {
        let is_long = lines.len() > CHECKED_INLINE;
        let drafts = if is_long { offload(|| check_lines(lines)).await } else { check_lines(lines) }?;
        annotate("artifact.operations", count(drafts.len()));
        if drafts.is_empty() {
            return Ok(0);
        }
        let create = |draft| ArtifactWrite::Create(Box::new(self.new_artifact(user, tenant, draft)));
        let writes: Vec<ArtifactWrite> = drafts.into_iter().map(create).collect();
        let created = self.write_many(tenant, writes, true, (user, stamp)).await?;
        let created = created.into_iter().collect::<Result<Vec<Artifact>, _>>()?;
        for artifact in &created {
            self.telemetry.metrics().artifact_created(tenant, artifact.artifact_type.as_str());
        }
        Ok(created.len())
    }
}

/// The artifact of each line, or what is wrong with the first bad lines.
fn check_lines(lines: Vec<ImportLine>) -> Result<Vec<ArtifactDraft>, Violations> {
    let (mut drafts, mut bad_lines, mut violations) = (Vec::with_capacity(lines.len()), 0, Vec::new());
    for ImportLine { number, artifact, is_exported } in lines {
        let parse = if is_exported { ArtifactDraft::parse_exported } else { ArtifactDraft::parse };
        match artifact.and_then(parse) {
            Ok(draft) => drafts.push(draft),
            Err(_) if bad_lines == BAD_LINES_TOLD => break,
            Err(broken) => {
                bad_lines += 1;
                violations.extend(broken.iter().map(|violation| violation.in_line(number)));
            }
        }
    }
    Violations::none(violations).map(|()| drafts)
}
