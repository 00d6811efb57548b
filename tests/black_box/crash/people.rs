//! Who makes accounts, workspaces, memberships and sessions, and keeps account of what was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ledger::{Ledger, Sum};
use super::random::Random;
use crate::support::account::{PASSWORD, login, register, text};
use crate::support::client::{Client, Reply};
use crate::support::server::Server;

/// A workspace as it should be: its name, and the role of each member but the owner, by address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Workspace {
    name: String,
    members: BTreeMap<String, String>,
}

/// What was answered.
#[derive(Serialize, Deserialize)]
enum Entry {
    /// There is an account with this address and this id.
    Account(String, String),
    /// The workspace with this slug has this id and is this.
    Workspace(String, String, Workspace),
    /// The workspace with this slug was deleted.
    Deleted(String),
    /// The session has this refresh token; none when it is over, or what it has is not known.
    Session(Option<String>),
}

/// What there should be.
#[derive(Clone, Default)]
struct Expected {
    /// Addresses and ids.
    accounts: Vec<(String, String)>,
    /// By slug, with their ids.
    workspaces: BTreeMap<String, (String, Workspace)>,
    refresh: Option<String>,
}

impl Sum for Expected {
    type Entry = Entry;

    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Account(address, id) => self.accounts.push((address, id)),
            Entry::Workspace(slug, id, workspace) => {
                self.workspaces.insert(slug, (id, workspace));
            }
            Entry::Deleted(slug) => {
                self.workspaces.remove(&slug);
            }
            Entry::Session(refresh) => self.refresh = refresh,
        }
    }
}

/// What was under way when the server was killed.
#[derive(Debug)]
enum Pending {
    /// An account with this address.
    Register(String),
    /// A workspace with this slug.
    Create(String),
    /// The workspace with this slug becomes this; none when it is deleted.
    Change(String, Option<Workspace>),
    /// The session: it may have another refresh token now, or none.
    Session,
}

/// Writes, one thing after the other, as the owner of its workspaces.
pub(super) struct Steward {
    tag: String,
    random: Random,
    made: usize,
    expected: Expected,
    ledger: Ledger<Expected>,
    pending: Option<Pending>,
}

impl Steward {
    /// One whose ledger is in `directory`.
    pub(super) fn new(number: usize, directory: &Path) -> Self {
        let tag = format!("steward{number}");
        let ledger = Ledger::new(&directory.join(format!("{tag}.ledger")));
        Self { tag, random: Random(number as u64), made: 0, expected: Expected::default(), ledger, pending: None }
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("{}-{}", self.tag, self.made)
    }

    /// One write. None when it was not answered: then it stays pending.
    pub(super) fn step(&mut self, owner: &Client, anybody: &Client) -> Option<()> {
        let known = self.random.below(self.expected.workspaces.len().max(1) as u64) as usize;
        let chosen = self.expected.workspaces.iter().nth(known).map(|(slug, it)| (slug.clone(), it.clone()));
        let someone = self.random.below(self.expected.accounts.len().max(1) as u64) as usize;
        let someone = self.expected.accounts.get(someone).cloned();
        let answered = match (self.random.below(12), chosen, someone) {
            (0, ..) => {
                let address = format!("{}@example.com", self.name());
                self.pending = Some(Pending::Register(address.clone()));
                let body = json!({"email": address, "password": PASSWORD});
                let id = text(&send(anybody, "POST", "/api/v1/auth/register", &body)?.expect(201).json()["user_id"]);
                Entry::Account(address, id)
            }
            (1 | 2, ..) => Entry::Session(self.step_of_session(owner, anybody)?),
            (3, Some((slug, (id, _))), _) => {
                self.pending = Some(Pending::Change(slug.clone(), None));
                send(owner, "DELETE", &workspace(&id), &json!({}))?.expect(204);
                Entry::Deleted(slug)
            }
            (4 | 5, Some((slug, (id, before))), _) => {
                let next = Workspace { name: self.name(), ..before };
                self.pending = Some(Pending::Change(slug.clone(), Some(next.clone())));
                send(owner, "PATCH", &workspace(&id), &json!({"name": next.name}))?.expect(200);
                Entry::Workspace(slug, id, next)
            }
            (6..=9, Some((slug, (id, mut next))), Some((address, user))) => {
                let (members, role) = (format!("{}/members", workspace(&id)), ["member", "admin"]);
                let role = role[self.random.below(2) as usize];
                let is_member = next.members.contains_key(&address);
                let (method, path, body, status) = match self.random.below(2) {
                    _ if !is_member => ("POST", members, json!({"email": address, "role": role}), 201),
                    0 => ("DELETE", format!("{members}/{user}"), json!({}), 200),
                    _ => ("PUT", format!("{members}/{user}/role"), json!({"role": role}), 200),
                };
                if method == "DELETE" {
                    next.members.remove(&address);
                } else {
                    next.members.insert(address, role.to_owned());
                }
                self.pending = Some(Pending::Change(slug.clone(), Some(next.clone())));
                send(owner, method, &path, &body)?.expect(status);
                Entry::Workspace(slug, id, next)
            }
            _ => {
                let slug = self.name();
                self.pending = Some(Pending::Create(slug.clone()));
                let made = send(owner, "POST", "/api/v1/workspaces", &json!({"name": slug, "slug": slug}))?;
                let id = text(&made.expect(201).json()["id"]);
                let name = slug.clone();
                Entry::Workspace(slug, id, Workspace { name, ..Workspace::default() })
            }
        };
        self.note(answered);
        self.pending = None;
        Some(())
    }

    fn note(&mut self, answered: Entry) {
        self.ledger.write(std::slice::from_ref(&answered));
        self.expected.add(answered);
    }

    /// Signs in, exchanges the refresh token, or signs out. Gives the refresh token that there is then, if any.
    fn step_of_session(&mut self, owner: &Client, anybody: &Client) -> Option<Option<String>> {
        self.pending = Some(Pending::Session);
        let Some(refresh) = self.expected.refresh.clone() else {
            let email = text(&send_get(owner, "/api/v1/auth/me")?.json()["email"]);
            let body = json!({"email": email, "password": PASSWORD});
            let tokens = send(anybody, "POST", "/api/v1/auth/login", &body)?.expect(200).json();
            return Some(Some(text(&tokens["refresh_token"])));
        };
        let body = json!({"refresh_token": refresh});
        let tokens = send(anybody, "POST", "/api/v1/auth/refresh", &body)?.expect(200).json();
        if self.random.below(4) == 0 {
            let session = anybody.clone().bearer(&text(&tokens["access_token"]));
            send(&session, "POST", "/api/v1/auth/logout", &json!({}))?.expect(200);
            return Some(None);
        }
        Some(Some(text(&tokens["refresh_token"])))
    }

    /// Compares what is there with what was answered, and takes note of what became of the write that was not.
    pub(super) fn compare(&mut self, server: &Server, owner: &Client) {
        let pending = self.pending.take();
        self.expected = self.ledger.read();
        let found = self.found(owner);
        match &pending {
            Some(Pending::Create(slug)) => {
                if let Some((id, _)) = found.get(slug) {
                    let made = Workspace { name: slug.clone(), ..Workspace::default() };
                    self.note(Entry::Workspace(slug.clone(), id.clone(), made));
                }
            }
            Some(Pending::Change(slug, next)) => match (found.get(slug), next) {
                (Some((id, seen)), Some(next)) if seen == next => {
                    self.note(Entry::Workspace(slug.clone(), id.clone(), next.clone()));
                }
                (None, None) => self.note(Entry::Deleted(slug.clone())),
                _ => {}
            },
            Some(Pending::Session) => self.note(Entry::Session(None)),
            Some(Pending::Register(_)) | None => {}
        }
        assert_eq!(found, self.expected.workspaces, "{}", self.tag);

        let anybody = server.client();
        if let Some(Pending::Register(address)) = pending {
            let again = register(&anybody, &address);
            if again.status == 201 {
                self.note(Entry::Account(address, text(&again.json()["user_id"])));
            } else {
                again.problem(409, "email_taken");
            }
        }
        // A hash takes its time: one account stands for all.
        if let Some((address, _)) = self.expected.accounts.last() {
            login(&anybody, address, PASSWORD).expect(200);
        }
        if let Some(refresh) = self.expected.refresh.clone() {
            let tokens = anybody.post("/api/v1/auth/refresh", &json!({"refresh_token": refresh})).expect(200).json();
            self.note(Entry::Session(Some(text(&tokens["refresh_token"]))));
        }
    }

    /// What the server tells of the steward's workspaces.
    fn found(&self, owner: &Client) -> BTreeMap<String, (String, Workspace)> {
        let list = owner.get("/api/v1/workspaces").expect(200).json();
        let own = |slug: &str| slug.strip_prefix(&self.tag).is_some_and(|rest| rest.starts_with('-'));
        let mut found = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for it in list.as_array().expect("workspaces") {
            let (id, slug) = (text(&it["id"]), text(&it["slug"]));
            if own(&slug) {
                let members = owner.get(&format!("{}/members", workspace(&id))).expect(200).json();
                let members = members.as_array().expect("members").iter();
                let others = members.filter(|it| it["role"] != "owner");
                let members = others.map(|it| (text(&it["email"]), text(&it["role"]))).collect();
                assert!(ids.insert(id.clone()), "{id} is there twice");
                found.insert(slug, (id, Workspace { name: text(&it["name"]), members }));
            }
        }
        found
    }
}

fn workspace(id: &str) -> String {
    format!("/api/v1/workspaces/{id}")
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Option<Reply> {
    client.try_send(method, path, "application/json", body.to_string()).ok()
}

fn send_get(client: &Client, path: &str) -> Option<Reply> {
    client.try_send("GET", path, "application/json", Vec::new()).ok().map(|reply| reply.expect(200))
}
