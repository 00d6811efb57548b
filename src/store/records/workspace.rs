//! Workspaces and memberships as they are stored.

use serde::{Deserialize, Serialize};

use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{
    Membership, OwnQuotas, Role, Settings, Slug, TenantId, Terms, UserId, Workspace, WorkspaceDescription,
    WorkspaceName,
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

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct WorkspaceV2 {
    /// First, so that they can be read alone.
    terms: TermsV1,
    before: WorkspaceV1,
}

#[derive(Serialize, Deserialize)]
struct TermsV1 {
    is_suspended: bool,
    artifacts: Option<u64>,
    bytes: Option<u64>,
    members: Option<u64>,
    api_keys: Option<u64>,
}

impl Record for Workspace {
    const NAME: &'static str = "a workspace";
    const VERSION: u8 = 2;
    type Latest = WorkspaceV2;

    fn to_latest(&self) -> WorkspaceV2 {
        let settings = self.settings.as_map().iter().map(|(key, value)| (key.clone(), value.clone()));
        let before = WorkspaceV1 {
            id: self.id.to_bytes(),
            name: self.name.as_str().to_owned(),
            slug: self.slug.as_str().to_owned(),
            description: self.description.as_ref().map(|text| text.as_str().to_owned()),
            settings: serde_json::Value::Object(settings.collect()).to_string(),
            is_active: self.is_active,
            created_at: self.created_at.as_microsecond(),
            updated_at: self.updated_at.as_microsecond(),
        };
        WorkspaceV2 { terms: self.terms.into(), before }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<WorkspaceV1>(body)?.try_into(),
            2 => parse::<WorkspaceV2>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

/// What the operator says of the workspace in a row, without reading the rest of it: it is asked with each write.
pub(in crate::store) fn terms_in(row: &[u8]) -> Result<Terms, Unreadable> {
    match row.split_first() {
        Some((1, _)) => Ok(Terms::default()),
        Some((2, body)) => Ok(postcard::take_from_bytes::<TermsV1>(body)?.0.into()),
        Some((other, _)) => Err(unknown(*other)),
        None => Err("it is empty".into()),
    }
}

impl From<Terms> for TermsV1 {
    fn from(Terms { is_suspended, quotas }: Terms) -> Self {
        let OwnQuotas { artifacts, bytes, members, api_keys } = quotas;
        Self { is_suspended, artifacts, bytes, members, api_keys }
    }
}

impl From<TermsV1> for Terms {
    fn from(TermsV1 { is_suspended, artifacts, bytes, members, api_keys }: TermsV1) -> Self {
        Self { is_suspended, quotas: OwnQuotas { artifacts, bytes, members, api_keys } }
    }
}

impl TryFrom<WorkspaceV2> for Workspace {
    type Error = Unreadable;

    fn try_from(record: WorkspaceV2) -> Result<Self, Unreadable> {
        Ok(Self { terms: record.terms.into(), ..record.before.try_into()? })
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
            terms: Terms::default(),
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

/// With whether the member has chosen to be there. Those from before count as such.
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct MembershipV2 {
    before: MembershipV1,
    is_chosen: bool,
}

impl Record for Membership {
    const NAME: &'static str = "a membership";
    const VERSION: u8 = 2;
    type Latest = MembershipV2;

    fn to_latest(&self) -> MembershipV2 {
        let before = MembershipV1 {
            tenant: self.tenant.to_bytes(),
            user: self.user.to_bytes(),
            role: self.role.into(),
            joined_at: self.joined_at.as_microsecond(),
        };
        MembershipV2 { before, is_chosen: self.is_chosen }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<MembershipV1>(body)?.try_into(),
            2 => {
                let MembershipV2 { before, is_chosen } = parse(body)?;
                Ok(Self { is_chosen, ..before.try_into()? })
            }
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
            is_chosen: true,
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
