//! The README's walk-through, executed as it stands there.
//!
//! Every fenced block of `sh` between the two marks is run, all in one `bash` with `set -euo pipefail`, in an empty
//! directory, with the server's address in `$GHOSTWORKS`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::otlp::Collector;
use crate::support::server::Setup;

const BEGIN: &str = "<!-- walkthrough:begin -->";
const END: &str = "<!-- walkthrough:end -->";
/// Makes a failing command name itself.
const PROLOGUE: &str = "set -euo pipefail\ntrap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n";

/// The blocks of `sh` in the walk-through, one after the other.
fn script(readme: &str) -> String {
    let part = readme.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(part, _)| part);
    let part = part.unwrap_or_else(|| panic!("README.md has no {BEGIN} … {END}"));
    let blocks = part.split("```sh\n").skip(1);
    blocks.map(|block| block.split_once("```").expect("the block is closed").0).collect()
}

#[test]
#[ignore = "needs bash, curl and python3; .ci/run runs it"]
fn the_walkthrough_works_to_the_trace_and_the_metric() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let script = script(&fs::read_to_string(readme).expect("README.md"));
    assert!(script.contains("$GHOSTWORKS"), "it uses the address");
    let collector = Collector::start();
    let setup = Setup::new().traces_to(&collector.endpoint());
    let server = setup.start();
    let directory = setup.scratch().join("walkthrough");
    fs::create_dir(&directory).expect("a directory");

    let output = Command::new("bash")
        .args(["-c", &format!("{PROLOGUE}{script}")])
        .current_dir(directory)
        .env("GHOSTWORKS", server.url())
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("bash starts");

    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "stdout:\n{said}\nstderr:\n{complained}\nlog:\n{}", server.stderr());
    assert!(said.contains("artifacts_created_total{"), "it leads to the metric:\n{said}");
    collector.wait_for("artifact.create in a trace that the walk-through showed", |spans| {
        spans.iter().find(|span| span.name == "artifact.create" && said.contains(&span.trace)).map(drop)
    });
}
