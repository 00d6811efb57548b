//! No circles: two files that refer to each other can only be understood together. Between a module and the modules below
//! it they are allowed, for a module says what is below it, and that uses what the module has for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use syn::visit::{self, Visit};
use syn::{Item, ItemUse, UseTree, Visibility};

use crate::{module_path, sources};

type Module = Vec<String>;

/// The files of the crate, each with the paths that it names and the names that it passes on.
struct Files(BTreeMap<Module, References>);

/// What a file refers to, as written.
#[derive(Default)]
struct References {
    paths: Vec<Vec<String>>,
    passed_on: Vec<Vec<String>>,
}

impl Visit<'_> for References {
    fn visit_item(&mut self, item: &Item) {
        let is_tests = matches!(item, Item::Mod(module) if module.ident == "tests");
        if !is_tests {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        let is_private = matches!(item.vis, Visibility::Inherited);
        let found = if is_private { &mut self.paths } else { &mut self.passed_on };
        leaves(&item.tree, &mut Vec::new(), found);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// The paths of a tree of names.
fn leaves(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let whole = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves(&path.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) => found.push(whole(&name.ident)),
        UseTree::Rename(name) => found.push(whole(&name.ident)),
        UseTree::Glob(_) => found.push(before.clone()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, found)),
    }
}

impl Files {
    fn read() -> Self {
        let parsed = sources("src").into_iter().map(|file| {
            let code = fs::read_to_string(&file).expect("a source file");
            let mut references = References::default();
            references.visit_file(&syn::parse_file(&code).expect("Rust"));
            (module_path(&file), references)
        });
        Self(parsed.collect())
    }

    /// The file that has what a path in the file of `module` names, if it is one of ours.
    fn home(&self, module: &[String], path: &[String]) -> Option<Module> {
        self.follow(&self.absolute(module, path)?, 0)
    }

    /// The same path, from the root of the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let with = |base: &[String], rest: &[String]| base.iter().chain(rest).cloned().collect::<Vec<_>>();
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some(with(module, rest)),
            "super" => Some(with(module.split_last()?.1, rest)),
            _ => Some(with(module, path)).filter(|path| self.0.contains_key(&path[..=module.len()])),
        }
    }

    /// Goes on to the file that a name was passed on from.
    fn follow(&self, path: &[String], steps: usize) -> Option<Module> {
        let module = (0..=path.len()).rev().map(|len| &path[..len]).find(|path| self.0.contains_key(*path))?;
        let rest = &path[module.len()..];
        let passed_on = rest.first().and_then(|name| {
            let mut named = self.0[module].passed_on.iter().filter(|path| path.last() == Some(name));
            self.absolute(module, named.next()?)
        });
        match passed_on {
            Some(origin) if steps < 10 => self.follow(&[&origin[..], &rest[1..]].concat(), steps + 1),
            _ => Some(module.to_vec()),
        }
    }

    /// The files that a file refers to, without those above and below it.
    fn referred(&self, module: &Module) -> BTreeSet<Module> {
        let homes = self.0[module].paths.iter().filter_map(|path| self.home(module, path));
        homes.filter(|home| !home.starts_with(module) && !module.starts_with(home)).collect()
    }
}

/// A circle that begins and ends with a module: each refers to the next.
fn circle_from(start: &Module, referred: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    let mut ways = vec![vec![start.clone()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in &referred[way.last()?] {
            if next == start {
                return Some(way);
            }
            if seen.insert(next.clone()) {
                ways.push([&way[..], std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}

#[test]
fn no_files_refer_to_each_other_in_a_circle() {
    let files = Files::read();
    let referred: BTreeMap<_, _> = files.0.keys().map(|module| (module.clone(), files.referred(module))).collect();
    assert!(referred.values().any(|them| !them.is_empty()), "something refers to something");
    for module in referred.keys() {
        if let Some(circle) = circle_from(module, &referred) {
            let names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
            panic!("{} → {}: move what both need into a file of its own", names.join(" → "), names[0]);
        }
    }
}
