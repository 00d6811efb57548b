//! Workspaces of the older service, each with its members.

use std::collections::VecDeque;

use futures_util::future::join_all;
use serde_json::Value;

use super::members::{Members, OlderMember};
use super::notes::{Key, Kind, Note, digest, key};
use super::report::What;
use super::schema::Table;
use super::source::Row;
use super::{MovingError, Run, TOGETHER, values};
use crate::domain::{
    Membership, Settings, Slug, TenantId, Terms, UserId, Workspace, WorkspaceDescription, WorkspaceName,
};
use crate::store::{Adoption as _, Tenants as _};

const TABLE: Table = Table::Tenants;

/// A workspace as it would be here.
struct Older {
    id: String,
    workspace: Workspace,
    /// As it is written there.
    slug: String,
}

/// A workspace that is to be written.
struct Write {
    id: String,
    workspace: Workspace,
    origin: [u8; 32],
    /// Whether it was added or updated, if it was not its members alone.
    is_new: bool,
    is_changed: bool,
    members: Members,
}

/// How a workspace is noted.
pub(super) fn state_of(workspace: &Workspace) -> [u8; 32] {
    let Workspace { name, slug, description, settings, is_active, .. } = workspace;
    let description = description.as_ref().map(WorkspaceDescription::as_str);
    digest(&(name.as_str(), slug.as_str(), description, settings.as_map(), is_active))
}

pub(super) fn key_of(tenant: TenantId) -> Key {
    key(Kind::Tenant, &[tenant.to_bytes()])
}

/// Memberships in the order of their workspaces, some of which are read ahead.
#[derive(Default)]
struct Ahead {
    rows: VecDeque<Row>,
    has_ended: bool,
}

impl Run<'_> {
    /// Takes all of them over.
    pub async fn tenants(&mut self) -> Result<(), MovingError> {
        self.begin(TABLE).await?;
        self.begin(Table::Memberships).await?;
        let mut ahead = Ahead::default();
        loop {
            let rows = self.next(TABLE).await?;
            if rows.is_empty() {
                break;
            }
            for chunk in rows.chunks(TOGETHER) {
                let mut writes = Vec::new();
                for row in chunk {
                    let id = row.text("id").to_lowercase();
                    self.skip_orphans(&mut ahead, Some(&id)).await?;
                    let members = self.members_of(&mut ahead, &id).await?;
                    writes.extend(self.decide_on_tenant(row, members).await?);
                }
                self.write_tenants(writes).await?;
                self.flush()?;
            }
        }
        self.skip_orphans(&mut ahead, None).await
    }

    /// The workspace of the next membership.
    async fn peek(&mut self, ahead: &mut Ahead) -> Result<Option<String>, MovingError> {
        if ahead.rows.is_empty() && !ahead.has_ended {
            ahead.rows = self.next(Table::Memberships).await?.into();
            ahead.has_ended = ahead.rows.is_empty();
        }
        Ok(ahead.rows.front().map(|row| row.text("tenant_id").to_lowercase()))
    }

    /// Passes over the memberships of workspaces before one that are not there.
    async fn skip_orphans(&mut self, ahead: &mut Ahead, before: Option<&str>) -> Result<(), MovingError> {
        while let Some(tenant) = self.peek(ahead).await? {
            if before.is_some_and(|before| tenant.as_str() >= before) {
                break;
            }
            if let Some(row) = ahead.rows.pop_front() {
                let member = OlderMember::of(&row, self.now);
                let why = format!("its workspace {tenant} is not there");
                self.report.row((Table::Memberships, &member.name), What::Skipped, &why)?;
            }
        }
        Ok(())
    }

    /// The memberships of a workspace.
    async fn members_of(&mut self, ahead: &mut Ahead, id: &str) -> Result<Vec<OlderMember>, MovingError> {
        let mut members = Vec::new();
        while self.peek(ahead).await?.is_some_and(|tenant| tenant == id) {
            members.extend(ahead.rows.pop_front().map(|row| OlderMember::of(&row, self.now)));
        }
        Ok(members)
    }

    /// The workspace of a row, as near as the rules allow; none, if there can be none.
    fn older_tenant(&mut self, row: &Row) -> Result<Option<Older>, MovingError> {
        let id = row.text("id").to_owned();
        let place = (TABLE, id.as_str());
        let Some(tenant) = values::id::<TenantId>(&id) else {
            self.report.row(place, What::Skipped, values::NO_ID)?;
            return Ok(None);
        };
        let (text, slug_text) = (row.text("name"), row.text("slug").to_owned());
        let unnamed =
            || WorkspaceName::fit(&slug_text).unwrap_or_else(|| WorkspaceName::from_stored("Untitled".to_owned()));
        let name = WorkspaceName::fit(text).unwrap_or_else(unnamed);
        self.report.compare(place, "name", text, Some(name.as_str()))?;
        let slug = Slug::fit(&slug_text, &name);
        self.report.compare(place, "slug", &slug_text, Some(slug.as_str()))?;
        let text = row.text("description");
        let description = WorkspaceDescription::fit(text);
        self.report.compare(place, "description", text, description.as_ref().map(WorkspaceDescription::as_str))?;
        let settings = self.settings(place, row.get("settings"))?;
        let (created_at, updated_at) = values::times(row, self.now);
        let is_active = values::flag(row.get("is_active"), true);
        let workspace = Workspace {
            id: tenant,
            name,
            slug,
            description,
            settings,
            is_active,
            terms: Terms::default(),
            created_at,
            updated_at,
        };
        Ok(Some(Older { id, workspace, slug: slug_text }))
    }

    /// The settings of a workspace; none, if there are more than there may be, or they are no object.
    fn settings(&mut self, place: (Table, &str), text: Option<&str>) -> Result<Settings, MovingError> {
        let Some(text) = text else { return Ok(Settings::default()) };
        let settings = match serde_json::from_str(text) {
            Ok(Value::Null) => return Ok(Settings::default()),
            Ok(Value::Object(settings)) => Settings::parse(settings.into_iter().collect()),
            Ok(_) => Err("they are no object".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        match settings {
            Ok(settings) => Ok(settings),
            Err(_) => self.report.changed(place, "settings", text, None).map(|()| Settings::default()),
        }
    }

    async fn decide_on_tenant(&mut self, row: &Row, older: Vec<OlderMember>) -> Result<Option<Write>, MovingError> {
        let Some(Older { id, mut workspace, slug }) = self.older_tenant(row)? else {
            self.skip_members(&older, "the id of its workspace is no UUID, or the nil UUID")?;
            return Ok(None);
        };
        let failed = |error| MovingError::Store { table: TABLE.name(), id: id.clone(), error };
        let (tenant, origin) = (workspace.id, digest(&slug));
        let local = self.store.tenant(tenant).await.map_err(failed)?.map(|tenant| tenant.workspace);
        let note = self.notes.get(&key_of(tenant))?;
        if local.is_none() && note.is_some() {
            self.report.row((TABLE, &id), What::Conflict, "it was deleted here")?;
            self.keep_note(key_of(tenant))?;
            self.skip_members(&older, "its workspace was deleted here")?;
            return Ok(None);
        }
        self.tenants.insert(tenant);
        let members = self.decide_on_members(&id, tenant, older, local.is_some()).await?;
        let mut write = Write { id, workspace: workspace.clone(), origin, is_new: true, is_changed: true, members };
        let Some(local) = local else { return Ok(Some(write)) };
        // Nobody changes a slug here, but it may not be the one that was wanted.
        if note.is_none_or(|note| note.origin == origin) {
            workspace.slug = local.slug.clone();
        }
        let wants = state_of(&local) != state_of(&workspace);
        let is_as_left = note.is_some_and(|note| note.state == state_of(&local));
        write.is_new = false;
        write.is_changed = wants && is_as_left;
        if wants && !is_as_left {
            self.report.row((TABLE, &write.id), What::Conflict, "it has changed here")?;
            self.keep_note(key_of(tenant))?;
        } else if !wants {
            self.report.of(TABLE).unchanged += 1;
            self.noted.push((key_of(tenant), note_of(&local, origin)));
        }
        write.workspace = match write.is_changed {
            true => Workspace { created_at: local.created_at, ..workspace },
            false => local,
        };
        Ok((write.is_changed || !write.members.are_the_same()).then_some(write))
    }

    async fn write_tenants(&mut self, writes: Vec<Write>) -> Result<(), MovingError> {
        let (store, is_dry_run) = (self.store, self.is_dry_run);
        let written = join_all(writes.iter().map(|write| {
            let (workspace, stamp) = (write.workspace.clone(), self.stamp());
            let memberships: Vec<Membership> = write.members.wanted.clone();
            let gone: Vec<UserId> = write.members.gone.clone();
            async move {
                if is_dry_run {
                    Ok(workspace)
                } else {
                    store.adopt_workspace(workspace, memberships, gone, stamp).await
                }
            }
        }))
        .await;
        for (write, written) in writes.into_iter().zip(written) {
            let failed = |error| MovingError::Store { table: TABLE.name(), id: write.id.clone(), error };
            let workspace = written.map_err(failed)?;
            let (place, wanted) = ((TABLE, write.id.as_str()), write.workspace.slug.as_str());
            self.report.compare(place, "slug", wanted, Some(workspace.slug.as_str()))?;
            let figures = self.report.of(TABLE);
            figures.added += u64::from(write.is_new);
            figures.updated += u64::from(write.is_changed && !write.is_new);
            if write.is_changed {
                self.noted.push((key_of(workspace.id), note_of(&workspace, write.origin)));
            }
            self.noted.extend(write.members.notes());
        }
        Ok(())
    }
}

fn note_of(workspace: &Workspace, origin: [u8; 32]) -> Note {
    Note { state: state_of(workspace), origin, updated_at: workspace.updated_at.as_microsecond() }
}
