//! Who may do what: every operation of the document, tried by everyone there is. An operation without a row fails.

mod matrix;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::matrix::MATRIX;
use crate::support::account::{Account, text};
use crate::support::client::{Client, Reply};
use crate::support::server::Server;
use crate::support::unique;
use serde_json::{Value, json};

/// Who an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Anyone, signed in or not.
    Anyone,
    /// Operators, who have a token of their own, or an account that may operate.
    Operator,
    /// Whoever is signed in, with a session.
    SignedIn,
    /// Members of a workspace with at least this role, with a session.
    Members(Role),
    /// The same, or an API key with this scope.
    MembersAndKeys(Role, Scope),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Member,
    Admin,
    Owner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Read,
    Write,
}

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    /// Signed in, but a stranger to the workspace.
    Stranger,
    Member(Role),
    /// A key that an owner made.
    Key(Scope),
    /// A key of another workspace.
    ForeignKey,
}

const EVERYONE: [Who; 8] = [
    Who::Nobody,
    Who::Stranger,
    Who::Member(Role::Member),
    Who::Member(Role::Admin),
    Who::Member(Role::Owner),
    Who::Key(Scope::Read),
    Who::Key(Scope::Write),
    Who::ForeignKey,
];

/// One operation: whom it is for, and a body that is good.
struct Row {
    operation: &'static str,
    whom: For,
    body: fn(&World) -> Option<Value>,
}

const fn row(operation: &'static str, whom: For, body: fn(&World) -> Option<Value>) -> Row {
    Row { operation, whom, body }
}

fn none(_: &World) -> Option<Value> {
    None
}

const MEMBER: For = For::Members(Role::Member);
const ADMIN: For = For::Members(Role::Admin);
const OWNER: For = For::Members(Role::Owner);
const READS: For = For::MembersAndKeys(Role::Member, Scope::Read);
const WRITES: For = For::MembersAndKeys(Role::Member, Scope::Write);

fn address() -> String {
    format!("{}@example.com", unique("anyone"))
}

/// A workspace of its own, with someone of every kind.
struct World {
    server: Arc<Server>,
    workspace: String,
    artifact: String,
    trashed: String,
    api_key: String,
    invitation: String,
    owner: Account,
    admin: Account,
    member: Account,
    stranger: Account,
    /// A member whom things are done to.
    victim: Account,
    /// An account that is nobody's.
    spare: Account,
    keys: [String; 3],
}

impl World {
    fn new(server: &Arc<Server>) -> Self {
        let account = || Account::new(server);
        let (owner, admin, member, victim) = (account(), account(), account(), account());
        let (stranger, spare) = (account(), account());
        let (workspace, foreign) = (owner.workspace(), stranger.workspace());
        for (someone, role) in [(&admin, "admin"), (&member, "member"), (&victim, "member")] {
            let body = json!({"email": someone.email, "role": role});
            owner.client.post(&format!("/api/v1/workspaces/{workspace}/members"), &body).expect(201);
        }
        // So that a stranger has an heir, too.
        let heir = json!({"email": victim.email, "role": "member"});
        stranger.client.post(&format!("/api/v1/workspaces/{foreign}/members"), &heir).expect(201);
        let artifacts = format!("/api/v1/workspaces/{workspace}/artifacts");
        let artifact = text(&owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]);
        let trashed = text(&owner.artifact(&artifacts, &json!({"name": "Old anvil"}))["id"]);
        owner.client.delete(&format!("{artifacts}/{trashed}")).expect(204);
        let key = |by: &Account, workspace: &str, scopes: &[&str]| {
            let body = json!({"name": unique("key"), "scopes": scopes});
            by.client.post(&format!("/api/v1/workspaces/{workspace}/api-keys"), &body).expect(201).json()
        };
        let read = key(&owner, &workspace, &["artifacts:read"]);
        let write = key(&owner, &workspace, &["artifacts:write"]);
        let foreign = key(&stranger, &foreign, &["artifacts:read", "artifacts:write"]);
        let api_key = text(&key(&owner, &workspace, &["artifacts:read"])["id"]);
        let invite = json!({"email": address(), "role": "member"});
        let invited = owner.client.post(&format!("/api/v1/workspaces/{workspace}/invitations"), &invite).expect(201);
        let invitation = text(&invited.json()["id"]);
        // So that an owner may leave.
        let second_owner = json!({"email": account().email, "role": "owner"});
        owner.client.post(&format!("/api/v1/workspaces/{workspace}/members"), &second_owner).expect(201);
        let keys = [text(&read["key"]), text(&write["key"]), text(&foreign["key"])];
        let server = Arc::clone(server);
        Self {
            server,
            workspace,
            artifact,
            trashed,
            api_key,
            invitation,
            owner,
            admin,
            member,
            stranger,
            victim,
            spare,
            keys,
        }
    }

    fn client(&self, who: Who) -> Client {
        match who {
            Who::Nobody => self.server.client(),
            Who::Stranger => self.stranger.client.clone(),
            Who::Member(Role::Member) => self.member.client.clone(),
            Who::Member(Role::Admin) => self.admin.client.clone(),
            Who::Member(Role::Owner) => self.owner.client.clone(),
            Who::Key(Scope::Read) => self.server.client().bearer(&self.keys[0]),
            Who::Key(Scope::Write) => self.server.client().bearer(&self.keys[1]),
            Who::ForeignKey => self.server.client().bearer(&self.keys[2]),
        }
    }

    /// The path of an operation, with ids of what is there.
    fn path(&self, pattern: &str, who: Who) -> String {
        let own_session = match who {
            Who::Member(_) | Who::Stranger => {
                let sessions = self.client(who).get("/api/v1/auth/sessions").expect(200).json();
                text(&sessions[0]["id"])
            }
            _ => NOWHERE.to_owned(),
        };
        let second = match pattern {
            it if it.contains("/members/") => &self.victim.id,
            it if it.contains("/invitations/") => &self.invitation,
            it if it.contains("/api-keys/") => &self.api_key,
            it if it.ends_with("/restore") => &self.trashed,
            _ => &self.artifact,
        };
        if pattern.contains("/auth/sessions/") {
            return pattern.replacen("{}", &own_session, 1);
        }
        pattern.replacen("{}", &self.workspace, 1).replacen("{}", second, 1)
    }

    /// What a stranger is told who asks for something in `workspace`.
    fn problem_at(&self, row: &Row, workspace: &str) -> Value {
        let (_, pattern) = row.operation.split_once(' ').expect("a method and a path");
        let path = self.path(pattern, Who::Stranger).replacen(&self.workspace, workspace, 1);
        self.attempt_at(row, Who::Stranger, path).json()
    }

    fn attempt(&self, row: &Row, who: Who) -> Reply {
        let (_, pattern) = row.operation.split_once(' ').expect("a method and a path");
        self.attempt_at(row, who, self.path(pattern, who))
    }

    fn attempt_at(&self, row: &Row, who: Who, path: String) -> Reply {
        let (method, pattern) = row.operation.split_once(' ').expect("a method and a path");
        let path = if pattern.ends_with("/verify-email") { path + "?verification_token=none" } else { path };
        let client = self.client(who);
        match (row.body)(self) {
            Some(body) if pattern.ends_with("/import") => {
                client.send(method, &path, "application/x-ndjson", body.to_string())
            }
            Some(body) => client.send(method, &path, "application/json", body.to_string()),
            None => client.call(method, &path),
        }
    }
}

/// An id that nothing has.
const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

/// The status and code with which `who` is turned away, if at all.
fn refusal(whom: For, who: Who) -> Option<(u16, &'static str)> {
    let not_for_keys = Some((403, "api_key_not_allowed"));
    match (whom, who) {
        (For::Anyone, _) => None,
        (_, Who::Nobody) => Some((401, "not_authenticated")),
        (For::Operator, Who::Key(_) | Who::ForeignKey) => not_for_keys,
        (For::Operator, Who::Stranger | Who::Member(_)) => Some((403, "forbidden")),
        (For::SignedIn, Who::Key(_) | Who::ForeignKey) => not_for_keys,
        (For::SignedIn, Who::Stranger | Who::Member(_)) => None,
        (For::Members(_), Who::Key(_) | Who::ForeignKey) => not_for_keys,
        (For::MembersAndKeys(..), Who::ForeignKey) => Some((404, "workspace_not_found")),
        (For::MembersAndKeys(_, needs), Who::Key(scope)) => (scope != needs).then_some((403, "missing_scope")),
        (For::Members(_) | For::MembersAndKeys(..), Who::Stranger) => Some((404, "workspace_not_found")),
        (For::Members(least) | For::MembersAndKeys(least, _), Who::Member(role)) => {
            (role < least).then_some((403, "forbidden"))
        }
    }
}

/// Tries `row` as everyone, each in a world of their own.
fn check(server: &Arc<Server>, row: &Row) {
    for who in EVERYONE {
        let reply = World::new(server).attempt(row, who);
        let name = format!("{} as {who:?}", row.operation);
        match refusal(row.whom, who) {
            Some((status, code)) => {
                assert_eq!((reply.status, reply.json()["code"].as_str()), (status, Some(code)), "{name}");
            }
            // Tokens that are made up are refused for what they are.
            None if reply.status == 400 => assert_eq!(reply.json()["code"], "invalid_token", "{name}: {}", reply.body),
            None => assert!((200..400).contains(&reply.status), "{name}: {} {}", reply.status, reply.body),
        }
    }
}

/// Every operation of the document: its method, and its path without the names of parameters.
fn documented(server: &Server) -> BTreeMap<String, Value> {
    let document = server.client().get("/openapi.json").expect(200).json();
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let parts: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
        for (method, operation) in item.as_object().expect("operations") {
            operations.insert(format!("{} {}", method.to_uppercase(), parts.join("/")), operation.clone());
        }
    }
    operations
}

#[test]
fn s27_every_operation_is_for_whom_the_matrix_says() {
    let server = Server::shared();
    let mut rows: Vec<&Row> = MATRIX.iter().collect();
    let documented = documented(&server);
    let missing: Vec<&String> =
        documented.keys().filter(|name| !MATRIX.iter().any(|row| row.operation == name.as_str())).collect();
    assert!(missing.is_empty(), "no row of the matrix says whom these are for: {missing:?}");
    rows.retain(|row| documented.contains_key(row.operation));
    assert_eq!(rows.len(), MATRIX.len(), "the matrix has rows for operations that are not there");

    std::thread::scope(|scope| {
        for rows in rows.chunks(rows.len().div_ceil(4)) {
            let server = &server;
            scope.spawn(move || rows.iter().for_each(|row| check(server, row)));
        }
    });
}

#[test]
fn s26_a_foreign_workspace_answers_like_one_that_is_not_there() {
    let server = Server::shared();
    let world = World::new(&server);
    let of_workspaces = MATRIX.iter().filter(|row| matches!(row.whom, For::Members(_) | For::MembersAndKeys(..)));
    for row in of_workspaces {
        let answers = [world.workspace.as_str(), NOWHERE].map(|workspace| {
            let mut problem = world.problem_at(row, workspace);
            let named = problem.as_object_mut().expect("a problem document");
            assert!(
                ["instance", "request_id", "timestamp"].iter().all(|name| named.remove(*name).is_some()),
                "{}",
                row.operation
            );
            problem
        });
        assert_eq!(answers[0]["code"], "workspace_not_found", "{}", row.operation);
        assert_eq!(answers[0], answers[1], "{}", row.operation);
    }
}

#[test]
fn s27_the_document_says_which_operations_need_someone_signed_in() {
    let server = Server::shared();
    let documented = documented(&server);
    for row in MATRIX {
        let security = documented.get(row.operation).map(|operation| &operation["security"]);
        let is_secured = security.is_some_and(|it| it.as_array().is_some_and(|schemes| !schemes.is_empty()));
        assert_eq!(is_secured, row.whom != For::Anyone, "{}", row.operation);
    }
}

#[test]
fn s27_only_an_admin_removes_an_artifact_for_good() {
    let server = Server::shared();
    for (who, expected) in [
        (Who::Member(Role::Member), 403),
        (Who::Key(Scope::Write), 403),
        (Who::Member(Role::Admin), 204),
        (Who::Member(Role::Owner), 204),
    ] {
        let world = World::new(&server);
        let path = format!("/api/v1/workspaces/{}/artifacts/{}?purge=true", world.workspace, world.artifact);
        assert_eq!(world.client(who).delete(&path).status, expected, "{who:?}");
    }
}
