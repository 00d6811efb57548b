//! Who writes artifacts and API keys, and keeps account of what was answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::random::Random;
use super::support::account::text;
use super::support::client::{Client, Reply};

/// An artifact as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub name: String,
    version: u64,
    description: String,
    pub is_active: bool,
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
    artifacts: BTreeMap<String, State>,
    keys: Vec<String>,
    /// Names of artifacts that are there, whose ids were not told.
    imported: Vec<String>,
    pending: Option<Pending>,
}

impl Writer {
    pub(super) fn new(number: usize) -> Self {
        Self {
            tag: format!("writer{number}"),
            random: Random(number as u64),
            made: 0,
            artifacts: BTreeMap::new(),
            keys: Vec::new(),
            imported: Vec::new(),
            pending: None,
        }
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("{}-{}", self.tag, self.made)
    }

    /// One write. None when it was not answered: then it stays pending.
    pub(super) fn step(&mut self, client: &Client, workspace: &str) -> Option<()> {
        let artifacts = format!("{workspace}/artifacts");
        let known = self.random.below(self.artifacts.len().max(1) as u64) as usize;
        let chosen = self.artifacts.iter().nth(known).map(|(id, state)| (id.clone(), state.clone()));
        let send = |method: &str, path: &str, body: Value| -> Option<Reply> {
            client.try_send(method, path, "application/json", body.to_string()).ok()
        };
        match (self.random.below(10), chosen) {
            (0, _) => {
                let names = [self.name(), self.name(), self.name()];
                self.pending = Some(Pending::Create(names.to_vec()));
                let operations = names.map(|name| json!({"op": "create", "name": name}));
                let body = json!({"atomic": true, "operations": operations});
                let reply = send("POST", &format!("{artifacts}/bulk"), body)?.expect(200).json();
                for result in reply["results"].as_array().expect("results") {
                    self.created(&result["artifact"]);
                }
            }
            (1, _) if self.random.below(2) == 0 => {
                let names = [self.name(), self.name()];
                self.pending = Some(Pending::Create(names.to_vec()));
                let lines: String = names.iter().map(|name| json!({"name": name}).to_string() + "\n").collect();
                let path = format!("{artifacts}/import");
                client.try_send("POST", &path, "application/x-ndjson", lines).ok()?.expect(200);
                self.imported.extend(names);
            }
            (1, _) => {
                let name = self.name();
                self.pending = Some(Pending::Key(name.clone()));
                let body = json!({"name": name, "scopes": ["artifacts:read"]});
                send("POST", &format!("{workspace}/api-keys"), body)?.expect(201);
                self.keys.push(name);
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
                match next {
                    Some(next) => self.artifacts.insert(id, next),
                    None => self.artifacts.remove(&id),
                };
            }
            _ => {
                let name = self.name();
                self.pending = Some(Pending::Create(vec![name.clone()]));
                let artifact = send("POST", &artifacts, json!({"name": name}))?.expect(201).json();
                self.created(&artifact);
            }
        }
        self.pending = None;
        Some(())
    }

    fn created(&mut self, artifact: &Value) {
        let (id, state) = seen(artifact);
        self.artifacts.insert(id, state);
    }

    /// Compares what is there with what was answered, and takes note of what became of the write that was not.
    pub(super) fn compare(&mut self, found: &BTreeMap<String, State>, keys: &[String]) {
        let own = |name: &str| name.strip_prefix(&self.tag).is_some_and(|rest| rest.starts_with('-'));
        let found: BTreeMap<String, State> =
            found.iter().filter(|(_, state)| own(&state.name)).map(|(id, state)| (id.clone(), state.clone())).collect();
        let keys: Vec<String> = keys.iter().filter(|name| own(name)).cloned().collect();
        let mut expected = self.artifacts.clone();
        let mut expected_keys = self.keys.clone();
        for name in std::mem::take(&mut self.imported) {
            let (id, state) = found.iter().find(|(_, state)| state.name == name).expect("what was imported");
            expected.insert(id.clone(), state.clone());
        }
        match self.pending.take() {
            Some(Pending::Create(names)) => {
                let made = found.iter().filter(|(_, state)| names.contains(&state.name));
                let made: Vec<_> = made.map(|(id, state)| (id.clone(), state.clone())).collect();
                assert!(made.is_empty() || made.len() == names.len(), "half of {names:?}: {made:?}");
                expected.extend(made);
            }
            Some(Pending::Change(id, next)) if found.get(&id) == next.as_ref() => {
                match next {
                    Some(next) => expected.insert(id, next),
                    None => expected.remove(&id),
                };
            }
            Some(Pending::Key(name)) if keys.contains(&name) => expected_keys.push(name),
            Some(Pending::Change(..) | Pending::Key(_)) | None => {}
        }
        assert_eq!(found, expected, "{}", self.tag);
        expected_keys.sort();
        let mut keys = keys;
        keys.sort();
        assert_eq!(keys, expected_keys, "{}", self.tag);
        (self.artifacts, self.keys) = (expected, expected_keys);
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
