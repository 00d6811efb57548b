//! A server with two workspaces, what should be in them, and the comparison of the two.

use std::fmt::{Debug, Write};
use std::fs;
use std::time::Instant;

use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use super::documents::Fields;
use super::questions::Question;
use super::reference::{Artifact, Counts, facets, search, sort};
use super::steps::{End, Step, WORKSPACES, steps};
use crate::support::PATIENCE;
use crate::support::account::{Account, text};
use crate::support::client::Reply;
use crate::support::server::{Server, Setup};

/// How many histories are tried, unless `PROPTEST_CASES` says so.
const CASES: u32 = 24;
/// Where the index is, below the data directory.
const INDEX: &str = "search";

type Checked<T = ()> = Result<T, TestCaseError>;

/// A workspace as it should be: its artifacts in the order of creation.
struct Workspace {
    path: String,
    artifacts: Vec<Artifact>,
}

struct World {
    setup: Setup,
    /// None while it is started again.
    server: Option<Server>,
    owner: Account,
    workspaces: Vec<Workspace>,
    /// What was done, for who has to read a failure.
    said: String,
}

impl World {
    fn new() -> Self {
        let setup = Setup::new();
        let server = setup.start();
        let owner = Account::new(&server);
        Self { setup, server: Some(server), owner, workspaces: Vec::new(), said: String::new() }
    }

    /// Leaves everything that was there to be somebody else's.
    fn begin(&mut self) {
        // A history that failed may have ended while the server was away.
        if self.server.is_none() {
            self.start();
        }
        self.said.clear();
        self.workspaces.clear();
        for _ in 0..WORKSPACES {
            let new = self.workspace();
            self.workspaces.push(new);
        }
    }

    fn workspace(&self) -> Workspace {
        let made = self.owner.client.post("/api/v1/workspaces", &json!({"name": "A workspace"})).expect(201).json();
        Workspace { path: format!("/api/v1/workspaces/{}", text(&made["id"])), artifacts: Vec::new() }
    }

    fn carry_out(&mut self, step: Step) -> Checked {
        let _ = writeln!(self.said, "{step:?}");
        match step {
            Step::Create(at, fields) => {
                let reply = self.owner.client.post(&self.artifacts(at), &json!(fields)).expect(201);
                self.workspaces[at].add(text(&reply.json()["id"]), fields);
            }
            Step::Import(at, all) => self.import(at, all),
            Step::Update(at, pick, fields) => {
                if let Some((path, artifact)) = self.pick(at, pick, |artifact| !artifact.is_deleted) {
                    artifact.fields.extend(fields.clone());
                    self.owner.client.patch(&path, &json!(fields)).expect(200);
                }
            }
            Step::Delete(at, pick) => {
                if let Some((path, artifact)) = self.pick(at, pick, |artifact| !artifact.is_deleted) {
                    artifact.is_deleted = true;
                    self.owner.client.delete(&path).expect(204);
                }
            }
            Step::Restore(at, pick) => {
                if let Some((path, artifact)) = self.pick(at, pick, |artifact| artifact.is_deleted) {
                    artifact.is_deleted = false;
                    self.owner.client.call("POST", &format!("{path}/restore")).expect(200);
                }
            }
            Step::Purge(at, pick) => {
                if let Some((path, artifact)) = self.pick(at, pick, |_| true) {
                    let id = artifact.id.clone();
                    self.workspaces[at].artifacts.retain(|artifact| artifact.id != id);
                    self.owner.client.delete(&format!("{path}?purge=true")).expect(204);
                }
            }
            Step::DeleteWorkspace(at) => {
                self.owner.client.delete(&self.workspaces[at].path).expect(204);
                self.owner.client.get(&format!("{}?q=ledger", self.artifacts(at))).problem(404, "workspace_not_found");
                self.workspaces[at] = self.workspace();
            }
            Step::Restart(end) => self.restart(end),
            Step::Search(at, question) => return self.compare(at, &question),
        }
        Ok(())
    }

    fn artifacts(&self, at: usize) -> String {
        format!("{}/artifacts", self.workspaces[at].path)
    }

    fn import(&mut self, at: usize, all: Vec<Fields>) {
        let path = self.artifacts(at);
        let lines: String = all.iter().map(|fields| json!(fields).to_string() + "\n").collect();
        self.owner.client.send("POST", &format!("{path}/import"), "application/x-ndjson", lines).expect(200);
        // The newest are first, and those in the trash are among them.
        let list = format!("{path}?include_deleted=true&limit={}", all.len());
        let newest = self.owner.client.get(&list).expect(200).json();
        let ids: Vec<String> =
            newest["items"].as_array().expect("items").iter().map(|item| text(&item["id"])).collect();
        for (id, fields) in ids.into_iter().rev().zip(all) {
            self.workspaces[at].add(id, fields);
        }
    }

    /// The path of one of those that are wanted, if there are any, and what it should be.
    fn pick(&mut self, at: usize, pick: usize, wanted: impl Fn(&Artifact) -> bool) -> Option<(String, &mut Artifact)> {
        let path = self.artifacts(at);
        let mut wanted: Vec<&mut Artifact> =
            self.workspaces[at].artifacts.iter_mut().filter(|artifact| wanted(artifact)).collect();
        let place = pick.checked_rem(wanted.len())?;
        let artifact = wanted.swap_remove(place);
        Some((format!("{path}/{}", artifact.id), artifact))
    }

    fn restart(&mut self, end: End) {
        let server = self.server.take().expect("it runs");
        match end {
            End::Stopped => server.stop(),
            End::Killed => server.kill(),
            End::StoppedAndForgetful => {
                server.stop();
                fs::remove_dir_all(self.setup.data().join(INDEX)).expect("there is an index");
            }
        }
        self.start();
    }

    fn start(&mut self) {
        let server = self.setup.start();
        self.owner.client = server.client().bearer(&self.owner.access);
        // An index that was deleted is rebuilt while the server runs.
        let began = Instant::now();
        let is_whole = || server.client().get("/readyz?verbose").body.contains("[+]search ok");
        while !is_whole() {
            assert!(began.elapsed() < PATIENCE, "the index is not there again:\n{}", server.stderr());
        }
        self.server = Some(server);
    }

    fn compare(&self, at: usize, question: &Question) -> Checked {
        let list = if question.advanced { "/search/advanced" } else { "" };
        let list = format!("{}{list}?limit={}{}", self.artifacts(at), question.limit, question.parameters());
        let mut expected = search(&self.workspaces[at].artifacts, question);
        let first = self.ask(&format!("{list}&facets=tags,artifact_type"))?;
        self.same(&list, "total", &first["total"], &json!(expected.len()))?;
        let told = (told(&first["facets"]["tags"]), told(&first["facets"]["artifact_type"]));
        self.same(&list, "facets", &told, &facets(&expected))?;

        let found = self.walk(&list)?;
        let mut ids: Vec<String> = found.iter().map(|item| text(&item["id"])).collect();
        let is_ordered = sort(&mut expected, question);
        let mut wanted: Vec<String> = expected.iter().map(|artifact| artifact.id.clone()).collect();
        if question.sort.ends_with("updated_at") {
            let times: Vec<&str> = found.iter().filter_map(|item| item["updated_at"].as_str()).collect();
            let times: Vec<jiff::Timestamp> = times.iter().map(|time| time.parse().expect("a time")).collect();
            let is_sorted =
                if question.sort.starts_with('-') { times.is_sorted_by(|a, b| a >= b) } else { times.is_sorted() };
            self.same(&list, "whether the times are in order", &is_sorted, &true)?;
        }
        if !is_ordered {
            ids.sort_unstable();
            wanted.sort_unstable();
        }
        self.same(&list, "ids", &ids, &wanted)
    }

    /// All of a list, from page to page.
    fn walk(&self, list: &str) -> Checked<Vec<Value>> {
        let (mut all, mut page) = (Vec::new(), self.ask(list)?);
        loop {
            all.extend(page["items"].as_array().expect("items").iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else { return Ok(all) };
            page = self.ask(&format!("{list}&cursor={cursor}"))?;
        }
    }

    fn ask(&self, list: &str) -> Checked<Value> {
        let reply: Reply = self.owner.client.get(list);
        self.same(list, &format!("status of {}", reply.body), &reply.status, &200)?;
        Ok(reply.json())
    }

    fn same<T: Debug + PartialEq>(&self, list: &str, what: &str, got: &T, expected: &T) -> Checked {
        if got == expected {
            return Ok(());
        }
        let artifacts: String = self
            .workspaces
            .iter()
            .flat_map(|workspace| &workspace.artifacts)
            .map(|artifact| format!("{artifact:?}\n"))
            .collect();
        let failure = format!("{what} of {list}: {got:?}, not {expected:?}, after\n{}with\n{artifacts}", self.said);
        Err(TestCaseError::fail(failure))
    }
}

impl Workspace {
    fn add(&mut self, id: String, fields: Fields) {
        self.artifacts.push(Artifact { id, is_deleted: false, fields });
    }
}

/// The counts of a facet.
fn told(facet: &Value) -> Counts {
    let count = |entry: &Value| (text(&entry["value"]), entry["count"].as_u64().expect("a count"));
    facet.as_array().map_or_else(Counts::new, |entries| entries.iter().map(count).collect())
}

#[test]
fn searches_agree_with_a_look_at_every_artifact() {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { CASES };
    // Failures are reported with their steps; no file of seeds is left beside the sources.
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    // One server for all: what other histories left behind must not be found.
    let world = std::cell::RefCell::new(World::new());
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        let mut world = world.borrow_mut();
        world.begin();
        steps.into_iter().try_for_each(|step| world.carry_out(step))
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
