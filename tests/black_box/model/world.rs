//! A server, the people who use it, what should be there, and what was said: for who has to read a failure.

use std::cell::RefCell;
use std::fmt::{Debug, Write};

use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::catalog::{Artifact, Whereabouts};
use super::plain::{Allowed, Person, Plain};
use super::steps::Who;
use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::client::Reply;
use crate::support::server::{Server, Setup};

/// An id that nothing has.
pub const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

/// What times are called: the server's own affair.
const LEFT_OUT: [&str; 6] = ["at", "created_at", "updated_at", "deleted_at", "timestamp", "highlights"];

pub type Checked<T = ()> = Result<T, TestCaseError>;

pub struct World {
    setup: Setup,
    /// None while it is restarted.
    server: Option<Server>,
    /// The access token of each person.
    tokens: Vec<String>,
    pub plain: Plain,
    /// How many calls there were.
    pub tick: usize,
    said: RefCell<Vec<Said>>,
    /// What entity tags say of the database besides the version.
    history: String,
}

/// A call and its answer.
struct Said {
    is_read: bool,
    line: String,
}

/// Something to ask of the server.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub header: Option<(&'a str, &'a str)>,
    pub body: Option<&'a Value>,
}

impl<'a> Call<'a> {
    pub fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, header: None, body: None }
    }

    pub fn with(self, body: &'a Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

impl World {
    pub fn new() -> Self {
        let setup = Setup::new();
        let server = setup.start();
        let history = history_of(&server);
        let server = Some(server);
        Self { setup, server, tokens: Vec::new(), plain: Plain::default(), tick: 0, said: RefCell::default(), history }
    }

    /// The entity tag of a version.
    pub fn tag(&self, version: u64) -> String {
        format!("\"{}-{version}\"", self.history)
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    /// Registers someone who then signs in, unless they have an account already, under the same name in capitals.
    pub fn register(&mut self, email: &str) -> Checked {
        let client = self.server().client();
        let taken = self.plain.find(email).map_or(Ok(()), |_| Err((409, "email_taken")));
        let reply = register(&client, &if taken.is_err() { email.to_uppercase() } else { email.to_owned() });
        self.note(false, &format!("register {email}"), &reply);
        if self.agree(&reply, 201, taken)?.is_some() {
            self.tokens.push(text(&login(&client, email, PASSWORD).expect(200).json()["access_token"]));
            self.plain.people.push(Person { email: email.to_owned(), id: text(&reply.json()["user_id"]) });
        }
        Ok(())
    }

    pub fn restart(&mut self, in_good_order: bool) {
        self.said.borrow_mut().push(Said { is_read: false, line: format!("restart, in good order: {in_good_order}") });
        let server = self.server.take().expect("it runs");
        if in_good_order {
            server.stop();
        } else {
            server.kill();
        }
        self.server = Some(self.setup.start());
    }

    /// The one whom a step means.
    pub fn person(&self, by: usize) -> usize {
        by % self.plain.people.len()
    }

    /// The person and the workspace that a step means.
    pub fn who(&self, who: Who) -> (usize, usize) {
        (self.person(who.by), who.at % self.plain.workspaces.len())
    }

    /// The id of someone who may not be there.
    pub fn id_of(&self, whom: Option<usize>) -> &str {
        whom.map_or(NOWHERE, |whom| &self.plain.people[whom].id)
    }

    /// The artifact that a step means: one that is or was in the workspace, those that are `wanted` first, one of
    /// another workspace, or none.
    pub fn pick(&self, at: usize, wanted: Whereabouts, pick: usize) -> String {
        let others = self.plain.workspaces.iter().enumerate().filter(|(other, _)| *other != at);
        let foreign = others.flat_map(|(_, other)| &other.catalog.artifacts).next();
        let own = self.plain.workspaces[at].catalog.artifacts.iter();
        let (wanted, rest): (Vec<&Artifact>, Vec<&Artifact>) = own.partition(|artifact| artifact.is_at(wanted));
        let all = wanted.into_iter().chain(rest).chain(foreign);
        let ids: Vec<&str> = all.map(|artifact| artifact.id.as_str()).chain([NOWHERE]).collect();
        ids[pick % ids.len()].to_owned()
    }

    pub fn path(&self, at: usize) -> String {
        format!("/api/v1/workspaces/{}", self.plain.workspaces[at].id)
    }

    pub fn artifacts(&self, at: usize) -> String {
        format!("{}/artifacts", self.path(at))
    }

    pub fn call(&self, by: usize, call: Call<'_>) -> Reply {
        let mut client = self.server().client().bearer(&self.tokens[by]);
        let mut line = format!("person {by}: {} {}", call.method, call.path);
        if let Some((name, value)) = call.header {
            client = client.with(name, value);
            let _ = write!(line, " {name}: {value}");
        }
        let reply = match call.body {
            Some(body) => {
                let _ = write!(line, " {body}");
                client.send(call.method, call.path, "application/json", body.to_string())
            }
            None => client.call(call.method, call.path),
        };
        self.note(call.method == "GET", &line, &reply);
        reply
    }

    /// The answer to a question that the model allows.
    pub fn get(&self, by: usize, path: &str) -> Checked<Value> {
        let reply = self.call(by, Call::new("GET", path));
        self.agree(&reply, 200, Ok(()))?;
        Ok(reply.json())
    }

    fn note(&self, is_read: bool, asked: &str, reply: &Reply) {
        let mut said = self.said.borrow_mut();
        // What was asked before is of no interest once it was as it should be.
        if said.last().is_some_and(|last| last.is_read) {
            said.pop();
        }
        let answer = code(reply).unwrap_or_else(|| reply.body.clone());
        said.push(Said { is_read, line: format!("{asked} -> {} {answer}", reply.status) });
    }

    /// The answer is that of success, or what the model refuses with. Passes on what the model answers.
    pub fn agree<T>(&self, reply: &Reply, success: u16, expected: Allowed<T>) -> Checked<Option<T>> {
        let code = code(reply);
        let wanted = expected.as_ref().map_or_else(|refused| (refused.0, Some(refused.1)), |_| (success, None));
        self.same("the answer", &(reply.status, code.as_deref()), &wanted)?;
        Ok(expected.ok())
    }

    pub fn same<T: Debug + PartialEq>(&self, what: &str, got: &T, expected: &T) -> Checked {
        if got == expected {
            return Ok(());
        }
        let failure = format!("{what} is\n{got:?}\nand should be\n{expected:?}\nafter\n{}", self.transcript());
        Err(TestCaseError::fail(self.with_names(failure)))
    }

    fn transcript(&self) -> String {
        self.said.borrow().iter().map(|said| said.line.clone() + "\n").collect()
    }

    /// A text with names in the place of ids.
    fn with_names(&self, mut text: String) -> String {
        for (number, person) in self.plain.people.iter().enumerate() {
            text = text.replace(&person.id, &format!("<person {number}>"));
        }
        for (at, workspace) in self.plain.workspaces.iter().enumerate() {
            text = text.replace(&workspace.id, &format!("<workspace {at}>"));
            for (number, artifact) in workspace.catalog.artifacts.iter().enumerate() {
                text = text.replace(&artifact.id, &format!("<artifact {at}.{number}>"));
            }
        }
        text
    }
}

/// The code of the problem, if the answer is one.
fn code(reply: &Reply) -> Option<String> {
    let problem = (reply.status >= 400).then(|| reply.json())?;
    problem["code"].as_str().map(str::to_owned)
}

/// An answer without what only the server can know, and without where a search found something.
pub fn timeless(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(members) => {
            members.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
            members.values_mut().for_each(|value| *value = timeless(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = timeless(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    answer
}

/// What entity tags of a server say of its database, seen on an artifact of somebody else's.
fn history_of(server: &Server) -> String {
    let account = Account::new(server);
    let made = account.client.post(&account.artifacts(), &json!({"name": "for its tag"})).expect(201);
    let tag = made.header("etag").expect("an entity tag").trim_matches('"');
    tag.rsplit_once('-').expect("a history and a version").0.to_owned()
}
