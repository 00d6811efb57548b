//! Random sequences of calls by several people to the real server, against a plain model of what it is: the same
//! answers, lists, totals, histories, roles and members, also after it was stopped or killed and started again.

mod bulk;
mod catalog;
mod look;
mod plain;
mod steps;
mod world;

use crate::support::account::text;
use catalog::{Artifact, Catalog, Expected, Whereabouts};
use plain::{Allowed, Role, Workspace};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use steps::{Fields, IfMatch, SLUG, Step, Who, steps};
use world::{Call, Checked, World, timeless};

/// The address of the one with this number, who may not have an account yet.
fn email(number: usize) -> String {
    format!("person{number}@example.com")
}

impl World {
    /// The first two, in a workspace of the first.
    fn begin() -> Checked<Self> {
        let mut world = Self::new();
        world.register(&email(0))?;
        world.register(&email(1))?;
        world.create_workspace(0, Some(SLUG))?;
        world.invite(Who { by: 0, at: 0 }, 1, Role::Member)?;
        Ok(world)
    }

    fn carry_out(&mut self, step: Step) -> Checked {
        self.tick += 1;
        match step {
            Step::Register { number } => self.register(&email(number)),
            Step::CreateWorkspace { by, slug } => self.create_workspace(self.person(by), slug),
            Step::RenameWorkspace(who, name) => {
                let (by, at) = self.who(who);
                let reply = self.call(by, Call::new("PATCH", &self.path(at)).with(&json!({"name": name})));
                let expected = self.plain.workspaces[at].rename(by, &name);
                let Some(view) = self.agree(&reply, 200, expected)? else { return Ok(()) };
                self.same("the renamed workspace", &timeless(reply.json()), &view)
            }
            Step::DeleteWorkspace(who) => {
                let (by, at) = self.who(who);
                let reply = self.call(by, Call::new("DELETE", &self.path(at)));
                let expected = self.plain.workspaces[at].delete(by);
                self.agree(&reply, 204, expected).map(drop)
            }
            Step::Invite(who, whom, role) => self.invite(who, whom, role),
            Step::ChangeRole(who, whom, role) => self.decide(who, whom, Some(role)),
            Step::Remove(who, whom) => self.decide(who, whom, None),
            Step::Create(who, fields) => self.create(who, &fields),
            Step::Get(who, pick) => self.read(who, pick),
            Step::Update(who, pick, if_match, fields) => {
                let answer = |catalog: &mut Catalog, who, id: &str, expected: &Expected| {
                    catalog.update(who, id, expected, &fields)
                };
                self.write(who, pick, if_match, ("PATCH", ""), Some(&fields), answer)
            }
            Step::Delete(who, pick, if_match) => self.write(who, pick, if_match, ("DELETE", ""), None, Catalog::delete),
            Step::Restore(who, pick) => {
                let answer = |catalog: &mut Catalog, who, id: &str, _: &Expected| catalog.restore(who, id);
                self.write(who, pick, IfMatch::Nothing, ("POST", "/restore"), None, answer)
            }
            Step::Purge(who, pick, if_match) => {
                let answer = |catalog: &mut Catalog, _, id: &str, expected: &Expected| catalog.purge(id, expected);
                self.write(who, pick, if_match, ("DELETE", "?purge=true"), None, answer)
            }
            Step::Bulk { who, atomic, operations } => self.bulk(who, atomic, &operations),
            Step::List(who, query, window) => self.compare_list(who, &query, window),
            Step::History(who, pick) => {
                let (by, at) = self.who(who);
                self.compare_history(by, at, &self.pick(at, Whereabouts::Anywhere, pick))
            }
            Step::Restart { in_good_order } => {
                self.restart(in_good_order);
                self.look()
            }
        }
    }

    fn create_workspace(&mut self, by: usize, slug: Option<&str>) -> Checked {
        let body = json!({"name": "A workspace", "slug": slug});
        let reply = self.call(by, Call::new("POST", "/api/v1/workspaces").with(&body));
        let taken = slug.is_some_and(|slug| self.plain.has_slug(slug));
        if self.agree(&reply, 201, if taken { Err((409, "slug_taken")) } else { Ok(()) })?.is_none() {
            return Ok(());
        }
        let view = reply.json();
        // Without one it is the server's choice, but never another's.
        let made = text(&view["slug"]);
        self.same("whether the slug is another's", &self.plain.has_slug(&made), &false)?;
        let slug = slug.map_or(made, str::to_owned);
        let workspace = Workspace::new(by, text(&view["id"]), "A workspace", slug);
        self.same("the new workspace", &Ok(timeless(view)), &workspace.seen_by(by))?;
        self.plain.workspaces.push(workspace);
        Ok(())
    }

    fn invite(&mut self, who: Who, number: usize, role: Role) -> Checked {
        let (by, at) = self.who(who);
        let body = json!({"email": email(number), "role": role.as_str()});
        let reply = self.call(by, Call::new("POST", &format!("{}/members", self.path(at))).with(&body));
        let whom = self.plain.find(&email(number));
        let expected = self.plain.workspaces[at].invite(by, whom, role);
        if self.agree(&reply, 201, expected)?.is_none() {
            return Ok(());
        }
        let (added, id) = (reply.json(), self.id_of(whom));
        let expected =
            json!({"message": added["message"], "user_id": id, "email": email(number), "role": role.as_str()});
        self.same("the new member", &added, &expected)
    }

    /// Changes someone's role, or removes them.
    fn decide(&mut self, who: Who, number: usize, role: Option<Role>) -> Checked {
        let (by, at) = self.who(who);
        let whom = self.plain.find(&email(number));
        let path = format!("{}/members/{}", self.path(at), self.id_of(whom));
        let reply = match role {
            Some(role) => {
                let body = json!({"role": role.as_str()});
                self.call(by, Call::new("PUT", &format!("{path}/role")).with(&body))
            }
            None => self.call(by, Call::new("DELETE", &path)),
        };
        let expected = self.plain.workspaces[at].decide(by, whom, role);
        let Some(before) = self.agree(&reply, 200, expected)? else { return Ok(()) };
        let done = reply.json();
        let expected = role.map_or((Value::Null, Value::Null), |now| (json!(before.as_str()), json!(now.as_str())));
        self.same("the roles", &(done["old_role"].clone(), done["new_role"].clone()), &expected)
    }

    fn create(&mut self, who: Who, fields: &Fields) -> Checked {
        let (by, at) = self.who(who);
        let reply = self.call(by, Call::new("POST", &self.artifacts(at)).with(&json!(fields)));
        let expected = self.plain.workspaces[at].allows(by, Role::Member);
        if self.agree(&reply, 201, expected)?.is_none() {
            return Ok(());
        }
        let body = reply.json();
        let id = text(&body["id"]);
        let headers = (reply.header("location").map(str::to_owned), reply.header("etag").map(str::to_owned));
        self.same(
            "what the headers say",
            &headers,
            &(Some(format!("{}/{id}", self.artifacts(at))), Some(self.tag(1))),
        )?;
        self.plain.workspaces[at].catalog.create(by, self.tick, id.clone(), fields);
        self.same("the new artifact", &timeless(body), &self.body(at, &id))
    }

    /// What the model says of an artifact.
    fn body(&self, at: usize, id: &str) -> Value {
        let catalog = &self.plain.workspaces[at].catalog;
        catalog
            .get(id, Whereabouts::Anywhere)
            .map_or(Value::Null, |artifact| catalog.body(&self.plain.people, artifact))
    }

    fn read(&self, who: Who, pick: usize) -> Checked {
        let (by, at) = self.who(who);
        let id = self.pick(at, Whereabouts::Live, pick);
        let path = format!("{}/{id}", self.artifacts(at));
        let reply = self.call(by, Call::new("GET", &path));
        let workspace = &self.plain.workspaces[at];
        let expected = workspace.allows(by, Role::Member).and_then(|()| workspace.catalog.get(&id, Whereabouts::Live));
        let Some(artifact) = self.agree(&reply, 200, expected)? else { return Ok(()) };
        self.same("the artifact", &timeless(reply.json()), &self.body(at, &id))?;
        let tag = self.tag(artifact.version());
        self.same("its entity tag", &reply.header("etag"), &Some(tag.as_str()))?;
        let again = self.call(by, Call { header: Some(("If-None-Match", &tag)), ..Call::new("GET", &path) });
        self.same("the answer to who has it", &again.status, &304)
    }

    /// A write of one artifact.
    fn write(
        &mut self,
        who: Who,
        pick: usize,
        if_match: IfMatch,
        (method, end): (&str, &str),
        fields: Option<&Fields>,
        answer: impl FnOnce(&mut Catalog, (usize, usize), &str, &Expected) -> Allowed,
    ) -> Checked {
        let (by, at) = self.who(who);
        let wanted = match end {
            "/restore" => Whereabouts::Trash,
            "?purge=true" => Whereabouts::Anywhere,
            _ => Whereabouts::Live,
        };
        let id = self.pick(at, wanted, pick);
        let current = self.plain.workspaces[at].catalog.get(&id, Whereabouts::Anywhere).map_or(1, Artifact::version);
        let (tags, expected) = if_match.seen(current, |version| self.tag(version));
        let path = format!("{}/{id}{end}", self.artifacts(at));
        let body = fields.map(|fields| json!(fields));
        let header = tags.as_deref().map(|tags| ("If-Match", tags));
        let reply = self.call(by, Call { header, body: body.as_ref(), ..Call::new(method, &path) });
        let workspace = &mut self.plain.workspaces[at];
        let least = if wanted == Whereabouts::Anywhere { Role::Admin } else { Role::Member };
        let allowed = workspace.allows(by, least);
        let outcome = allowed.and_then(|()| answer(&mut workspace.catalog, (by, self.tick), &id, &expected));
        let success = if method == "DELETE" { 204 } else { 200 };
        match self.agree(&reply, success, outcome)? {
            Some(()) if success == 200 => {
                self.same("the artifact", &timeless(reply.json()), &self.body(at, &id))?;
                let version =
                    self.plain.workspaces[at].catalog.get(&id, Whereabouts::Anywhere).map_or(1, Artifact::version);
                self.same("its entity tag", &reply.header("etag"), &Some(self.tag(version).as_str()))
            }
            _ => Ok(()),
        }
    }
}

#[test]
fn the_server_agrees_with_the_model() {
    // Failures are reported with their steps; no file of seeds is left beside the sources.
    let config = Config { cases: 32, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        let mut world = World::begin()?;
        steps.into_iter().try_for_each(|step| world.carry_out(step))?;
        world.look()
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
