//! Holds the shape of the source: who may import whom, no circles, how long a file may be, that every file says what it owns.

mod circles;

use std::fs;
use std::path::{Path, PathBuf};

/// Which modules a module may refer to, besides itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &[]),
    ("offload", &[]),
    ("priority", &[]),
    ("round_robin", &[]),
    ("whole_file", &[]),
    ("lenient_tls", &[]),
    ("store", &["domain", "priority", "lenient_tls", "round_robin"]),
    ("search", &["domain", "priority"]),
    ("auth", &["domain", "priority", "whole_file"]),
    ("mail", &["domain"]),
    ("acme", &["domain", "followers", "telemetry", "whole_file"]),
    ("backups", &["domain", "store", "telemetry", "whole_file"]),
    ("followers", &["domain", "store"]),
    ("operations", &["domain"]),
    ("telemetry", &["domain", "config", "operations"]),
    (
        "service",
        &[
            "domain",
            "operations",
            "store",
            "search",
            "auth",
            "telemetry",
            "mail",
            "backups",
            "followers",
            "offload",
            "round_robin",
        ],
    ),
    ("http", &["service", "operations", "domain", "telemetry", "config", "priority", "offload", "acme"]),
    ("console", &["http", "service", "operations", "domain", "telemetry"]),
    ("app", EVERYTHING),
    ("cli", EVERYTHING),
];
const EVERYTHING: &[&str] = &[
    "acme",
    "domain",
    "config",
    "followers",
    "offload",
    "priority",
    "round_robin",
    "whole_file",
    "lenient_tls",
    "store",
    "search",
    "auth",
    "mail",
    "backups",
    "operations",
    "telemetry",
    "service",
    "http",
    "console",
    "app",
    "cli",
];

/// No file is longer than this, with its tests.
const MAX_LINES: usize = 400;

/// Every Rust file below a directory of the package.
fn sources(directory: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("a directory of the package") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The path of a file's module from the crate's root: `store`, `redb`, `writer`.
fn module_path(file: &Path) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let relative = file.strip_prefix(root).expect("a file in src").with_extension("");
    let names = relative.iter().map(|name| name.to_str().expect("a printable name").to_owned());
    names.filter(|name| name != "mod").collect()
}

/// Code without its comments, which may name anything.
fn without_comments(source: &str) -> String {
    source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The top-level modules that the code of a module refers to through `crate::` and chains of `super::`.
fn references(code: &str, module: &[String]) -> Vec<String> {
    let from_root = code.match_indices("crate::").flat_map(|(at, found)| names(&code[at + found.len()..]));
    let chains = code.match_indices("super::").filter(|(at, _)| !code[..*at].ends_with("super::"));
    let from_super = chains.flat_map(|(at, _)| {
        let rest = code[at..].trim_start_matches("super::");
        let climbed = (code.len() - at - rest.len()) / "super::".len();
        match module.len().checked_sub(climbed) {
            Some(0) => names(rest),
            Some(_) => vec![module[0].clone()],
            // From a module inside the file, which only its tests are: already outside.
            None => Vec::new(),
        }
    });
    from_root.chain(from_super).collect()
}

/// The names at the start of a path: one, or those of a group in braces.
fn names(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut depth = 0;
    let mut members = vec![String::new()];
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => members.push(String::new()),
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        members.last_mut().expect("never empty").push(c);
    }
    members.iter().map(|member| name(member.trim_start_matches([',', ' ', '\n']))).collect()
}

/// The modules that a module refers to although it may not.
fn forbidden(code: &str, module: &[String]) -> Vec<String> {
    let own = module[0].as_str();
    let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == own).map_or(&[][..], |(_, allowed)| allowed);
    let known = |name: &String| EVERYTHING.contains(&name.as_str());
    let refused = |name: &String| name != own && !allowed.contains(&name.as_str());
    references(code, module).into_iter().filter(|name| known(name) && refused(name)).collect()
}

#[test]
fn modules_import_only_what_they_may() {
    for file in sources("src") {
        let module = module_path(&file);
        if ["lib", "main"].contains(&module[0].as_str()) {
            continue;
        }
        assert!(EVERYTHING.contains(&module[0].as_str()), "{}: no rule says what it may import", module[0]);
        let code = without_comments(&fs::read_to_string(&file).expect("a source file"));
        let forbidden = forbidden(&code, &module);
        assert!(forbidden.is_empty(), "{} must not refer to {forbidden:?}", file.display());
    }
}

/// What rules and engines know of each other is the interface between them.
#[test]
fn engines_name_no_rule_and_rules_no_engine() {
    for file in sources("src") {
        let module = module_path(&file);
        let forbidden = match module.get(..2).map(|names| [names[0].as_str(), names[1].as_str()]) {
            Some(["store", "redb"]) => "rules",
            Some(["store", "rules"]) => "redb",
            _ => continue,
        };
        let code = without_comments(&fs::read_to_string(&file).expect("a source file"));
        let named = [format!("{forbidden}::"), format!("use super::{forbidden};"), format!("store::{forbidden};")];
        let is_named = named.iter().any(|name| code.contains(name.as_str()));
        assert!(!is_named, "{} must not know {forbidden}", file.display());
    }
}

#[test]
fn the_guard_sees_every_way_to_refer_to_a_module() {
    let module = ["domain", "artifact", "fields"].map(str::to_owned);
    for code in [
        "use crate::store::Store;",
        "use crate::{domain::Id, store::Store};",
        "use crate::{\n    domain::{Id, Tag},\n    store,\n};",
        "fn f(store: &dyn crate::store::Store) {}",
        "use super::super::super::store::Store;",
        "pub(in crate::store) fn f() {}",
    ] {
        assert_eq!(forbidden(&without_comments(code), &module), ["store"], "{code}");
    }
    for code in [
        "use super::super::Tag;",
        "use crate::domain::{Tag, store};",
        "// crate::store reads this",
        "mod tests { use super::*; }",
    ] {
        assert_eq!(forbidden(&without_comments(code), &module), [""; 0], "{code}");
    }
}

#[test]
fn no_file_is_too_long() {
    for file in ["src", "tests"].into_iter().flat_map(sources) {
        let lines = fs::read_to_string(&file).expect("a source file").lines().count();
        assert!(lines <= MAX_LINES, "{}: {lines} lines, at most {MAX_LINES}", file.display());
    }
}

#[test]
fn no_path_climbs_more_than_one_module() {
    for file in ["src", "tests"].into_iter().flat_map(sources) {
        let source = fs::read_to_string(&file).expect("a source file");
        let climbs = source.contains(concat!("super::", "super::"));
        assert!(!climbs || file.ends_with("architecture/main.rs"), "{}: write `crate::…`", file.display());
    }
}

#[test]
fn every_file_begins_with_what_it_owns() {
    for file in ["src", "tests"].into_iter().flat_map(sources) {
        let source = fs::read_to_string(&file).expect("a source file");
        assert!(source.starts_with("//! "), "{} does not start with `//!`", file.display());
    }
}

/// Where requests are judged: what holds for one is read from the table of operations.
const JUDGES: &[&str] = &["src/http/middleware", "src/service", "src/operations", "src/telemetry"];

/// The text literals of a source that look like paths of the API, outside of its tests.
fn path_literals(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let literals = without_comments(code);
    literals
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.starts_with("/api") || text.starts_with("/auth"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_path_literal_decides_policy() {
    for file in JUDGES.iter().copied().flat_map(sources) {
        let found = path_literals(&fs::read_to_string(&file).expect("a source file"));
        assert!(found.is_empty(), "{} compares paths: {found:?}", file.display());
    }
    assert_eq!(path_literals("match path { \"/api/v1/auth/login\" => 1 }"), ["/api/v1/auth/login"]);
}
