//! Accounts as they are stored.

use serde::{Deserialize, Serialize};

use super::{Id, Record, Unreadable, parse, time, unknown};
use crate::domain::{Email, KnownNetworks, Network, PersonName, User, UserId};

/// An account with what only the store sees of it.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(in crate::store) struct Account {
    pub user: User,
    /// A PHC string.
    pub password_hash: String,
    pub networks: KnownNetworks,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct UserV1 {
    id: Id,
    email: String,
    first_name: Option<String>,
    last_name: Option<String>,
    is_verified: bool,
    is_active: bool,
    created_at: i64,
    updated_at: i64,
    password_hash: String,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct UserV2 {
    before: UserV1,
    /// Network, and when it was last seen.
    networks: Vec<([u8; 8], i64)>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct UserV3 {
    before: UserV2,
    is_operator: bool,
}

impl Record for Account {
    const NAME: &'static str = "a user";
    const VERSION: u8 = 3;
    type Latest = UserV3;

    fn to_latest(&self) -> UserV3 {
        let Self { user, password_hash, networks } = self;
        let before = UserV1 {
            id: user.id.to_bytes(),
            email: user.email.as_str().to_owned(),
            first_name: user.first_name.as_ref().map(|name| name.as_str().to_owned()),
            last_name: user.last_name.as_ref().map(|name| name.as_str().to_owned()),
            is_verified: user.is_verified,
            is_active: user.is_active,
            created_at: user.created_at.as_microsecond(),
            updated_at: user.updated_at.as_microsecond(),
            password_hash: password_hash.clone(),
        };
        let networks = networks.iter().map(|(network, seen_at)| (network.to_bytes(), seen_at.as_microsecond()));
        let before = UserV2 { before, networks: networks.collect() };
        UserV3 { before, is_operator: user.is_operator }
    }

    fn from_version(version: u8, body: &[u8]) -> Result<Self, Unreadable> {
        match version {
            1 => parse::<UserV1>(body)?.try_into(),
            2 => parse::<UserV2>(body)?.try_into(),
            3 => parse::<UserV3>(body)?.try_into(),
            other => Err(unknown(other)),
        }
    }
}

impl TryFrom<UserV1> for Account {
    type Error = Unreadable;

    fn try_from(record: UserV1) -> Result<Self, Unreadable> {
        let user = User {
            id: UserId::from_bytes(record.id),
            email: Email::from_stored(record.email),
            first_name: record.first_name.map(PersonName::from_stored),
            last_name: record.last_name.map(PersonName::from_stored),
            is_verified: record.is_verified,
            is_active: record.is_active,
            is_operator: false,
            created_at: time(record.created_at)?,
            updated_at: time(record.updated_at)?,
        };
        Ok(Self { user, password_hash: record.password_hash, networks: KnownNetworks::default() })
    }
}

impl TryFrom<UserV2> for Account {
    type Error = Unreadable;

    fn try_from(record: UserV2) -> Result<Self, Unreadable> {
        let network = |(network, seen_at)| Ok((Network::from_bytes(network), time(seen_at)?));
        let networks = record.networks.into_iter().map(network).collect::<Result<_, Unreadable>>()?;
        Ok(Self { networks: KnownNetworks::from_stored(networks), ..record.before.try_into()? })
    }
}

impl TryFrom<UserV3> for Account {
    type Error = Unreadable;

    fn try_from(record: UserV3) -> Result<Self, Unreadable> {
        let mut account: Self = record.before.try_into()?;
        account.user.is_operator = record.is_operator;
        Ok(account)
    }
}
