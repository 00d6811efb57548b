//! The index says what the store says, whatever breaks off in the middle of following and merging.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::domain::{
    Actor, Artifact, ArtifactId, ArtifactName, ArtifactPatch, ArtifactType, ArtifactWrite, Email, Metadata,
    Precondition, Settings, SharedQuotas, Slug, Stamp, SystemEntropy, Tags, TenantId, Terms, Timestamp, User, UserId,
    Workspace, WorkspaceName,
};
use crate::followers::{Next, catch_up};
use crate::search::{IndexChange, IndexContents, SearchIndex};
use crate::service::check_index;
use crate::store::redb::{Location, Options, RedbStore};
use crate::store::{Artifacts as _, NoObserver, SlugChoice, Store, Users as _, Workspaces as _};

const TENANT: TenantId = TenantId::from_bytes([7; 16]);
const OWNER: UserId = UserId::from_bytes([1; 16]);
/// Created at once: more than the entries of the change log that are read at once.
const MANY: u64 = 1100;

/// A store with one workspace, and its index.
struct World {
    store: Arc<RedbStore>,
    directory: TempDir,
    indexer: Indexer,
    made: u64,
}

impl World {
    async fn new() -> Self {
        let options = Options {
            location: Location::Memory,
            cache_bytes: 1 << 20,
            queue: 8,
            group_max: 8,
            min_free_bytes: 0,
            quotas: SharedQuotas::default(),
            read_only: crate::store::ReadOnly::default(),
            entropy: Arc::new(SystemEntropy),
            backup_before_upgrade: false,
            on_repair: Arc::new(|_| {}),
        };
        let store = Arc::new(RedbStore::open(options, Arc::new(NoObserver)).unwrap());
        let at = Timestamp::UNIX_EPOCH;
        let user = User {
            id: OWNER,
            email: Email::parse("owner@example.com").unwrap(),
            first_name: None,
            last_name: None,
            is_verified: false,
            is_active: true,
            is_operator: false,
            created_at: at,
            updated_at: at,
        };
        store.create_user(user, "hash".to_owned(), stamp()).await.unwrap();
        let workspace = Workspace {
            id: TENANT,
            name: WorkspaceName::parse("Workshop").unwrap(),
            slug: Slug::parse("workshop").unwrap(),
            description: None,
            settings: Settings::default(),
            is_active: true,
            terms: Terms::default(),
            created_at: at,
            updated_at: at,
        };
        store.create_workspace(workspace, SlugChoice::Exactly, OWNER, stamp()).await.unwrap();
        let directory = TempDir::new().unwrap();
        let indexer = indexer(&store, directory.path());
        Self { store, directory, indexer, made: 0 }
    }

    async fn write(&self, writes: Vec<ArtifactWrite>) {
        self.store.write_artifacts(TENANT, writes, false, OWNER, stamp()).await.unwrap();
    }

    async fn create(&mut self, count: u64) {
        let writes = (self.made..self.made + count).map(|number| ArtifactWrite::Create(Box::new(artifact(number))));
        self.write(writes.collect()).await;
        self.made += count;
    }

    /// Writes to some of those that were created.
    async fn each(&self, first: u64, write: impl Fn(ArtifactId) -> ArtifactWrite) {
        let some = (first..self.made).step_by(7).take(100);
        self.write(some.map(|number| write(id(number))).collect()).await;
    }

    /// Follows for this number of batches, and breaks off.
    async fn follow(&self, batches: usize) {
        let Some(mut after) = self.indexer.position().await.unwrap() else { return };
        for _ in 0..batches {
            let Next::Batch(batch) = self.indexer.read(after).await.unwrap() else { return };
            // The disk may fail.
            let Ok(Some(reached)) = self.indexer.apply(batch).await else { return };
            after = reached;
        }
    }

    /// Lets the disk fail once, after this number of writes of index files, or not any more.
    async fn fail_after(&self, writes: Option<usize>) {
        let fail = move |index: &SearchIndex| {
            index.fail_after(writes);
            Ok(())
        };
        self.indexer.search.change(fail).await.unwrap();
    }

    async fn restart(&mut self) {
        self.fail_after(None).await;
        self.indexer.finish().await.unwrap();
        self.indexer = indexer(&self.store, self.directory.path());
    }

    /// What the index says otherwise than the store, once it has caught up.
    async fn findings(&mut self) -> Vec<String> {
        self.fail_after(None).await;
        catch_up(&self.indexer).await.unwrap();
        self.indexer.finish().await.unwrap();
        let contents = IndexContents::read(self.directory.path(), self.store.history());
        match contents {
            Ok(contents) => check_index(&*self.store, contents).await.unwrap(),
            Err(error) => vec![error.to_string()],
        }
    }
}

fn indexer(store: &Arc<RedbStore>, directory: &Path) -> Indexer {
    let index = SearchIndex::open(directory, store.history()).unwrap();
    Indexer::new(store.clone(), Arc::new(Search::new(index, 1)), None)
}

fn stamp() -> Stamp {
    Stamp::new(Timestamp::UNIX_EPOCH, Actor::default())
}

fn id(number: u64) -> ArtifactId {
    ArtifactId::from_bytes(u128::from(number + 1).to_be_bytes())
}

fn artifact(number: u64) -> Artifact {
    Artifact {
        id: id(number),
        tenant: TENANT,
        name: ArtifactName::parse("Anvil").unwrap(),
        description: None,
        tags: Tags::default(),
        metadata: Metadata::default(),
        artifact_type: ArtifactType::default(),
        version: 1,
        created_by: OWNER,
        updated_by: OWNER,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        deleted_at: None,
    }
}

#[tokio::test]
async fn what_was_half_taken_in_is_not_taken_in_twice() {
    let mut world = World::new().await;
    catch_up(&world.indexer).await.unwrap();
    world.create(MANY).await;
    world.create(MANY).await;
    world.follow(1).await;
    assert_eq!(world.findings().await, [""; 0]);
    assert_eq!(world.indexer.search.documents(), 2 * MANY);
}

#[tokio::test]
async fn a_rebuild_that_breaks_off_begins_again() {
    let mut world = World::new().await;
    world.create(MANY).await;
    let search = world.indexer.search.clone();
    search.publish(None);
    search.change(SearchIndex::clear).await.unwrap();
    let half = [IndexChange::Add(Box::new(artifact(0)))];
    search.change(move |index| index.write(&half)).await.unwrap();
    assert_eq!(world.findings().await, [""; 0]);
    assert_eq!(world.indexer.search.documents(), MANY);
}

#[tokio::test]
async fn the_lag_is_not_known_while_the_store_can_not_be_read() {
    let world = World::new().await;
    catch_up(&world.indexer).await.unwrap();
    let search = world.indexer.search.clone();
    assert_eq!(search.health(world.store.figures().newest_change).lag_changes, Some(0));
    world.store.close().await.unwrap();
    assert!(catch_up(&world.indexer).await.is_err());
    let health = search.health(world.store.figures().newest_change);
    assert!(health.is_complete, "it can be searched");
    assert_eq!(health.lag_changes, None);
    assert!(health.lag > Duration::ZERO);
}

/// What happens between two looks at the index.
#[derive(Clone, Debug)]
enum Step {
    Create,
    Update(u64),
    Delete(u64),
    Purge(u64),
    Follow(usize),
    CatchUp,
    Merge(SegmentSize),
    /// The disk fails once, after this number of writes of index files.
    Fail {
        after: usize,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Create),
        1 => (0..MANY).prop_map(Step::Update),
        1 => (0..MANY).prop_map(Step::Delete),
        1 => (0..MANY).prop_map(Step::Purge),
        4 => (0..3_usize).prop_map(Step::Follow),
        2 => Just(Step::CatchUp),
        1 => Just(Step::Merge(SegmentSize::Small)),
        1 => Just(Step::Merge(SegmentSize::Large)),
        2 => (0_usize..24).prop_map(|after| Step::Fail { after }),
        1 => Just(Step::Restart),
    ]
}

impl World {
    async fn step(&mut self, step: Step) {
        let expected = || Precondition::None;
        match step {
            Step::Create => self.create(MANY).await,
            Step::Update(first) => {
                let patch = ArtifactPatch::default;
                self.each(first, |id| ArtifactWrite::Update { id, expected: expected(), patch: patch() }).await;
            }
            Step::Delete(first) => self.each(first, |id| ArtifactWrite::Delete { id, expected: expected() }).await,
            Step::Purge(number) => {
                // It may be gone already.
                drop(self.store.purge_artifact(TENANT, id(number), expected(), stamp()).await);
            }
            Step::Follow(batches) => self.follow(batches).await,
            // What fails is tried again.
            Step::CatchUp => drop(catch_up(&self.indexer).await),
            Step::Merge(which) => {
                // The disk may fail.
                drop(self.indexer.search.merge(which).await);
            }
            Step::Fail { after } => self.fail_after(Some(after)).await,
            Step::Restart => self.restart().await,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_index_says_what_the_store_says(steps in prop::collection::vec(step(), 4..16)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let findings = runtime.block_on(async {
            let mut world = World::new().await;
            for step in steps {
                world.step(step).await;
            }
            world.findings().await
        });
        prop_assert_eq!(findings, [""; 0]);
    }
}
