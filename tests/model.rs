//! Random sequences of calls to the real server against a plain model of what it is: the same answers, the same lists,
//! the same totals, also after it was killed.

#[path = "model/plain.rs"]
mod plain;
#[path = "model/steps.rs"]
mod steps;
#[expect(dead_code, reason = "each file of tests uses its own part of the harness")]
mod support;

use plain::{Place, Role, Workspace};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use steps::{ACCOUNTS, Step, steps};
use support::account::{Account, text};
use support::client::{Client, Reply};
use support::server::{Server, Setup};

/// An id that nothing has.
const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

/// A server, accounts on it, and what should be there.
struct World<'a> {
    setup: &'a Setup,
    /// None while it is started anew.
    server: Option<Server>,
    accounts: Vec<Account>,
    workspaces: Vec<Workspace>,
}

impl<'a> World<'a> {
    fn new(setup: &'a Setup) -> Self {
        let server = setup.start();
        let accounts = (0..ACCOUNTS).map(|_| Account::new(&server)).collect();
        let mut world = Self { setup, server: Some(server), accounts, workspaces: Vec::new() };
        world.create_workspace(0);
        world
    }

    /// The client of an account. The server has another address after each start.
    fn client(&self, by: usize) -> Client {
        self.server.as_ref().expect("it runs").client().bearer(&self.accounts[by].access)
    }

    fn path(&self, at: usize) -> String {
        format!("/api/v1/workspaces/{}", self.workspaces[at].id)
    }

    fn artifacts(&self, at: usize) -> String {
        format!("{}/artifacts", self.path(at))
    }

    fn artifact(&self, at: usize, pick: usize) -> String {
        let id = self.workspaces[at].artifacts.get(pick).map_or(NOWHERE, |artifact| artifact.id.as_str());
        format!("{}/{id}", self.artifacts(at))
    }

    fn create_workspace(&mut self, by: usize) {
        let reply = self.client(by).post("/api/v1/workspaces", &json!({"name": "A workspace"})).expect(201).json();
        let mut roles = vec![None; ACCOUNTS];
        roles[by] = Some(Role::Owner);
        self.workspaces.push(Workspace { id: text(&reply["id"]), roles, artifacts: Vec::new() });
    }

    fn at(&self, index: Index) -> usize {
        index.index(self.workspaces.len())
    }

    /// One of the artifacts that a workspace ever had, or one more that it never had.
    fn pick(&self, at: usize, index: Index) -> usize {
        index.index(self.workspaces[at].artifacts.len() + 1)
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::CreateWorkspace { by } => self.create_workspace(by),
            Step::Restart => {
                // Its data must be let go of first.
                self.server = None;
                self.server = Some(self.setup.start());
            }
            Step::Invite { by, at, whom, role } => {
                let at = self.at(at);
                let body = json!({"email": self.accounts[whom].email, "role": role.as_str()});
                let reply = self.client(by).post(&format!("{}/members", self.path(at)), &body);
                agree(&reply, 201, self.workspaces[at].invite(by, whom, role));
            }
            Step::ChangeRole { by, at, whom, role } => {
                let at = self.at(at);
                let path = format!("{}/members/{}/role", self.path(at), self.accounts[whom].id);
                let reply = self.client(by).put(&path, &json!({"role": role.as_str()}));
                agree(&reply, 200, self.workspaces[at].decide(by, whom, Some(role)));
            }
            Step::Remove { by, at, whom } => {
                let at = self.at(at);
                let reply = self.client(by).delete(&format!("{}/members/{}", self.path(at), self.accounts[whom].id));
                agree(&reply, 200, self.workspaces[at].decide(by, whom, None));
            }
            Step::Create { by, at, name } => self.create(by, self.at(at), &name),
            Step::Update { by, at, pick, version, name } => {
                let at = self.at(at);
                let pick = self.pick(at, pick);
                let client = if_match(self.client(by), version);
                let reply = client.patch(&self.artifact(at, pick), &json!({"name": name}));
                let change = |workspace: &mut Workspace| {
                    workspace.refuses(by, Role::Member)?;
                    let artifact = workspace.find(pick, Place::Live, version)?;
                    artifact.name = name;
                    artifact.version += 1;
                    Ok(())
                };
                agree(&reply, 200, change(&mut self.workspaces[at]));
            }
            Step::Delete { by, at, pick, version } => {
                let at = self.at(at);
                let pick = self.pick(at, pick);
                let reply = if_match(self.client(by), version).delete(&self.artifact(at, pick));
                agree(&reply, 204, self.workspaces[at].moved(by, pick, (Place::Live, Place::Trash), version));
            }
            Step::Restore { by, at, pick } => {
                let at = self.at(at);
                let pick = self.pick(at, pick);
                let reply = self.client(by).call("POST", &format!("{}/restore", self.artifact(at, pick)));
                agree(&reply, 200, self.workspaces[at].moved(by, pick, (Place::Trash, Place::Live), None));
            }
            Step::Purge { by, at, pick } => {
                let at = self.at(at);
                let pick = self.pick(at, pick);
                let reply = self.client(by).delete(&format!("{}?purge=true", self.artifact(at, pick)));
                agree(&reply, 204, self.workspaces[at].purged(by, pick));
            }
            Step::Bulk { by, at, names, spoiled, atomic } => self.bulk(by, self.at(at), &names, spoiled, atomic),
        }
    }

    fn create(&mut self, by: usize, at: usize, name: &str) {
        let reply = self.client(by).post(&self.artifacts(at), &json!({"name": name}));
        let workspace = &mut self.workspaces[at];
        let allowed = workspace.refuses(by, Role::Member);
        agree(&reply, 201, allowed);
        if allowed.is_ok() {
            workspace.create(text(&reply.json()["id"]), name);
        }
    }

    fn bulk(&mut self, by: usize, at: usize, names: &[String], spoiled: bool, atomic: bool) {
        let mut operations: Vec<Value> = names.iter().map(|name| json!({"op": "create", "name": name})).collect();
        if spoiled {
            operations.push(json!({"op": "delete", "id": NOWHERE}));
        }
        let body = json!({"operations": operations, "atomic": atomic});
        let reply = self.client(by).post(&format!("{}/bulk", self.artifacts(at)), &body);
        let workspace = &mut self.workspaces[at];
        let allowed = workspace.refuses(by, Role::Member);
        let expected = allowed.and(if spoiled && atomic { Err(409) } else { Ok(()) });
        agree(&reply, 200, expected);
        if expected.is_err() {
            return;
        }
        let done = reply.json();
        assert_eq!((&done["succeeded"], &done["failed"]), (&json!(names.len()), &json!(u64::from(spoiled))));
        for (name, result) in names.iter().zip(done["results"].as_array().expect("results")) {
            assert_eq!(result["status"], 201, "{result}");
            workspace.create(text(&result["id"]), name);
        }
        if spoiled {
            assert_eq!(done["results"][names.len()]["status"], 404, "{done}");
        }
    }

    /// Compares a workspace with the model, as each account sees it.
    fn check(&self, at: usize) {
        let workspace = &self.workspaces[at];
        for by in 0..ACCOUNTS {
            let client = self.client(by);
            let list = client.get(&format!("{}?limit=100", self.artifacts(at)));
            if workspace.roles[by].is_none() {
                assert_eq!(list.status, 404);
                continue;
            }
            let live = workspace.newest_first(&[Place::Live]);
            let list = list.expect(200).json();
            assert_eq!((ids(&list), &list["total"]), (live.clone(), &json!(live.len())));
            let listed = |query: &str| ids(&client.get(&format!("{}?{query}", self.artifacts(at))).expect(200).json());
            assert_eq!(listed("limit=100&sort=name"), workspace.by_name());
            let all = workspace.newest_first(&[Place::Live, Place::Trash]);
            assert_eq!(listed("limit=100&include_deleted=true"), all);
            assert_eq!(paged(&client, &self.artifacts(at)), live, "page by page");
            self.check_figures(at, &client, live.len(), all.len());
        }
    }

    fn check_figures(&self, at: usize, client: &Client, live: usize, all: usize) {
        let stats = client.get(&format!("{}/stats", self.artifacts(at))).expect(200).json();
        assert_eq!((&stats["active_artifacts"], &stats["total_artifacts"]), (&json!(live), &json!(all)));
        let members = client.get(&format!("{}/members", self.path(at))).expect(200).json();
        let role_of = |account: &Account| {
            let all = members.as_array().expect("an array");
            all.iter().find(|member| member["user_id"] == json!(account.id)).map(|member| text(&member["role"]))
        };
        let roles: Vec<_> = self.accounts.iter().map(role_of).collect();
        let expected: Vec<_> =
            self.workspaces[at].roles.iter().map(|role| role.map(|role| role.as_str().to_owned())).collect();
        assert_eq!(roles, expected);
        for artifact in self.workspaces[at].artifacts.iter().filter(|artifact| artifact.place != Place::Gone) {
            let history = client.get(&format!("{}/{}/history?limit=100", self.artifacts(at), artifact.id)).expect(200);
            let versions = history.json()["items"].as_array().map(Vec::len);
            assert_eq!(versions, usize::try_from(artifact.version).ok(), "every version of {artifact:?} is kept");
        }
    }
}

impl Workspace {
    /// An artifact moved from one place to another: its next version.
    fn moved(&mut self, by: usize, pick: usize, (from, to): (Place, Place), version: Option<u64>) -> Result<(), u16> {
        self.refuses(by, Role::Member)?;
        let artifact = self.find(pick, from, version)?;
        artifact.place = to;
        artifact.version += 1;
        Ok(())
    }

    fn purged(&mut self, by: usize, pick: usize) -> Result<(), u16> {
        self.refuses(by, Role::Admin)?;
        let artifact = self.artifacts.get_mut(pick).filter(|artifact| artifact.place != Place::Gone).ok_or(404_u16)?;
        artifact.place = Place::Gone;
        Ok(())
    }
}

fn if_match(client: Client, version: Option<u64>) -> Client {
    match version {
        Some(version) => client.with("If-Match", &format!("\"{version}\"")),
        None => client,
    }
}

/// The status is that of success, or the one that the model refuses with.
#[track_caller]
fn agree(reply: &Reply, success: u16, expected: Result<(), u16>) {
    assert_eq!(reply.status, expected.err().unwrap_or(success), "{}", reply.body);
}

fn ids(list: &Value) -> Vec<(String, u64)> {
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| (text(&item["id"]), item["version"].as_u64().expect("a version"))).collect()
}

/// The whole list, two at a time, by cursor.
fn paged(client: &Client, artifacts: &str) -> Vec<(String, u64)> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{artifacts}?limit=2{cursor}")).expect(200).json();
        all.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[test]
fn the_server_agrees_with_the_model() {
    // Failures are reported with their steps; no file of seeds is left beside the sources.
    let config = Config { cases: 24, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new(config)
        .run(&steps(), |steps| {
            let setup = Setup::new();
            let mut world = World::new(&setup);
            for step in steps {
                world.carry_out(step);
            }
            (0..world.workspaces.len()).for_each(|at| world.check(at));
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
