//! A store on a disk, with an account and a workspace.
//!
//! The database is made below the target directory: the system's directory for temporary files may be memory.

use std::sync::Arc;

use ghostworks::domain::{
    Actor, Artifact, ArtifactDescription, ArtifactName, ArtifactType, Email, IdGenerator, Metadata, Settings,
    SharedQuotas, Slug, Stamp, SystemEntropy, Tags, TenantId, Timestamp, User, UserId, Workspace, WorkspaceName,
};
use ghostworks::store::redb::{Location, Options, RedbStore};
use ghostworks::store::{NoObserver, SlugChoice, Users as _, Workspaces as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// When everything is made.
pub const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// The store, and what is in it.
pub struct Bench {
    pub runtime: Runtime,
    pub store: RedbStore,
    pub tenant: TenantId,
    pub user: UserId,
    pub directory: TempDir,
    ids: IdGenerator,
}

/// Of a write at a moment.
pub fn stamp(at: Timestamp) -> Stamp {
    Stamp::new(at, Actor::default())
}

impl Bench {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let options = Options {
            location: Location::Directory(directory.path().to_owned()),
            cache_bytes: 32 << 20,
            queue: 1024,
            group_max: 256,
            min_free_bytes: 0,
            quotas: SharedQuotas::default(),
            read_only: ghostworks::store::ReadOnly::default(),
            entropy: Arc::new(SystemEntropy),
            backup_before_upgrade: false,
            on_repair: Arc::new(|_| {}),
        };
        let entered = runtime.enter();
        let store = RedbStore::open(options, Arc::new(NoObserver)).expect("a store");
        drop(entered);
        let ids = IdGenerator::new();
        let (user, tenant) = (ids.next(NOW), ids.next(NOW));
        runtime.block_on(fill(&store, user, tenant));
        Self { runtime, store, tenant, user, directory, ids }
    }

    /// An artifact that is not there yet.
    pub fn artifact(&self) -> Artifact {
        Artifact {
            id: self.ids.next(NOW),
            tenant: self.tenant,
            name: ArtifactName::from_stored("A model of the world".to_owned()),
            description: Some(ArtifactDescription::from_stored("Trained for a while, and good at it.".repeat(3))),
            tags: Tags::from_stored(["model", "production", "v2"].map(str::to_owned).to_vec()),
            metadata: Metadata::default(),
            artifact_type: ArtifactType::default(),
            version: 1,
            created_by: self.user,
            updated_by: self.user,
            created_at: NOW,
            updated_at: NOW,
            deleted_at: None,
        }
    }
}

/// An account with a workspace.
async fn fill(store: &RedbStore, id: UserId, tenant: TenantId) {
    let user = User {
        id,
        email: Email::from_stored("ann@example.com".to_owned()),
        first_name: None,
        last_name: None,
        is_verified: true,
        is_active: true,
        is_operator: false,
        created_at: NOW,
        updated_at: NOW,
    };
    store.create_user(user, String::new(), stamp(NOW)).await.expect("a user");
    let workspace = Workspace {
        id: tenant,
        name: WorkspaceName::from_stored("Bench".to_owned()),
        slug: Slug::from_stored("bench".to_owned()),
        description: None,
        settings: Settings::default(),
        is_active: true,
        terms: ghostworks::domain::Terms::default(),
        created_at: NOW,
        updated_at: NOW,
    };
    store.create_workspace(workspace, SlugChoice::Exactly, id, stamp(NOW)).await.expect("a workspace");
}
