//! What a scrape costs with a great many tenants.

use criterion::{Criterion, criterion_group, criterion_main};
use ghostworks::config::{self, Environment, Exporter};
use ghostworks::domain::{TenantId, UserId};
use ghostworks::telemetry::{Operation, Pipeline, Subject};
use tokio::runtime::Runtime;
use uuid::Uuid;

const TENANTS: u32 = 20_000;
const ROUNDS: u32 = 5;

const OPERATIONS: [Operation; 6] = [
    Operation::ArtifactCreate,
    Operation::ArtifactGet,
    Operation::ArtifactList,
    Operation::ArtifactSearch,
    Operation::ArtifactUpdate,
    Operation::ArtifactDelete,
];

fn scrape(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    let config = config::Telemetry { traces_exporter: Exporter::None, ..Default::default() };
    let (pipeline, telemetry) = Pipeline::start(&config, Environment::Development, Uuid::nil()).expect("a pipeline");
    for number in (0..ROUNDS).flat_map(|_| 0..TENANTS) {
        let mut bytes = [7; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        let subject = Subject::new(TenantId::from_bytes(bytes), UserId::from_bytes([1; 16]));
        for operation in OPERATIONS {
            let done = runtime.block_on(telemetry.observe(operation, subject, async { Ok::<_, std::fmt::Error>(()) }));
            done.expect("it is done");
        }
    }
    let page = pipeline.render_metrics().expect("a page");
    println!("{TENANTS} tenants: {} lines, {} bytes", page.lines().count(), page.len());
    criterion.bench_function("scrape/20000 tenants", |bencher| {
        bencher.iter(|| pipeline.render_metrics().expect("a page"));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = scrape
}
criterion_main!(benches);
