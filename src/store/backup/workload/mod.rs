//! Everything that can be done to a store, in an order that somebody rolls dice for.

mod adoption;
mod invitations;
mod sessions;
mod workspaces;

use std::collections::HashMap;

use proptest::prelude::*;

use crate::domain::{
    Actor, ApiKeyId, Artifact, ArtifactDescription, ArtifactId, ArtifactName, ArtifactPatch, ArtifactType,
    ArtifactWrite, Email, Field, InvitationId, Metadata, NameChange, OneTimeToken, PersonName, Precondition, Purpose,
    RefreshSecret, Reservation, SessionId, Settings, Slug, Stamp, Tags, TenantId, Terms, Timestamp, User, UserId,
    Workspace, WorkspaceName,
};
use crate::store::redb::RedbStore;
use crate::store::{
    Artifacts as _, Deletions as _, Heir, Housekeeping as _, OneTimeTokens as _, PasswordReset, Sessions as _,
    SlugChoice, StoreError, Users as _, Workspaces as _,
};

/// A throw of the dice: what is done, and to which.
pub(super) type Throw = (u8, u8, u8);

/// Many throws.
pub(super) fn throws() -> impl Strategy<Value = Vec<Throw>> {
    prop::collection::vec((0..STEPS, any::<u8>(), any::<u8>()), 60..160)
}

/// How many things can be done.
const STEPS: u8 = 39;

const USERS: u8 = 3;
const SLUGS: [&str; 3] = ["one", "another", "third"];

/// A store that is used.
pub(super) struct Player<'a> {
    store: &'a RedbStore,
    /// Ids that were given out, and seconds that have passed.
    made: u64,
    /// Versions that were replaced before may have been removed.
    old: Timestamp,
    /// Entries of the change log since then stay.
    kept: Timestamp,
    sessions: Vec<(UserId, SessionId)>,
    /// The newest refresh token of each that was refreshed.
    tokens: HashMap<SessionId, RefreshSecret>,
    /// Workspaces, and who made them.
    tenants: Vec<(TenantId, UserId)>,
    artifacts: Vec<(TenantId, ArtifactId)>,
    api_keys: Vec<(TenantId, ApiKeyId)>,
    invitations: Vec<(TenantId, InvitationId)>,
}

/// The first refresh token of every session.
const FIRST: RefreshSecret = RefreshSecret::from_bytes([0; 32]);

fn hash() -> String {
    "hash".to_owned()
}

fn user(number: u8) -> UserId {
    UserId::from_bytes([1 + number % USERS; 16])
}

fn after(seconds: u64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + i64::try_from(seconds).unwrap()).unwrap()
}

/// How many of the newest things come into question.
const RECENT: usize = 3;

/// The one that a throw picks; without any, something that is not there.
fn pick<T: Copy>(all: &[T], throw: u8, none: T) -> T {
    if all.is_empty() { none } else { all[all.len() - 1 - usize::from(throw) % all.len().min(RECENT)] }
}

impl<'a> Player<'a> {
    /// Begins.
    pub fn new(store: &'a RedbStore) -> Self {
        Self {
            store,
            made: 0,
            old: Timestamp::MIN,
            kept: Timestamp::MAX,
            sessions: Vec::new(),
            tokens: HashMap::new(),
            tenants: Vec::new(),
            artifacts: Vec::new(),
            api_keys: Vec::new(),
            invitations: Vec::new(),
        }
    }

    /// Leaves the entries of the change log since then: changes are to go on from there.
    pub fn keep(&mut self, since: Timestamp) {
        self.kept = since;
    }

    /// Versions that were replaced before may have been removed.
    pub fn old(&self) -> Timestamp {
        self.old
    }

    fn id(&mut self) -> [u8; 16] {
        self.made += 1;
        u128::from(self.made).to_be_bytes()
    }

    /// Who makes a change may not be known.
    fn stamp(&mut self, by: UserId, throw: u8) -> Stamp {
        self.made += 1;
        let mut stamp = Stamp::new(after(self.made), Actor::default());
        stamp.actor.user = (!throw.is_multiple_of(8)).then_some(by);
        let (key, fingerprint) = ([throw; 32], [0; 32]);
        let reservation = Reservation { owner: by, tenant: None, key, fingerprint, expires_at: after(self.made + 10) };
        stamp.reservation = throw.is_multiple_of(5).then_some(reservation);
        stamp
    }

    fn session(&self, throw: u8) -> (UserId, SessionId) {
        pick(&self.sessions, throw, (user(throw), SessionId::from_bytes([0; 16])))
    }

    fn tenant(&self, throw: u8) -> TenantId {
        pick(&self.tenants, throw, (TenantId::from_bytes([9; 16]), user(0))).0
    }

    /// Who may do most in a workspace, as a rule.
    fn owner(&self, tenant: TenantId) -> UserId {
        self.tenants.iter().find(|(id, _)| *id == tenant).map_or(user(0), |(_, owner)| *owner)
    }

    fn artifact(&self, throw: u8) -> (TenantId, ArtifactId) {
        pick(&self.artifacts, throw, (self.tenant(throw), ArtifactId::from_bytes([0; 16])))
    }

    fn new_artifact(&mut self, tenant: TenantId, by: UserId) -> Artifact {
        let id = ArtifactId::from_bytes(self.id());
        self.artifacts.push((tenant, id));
        let at = after(self.made);
        Artifact {
            id,
            tenant,
            name: ArtifactName::parse("Anvil").unwrap(),
            description: None,
            tags: Tags::default(),
            metadata: Metadata::default(),
            artifact_type: ArtifactType::default(),
            version: 1,
            created_by: by,
            updated_by: by,
            created_at: at,
            updated_at: at,
            deleted_at: None,
        }
    }

    /// Does one thing. Much of it is refused, which is no matter.
    pub async fn step(&mut self, throw: Throw) {
        if let Err(error) = self.done(throw).await {
            assert!(!error.is_failure(), "{throw:?}: {error}");
        }
    }

    async fn done(&mut self, (what, which, other): Throw) -> Result<(), StoreError> {
        let (store, by) = (self.store, user(which));
        let stamp = self.stamp(by, other);
        let at = stamp.at;
        let none = Precondition::None;
        match what {
            0 => self.register(which, stamp).await,
            1 if other.is_multiple_of(8) => store.delete_user(by, Heir::Anybody(None), stamp).await.map(drop),
            1 if other % 8 == 1 => store.note_brought_back(by, stamp).await,
            1 => store.replace_password_hash(by, hash(), hash(), stamp).await.map(drop),
            2 | 3 => self.open(by, at, stamp).await,
            4 | 5 => self.rotate(which, other, false).await,
            6 => self.rotate(which, other, true).await,
            7..=10 => self.end(what, which, other).await,
            12..=19 => self.govern(what, which, other, stamp).await,
            11 => {
                let tenant = TenantId::from_bytes(self.id());
                let workspace = Workspace {
                    id: tenant,
                    name: WorkspaceName::parse("Some workspace").unwrap(),
                    slug: Slug::parse(SLUGS[usize::from(other) % SLUGS.len()]).unwrap(),
                    description: None,
                    settings: Settings::default(),
                    is_active: true,
                    terms: Terms::default(),
                    created_at: at,
                    updated_at: at,
                };
                store.create_workspace(workspace, SlugChoice::Exactly, by, stamp).await?;
                self.tenants.push((tenant, by));
                Ok(())
            }
            20 | 21 => {
                let artifact = self.new_artifact(self.tenant(other), by);
                store.create_artifact(artifact.tenant, artifact, stamp).await
            }
            22 => {
                let (tenant, id) = self.artifact(other);
                store.update_artifact(tenant, id, none, change(&stamp), by, stamp).await.map(drop)
            }
            23 => {
                let (tenant, id) = self.artifact(other);
                store.delete_artifact(tenant, id, none, by, stamp).await
            }
            24 | 25 if !which.is_multiple_of(3) => {
                let (tenant, id) = self.artifact(other);
                store.restore_artifact(tenant, id, by, stamp).await.map(drop)
            }
            24 | 25 => {
                let (tenant, id) = self.artifact(other);
                store.purge_artifact(tenant, id, none, stamp).await
            }
            26 => {
                let tenant = self.tenant(other);
                let artifact = self.new_artifact(tenant, by);
                let id = artifact.id;
                let (patch, expected) = (change(&stamp), none.clone());
                let writes = vec![
                    ArtifactWrite::Create(Box::new(artifact)),
                    ArtifactWrite::Update { id, expected, patch },
                    ArtifactWrite::Delete { id, expected: none },
                ];
                store.write_artifacts(tenant, writes, true, by, stamp).await.map(drop)
            }
            27 if which >= 128 => store.set_user_operator(by, other.is_multiple_of(2), stamp).await.map(drop),
            27 => store.note_failed_login(Some(by).filter(|_| other.is_multiple_of(2)), stamp).await,
            28 | 29 => {
                let purposes = [Purpose::VerifyEmail, Purpose::ResetPassword, Purpose::ChangeEmail];
                let purpose = purposes[usize::from(other) % 3];
                let token = OneTimeToken { digest: [7; 32], expires_at: after(1_000_000) };
                store.issue_one_time_token(by, purpose, token, stamp).await.map(drop)
            }
            30 if other.is_multiple_of(2) => {
                let email = Email::parse(&format!("user-{other}@example.org")).expect("an address");
                store.change_email(by, [7; 32], email, stamp).await.map(drop)
            }
            30 => store.verify_email(by, [7; 32], stamp).await,
            31 => {
                let reset = PasswordReset { hash: hash(), revoke_api_keys: other.is_multiple_of(2), from: None };
                match which % 3 {
                    0 => store.set_password(by, reset, stamp).await.map(drop),
                    _ => store.reset_password(by, [7; 32], reset, stamp).await.map(drop),
                }
            }
            32 if which.is_multiple_of(3) => store.end_sessions(by, stamp).await.map(drop),
            32 if which % 3 == 1 => {
                let names = NameChange { last: Field::Set(name_of(other)), ..NameChange::default() };
                store.change_names(by, names, stamp).await.map(drop)
            }
            32 => store.set_user_active(by, other.is_multiple_of(2), stamp).await.map(drop),
            33 => {
                self.old = after(self.made / 2);
                store.trim_histories(self.old, None, 10).await.map(drop)
            }
            34 => store.trim_changes(after(self.made / 4).min(self.kept), 5).await.map(drop),
            35 => store.sweep_deleted_workspaces(3).await.map(drop),
            38 => self.adopt(which, other, stamp).await,
            _ => self.invite(which, other, stamp).await,
        }
    }

    async fn register(&mut self, which: u8, stamp: Stamp) -> Result<(), StoreError> {
        let user = User {
            id: user(which),
            email: Email::parse(&format!("user-{}@example.com", which % USERS)).unwrap(),
            first_name: None,
            last_name: None,
            is_verified: false,
            is_active: true,
            is_operator: false,
            created_at: stamp.at,
            updated_at: stamp.at,
        };
        match self.store.user(user.id).await? {
            Some(_) => Err(StoreError::EmailTaken),
            None => self.store.create_user(user, hash(), stamp).await,
        }
    }
}

/// A name for people.
fn name_of(number: u8) -> PersonName {
    PersonName::parse(&format!("Name {number}")).ok().flatten().expect("a name")
}

/// A change of an artifact that no other makes.
fn change(stamp: &Stamp) -> ArtifactPatch {
    let description = ArtifactDescription::parse(&stamp.at.to_string()).expect("a description");
    ArtifactPatch { description: Field::Set(description), ..ArtifactPatch::default() }
}
