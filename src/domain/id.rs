//! One type per kind of id, so that a user's id can't stand where a tenant's is meant.

use std::fmt;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Timestamp as UuidTimestamp, Uuid};

use super::Timestamp;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id as the UUID it is on the wire.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// The 16 bytes of the UUID, big-endian.
            pub const fn to_bytes(self) -> [u8; 16] {
                *self.0.as_bytes()
            }

            /// The id whose [`Self::to_bytes`] are `bytes`.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id!(
    /// Identifies an account.
    UserId
);
id!(
    /// Identifies a workspace: the tenant that artifacts and memberships belong to.
    TenantId
);
id!(
    /// Identifies an artifact within its tenant.
    ArtifactId
);
id!(
    /// Identifies a session, which is also a refresh token family.
    SessionId
);

id!(
    /// Identifies an API key within its tenant.
    ApiKeyId
);
id!(
    /// Identifies an invitation within its tenant. In the older calls it stands where a member's account does.
    InvitationId
);

/// Makes UUIDv7s (RFC 9562) that sort by the time they were made, also within one millisecond, so that rows that are made
/// one after the other lie together. Nothing relies on it: ids of any version are as good.
pub struct IdGenerator(Mutex<ContextV7>);

impl IdGenerator {
    /// A generator whose ids are ordered among themselves.
    pub fn new() -> Self {
        Self(Mutex::new(ContextV7::new()))
    }

    /// The next id, carrying `now` in its leading 48 bits.
    pub fn next<Id: From<Uuid>>(&self, now: Timestamp) -> Id {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
        let context = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(UuidTimestamp::from_unix(&*context, seconds, nanoseconds)).into()
    }
}

impl Default for IdGenerator {
    fn default() -> Self {
        Self::new()
    }
}
