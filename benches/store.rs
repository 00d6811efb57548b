//! What the store's most frequent intents cost, on a disk, with every write answered after its commit.
//!
//! The database is made below the target directory: the system's directory for temporary files may be memory.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use ghostworks::domain::{
    Actor, Artifact, ArtifactDescription, ArtifactFilter, ArtifactId, ArtifactName, ArtifactType, Email, IdGenerator,
    ListArtifacts, Metadata, Page, Quotas, Settings, Slug, Sort, Stamp, Tags, TenantId, Timestamp, User, UserId,
    Workspace, WorkspaceName,
};
use ghostworks::store::redb::{Location, Options, RedbStore};
use ghostworks::store::{Artifacts, NoObserver, SlugChoice, Users, Workspaces};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
/// Artifacts that are there before anything is measured.
const STORED: usize = 2_000;

struct Bench {
    runtime: Runtime,
    store: RedbStore,
    ids: IdGenerator,
    tenant: TenantId,
    user: UserId,
    _directory: TempDir,
}

fn stamp() -> Stamp {
    Stamp::new(NOW, Actor::default())
}

impl Bench {
    fn new() -> Self {
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
        let (user, tenant) = (ids.next(NOW), ids.next(NOW));
        runtime.block_on(fill(&store, user, tenant));
        let bench = Self { runtime, store, ids, tenant, user, _directory: directory };
        for _ in 0..STORED / 200 {
            bench.create(200);
        }
        bench
    }

    fn artifact(&self) -> Artifact {
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

    /// Creates `count` artifacts at once, and waits for all answers.
    fn create(&self, count: usize) -> Vec<ArtifactId> {
        let artifacts: Vec<Artifact> = (0..count).map(|_| self.artifact()).collect();
        let ids = artifacts.iter().map(|artifact| artifact.id).collect();
        let create = |artifact| self.store.create_artifact(self.tenant, artifact, stamp());
        let answers = self.runtime.block_on(join_all(artifacts.into_iter().map(create)));
        assert!(answers.iter().all(Result::is_ok), "a write failed");
        ids
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
        created_at: NOW,
        updated_at: NOW,
    };
    store.create_user(user, String::new(), stamp()).await.expect("a user");
    let workspace = Workspace {
        id: tenant,
        name: WorkspaceName::from_stored("Bench".to_owned()),
        slug: Slug::from_stored("bench".to_owned()),
        description: None,
        settings: Settings::default(),
        is_active: true,
        created_at: NOW,
        updated_at: NOW,
    };
    store.create_workspace(workspace, SlugChoice::Exactly, id, stamp()).await.expect("a workspace");
}

fn reads(criterion: &mut Criterion) {
    let bench = Bench::new();
    let ids = bench.create(100);
    let mut next = ids.iter().cycle();
    criterion.bench_function("artifact", |b| {
        b.iter(|| {
            let id = *next.next().expect("there are some");
            black_box(bench.runtime.block_on(bench.store.artifact(bench.tenant, id)))
        });
    });
    criterion.bench_function("list_artifacts/20", |b| {
        b.iter(|| {
            let list =
                ListArtifacts { filter: ArtifactFilter::default(), sort: Sort::NEWEST_FIRST, page: Page::at(20, 0) };
            black_box(bench.runtime.block_on(bench.store.list_artifacts(bench.tenant, list)))
        });
    });
}

fn writes(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("create_artifact");
    for at_once in [1, 32, 256] {
        group.throughput(Throughput::Elements(at_once as u64));
        group.bench_with_input(BenchmarkId::from_parameter(at_once), &at_once, |b, &at_once| {
            b.iter(|| bench.create(at_once));
        });
    }
    group.finish();
}

criterion_group!(benches, reads, writes);
criterion_main!(benches);
