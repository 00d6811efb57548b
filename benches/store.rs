//! What the store's most frequent intents cost, on a disk, with every write answered after its commit.

#[expect(dead_code, reason = "each benchmark uses its own part")]
mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use ghostworks::domain::{Artifact, ArtifactFilter, ArtifactId, ListArtifacts, Page, Sort};
use ghostworks::store::Artifacts as _;
use support::{Bench, NOW, stamp};

/// Artifacts that are there before anything is measured.
const STORED: usize = 2_000;

fn filled() -> Bench {
    let bench = Bench::new();
    for _ in 0..STORED / 200 {
        create(&bench, 200);
    }
    bench
}

/// Creates `count` artifacts at once, and waits for all answers.
fn create(bench: &Bench, count: usize) -> Vec<ArtifactId> {
    let artifacts: Vec<Artifact> = (0..count).map(|_| bench.artifact()).collect();
    let ids = artifacts.iter().map(|artifact| artifact.id).collect();
    let create = |artifact| bench.store.create_artifact(bench.tenant, artifact, stamp(NOW));
    let answers = bench.runtime.block_on(join_all(artifacts.into_iter().map(create)));
    assert!(answers.iter().all(Result::is_ok), "a write failed");
    ids
}

fn reads(criterion: &mut Criterion) {
    let bench = filled();
    let ids = create(&bench, 100);
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
    let bench = filled();
    let mut group = criterion.benchmark_group("create_artifact");
    for at_once in [1, 32, 256] {
        group.throughput(Throughput::Elements(at_once as u64));
        group.bench_with_input(BenchmarkId::from_parameter(at_once), &at_once, |b, &at_once| {
            b.iter(|| create(&bench, at_once));
        });
    }
    group.finish();
}

criterion_group!(benches, reads, writes);
criterion_main!(benches);
