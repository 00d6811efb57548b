//! How large the file becomes while the same artifacts are changed again and again, and old versions are removed.
//!
//! `cargo bench --bench growth`. 1,000,000 updates of 10,000 artifacts; now and then, versions that were replaced are removed,
//! as `storage.history_seconds` has it, and entries of the change log, as `storage.changes_seconds` has it.

use std::fs;
use std::sync::Arc;

use futures_util::future::join_all;
use ghostworks::domain::{
    Actor, Artifact, ArtifactDescription, ArtifactId, ArtifactName, ArtifactPatch, ArtifactType, ArtifactWrite, Email,
    IdGenerator, Metadata, Precondition, Quotas, Settings, Slug, Stamp, Tags, TenantId, Timestamp, User, UserId,
    Workspace, WorkspaceName,
};
use ghostworks::store::redb::{Location, Options, RedbStore};
use ghostworks::store::{
    Artifacts as _, Housekeeping as _, NoObserver, SlugChoice, Store as _, Users as _, Workspaces as _,
};
use jiff::SignedDuration;
use tempfile::TempDir;

const ARTIFACTS: usize = 10_000;
const UPDATES: usize = 1_000_000;
/// Updates that are sent at once.
const AT_ONCE: usize = 256;
/// Updates after which it is cleared up and looked at the file.
const STEP: usize = 100_000;
const ROWS_AT_ONCE: usize = 1000;

fn at(second: usize) -> Timestamp {
    Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_secs(second as i64)).expect("a time")
}

fn stamp(second: usize) -> Stamp {
    Stamp::new(at(second), Actor::default())
}

fn artifact(ids: &IdGenerator, tenant: TenantId, user: UserId) -> Artifact {
    Artifact {
        id: ids.next(at(0)),
        tenant,
        name: ArtifactName::from_stored("A model of the world".to_owned()),
        description: Some(ArtifactDescription::from_stored("Trained for a while, and good at it.".repeat(3))),
        tags: Tags::from_stored(["model", "production", "v2"].map(str::to_owned).to_vec()),
        metadata: Metadata::default(),
        artifact_type: ArtifactType::default(),
        version: 1,
        created_by: user,
        updated_by: user,
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
    }
}

/// A workspace with the artifacts in it.
async fn fill(store: &RedbStore, ids: &IdGenerator, tenant: TenantId, id: UserId) -> Vec<ArtifactId> {
    let user = User {
        id,
        email: Email::from_stored("ann@example.com".to_owned()),
        first_name: None,
        last_name: None,
        is_verified: true,
        is_active: true,
        created_at: at(0),
        updated_at: at(0),
    };
    store.create_user(user, String::new(), stamp(0)).await.expect("a user");
    let workspace = Workspace {
        id: tenant,
        name: WorkspaceName::from_stored("Bench".to_owned()),
        slug: Slug::from_stored("bench".to_owned()),
        description: None,
        settings: Settings::default(),
        is_active: true,
        created_at: at(0),
        updated_at: at(0),
    };
    store.create_workspace(workspace, SlugChoice::Exactly, id, stamp(0)).await.expect("a workspace");
    let artifacts: Vec<Artifact> = (0..ARTIFACTS).map(|_| artifact(ids, tenant, id)).collect();
    let made = artifacts.iter().map(|artifact| artifact.id).collect();
    let writes = artifacts.into_iter().map(|artifact| ArtifactWrite::Create(Box::new(artifact))).collect();
    store.write_artifacts(tenant, writes, true, id, stamp(0)).await.expect("artifacts");
    made
}

/// Removes what is older than a moment.
async fn clear_up(store: &RedbStore, before: Timestamp) {
    let mut after = None;
    loop {
        after = store.trim_histories(before, after, ROWS_AT_ONCE).await.expect("versions are removed");
        if after.is_none() {
            break;
        }
    }
    while store.trim_changes(before, ROWS_AT_ONCE).await.expect("entries are removed") {}
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let options = Options {
        location: Location::Directory(directory.path().to_owned()),
        cache_bytes: 64 << 20,
        queue: 1024,
        group_max: 256,
        min_free_bytes: 0,
        quotas: Quotas::default(),
        on_repair: Arc::new(|_| {}),
    };
    let store = RedbStore::open(options, Arc::new(NoObserver)).expect("a store");
    let ids = IdGenerator::new();
    let (user, tenant) = (ids.next(at(0)), ids.next(at(0)));
    let size = || fs::metadata(directory.path().join("ghostworks.redb")).map_or(0, |file| file.len());
    println!("{:>10}{:>12}", "updates", "file");
    runtime.block_on(async {
        let artifacts = fill(&store, &ids, tenant, user).await;
        println!("{:>10}{:>8} MiB", 0, size() >> 20);
        for first in (0..UPDATES).step_by(AT_ONCE) {
            let update = |number: usize| {
                let patch = ArtifactPatch {
                    name: Some(ArtifactName::from_stored(format!("Model {number}"))),
                    ..ArtifactPatch::default()
                };
                let id = artifacts[number % ARTIFACTS];
                store.update_artifact(tenant, id, Precondition::None, patch, user, stamp(number))
            };
            let last = (first + AT_ONCE).min(UPDATES);
            let answers = join_all((first..last).map(update)).await;
            assert!(answers.iter().all(Result::is_ok), "a write failed");
            if first / STEP < last / STEP {
                clear_up(&store, at(last)).await;
                println!("{last:>10}{:>8} MiB", size() >> 20);
            }
        }
        store.close().await.expect("it is closed");
    });
}
