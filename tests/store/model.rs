//! Random artifact intents against a plain model of what a store is: the same answers, the same lists, the same totals.

use ghostworks::domain::{
    Artifact, ArtifactFilter, ArtifactId, ArtifactPatch, Field, ListArtifacts, Page, SearchText, Tag, TenantId,
    Timestamp, UserId,
};
use ghostworks::store::{Counts, Missing, StoreError, StoreResult};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use crate::world::{World, nobody, rename, tags};

const TENANTS: usize = 2;
const LABELS: [&str; 3] = ["iron", "stone", "wood"];

#[derive(Clone, Debug)]
enum Step {
    Create { tenant: usize, name: String, label: usize },
    Update { tenant: usize, pick: Index, expected: Expected, patch: ArtifactPatch },
    Delete { tenant: usize, pick: Index, expected: Expected },
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    Any,
    Version(u64),
}

impl Expected {
    fn version(self) -> Option<u64> {
        match self {
            Self::Any => None,
            Self::Version(version) => Some(version),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // One tenant more than there is, so that some intents are about none.
    let tenant = 0..=TENANTS;
    let expected = prop_oneof![Just(Expected::Any), (1_u64..4).prop_map(Expected::Version)];
    let patch = prop_oneof![
        "[a-c]{1,3}".prop_map(|name| rename(&name)),
        (0..LABELS.len()).prop_map(|label| ArtifactPatch { tags: Some(tags(&[LABELS[label]])), ..Default::default() }),
        Just(ArtifactPatch { description: Field::Clear, ..Default::default() }),
    ];
    let create = (tenant.clone(), "[a-c]{1,3}", 0..LABELS.len()).prop_map(|(tenant, name, label)| Step::Create {
        tenant,
        name,
        label,
    });
    let update = (tenant.clone(), any::<Index>(), expected.clone(), patch)
        .prop_map(|(tenant, pick, expected, patch)| Step::Update { tenant, pick, expected, patch });
    let delete =
        (tenant, any::<Index>(), expected).prop_map(|(tenant, pick, expected)| Step::Delete { tenant, pick, expected });
    prop::collection::vec(prop_oneof![3 => create, 3 => update, 1 => delete], 1..25)
}

/// What is in a store, as a list in the order of creation.
#[derive(Default)]
struct Model {
    live: Vec<Artifact>,
    /// Every id ever, of any tenant, so that intents are also about deleted and foreign ones.
    ids: Vec<ArtifactId>,
    tenants: Vec<TenantId>,
}

impl Model {
    fn create(&mut self, artifact: Artifact) -> StoreResult<()> {
        if !self.tenants.contains(&artifact.tenant) {
            return Err(StoreError::NotFound(Missing::Workspace));
        }
        self.ids.push(artifact.id);
        self.live.push(artifact);
        Ok(())
    }

    fn position(&self, tenant: TenantId, id: ArtifactId, expected: Option<u64>) -> StoreResult<usize> {
        let found = self.live.iter().position(|artifact| artifact.tenant == tenant && artifact.id == id);
        let position = found.ok_or(StoreError::NotFound(Missing::Artifact))?;
        match self.live[position].version {
            current if expected.is_some_and(|version| version != current) => {
                Err(StoreError::VersionMismatch { current })
            }
            _ => Ok(position),
        }
    }

    fn update(
        &mut self,
        (tenant, id, expected): (TenantId, ArtifactId, Option<u64>),
        patch: ArtifactPatch,
        user: UserId,
        at: Timestamp,
    ) -> StoreResult<Artifact> {
        let position = self.position(tenant, id, expected)?;
        self.live[position] = self.live[position].clone().patched(patch, user, at);
        Ok(self.live[position].clone())
    }

    fn delete(&mut self, tenant: TenantId, id: ArtifactId, expected: Option<u64>) -> StoreResult<()> {
        let position = self.position(tenant, id, expected)?;
        self.live.remove(position);
        Ok(())
    }

    fn list(&self, tenant: TenantId, filter: &ArtifactFilter, page: Page) -> (Vec<Artifact>, u64) {
        let newest_first = self.live.iter().rev();
        let matching: Vec<_> =
            newest_first.filter(|artifact| artifact.tenant == tenant && filter.matches(artifact)).collect();
        let total = matching.len() as u64;
        (matching.into_iter().skip(page.offset).take(page.limit).cloned().collect(), total)
    }
}

async fn run(world: &World, steps: Vec<Step>) {
    let ann = world.user(&format!("user{}", world.last_seq().await)).await.id;
    let mut model = Model::default();
    for _ in 0..TENANTS {
        model.tenants.push(world.workspace(ann).await);
    }
    let before = world.store.counts().await.unwrap();
    let tenant_at = |model: &Model, index: usize| model.tenants.get(index).copied().unwrap_or_else(nobody);
    let pick = |model: &Model, index: Index| match model.ids.len() {
        0 => nobody(),
        length => model.ids[index.index(length)],
    };
    for step in steps {
        let stamp = world.stamp();
        let at = stamp.at;
        match step {
            Step::Create { tenant, name, label } => {
                let tenant = tenant_at(&model, tenant);
                let artifact = Artifact { tags: tags(&[LABELS[label]]), ..world.new_artifact(tenant, ann, &name) };
                let answer = world.store.create_artifact(tenant, artifact.clone(), stamp).await;
                assert_eq!(answer, model.create(artifact));
            }
            Step::Update { tenant, pick: index, expected, patch } => {
                let (tenant, id, expected) = (tenant_at(&model, tenant), pick(&model, index), expected.version());
                let answer = world.store.update_artifact(tenant, id, expected, patch.clone(), ann, stamp).await;
                assert_eq!(answer, model.update((tenant, id, expected), patch, ann, at));
            }
            Step::Delete { tenant, pick: index, expected } => {
                let (tenant, id, expected) = (tenant_at(&model, tenant), pick(&model, index), expected.version());
                let answer = world.store.delete_artifact(tenant, id, expected, ann, stamp).await;
                assert_eq!(answer, model.delete(tenant, id, expected));
            }
        }
    }
    compare(world, &model, before).await;
}

async fn compare(world: &World, model: &Model, before: Counts) {
    let labelled = ArtifactFilter { tags: vec![Tag::parse(LABELS[0]).unwrap()], ..Default::default() };
    let named = ArtifactFilter { text: SearchText::parse("B").unwrap(), ..Default::default() };
    for tenant in &model.tenants {
        for filter in [ArtifactFilter::default(), labelled.clone(), named.clone()] {
            for page in [Page { limit: 100, offset: 0 }, Page { limit: 2, offset: 1 }] {
                let list = ListArtifacts { filter: filter.clone(), page };
                let answer = world.store.list_artifacts(*tenant, list).await.unwrap();
                assert_eq!((answer.items, answer.total), model.list(*tenant, &filter, page));
            }
        }
        for id in &model.ids {
            let found = model.live.iter().find(|artifact| artifact.tenant == *tenant && artifact.id == *id);
            assert_eq!(world.store.artifact(*tenant, *id).await, Ok(found.cloned()));
        }
    }
    let counts = world.store.counts().await.unwrap();
    assert_eq!(counts.artifacts - before.artifacts, model.ids.len() as u64);
    assert_eq!(counts.active_artifacts - before.active_artifacts, model.live.len() as u64);
}

fn agrees_with_the_model(world: &World, cases: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // Failures are reported with their steps; no file of seeds is left beside the sources.
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&steps(), |steps| {
            runtime.block_on(run(world, steps));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_store_in_memory_agrees_with_the_model() {
    agrees_with_the_model(&World::in_memory(), 64);
}

#[test]
fn a_store_on_disk_agrees_with_the_model() {
    agrees_with_the_model(&World::on_disk(), 8);
}
