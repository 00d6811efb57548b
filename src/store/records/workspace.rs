//! Workspaces and memberships as they are stored.

use serde::{Deserialize, Serialize};

use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{
    Membership, Role, Settings, Slug, TenantId, UserId, Workspace, WorkspaceDescription, WorkspaceName,
};

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct WorkspaceV1 {
    id: Id,
    name: String,
    slug: String,
    description: Option<String>,
    /// A JSON object: its shape is the clients' business.
    settings: String,
    is_active: bool,
    created_at: i64,
    updated_at: i64,
}

impl Record for Workspace {
    const NAME: &'static str = "a workspace";
    const VERSION: u8 = 1;
    type Latest = WorkspaceV1;

    fn to_latest(&self) -> WorkspaceV1 {
        let settings = self.settings.as_map().iter().map(|(key, value)| (key.clone(), value.clone()));
        WorkspaceV1 {
            id: self.id.to_bytes(),
            name: self.name.as_str().to_owned(),
            slug: self.slug.as_str().to_owned(),
            description: self.description.as_ref().map(|text| text.as_str().to_owned()),
            settings: serde_json::Value::Object(settings.collect()).to_string(),
            is_active: self.is_active,
            created_at: self.created_at.as_microsecond(),
            updated_at: self.updated_at.as_microsecond(),
        }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<WorkspaceV1>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<WorkspaceV1> for Workspace {
    type Error = Unreadable;

    fn try_from(record: WorkspaceV1) -> Result<Self, Unreadable> {
        Ok(Self {
            id: TenantId::from_bytes(record.id),
            name: WorkspaceName::from_stored(record.name),
            slug: Slug::from_stored(record.slug),
            description: record.description.map(WorkspaceDescription::from_stored),
            settings: Settings::from_stored(serde_json::from_str(&record.settings)?),
            is_active: record.is_active,
            created_at: time(record.created_at)?,
            updated_at: time(record.updated_at)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct MembershipV1 {
    tenant: Id,
    user: Id,
    role: RoleV1,
    joined_at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) enum RoleV1 {
    Member,
    Admin,
    Owner,
}

impl Record for Membership {
    const NAME: &'static str = "a membership";
    const VERSION: u8 = 1;
    type Latest = MembershipV1;

    fn to_latest(&self) -> MembershipV1 {
        MembershipV1 {
            tenant: self.tenant.to_bytes(),
            user: self.user.to_bytes(),
            role: self.role.into(),
            joined_at: self.joined_at.as_microsecond(),
        }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<MembershipV1>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<MembershipV1> for Membership {
    type Error = Unreadable;

    fn try_from(record: MembershipV1) -> Result<Self, Unreadable> {
        Ok(Self {
            tenant: TenantId::from_bytes(record.tenant),
            user: UserId::from_bytes(record.user),
            role: record.role.into(),
            joined_at: time(record.joined_at)?,
        })
    }
}

impl From<Role> for RoleV1 {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

impl From<RoleV1> for Role {
    fn from(role: RoleV1) -> Self {
        match role {
            RoleV1::Member => Self::Member,
            RoleV1::Admin => Self::Admin,
            RoleV1::Owner => Self::Owner,
        }
    }
}
