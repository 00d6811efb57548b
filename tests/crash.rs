//! Killed in the middle of its work, again and again, it has lost nothing that it had answered, has nothing that was not
//! asked for, and has each thing that was under way as a whole or not at all.
//!
//! `GHOSTWORKS_CRASH_ROUNDS` sets how often.

#[expect(dead_code, reason = "each file of tests uses its own part of the harness")]
mod support;

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};

use serde_json::{Value, json};
use support::account::{Account, PASSWORD, login, text};
use support::client::{Client, Reply};
use support::server::{Server, Setup};

const WRITERS: usize = 6;
/// Rounds, unless the environment says how many.
const ROUNDS: usize = 25;
/// The most writes that are answered before a kill.
const MAX_ANSWERS: u64 = 120;

/// An artifact as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    name: String,
    version: u64,
    description: String,
    is_active: bool,
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
struct Writer {
    tag: String,
    random: Random,
    made: usize,
    artifacts: BTreeMap<String, State>,
    keys: Vec<String>,
    pending: Option<Pending>,
}

/// Numbers that look random (SplitMix64), and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

impl Writer {
    fn new(number: usize) -> Self {
        Self {
            tag: format!("writer{number}"),
            random: Random(number as u64),
            made: 0,
            artifacts: BTreeMap::new(),
            keys: Vec::new(),
            pending: None,
        }
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("{}-{}", self.tag, self.made)
    }

    /// Writes until the server is gone, and tells of every answer.
    fn write(&mut self, client: &Client, workspace: &str, answered: &Sender<()>) {
        while self.step(client, workspace).is_some() {
            if answered.send(()).is_err() {
                return;
            }
        }
    }

    /// One write. None when it was not answered: then it stays pending.
    fn step(&mut self, client: &Client, workspace: &str) -> Option<()> {
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
    fn compare(&mut self, found: &BTreeMap<String, State>, keys: &[String]) {
        let own = |name: &str| name.strip_prefix(&self.tag).is_some_and(|rest| rest.starts_with('-'));
        let found: BTreeMap<String, State> =
            found.iter().filter(|(_, state)| own(&state.name)).map(|(id, state)| (id.clone(), state.clone())).collect();
        let keys: Vec<String> = keys.iter().filter(|name| own(name)).cloned().collect();
        let mut expected = self.artifacts.clone();
        let mut expected_keys = self.keys.clone();
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
fn seen(artifact: &Value) -> (String, State) {
    let state = State {
        name: text(&artifact["name"]),
        version: artifact["version"].as_u64().expect("a version"),
        description: artifact["description"].as_str().unwrap_or_default().to_owned(),
        is_active: artifact["is_active"].as_bool().expect("a flag"),
    };
    (text(&artifact["id"]), state)
}

/// Every artifact of the workspace, those in the trash included.
fn listed(client: &Client, workspace: &str) -> BTreeMap<String, State> {
    let export = client.get(&format!("{workspace}/artifacts/export?include_deleted=true")).expect(200);
    let lines = export.body.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    lines.map(|artifact: Value| seen(&artifact)).collect()
}

fn sign_in(server: &Server, email: &str) -> Client {
    let tokens = login(&server.client(), email, PASSWORD).expect(200).json();
    server.client().bearer(&text(&tokens["access_token"]))
}

#[test]
fn every_answered_write_survives_a_kill() {
    let rounds = std::env::var_os("GHOSTWORKS_CRASH_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.to_str().and_then(|rounds| rounds.parse().ok()).expect("a number of rounds"));
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    server.stop();

    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    let mut random = Random(WRITERS as u64);
    let mut total = 0;
    for _ in 0..rounds {
        let answers = 1 + random.below(MAX_ANSWERS) as usize;
        let server = setup.start();
        let client = sign_in(&server, &owner.email);
        std::thread::scope(|scope| {
            let (tell, told) = channel();
            for writer in &mut writers {
                let (client, workspace, tell) = (client.clone(), &workspace, tell.clone());
                scope.spawn(move || writer.write(&client, workspace, &tell));
            }
            drop(tell);
            total += told.iter().take(answers).count();
            server.kill();
            total += told.iter().count();
        });
        let (status, report, errors) = setup.run(&["check"]);
        assert!(status.success(), "{report}{errors}");
        let server = setup.start();
        let client = sign_in(&server, &owner.email);
        let found = listed(&client, &workspace);
        let keys = client.get(&format!("{workspace}/api-keys")).expect(200).json();
        let keys: Vec<String> = keys.as_array().expect("keys").iter().map(|key| text(&key["name"])).collect();
        writers.iter_mut().for_each(|writer| writer.compare(&found, &keys));
        let stats = server.client().get("/api/v1/system/stats").expect(200).json();
        let active = found.values().filter(|state| state.is_active).count();
        assert_eq!((&stats["artifacts"], &stats["active_artifacts"]), (&json!(found.len()), &json!(active)));
        server.stop();
    }
    println!("{total} answered writes survived {rounds} kills");
}
