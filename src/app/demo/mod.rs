//! Demonstration data: two workspaces, three accounts and some dozens of artifacts, so that there is something to see.
//!
//! Written through the storage boundary, because a password that everyone knows would not pass the service's checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::database::Database;
use super::{Error, data_dir, installation};
use crate::auth::{Asker, PasswordHasher};
use crate::config::{Config, Environment};
use crate::domain::{
    Actor, Artifact, ArtifactDraft, ArtifactWrite, Clock as _, DEMO_ADMIN, DEMO_MEMBER, DEMO_OWNER, DEMO_PASSWORD,
    Email, IdGenerator, PersonName, RawArtifact, RawWorkspace, Role, Slug, Stamp, SystemClock, TenantId, Terms,
    Timestamp, User, UserId, Workspace, WorkspaceDraft,
};
use crate::store::{SlugChoice, Store, StoreError};

/// What there is to see.
pub struct Demo {
    /// Each workspace's name, and how many artifacts it has.
    pub workspaces: Vec<(String, usize)>,
    /// Who is in it.
    cast: &'static Cast,
}

impl Demo {
    /// How to sign in, in a sentence.
    pub fn sign_in(&self) -> String {
        let Cast { people: [owner, admin, member], owner_operates } = self.cast;
        let operator = if *owner_operates { ", operator" } else { "" };
        format!(
            "Sign in as {owner} (owner{operator}), {admin} (admin) or {member} (member), with the password {DEMO_PASSWORD}."
        )
    }
}

/// Who is in it.
struct Cast {
    /// The addresses of the one who owns both workspaces, of an admin and of a member.
    people: [&'static str; 3],
    /// Whether the owner operates the server, too.
    owner_operates: bool,
}

/// As the older service has it.
const OLDER: Cast = Cast { people: [DEMO_OWNER, DEMO_ADMIN, DEMO_MEMBER], owner_operates: false };
/// Addresses that are nobody's (RFC 2606).
const THROW_AWAY: Cast =
    Cast { people: ["olivia@example.com", "adam@example.com", "mina@example.com"], owner_operates: true };

/// An artifact as it is written down here.
#[derive(Deserialize)]
struct Sample {
    name: String,
    description: String,
    artifact_type: String,
    tags: Vec<String>,
    artifact_metadata: BTreeMap<String, Value>,
}

/// Fills the database of a server that is stopped. Refused in production, and where one of the accounts is there.
pub async fn fill_with_demo(config: &Config) -> Result<Demo, Error> {
    fill(config, &OLDER).await
}

/// The same for an instance that is thrown away, whose owner operates it.
pub async fn fill_throw_away(config: &Config) -> Result<Demo, Error> {
    fill(config, &THROW_AWAY).await
}

async fn fill(config: &Config, cast: &'static Cast) -> Result<Demo, Error> {
    if config.environment == Environment::Production {
        return Err(Error::DemoInProduction);
    }
    data_dir::make(&config.storage.data_dir)?;
    if config.storage.url.is_none() {
        installation::require_database(&config.storage.data_dir)?;
    }
    let store = Database::of(&config.storage)?.open_unobserved(&config.storage.data_dir)?;
    let filled = Filling { store: &*store, ids: IdGenerator::new(), now: SystemClock.now() }.fill(config, cast).await;
    store.close().await.map_err(Error::Close)?;
    filled
}

struct Filling<'a> {
    store: &'a dyn Store,
    ids: IdGenerator,
    now: Timestamp,
}

impl Filling<'_> {
    async fn fill(&self, config: &Config, cast: &'static Cast) -> Result<Demo, Error> {
        let hasher = super::hasher(&config.auth, Arc::new(|_| {}))?;
        let [owner, admin, member] = cast.people;
        let owner = self.account(&hasher, owner, ["Olivia", "Ortiz"], cast.owner_operates).await?;
        let admin = self.account(&hasher, admin, ["Adam", "Ashford"], false).await?;
        let member = self.account(&hasher, member, ["Mina", "Malik"], false).await?;
        let acme =
            self.workspace("Acme Corp", "Anvils and everything that falls", owner, (member, Role::Member)).await?;
        let umbrella = self.workspace("Umbrella Inc", "Laboratories and trials", owner, (admin, Role::Admin)).await?;
        Ok(Demo {
            workspaces: vec![
                ("Acme Corp".to_owned(), self.artifacts(acme, owner, include_str!("acme.json")).await?),
                ("Umbrella Inc".to_owned(), self.artifacts(umbrella, admin, include_str!("umbrella.json")).await?),
            ],
            cast,
        })
    }

    async fn account(
        &self,
        hasher: &PasswordHasher,
        email: &str,
        [first, last]: [&str; 2],
        is_operator: bool,
    ) -> Result<UserId, Error> {
        let hash = hasher.hash(DEMO_PASSWORD.into(), Asker::default()).await?;
        let name = |text| PersonName::parse(text).map_err(wrong);
        let user = User {
            id: self.ids.next(self.now),
            email: Email::parse(email).map_err(wrong)?,
            first_name: name(first)?,
            last_name: name(last)?,
            is_verified: true,
            is_active: true,
            is_operator,
            created_at: self.now,
            updated_at: self.now,
        };
        let id = user.id;
        self.store.create_user(user, hash, self.stamp(id)).await.map_err(not_written)?;
        Ok(id)
    }

    async fn workspace(
        &self,
        name: &str,
        description: &str,
        owner: UserId,
        (other, role): (UserId, Role),
    ) -> Result<TenantId, Error> {
        let raw = RawWorkspace {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            slug: None,
            settings: BTreeMap::new(),
        };
        let draft = WorkspaceDraft::parse(raw).map_err(wrong)?;
        let workspace = Workspace {
            id: self.ids.next(self.now),
            slug: Slug::from_name(&draft.name),
            name: draft.name,
            description: draft.description,
            settings: draft.settings,
            is_active: true,
            terms: Terms::default(),
            created_at: self.now,
            updated_at: self.now,
        };
        // Someone may have the slug already; with the time in its tag, it is hardly ever taken.
        let choice = SlugChoice::Near { tag: self.now.subsec_nanosecond().unsigned_abs() };
        let created = self.store.create_workspace(workspace, choice, owner, self.stamp(owner)).await;
        let tenant = created.map_err(not_written)?.workspace.id;
        self.store.add_member(tenant, other, role, owner, self.stamp(owner)).await.map_err(not_written)?;
        Ok(tenant)
    }

    async fn artifacts(&self, tenant: TenantId, user: UserId, samples: &str) -> Result<usize, Error> {
        let samples: Vec<Sample> = serde_json::from_str(samples).map_err(wrong)?;
        let create = |sample: Sample| {
            let raw = RawArtifact {
                name: sample.name,
                description: Some(sample.description),
                tags: sample.tags,
                metadata: sample.artifact_metadata,
                artifact_type: Some(sample.artifact_type),
            };
            let draft = ArtifactDraft::parse(raw).map_err(wrong)?;
            let artifact = Artifact::new(self.ids.next(self.now), tenant, draft, user, self.now);
            Ok(ArtifactWrite::Create(Box::new(artifact)))
        };
        let writes = samples.into_iter().map(create).collect::<Result<Vec<_>, Error>>()?;
        let count = writes.len();
        self.store.write_artifacts(tenant, writes, true, user, self.stamp(user)).await.map_err(not_written)?;
        Ok(count)
    }

    fn stamp(&self, user: UserId) -> Stamp {
        Stamp::new(self.now, Actor { user: Some(user), ..Actor::default() })
    }
}

/// The samples are ours; a test fills a database with them.
fn wrong(cause: impl std::fmt::Display) -> Error {
    Error::Demo(cause.to_string())
}

fn not_written(error: StoreError) -> Error {
    match error {
        StoreError::EmailTaken => Error::DemoIsThere,
        other => wrong(other),
    }
}
