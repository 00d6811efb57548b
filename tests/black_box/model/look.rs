//! Looking at what is there, and comparing it with the model.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::catalog::{Artifact, Whereabouts};
use super::plain::Role;
use super::steps::{Query, Who, Window};
use super::world::{Call, Checked, World, timeless};
use crate::support::account::text;

impl World {
    /// Compares all there is, as each person sees it.
    pub fn look(&self) -> Checked {
        let figures = self.get(0, "/api/v1/system/stats")?;
        self.same("the whole", &timeless(figures), &self.plain.figures())?;
        for person in 0..self.plain.people.len() {
            let own = self.get(person, "/api/v1/workspaces")?;
            self.same("the list of workspaces", &timeless(own), &self.plain.workspaces_of(person))?;
            for at in 0..self.plain.workspaces.len() {
                self.look_at(person, at)?;
            }
        }
        let workspaces = self.plain.workspaces.iter().enumerate();
        for (at, by) in workspaces.filter_map(|(at, workspace)| Some((at, *workspace.roles.keys().next()?))) {
            self.compare_times(by, at)?;
            for artifact in &self.plain.workspaces[at].catalog.artifacts {
                self.compare_history(by, at, &artifact.id)?;
            }
        }
        Ok(())
    }

    fn look_at(&self, by: usize, at: usize) -> Checked {
        let workspace = &self.plain.workspaces[at];
        let reply = self.call(by, Call::new("GET", &self.path(at)));
        if let Some(expected) = self.agree(&reply, 200, workspace.seen_by(by))? {
            self.same("the workspace", &timeless(reply.json()), &expected)?;
        }
        let reply = self.call(by, Call::new("GET", &format!("{}/members", self.path(at))));
        if self.agree(&reply, 200, workspace.allows(by, Role::Member))?.is_some() {
            let members = reply.json();
            let members = members.as_array().expect("an array").iter();
            let fields = ["user_id", "email", "role"];
            let members = members.map(|it| fields.map(|name| (name.to_owned(), it[name].clone())));
            self.same("the list of members", &members.map(Value::from_iter).collect(), &self.plain.members(at))?;
        }
        let reply = self.call(by, Call::new("GET", &format!("{}/stats", self.artifacts(at))));
        if self.agree(&reply, 200, workspace.allows(by, Role::Member))?.is_some() {
            let mut figures = reply.json();
            let usage = figures.as_object_mut().and_then(|figures| figures.remove("usage")).unwrap_or_default();
            self.same("the figures", &figures, &workspace.catalog.figures())?;
            self.same("the artifacts used", &usage["artifacts"]["used"], &figures["total_artifacts"])?;
        }
        self.compare_list(Who { by, at }, &Query::default(), Window { advanced: false, limit: 100, offset: 0 })
    }

    /// What is later here is not earlier there.
    fn compare_times(&self, by: usize, at: usize) -> Checked {
        let changed = self.changed(by, at)?;
        let mut kept: Vec<&Artifact> = self.plain.workspaces[at].catalog.kept().collect();
        kept.sort_by_key(|artifact| artifact.tick());
        let pairs = kept.windows(2).filter(|pair| pair[0].tick() < pair[1].tick());
        let turned = pairs.filter(|pair| changed[&pair[0].id] > changed[&pair[1].id]).count();
        self.same("the number of times in the wrong order", &turned, &0)
    }

    /// When each artifact last changed, the trash included.
    fn changed(&self, by: usize, at: usize) -> Checked<HashMap<String, Timestamp>> {
        let all = self.walk(by, &format!("{}?limit=100&include_deleted=true", self.artifacts(at)))?;
        let time = |item: &Value| text(&item["updated_at"]).parse().expect("a time");
        Ok(all.iter().map(|item| (text(&item["id"]), time(item))).collect())
    }

    /// All of a list, from page to page.
    fn walk(&self, by: usize, list: &str) -> Checked<Vec<Value>> {
        let (mut all, mut page) = (Vec::new(), self.get(by, list)?);
        loop {
            all.extend(page["items"].as_array().expect("items").iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else { return Ok(all) };
            page = self.get(by, &format!("{list}&cursor={cursor}"))?;
        }
    }

    pub fn compare_list(&self, who: Who, query: &Query, window: Window) -> Checked {
        let (by, at) = self.who(who);
        let query = Query { created_by: query.created_by.map(|person| self.person(person)), ..query.clone() };
        let Window { advanced, limit, offset } = window;
        let search = if advanced { "/search/advanced" } else { "" };
        let list = format!("{}{search}?limit={limit}{}", self.artifacts(at), self.parameters(&query));
        let workspace = &self.plain.workspaces[at];
        let reply = self.call(by, Call::new("GET", &format!("{list}&offset={offset}")));
        if self.agree(&reply, 200, workspace.allows(by, Role::Member))?.is_none() {
            return Ok(());
        }
        let changed = if query.sort.ends_with("updated_at") { self.changed(by, at)? } else { HashMap::new() };
        let found = workspace.catalog.list(&query, |artifact| changed[&artifact.id]);
        let bodies: Vec<Value> =
            found.into_iter().map(|artifact| workspace.catalog.body(&self.plain.people, artifact)).collect();
        let page: Vec<&Value> = bodies.iter().skip(offset).take(limit).collect();
        let has_more = bodies.len() > offset + limit;
        let mut got = timeless(reply.json());
        let next = got.as_object_mut().and_then(|page| page.remove("next_cursor"));
        let expected =
            json!({"items": page, "total": bodies.len(), "limit": limit, "offset": offset, "has_more": has_more});
        self.same(&format!("the page of {list}"), &got, &expected)?;
        self.same("whether a page follows", &next.is_some_and(|next| next.is_string()), &has_more)?;
        let all = self.walk(by, &list)?.into_iter().map(timeless).collect();
        self.same(&format!("all of {list}"), &all, &bodies)
    }

    fn parameters(&self, query: &Query) -> String {
        let Query { deleted, text, any, all, none, kind, created_by, sort } = query;
        let joined = |tags: &Vec<&str>| (!tags.is_empty()).then(|| tags.join(","));
        let parameters = [
            ("include_deleted", deleted.then(|| "true".to_owned())),
            ("q", text.clone()),
            ("tags", joined(any)),
            ("tags_all", joined(all)),
            ("tags_none", joined(none)),
            ("artifact_type", kind.map(str::to_owned)),
            ("created_by", created_by.map(|person| self.plain.people[person].id.clone())),
            ("sort", (!sort.is_empty()).then(|| (*sort).to_owned())),
        ];
        parameters.into_iter().filter_map(|(name, value)| Some(format!("&{name}={}", value?))).collect()
    }

    pub fn compare_history(&self, by: usize, at: usize, id: &str) -> Checked {
        let workspace = &self.plain.workspaces[at];
        let path = format!("{}/{id}/history", self.artifacts(at));
        let reply = self.call(by, Call::new("GET", &path));
        let allowed =
            workspace.allows(by, Role::Member).and_then(|()| workspace.catalog.get(id, Whereabouts::Anywhere));
        let Some(artifact) = self.agree(&reply, 200, allowed)? else { return Ok(()) };
        let expected = workspace.catalog.history(&self.plain.people, artifact);
        let items = self.walk(by, &format!("{path}?limit=2"))?;
        self.same("the history", &items.into_iter().map(timeless).collect(), &expected)
    }
}
