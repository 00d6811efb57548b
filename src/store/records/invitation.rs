//! Invitations as they are stored.

use serde::{Deserialize, Serialize};

use super::workspace::RoleV1;
use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{Email, Invitation, InvitationId, TenantId, UserId};

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct InvitationV1 {
    id: Id,
    tenant: Id,
    email: Option<String>,
    role: RoleV1,
    digest: [u8; 32],
    is_mailed: bool,
    invited_by: Id,
    created_at: i64,
    expires_at: i64,
    accepted_by: Option<Id>,
}

impl Record for Invitation {
    const NAME: &'static str = "an invitation";
    const VERSION: u8 = 1;
    type Latest = InvitationV1;

    fn to_latest(&self) -> InvitationV1 {
        InvitationV1 {
            id: self.id.to_bytes(),
            tenant: self.tenant.to_bytes(),
            email: self.email.as_ref().map(|email| email.as_str().to_owned()),
            role: self.role.into(),
            digest: self.digest,
            is_mailed: self.is_mailed,
            invited_by: self.invited_by.to_bytes(),
            created_at: self.created_at.as_microsecond(),
            expires_at: self.expires_at.as_microsecond(),
            accepted_by: self.accepted_by.map(UserId::to_bytes),
        }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<InvitationV1>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<InvitationV1> for Invitation {
    type Error = Unreadable;

    fn try_from(record: InvitationV1) -> Result<Self, Unreadable> {
        Ok(Self {
            id: InvitationId::from_bytes(record.id),
            tenant: TenantId::from_bytes(record.tenant),
            email: record.email.map(Email::from_stored),
            role: record.role.into(),
            digest: record.digest,
            is_mailed: record.is_mailed,
            invited_by: UserId::from_bytes(record.invited_by),
            created_at: time(record.created_at)?,
            expires_at: time(record.expires_at)?,
            accepted_by: record.accepted_by.map(UserId::from_bytes),
        })
    }
}
