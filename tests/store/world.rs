//! A store to test, a clock that ticks when it is asked, and things to put in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ghostworks::domain::{
    Actor, Artifact, ArtifactName, ArtifactPatch, ArtifactType, Change, ChangeKind, Email, Entropy as _, IdGenerator,
    LogPosition, Metadata, RefreshLine, RefreshSecret, Session, SessionId, Settings, SharedQuotas, Slug, Stamp,
    SystemEntropy, Tags, TenantId, Timestamp, User, UserId, Workspace, WorkspaceName,
};
use ghostworks::store::postgres::PostgresStore;
use ghostworks::store::redb::{Location, Options, RedbStore};
use ghostworks::store::{NoObserver, Opening, PasswordReset, ReadOnly, Renewal, SlugChoice, Store};
use tempfile::TempDir;

use crate::memory::MemoryEngine;
use crate::postgres;

/// A store with a clock and ids.
pub struct World {
    pub store: Arc<dyn Store>,
    /// Has its writes refused, if it was made here.
    pub read_only: ReadOnly,
    ids: IdGenerator,
    ticks: AtomicI64,
    _directory: Option<TempDir>,
}

/// How the tests open databases, unless they are about just that.
pub fn options(location: Location) -> Options {
    Options {
        location,
        cache_bytes: 8 << 20,
        queue: 1024,
        group_max: 64,
        min_free_bytes: 0,
        quotas: SharedQuotas::default(),
        read_only: ReadOnly::default(),
        entropy: Arc::new(SystemEntropy),
        backup_before_upgrade: false,
        on_repair: Arc::new(|_| {}),
    }
}

impl World {
    pub fn in_memory() -> Self {
        Self::new(options(Location::Memory), None)
    }

    pub fn on_disk() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::new(options(Location::Directory(directory.path().to_owned())), Some(directory))
    }

    /// On the engine that has every rule run again.
    pub fn on_a_memory_engine() -> Self {
        let engine = MemoryEngine::open();
        let read_only = engine.read_only.clone();
        Self { read_only, ..Self::over(Arc::new(engine), None) }
    }

    /// On a PostgreSQL, in a database of its own.
    pub fn on_postgres() -> Self {
        let options = postgres::options();
        let read_only = options.read_only.clone();
        let store = PostgresStore::open(options, Arc::new(NoObserver)).unwrap();
        Self { read_only, ..Self::over(Arc::new(store), None) }
    }

    fn new(options: Options, directory: Option<TempDir>) -> Self {
        let read_only = options.read_only.clone();
        let store = RedbStore::open(options, Arc::new(NoObserver)).unwrap();
        Self { read_only, ..Self::over(Arc::new(store), directory) }
    }

    pub fn over(store: Arc<dyn Store>, directory: Option<TempDir>) -> Self {
        let read_only = ReadOnly::default();
        Self { store, read_only, ids: IdGenerator::new(), ticks: AtomicI64::new(0), _directory: directory }
    }

    /// One second later than the last time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + self.ticks.fetch_add(1, Ordering::Relaxed)).unwrap()
    }

    pub fn id<Id: From<uuid::Uuid>>(&self) -> Id {
        self.ids.next(self.now())
    }

    pub fn stamp(&self) -> Stamp {
        Stamp::new(self.now(), Actor::default())
    }

    /// An account that is not stored yet.
    pub fn new_user(&self, name: &str) -> User {
        let now = self.now();
        User {
            id: self.ids.next(now),
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            first_name: None,
            last_name: None,
            is_verified: false,
            is_active: true,
            is_operator: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// A registered account, with the password hash `hash`.
    pub async fn user(&self, name: &str) -> User {
        let user = self.new_user(name);
        self.store.create_user(user.clone(), "hash".to_owned(), self.stamp()).await.unwrap();
        user
    }

    /// A session that is not stored yet; its first refresh token is [`secret`] of this number.
    pub fn new_session(&self, user: UserId, first: u8) -> Session {
        let now = self.now();
        Session {
            id: self.id::<SessionId>(),
            user,
            created_at: now,
            refreshed_at: now,
            idle_until: later(),
            expires_at: later(),
            ip: Some("192.0.2.1".to_owned()),
            user_agent: None,
            workspace: None,
            lines: vec![RefreshLine::new(secret(first).digest(), now)],
            console: None,
        }
    }

    /// Stores a session of an account that [`Self::user`] made.
    pub async fn open(&self, session: Session) {
        assert_eq!(self.store.open_session(session, opening("hash"), self.stamp()).await, Ok(true));
    }

    pub async fn session(&self, user: UserId, first: u8) -> Session {
        let session = self.new_session(user, first);
        self.open(session.clone()).await;
        session
    }

    /// A workspace that is not stored yet, and wants the slug `wanted`.
    pub fn new_workspace(&self, wanted: &str) -> Workspace {
        let now = self.now();
        Workspace {
            id: self.ids.next(now),
            name: WorkspaceName::parse("Some workspace").unwrap(),
            slug: slug(wanted),
            description: None,
            settings: Settings::default(),
            is_active: true,
            terms: ghostworks::domain::Terms::default(),
            created_at: now,
            updated_at: now,
        }
    }

    pub async fn workspace(&self, owner: UserId) -> TenantId {
        let workspace = self.new_workspace(&format!("workspace-{}", self.now().as_second()));
        self.store.create_workspace(workspace, SlugChoice::Exactly, owner, self.stamp()).await.unwrap().workspace.id
    }

    /// An artifact that is not stored yet.
    pub fn new_artifact(&self, tenant: TenantId, user: UserId, name: &str) -> Artifact {
        let now = self.now();
        Artifact {
            id: self.ids.next(now),
            tenant,
            name: ArtifactName::parse(name).unwrap(),
            description: None,
            tags: Tags::default(),
            metadata: Metadata::default(),
            artifact_type: ArtifactType::default(),
            version: 1,
            created_by: user,
            updated_by: user,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// An artifact as another service made it, not stored yet: the id is random, and few times are many artifacts'.
    pub fn foreign_artifact(&self, tenant: TenantId, user: UserId, name: &str) -> Artifact {
        let id = self.random_id();
        let at = Timestamp::from_second(1_600_000_000 + i64::from(id.as_bytes()[15] % 8)).unwrap();
        Artifact { id: id.into(), created_at: at, updated_at: at, ..self.new_artifact(tenant, user, name) }
    }

    /// An id of version 4, another one each time.
    pub fn random_id(&self) -> uuid::Uuid {
        let mut bytes = [0; 16];
        SystemEntropy.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    pub async fn artifact(&self, tenant: TenantId, user: UserId, name: &str) -> Artifact {
        let artifact = self.new_artifact(tenant, user, name);
        self.store.create_artifact(tenant, artifact.clone(), self.stamp()).await.unwrap();
        artifact
    }

    /// The entries of the change log after a position.
    pub async fn changes_after(&self, after: LogPosition) -> Vec<Change> {
        self.store.changes(after, 100).await.unwrap().changes
    }

    /// What the change log says after a position.
    pub async fn kinds(&self, after: LogPosition) -> Vec<ChangeKind> {
        self.changes_after(after).await.into_iter().map(|change| change.kind).collect()
    }

    /// The newest position in the change log: whether it moves shows whether anything was written.
    pub async fn newest_change(&self) -> LogPosition {
        self.store.health().await.newest_change
    }
}

/// After everything that happens in a test.
pub fn later() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// The secret of a refresh token.
pub fn secret(number: u8) -> RefreshSecret {
    RefreshSecret::from_bytes([number; 32])
}

/// A session of who has proved a password with this hash.
pub fn opening(hash: &str) -> Opening {
    Opening { verified: hash.to_owned(), most: 100, from: None }
}

/// A reset to a password with this hash.
pub fn resetting(hash: &str) -> PasswordReset {
    PasswordReset { hash: hash.to_owned(), revoke_api_keys: false, from: None }
}

/// How a token is followed by another, when it may not be presented again.
pub fn renewal(salt: u8) -> Renewal {
    Renewal { salt: [salt; 16], repeatable_until: Timestamp::MIN, idle_until: later() }
}

pub fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

pub fn rename(name: &str) -> ArtifactPatch {
    ArtifactPatch { name: Some(ArtifactName::parse(name).unwrap()), ..ArtifactPatch::default() }
}

pub fn tags(texts: &[&str]) -> Tags {
    Tags::parse(&texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>()).unwrap()
}

/// An id that nothing has.
pub fn nobody<Id: From<uuid::Uuid>>() -> Id {
    uuid::Uuid::max().into()
}
