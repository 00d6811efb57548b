//! How large the file becomes while the same artifacts are changed again and again, and old versions are removed.
//!
//! `cargo bench --bench growth`. 1,000,000 updates of 10,000 artifacts; now and then, versions that were replaced are removed,
//! as `storage.history_seconds` has it, and entries of the change log, as `storage.changes_seconds` has it.

mod support;

use std::fs;

use futures_util::future::join_all;
use ghostworks::domain::{Artifact, ArtifactId, ArtifactName, ArtifactPatch, ArtifactWrite, Precondition, Timestamp};
use ghostworks::store::{Artifacts as _, Housekeeping as _, Store as _};
use jiff::SignedDuration;
use support::{Bench, NOW, stamp};

const ARTIFACTS: usize = 10_000;
const UPDATES: usize = 1_000_000;
/// Updates that are sent at once.
const AT_ONCE: usize = 256;
/// Updates after which it is cleared up and looked at the file.
const STEP: usize = 100_000;
const ROWS_AT_ONCE: usize = 1000;

/// When an update is made: one a second.
fn at(update: usize) -> Timestamp {
    NOW + SignedDuration::from_secs(update as i64)
}

async fn create(bench: &Bench) -> Vec<ArtifactId> {
    let artifacts: Vec<Artifact> = (0..ARTIFACTS).map(|_| bench.artifact()).collect();
    let ids = artifacts.iter().map(|artifact| artifact.id).collect();
    let writes = artifacts.into_iter().map(|artifact| ArtifactWrite::Create(Box::new(artifact))).collect();
    bench.store.write_artifacts(bench.tenant, writes, true, bench.user, stamp(NOW)).await.expect("artifacts");
    ids
}

/// Changes the names of the artifacts, in turn.
async fn update(bench: &Bench, artifacts: &[ArtifactId], numbers: impl Iterator<Item = usize>) {
    let update = |number: usize| {
        let name = ArtifactName::from_stored(format!("Model {number}"));
        let patch = ArtifactPatch { name: Some(name), ..ArtifactPatch::default() };
        let id = artifacts[number % ARTIFACTS];
        bench.store.update_artifact(bench.tenant, id, Precondition::None, patch, bench.user, stamp(at(number)))
    };
    let answers = join_all(numbers.map(update)).await;
    assert!(answers.iter().all(Result::is_ok), "a write failed");
}

/// Removes what is older than a moment.
async fn clear_up(bench: &Bench, before: Timestamp) {
    let mut after = None;
    loop {
        after = bench.store.trim_histories(before, after, ROWS_AT_ONCE).await.expect("versions are removed");
        if after.is_none() {
            break;
        }
    }
    while bench.store.trim_changes(before, ROWS_AT_ONCE).await.expect("entries are removed") {}
}

fn main() {
    let bench = Bench::new();
    let tell = |updates: usize| {
        let file = fs::metadata(bench.directory.path().join("ghostworks.redb")).expect("a file");
        println!("{updates:>10}{:>8} MiB", file.len() >> 20);
    };
    println!("{:>10}{:>12}", "updates", "file");
    bench.runtime.block_on(async {
        let artifacts = create(&bench).await;
        tell(0);
        for first in (0..UPDATES).step_by(AT_ONCE) {
            let last = (first + AT_ONCE).min(UPDATES);
            update(&bench, &artifacts, first..last).await;
            if first / STEP < last / STEP {
                clear_up(&bench, at(last)).await;
                tell(last);
            }
        }
        bench.store.close().await.expect("it is closed");
    });
}
