//! The rows themselves: each can be read, is under its own key, and belongs to something that is there.

use std::collections::BTreeMap;

use super::{Check, first_of, name};
use crate::domain::{ApiKey, Artifact, Invitation, Membership, OneTimeToken, Role, Session, Workspace, older_cost};
use crate::store::StoreResult;
use crate::store::engine::{Counter, Span, Table, Whole, pair};
use crate::store::reading::Reading as _;
use crate::store::records::{self, Account, LastUse, Record, RefreshSalts, SpentTokens};

/// What the counters should say, by their keys.
pub(super) type Totals = BTreeMap<[u8; 17], u64>;

/// Checks all tables of rows, and counts what is counted.
pub(super) fn check(check: &mut Check, whole: &dyn Whole) -> StoreResult<Totals> {
    let mut totals = Totals::new();
    accounts(check, whole, &mut totals)?;
    sessions(check, whole)?;
    workspaces(check, whole, &mut totals)?;
    members(check, whole, &mut totals)?;
    invitations(check, whole)?;
    api_keys(check, whole, &mut totals)?;
    artifacts(check, whole, Table::Artifacts, &mut totals)?;
    artifacts(check, whole, Table::ArtifactsTrash, &mut totals)?;
    versions(check, whole, &mut totals)?;
    Ok(totals)
}

/// What is seen of a row: its key, how many bytes it has, and what it says, if it can be read.
struct Seen<'a, R> {
    key: &'a [u8],
    length: usize,
    entity: Option<R>,
}

/// Shows every row, and reports those that can't be read.
fn each<R: Record>(
    check: &mut Check,
    whole: &dyn Whole,
    table: Table,
    mut visit: impl FnMut(&mut Check, Seen<'_, R>) -> StoreResult<()>,
) -> StoreResult<()> {
    let mut rows = whole.range(table, &Span::all())?;
    while rows.advance()? {
        check.passed(table.name());
        let decoded = records::decode(rows.value());
        if let Err(error) = &decoded {
            check.damaged(format!("{} {}: {error}", table.name(), name(rows.key())));
        }
        visit(check, Seen { key: rows.key(), length: rows.value().len(), entity: decoded.ok() })?;
    }
    Ok(())
}

/// Reports a row that is not as it should be.
fn expect(check: &mut Check, fit: bool, table: Table, key: &[u8], trouble: &str) {
    if !fit {
        check.damaged(format!("{} {}: {trouble}", table.name(), name(key)));
    }
}

const OTHER_KEY: &str = "the row is under the key of another";
const NO_ACCOUNT: &str = "its account is not there";
const NO_SESSION: &str = "their session is not there";
const NO_WORKSPACE: &str = "its workspace is not there";

fn accounts(check: &mut Check, whole: &dyn Whole, totals: &mut Totals) -> StoreResult<()> {
    each(check, whole, Table::Users, |check, Seen::<Account> { key, entity, .. }| {
        add(totals, Counter::Users.of_all());
        if let Some(cost) = entity.as_ref().and_then(|account| older_cost(&account.password_hash)) {
            add(totals, Counter::OlderHashes.of(Counter::cost_scope(cost)));
        }
        let is_own = entity.is_none_or(|account| account.user.id.to_bytes() == *key);
        expect(check, is_own, Table::Users, key, OTHER_KEY);
        Ok(())
    })?;
    each(check, whole, Table::OneTimeTokens, |check, Seen::<OneTimeToken> { key, entity, .. }| {
        let fits = entity.is_none() || whole.has(Table::Users, &first_of(key))?;
        expect(check, fits, Table::OneTimeTokens, key, NO_ACCOUNT);
        Ok(())
    })
}

fn sessions(check: &mut Check, whole: &dyn Whole) -> StoreResult<()> {
    each(check, whole, Table::Sessions, |check, Seen::<Session> { key, entity, .. }| {
        let Some(session) = entity else { return Ok(()) };
        let own = pair(session.user.to_bytes(), session.id.to_bytes());
        expect(check, own == *key, Table::Sessions, key, OTHER_KEY);
        expect(check, whole.has(Table::Users, &first_of(key))?, Table::Sessions, key, NO_ACCOUNT);
        Ok(())
    })?;
    of_sessions::<SpentTokens>(check, whole, Table::SpentTokens)?;
    of_sessions::<RefreshSalts>(check, whole, Table::RefreshSalts)
}

fn of_sessions<R: Record>(check: &mut Check, whole: &dyn Whole, table: Table) -> StoreResult<()> {
    each(check, whole, table, |check, Seen::<R> { key, entity, .. }| {
        let fits = entity.is_none() || whole.has(Table::Sessions, key)?;
        expect(check, fits, table, key, NO_SESSION);
        Ok(())
    })
}

fn workspaces(check: &mut Check, whole: &dyn Whole, totals: &mut Totals) -> StoreResult<()> {
    each(check, whole, Table::Workspaces, |check, Seen::<Workspace> { key, entity, .. }| {
        add(totals, Counter::Workspaces.of_all());
        let Some(workspace) = entity else { return Ok(()) };
        expect(check, workspace.id.to_bytes() == *key, Table::Workspaces, key, OTHER_KEY);
        let is_kept = !whole.has(Table::WorkspacesDeleted, key)?;
        expect(check, is_kept, Table::Workspaces, key, "it is marked as deleted");
        Ok(())
    })
}

fn members(check: &mut Check, whole: &dyn Whole, totals: &mut Totals) -> StoreResult<()> {
    each(check, whole, Table::Members, |check, Seen::<Membership> { key, entity, .. }| {
        let (tenant, user) = (first_of(key), first_of(key.get(16..).unwrap_or_default()));
        if whole.has(Table::Workspaces, &tenant)? {
            add_in(totals, Counter::Members, tenant);
            if entity.as_ref().is_some_and(|membership| membership.role == Role::Owner) {
                add(totals, Counter::Owners.of(tenant));
            }
        }
        let Some(membership) = entity else { return Ok(()) };
        let own = pair(membership.tenant.to_bytes(), membership.user.to_bytes());
        expect(check, own == *key, Table::Members, key, OTHER_KEY);
        // Of a workspace that is deleted, memberships wait to be removed with it, whatever becomes of the account.
        let has_account = whole.has(Table::Users, &user)? || whole.has(Table::WorkspacesDeleted, &tenant)?;
        expect(check, has_account, Table::Members, key, "the account is not there");
        expect(check, is_there(whole, tenant)?, Table::Members, key, NO_WORKSPACE);
        Ok(())
    })
}

fn invitations(check: &mut Check, whole: &dyn Whole) -> StoreResult<()> {
    const TABLE: Table = Table::Invitations;
    each(check, whole, TABLE, |check, Seen::<Invitation> { key, entity, .. }| {
        let (tenant, Some(invitation)) = (first_of(key), entity) else { return Ok(()) };
        let own = pair(invitation.tenant.to_bytes(), invitation.id.to_bytes());
        expect(check, own == *key, TABLE, key, OTHER_KEY);
        expect(check, is_there(whole, tenant)?, TABLE, key, NO_WORKSPACE);
        if let Some(user) = invitation.accepted_by {
            let is_member = whole.has(Table::Members, &pair(tenant, user.to_bytes()))?;
            let is_going = whole.has(Table::WorkspacesDeleted, &tenant)?;
            expect(check, is_member || is_going, TABLE, key, "who accepted it is no member");
        }
        Ok(())
    })
}

fn api_keys(check: &mut Check, whole: &dyn Whole, totals: &mut Totals) -> StoreResult<()> {
    each(check, whole, Table::ApiKeys, |check, Seen::<ApiKey> { key, entity, .. }| {
        let tenant = first_of(key);
        if whole.has(Table::Workspaces, &tenant)? {
            add(totals, Counter::ApiKeys.of(tenant));
        }
        let Some(api_key) = entity else { return Ok(()) };
        let own = pair(api_key.tenant.to_bytes(), api_key.id.to_bytes());
        expect(check, own == *key, Table::ApiKeys, key, OTHER_KEY);
        expect(check, is_there(whole, tenant)?, Table::ApiKeys, key, NO_WORKSPACE);
        Ok(())
    })?;
    each(check, whole, Table::ApiKeyUses, |check, Seen::<LastUse> { key, entity, .. }| {
        let fits = entity.is_none() || whole.has(Table::ApiKeys, key)?;
        expect(check, fits, Table::ApiKeyUses, key, "the key is not there");
        Ok(())
    })
}

fn artifacts(check: &mut Check, whole: &dyn Whole, table: Table, totals: &mut Totals) -> StoreResult<()> {
    let in_trash = table == Table::ArtifactsTrash;
    each(check, whole, table, |check, Seen::<Artifact> { key, length, entity }| {
        let tenant = first_of(key);
        if let Some(artifact) = entity {
            let own = pair(artifact.tenant.to_bytes(), artifact.id.to_bytes());
            expect(check, own == *key, table, key, OTHER_KEY);
            expect(check, artifact.deleted_at.is_some() == in_trash, table, key, "it says the opposite itself");
            expect(check, is_there(whole, tenant)?, table, key, NO_WORKSPACE);
        }
        let is_once = in_trash || !whole.has(Table::ArtifactsTrash, key)?;
        expect(check, is_once, table, key, "it is in the trash as well");
        if whole.has(Table::Workspaces, &tenant)? {
            *totals.entry(Counter::Bytes.of(tenant)).or_default() += length as u64;
            add_in(totals, Counter::Artifacts, tenant);
            if !in_trash {
                add_in(totals, Counter::ActiveArtifacts, tenant);
            }
        }
        Ok(())
    })
}

fn versions(check: &mut Check, whole: &dyn Whole, totals: &mut Totals) -> StoreResult<()> {
    const TABLE: Table = Table::ArtifactVersions;
    each(check, whole, TABLE, |check, Seen::<Artifact> { key, length, entity }| {
        let tenant = first_of(key);
        if whole.has(Table::Workspaces, &tenant)? {
            *totals.entry(Counter::Bytes.of(tenant)).or_default() += length as u64;
        }
        let (Some(artifact), Some((row, version))) = (entity, key.split_at_checked(32)) else { return Ok(()) };
        let own = pair(artifact.tenant.to_bytes(), artifact.id.to_bytes());
        expect(check, own == *row && artifact.version.to_be_bytes() == *version, TABLE, key, OTHER_KEY);
        let is_live = whole.has(Table::Artifacts, row)?;
        let current = whole.row::<Artifact>(if is_live { Table::Artifacts } else { Table::ArtifactsTrash }, row);
        match current {
            Ok(Some(current)) => {
                let is_before = artifact.version < current.version;
                expect(check, is_before, TABLE, key, "it is not before the current one");
            }
            // While what was in a deleted workspace is being removed, the artifacts go first.
            Ok(None) if whole.has(Table::WorkspacesDeleted, &tenant)? => {}
            Ok(None) => expect(check, false, TABLE, key, "its artifact is not there"),
            // That row has been reported.
            Err(_) => {}
        }
        Ok(())
    })
}

/// Whether a workspace is there, or what was in it is being removed.
fn is_there(whole: &dyn Whole, tenant: [u8; 16]) -> StoreResult<bool> {
    Ok(whole.has(Table::Workspaces, &tenant)? || whole.has(Table::WorkspacesDeleted, &tenant)?)
}

fn add(totals: &mut Totals, key: [u8; 17]) {
    *totals.entry(key).or_default() += 1;
}

/// In a workspace, and in all.
fn add_in(totals: &mut Totals, counter: Counter, tenant: [u8; 16]) {
    add(totals, counter.of(tenant));
    add(totals, counter.of_all());
}
