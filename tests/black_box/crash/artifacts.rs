//! Who writes artifacts and API keys, and keeps account of what was answered.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ledger::{Ledger, Sum};
use super::random::Random;
use crate::support::account::text;
use crate::support::client::{Client, Reply};

/// An artifact as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub name: String,
    version: u64,
    description: String,
    pub is_active: bool,
}

/// What was answered.
#[derive(Serialize, Deserialize)]
enum Entry {
    /// The artifact with this id is this.
    Artifact(String, State),
    /// The artifact with this id was purged.
    Purged(String),
    /// There is an artifact with this name, whose id was not told.
    Imported(String),
    /// There is an API key with this name.
    Key(String),
}

/// What there should be.
#[derive(Clone, Default)]
struct Expected {
    artifacts: BTreeMap<String, State>,
    imported: Vec<String>,
    keys: Vec<String>,
}

impl Sum for Expected {
    type Entry = Entry;

    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Artifact(id, state) => {
                self.imported.retain(|name| *name != state.name);
                self.artifacts.insert(id, state);
            }
            Entry::Purged(id) => {
                self.artifacts.remove(&id);
            }
            Entry::Imported(name) => self.imported.push(name),
            Entry::Key(name) => self.keys.push(name),
        }
    }
}

/// What was under way when the server was killed.
#[derive(Debug)]
enum Pending {
    /// Artifacts with these names, all of them or none.
    Create(Vec<String>),
    /// The artifact with this id becomes this; none when it is purged.
    Change(String, Option<State>),
    /// An API key with this name.
    Key(String),
}

/// Writes, one thing after the other, and keeps account of what was answered.
pub(super) struct Writer {
    pub tag: String,
    random: Random,
    made: usize,
    expected: Expected,
    ledger: Ledger<Expected>,
    pending: Option<Pending>,
}

impl Writer {
    /// One whose ledger is in `directory`.
    pub(super) fn new(number: usize, directory: &Path) -> Self {
        let tag = format!("writer{number}");
        let ledger = Ledger::new(&directory.join(format!("{tag}.ledger")));
        Self { tag, random: Random(number as u64), made: 0, expected: Expected::default(), ledger, pending: None }
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("{}-{}", self.tag, self.made)
    }

    /// One write. None when it was not answered: then it stays pending.
    pub(super) fn step(&mut self, client: &Client, workspace: &str) -> Option<()> {
        let artifacts = format!("{workspace}/artifacts");
        let known = self.random.below(self.expected.artifacts.len().max(1) as u64) as usize;
        let chosen = self.expected.artifacts.iter().nth(known).map(|(id, state)| (id.clone(), state.clone()));
        let send = |method: &str, path: &str, body: Value| -> Option<Reply> {
            client.try_send(method, path, "application/json", body.to_string()).ok()
        };
        let answered = match (self.random.below(10), chosen) {
            (0, _) => {
                let names = [self.name(), self.name(), self.name()];
                self.pending = Some(Pending::Create(names.to_vec()));
                let operations = names.map(|name| json!({"op": "create", "name": name}));
                let body = json!({"atomic": true, "operations": operations});
                let reply = send("POST", &format!("{artifacts}/bulk"), body)?.expect(200).json();
                let results = reply["results"].as_array().expect("results");
                results.iter().map(|result| created(&result["artifact"])).collect()
            }
            (1, _) if self.random.below(2) == 0 => {
                let names = [self.name(), self.name()];
                self.pending = Some(Pending::Create(names.to_vec()));
                let lines: String = names.iter().map(|name| json!({"name": name}).to_string() + "\n").collect();
                let path = format!("{artifacts}/import");
                client.try_send("POST", &path, "application/x-ndjson", lines).ok()?.expect(200);
                names.map(Entry::Imported).into()
            }
            (1, _) => {
                let name = self.name();
                self.pending = Some(Pending::Key(name.clone()));
                let body = json!({"name": name, "scopes": ["artifacts:read"]});
                send("POST", &format!("{workspace}/api-keys"), body)?.expect(201);
                vec![Entry::Key(name)]
            }
            (2..=5, Some((id, before))) => {
                let path = format!("{artifacts}/{id}");
                let next = State { version: before.version + 1, ..before.clone() };
                let (method, path, next, status) = match self.random.below(6) {
                    0 if before.is_active => ("DELETE", format!("{path}?purge=true"), None, 204),
                    1 if before.is_active => ("DELETE", path, Some(State { is_active: false, ..next }), 204),
                    _ if !before.is_active => {
                        ("POST", format!("{path}/restore"), Some(State { is_active: true, ..next }), 200)
                    }
                    _ => {
                        let description = format!("version {}", next.version);
                        ("PATCH", path, Some(State { description, ..next }), 200)
                    }
                };
                let body = next.as_ref().map_or_else(|| json!({}), |next| json!({"description": next.description}));
                self.pending = Some(Pending::Change(id.clone(), next.clone()));
                send(method, &path, body)?.expect(status);
                vec![changed(id, next)]
            }
            _ => {
                let name = self.name();
                self.pending = Some(Pending::Create(vec![name.clone()]));
                vec![created(&send("POST", &artifacts, json!({"name": name}))?.expect(201).json())]
            }
        };
        self.ledger.write(&answered);
        answered.into_iter().for_each(|entry| self.expected.add(entry));
        self.pending = None;
        Some(())
    }

    /// Compares what is there with what was answered, and takes note of what became of the write that was not.
    pub(super) fn compare(&mut self, found: &BTreeMap<String, State>, keys: &[String]) {
        let own = |name: &str| name.strip_prefix(&self.tag).is_some_and(|rest| rest.starts_with('-'));
        let found: BTreeMap<String, State> =
            found.iter().filter(|(_, state)| own(&state.name)).map(|(id, state)| (id.clone(), state.clone())).collect();
        let keys: Vec<String> = keys.iter().filter(|name| own(name)).cloned().collect();
        let mut expected = self.ledger.read();
        let mut learned = Vec::new();
        for name in &expected.imported {
            let (id, state) = found.iter().find(|(_, state)| state.name == *name).expect("what was imported");
            learned.push(Entry::Artifact(id.clone(), state.clone()));
        }
        match self.pending.take() {
            Some(Pending::Create(names)) => {
                let made = found.iter().filter(|(_, state)| names.contains(&state.name));
                let made: Vec<_> = made.map(|(id, state)| Entry::Artifact(id.clone(), state.clone())).collect();
                assert!(made.is_empty() || made.len() == names.len(), "half of {names:?}: {}", made.len());
                learned.extend(made);
            }
            Some(Pending::Change(id, next)) if found.get(&id) == next.as_ref() => learned.push(changed(id, next)),
            Some(Pending::Key(name)) if keys.contains(&name) => learned.push(Entry::Key(name)),
            Some(Pending::Change(..) | Pending::Key(_)) | None => {}
        }
        self.ledger.write(&learned);
        learned.into_iter().for_each(|entry| expected.add(entry));
        assert_eq!(found, expected.artifacts, "{}", self.tag);
        expected.keys.sort();
        let mut keys = keys;
        keys.sort();
        assert_eq!(keys, expected.keys, "{}", self.tag);
        self.expected = expected;
    }
}

fn created(artifact: &Value) -> Entry {
    let (id, state) = seen(artifact);
    Entry::Artifact(id, state)
}

fn changed(id: String, next: Option<State>) -> Entry {
    match next {
        Some(next) => Entry::Artifact(id, next),
        None => Entry::Purged(id),
    }
}

/// An artifact as the server tells of it.
pub(super) fn seen(artifact: &Value) -> (String, State) {
    let state = State {
        name: text(&artifact["name"]),
        version: artifact["version"].as_u64().expect("a version"),
        description: artifact["description"].as_str().unwrap_or_default().to_owned(),
        is_active: artifact["is_active"].as_bool().expect("a flag"),
    };
    (text(&artifact["id"]), state)
}
