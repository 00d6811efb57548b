//! The documents: every link to a file of the repository leads to one.

use std::fs;
use std::path::{Path, PathBuf};

/// The documents for people: from the root, from `docs/`, and beside the modules.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = entries(root.join("src")).filter(|path| path.is_dir());
    let directories = [root.to_path_buf(), root.join("docs")].into_iter().chain(modules);
    directories.flat_map(entries).filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

fn entries(directory: PathBuf) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(directory).expect("a directory of the repository").map(|entry| entry.expect("an entry").path())
}

/// Where the links of a document lead, without those to other hosts and to places in the same page.
fn local_links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let local = targets.filter(|target| !target.starts_with("http") && !target.starts_with('#'));
    local.map(|target| target.split('#').next().unwrap_or(target))
}

#[test]
fn every_link_in_a_document_leads_to_a_file() {
    let documents = documents();
    assert!(documents.len() > 5, "{documents:?}");
    for document in documents {
        let text = fs::read_to_string(&document).expect("a document");
        let directory = document.parent().expect("a directory");
        for link in local_links(&text) {
            assert!(directory.join(link).exists(), "{}: nothing is at {link}", document.display());
        }
    }
}
