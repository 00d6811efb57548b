//! Random artifact intents against a plain model of what a store is: the same answers, lists, histories and totals.

mod plain;
mod steps;

use ghostworks::domain::{
    Artifact, ArtifactFilter, ArtifactId, ArtifactVersion, ArtifactWrite, ListArtifacts, Page, Sort, Start, Tag,
    TenantId, UserId,
};
use ghostworks::store::Counts;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use self::plain::Model;
use self::steps::{LABELS, Step, TENANTS, Write, steps};
use crate::world::{World, nobody, tags};

/// The store's tenant at a place; none is at the last.
fn tenant_at(model: &Model, index: usize) -> TenantId {
    model.tenants.get(index).copied().unwrap_or_else(nobody)
}

fn pick(model: &Model, index: Index) -> ArtifactId {
    match model.ids.len() {
        0 => nobody(),
        length => model.ids[index.index(length)],
    }
}

fn write_of(world: &World, model: &Model, tenant: TenantId, user: UserId, write: Write) -> ArtifactWrite {
    match write {
        Write::Create { name, label } => ArtifactWrite::Create(Box::new(Artifact {
            tags: tags(&[LABELS[label]]),
            ..world.foreign_artifact(tenant, user, &name)
        })),
        Write::Update { pick: index, expected, patch } => {
            ArtifactWrite::Update { id: pick(model, index), expected, patch }
        }
        Write::Delete { pick: index, expected } => ArtifactWrite::Delete { id: pick(model, index), expected },
    }
}

async fn run(world: &World, steps: Vec<Step>) {
    let ann = world.user(&format!("user{}", world.newest_change().await)).await.id;
    let mut model = Model::default();
    for _ in 0..TENANTS {
        model.tenants.push(world.workspace(ann).await);
    }
    let before = world.store.counts().await.unwrap();
    for step in steps {
        let stamp = world.stamp();
        let at = stamp.at;
        match step {
            Step::One { tenant, write } => {
                let tenant = tenant_at(&model, tenant);
                match write_of(world, &model, tenant, ann, write) {
                    ArtifactWrite::Create(artifact) => {
                        let answer = world.store.create_artifact(tenant, (*artifact).clone(), stamp).await;
                        assert_eq!(answer, model.create(*artifact).map(drop));
                    }
                    ArtifactWrite::Update { id, expected, patch } => {
                        let answer =
                            world.store.update_artifact(tenant, id, expected.clone(), patch.clone(), ann, stamp).await;
                        assert_eq!(answer, model.update((tenant, id, expected), patch, ann, at));
                    }
                    ArtifactWrite::Delete { id, expected } => {
                        let answer = world.store.delete_artifact(tenant, id, expected.clone(), ann, stamp).await;
                        assert_eq!(answer, model.delete((tenant, id, expected), ann, at).map(drop));
                    }
                }
            }
            Step::Many { tenant, atomic, writes } => {
                let tenant = tenant_at(&model, tenant);
                let writes = writes.into_iter().map(|write| write_of(world, &model, tenant, ann, write));
                let writes: Vec<ArtifactWrite> = writes.collect();
                let answer = world.store.write_artifacts(tenant, writes.clone(), atomic, ann, stamp).await;
                assert_eq!(answer, model.write(tenant, writes, atomic, ann, at));
            }
            Step::Restore { tenant, pick: index } => {
                let (tenant, id) = (tenant_at(&model, tenant), pick(&model, index));
                let answer = world.store.restore_artifact(tenant, id, ann, stamp).await;
                assert_eq!(answer, model.restore(tenant, id, ann, at));
            }
            Step::Purge { tenant, pick: index, expected } => {
                let (tenant, id) = (tenant_at(&model, tenant), pick(&model, index));
                let answer = world.store.purge_artifact(tenant, id, expected.clone(), stamp).await;
                assert_eq!(answer, model.purge(tenant, id, expected));
            }
        }
    }
    compare(world, &model, before).await;
}

async fn compare(world: &World, model: &Model, before: Counts) {
    let labelled = ArtifactFilter { tags: vec![Tag::parse(LABELS[0]).unwrap()], ..Default::default() };
    let whole = ArtifactFilter { include_deleted: true, ..Default::default() };
    for tenant in &model.tenants {
        for filter in [ArtifactFilter::default(), labelled.clone(), whole.clone()] {
            for sort in Sort::NAMES.map(|name| Sort::parse(name).unwrap()) {
                let expected = model.list(*tenant, &filter, sort);
                let slice = ListArtifacts { filter: filter.clone(), sort, page: Page::at(2, 1) };
                let answer = world.store.list_artifacts(*tenant, slice).await.unwrap();
                let items: Vec<Artifact> = expected.iter().skip(1).take(2).cloned().collect();
                assert_eq!((answer.items, answer.total), (items, expected.len() as u64));
                let last = expected.get(2).filter(|_| expected.len() > 3);
                assert_eq!(answer.next, last.map(|last| sort.position(last)));
                assert_eq!(walk(world, *tenant, &filter, sort).await, expected, "{sort:?} {filter:?}");
            }
        }
        for id in &model.ids {
            let versions = model.versions(*tenant, *id);
            let live = versions.and_then(|all| all.last()).filter(|artifact| artifact.deleted_at.is_none());
            assert_eq!(world.store.artifact(*tenant, *id).await, Ok(live.cloned()));
            compare_history(world, *tenant, *id, versions).await;
        }
        let counts = world.store.artifact_counts(*tenant).await.unwrap();
        assert_eq!(counts.all, model.list(*tenant, &whole, Sort::NEWEST_FIRST).len() as u64);
        let live = model.list(*tenant, &ArtifactFilter::default(), Sort::NEWEST_FIRST);
        assert_eq!(counts.active, live.len() as u64);
        let tags = world.store.artifact_tags(*tenant).await.unwrap();
        assert_eq!(tags.values().sum::<u64>(), live.len() as u64);
    }
    let counts = world.store.counts().await.unwrap();
    assert_eq!(counts.artifacts - before.artifacts, model.rows.len() as u64);
    let live = model.rows.iter().filter(|versions| plain::current(versions).deleted_at.is_none()).count();
    assert_eq!(counts.active_artifacts - before.active_artifacts, live as u64);
}

/// All of a list, from page to page.
async fn walk(world: &World, tenant: TenantId, filter: &ArtifactFilter, sort: Sort) -> Vec<Artifact> {
    let (mut found, mut start) = (Vec::new(), Start::Offset(0));
    loop {
        let list = ListArtifacts { filter: filter.clone(), sort, page: Page { limit: 2, start } };
        let page = world.store.list_artifacts(tenant, list).await.unwrap();
        found.extend(page.items);
        match page.next {
            Some(next) => start = Start::After(next),
            None => return found,
        }
    }
}

async fn compare_history(world: &World, tenant: TenantId, id: ArtifactId, versions: Option<&Vec<Artifact>>) {
    let expected = versions.map(|all| {
        let before = |index: usize| index.checked_sub(1).map(|before| &all[before]);
        let versions = all.iter().enumerate().rev();
        versions.map(|(index, artifact)| ArtifactVersion::new(artifact.clone(), before(index))).collect::<Vec<_>>()
    });
    let history = world.store.artifact_history(tenant, id, None, 100).await.unwrap();
    assert_eq!(history.map(|history| history.versions), expected);
    let newest = expected.and_then(|versions| versions.into_iter().next());
    let Some(newest) = newest.filter(|newest| newest.artifact.version > 1) else { return };
    let page = world.store.artifact_history(tenant, id, Some(newest.artifact.version), 1).await.unwrap().unwrap();
    assert_eq!(page.versions.len(), 1);
    assert_eq!(page.versions[0].artifact.version, newest.artifact.version - 1);
    assert_eq!(page.has_more, newest.artifact.version > 2);
}

fn agrees_with_the_model(world: impl FnOnce() -> World, cases: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let world = runtime.block_on(async { world() });
    // Failures are reported with their steps; no file of seeds is left beside the sources.
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&steps(), |steps| {
            runtime.block_on(run(&world, steps));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_store_in_memory_agrees_with_the_model() {
    agrees_with_the_model(World::in_memory, 64);
}

#[test]
fn a_store_on_disk_agrees_with_the_model() {
    agrees_with_the_model(World::on_disk, 8);
}
