//! What a workspace's catalog is: artifacts, each a list of its versions, and how they are found.

use std::collections::BTreeMap;

use ghostworks::domain::NameKey;
use serde_json::{Value, json};

use super::plain::{Allowed, Person};
use super::steps::{Fields, Query};

/// The versions of an artifact that a write is meant for; none is any.
pub type Expected = Option<Vec<u64>>;

const GONE: (u16, &str) = (404, "artifact_not_found");

#[derive(Clone)]
pub struct Catalog {
    tenant: String,
    /// In the order of creation, those that were purged too.
    pub artifacts: Vec<Artifact>,
}

#[derive(Clone, Debug)]
pub struct Artifact {
    /// The id the server gave it.
    pub id: String,
    /// None once it is purged.
    pub versions: Vec<Version>,
}

#[derive(Clone, Debug)]
pub struct Version {
    fields: BTreeMap<&'static str, Value>,
    by: usize,
    change: &'static str,
    pub is_deleted: bool,
    /// When it came to be: greater is later, and what one call did is alike.
    pub tick: usize,
}

/// Where an artifact has to be for a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    Live,
    Trash,
    Anywhere,
}

impl Artifact {
    pub fn version(&self) -> u64 {
        self.versions.len() as u64
    }

    pub fn is_at(&self, place: Whereabouts) -> bool {
        self.versions.last().is_some_and(|version| {
            place == Whereabouts::Anywhere || version.is_deleted == (place == Whereabouts::Trash)
        })
    }

    /// When it last changed.
    pub fn tick(&self) -> usize {
        self.versions.last().map_or(0, |version| version.tick)
    }

    fn text(&self, field: &str) -> &str {
        self.versions.last().and_then(|version| version.fields[field].as_str()).unwrap_or_default()
    }

    /// What can be searched for: numbers aside, which no query of the model has.
    fn words(&self) -> impl Iterator<Item = String> {
        let tags = self.versions.last().and_then(|version| version.fields["tags"].as_array()).cloned();
        let tags: Vec<String> =
            tags.unwrap_or_default().iter().filter_map(|tag| Some(tag.as_str()?.to_owned())).collect();
        let texts = ["name", "description"].map(|field| self.text(field).to_lowercase());
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        texts.into_iter().chain(tags).flat_map(words)
    }

    fn has_tag(&self, tag: &str) -> bool {
        let tags = self.versions.last().and_then(|version| version.fields["tags"].as_array());
        tags.is_some_and(|tags| tags.iter().any(|it| it == tag))
    }

    fn matches(&self, query: &Query) -> bool {
        let Query { deleted, text, any, all, none, kind, created_by, .. } = query;
        let has = |tag: &&str| self.has_tag(tag);
        let holds = |text: &str| self.words().any(|word| word.starts_with(text));
        self.is_at(if *deleted { Whereabouts::Anywhere } else { Whereabouts::Live })
            && (any.is_empty() || any.iter().any(has))
            && all.iter().all(has)
            && !none.iter().any(has)
            && kind.is_none_or(|kind| self.text("artifact_type") == kind)
            && created_by.is_none_or(|person| self.versions[0].by == person)
            && text.as_ref().is_none_or(|text| holds(&text.to_lowercase()))
    }
}

impl Catalog {
    pub fn new(tenant: String) -> Self {
        Self { tenant, artifacts: Vec::new() }
    }

    pub fn live(&self) -> impl Iterator<Item = &Artifact> {
        self.artifacts.iter().filter(|artifact| artifact.is_at(Whereabouts::Live))
    }

    pub fn kept(&self) -> impl Iterator<Item = &Artifact> {
        self.artifacts.iter().filter(|artifact| artifact.is_at(Whereabouts::Anywhere))
    }

    pub fn get(&self, id: &str, place: Whereabouts) -> Allowed<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.id == id && artifact.is_at(place)).ok_or(GONE)
    }

    /// The artifact, if it is there and has a version that the caller expects.
    fn find(&mut self, id: &str, place: Whereabouts, expected: &Expected) -> Allowed<&mut Artifact> {
        let is_it = |artifact: &&mut Artifact| artifact.id == id && artifact.is_at(place);
        let artifact = self.artifacts.iter_mut().find(is_it).ok_or(GONE)?;
        match expected {
            Some(versions) if !versions.contains(&artifact.version()) => Err((412, "version_mismatch")),
            _ => Ok(artifact),
        }
    }

    pub fn create(&mut self, by: usize, tick: usize, id: String, fields: &Fields) {
        let mut all = BTreeMap::from([
            ("description", Value::Null),
            ("tags", json!([])),
            ("artifact_metadata", json!({})),
            ("artifact_type", json!("default")),
        ]);
        all.extend(fields.clone());
        let version = Version { fields: all, by, change: "created", is_deleted: false, tick };
        self.artifacts.push(Artifact { id, versions: vec![version] });
    }

    fn push(
        &mut self,
        (by, tick): (usize, usize),
        at: (&str, Whereabouts, &Expected),
        change: &'static str,
    ) -> Allowed<&mut Version> {
        let artifact = self.find(at.0, at.1, at.2)?;
        let before = artifact.versions.last().expect("what is there has a version").clone();
        artifact.versions.push(Version { by, change, tick, ..before });
        Ok(artifact.versions.last_mut().expect("it was pushed"))
    }

    pub fn update(&mut self, who: (usize, usize), id: &str, expected: &Expected, fields: &Fields) -> Allowed {
        let current = self.find(id, Whereabouts::Live, expected)?.versions.last().expect("what is there has a version");
        // What changes nothing makes no version.
        if fields.iter().any(|(name, value)| current.fields[name] != *value) {
            self.push(who, (id, Whereabouts::Live, expected), "updated")?.fields.extend(fields.clone());
        }
        Ok(())
    }

    pub fn delete(&mut self, who: (usize, usize), id: &str, expected: &Expected) -> Allowed {
        self.push(who, (id, Whereabouts::Live, expected), "deleted")?.is_deleted = true;
        Ok(())
    }

    pub fn restore(&mut self, who: (usize, usize), id: &str) -> Allowed {
        self.push(who, (id, Whereabouts::Trash, &None), "restored")?.is_deleted = false;
        Ok(())
    }

    pub fn purge(&mut self, id: &str, expected: &Expected) -> Allowed {
        self.find(id, Whereabouts::Anywhere, expected)?.versions.clear();
        Ok(())
    }

    /// What a query finds, in its order. `changed` says when each last changed, as the server tells it.
    pub fn list(&self, query: &Query, changed: impl Fn(&Artifact) -> jiff::Timestamp) -> Vec<&Artifact> {
        let mut found: Vec<&Artifact> = self.artifacts.iter().filter(|artifact| artifact.matches(query)).collect();
        // What is equal stays in the order of creation, which is turned round with all the rest.
        match query.sort.trim_start_matches('-') {
            "name" => found.sort_by_cached_key(|artifact| NameKey::new(artifact.text("name"))),
            "updated_at" => found.sort_by_key(|artifact| changed(artifact)),
            _ => {}
        }
        if query.sort.starts_with('-') || ["", "relevance"].contains(&query.sort) {
            found.reverse();
        }
        found
    }

    /// An artifact in its version at this place, without the times.
    pub fn body_at(&self, people: &[Person], artifact: &Artifact, place: usize) -> Value {
        let version = &artifact.versions[place];
        let mut body = json!({
            "id": artifact.id, "tenant_id": self.tenant, "version": place + 1, "is_active": !version.is_deleted,
            "created_by": people[artifact.versions[0].by].id, "updated_by": people[version.by].id,
        });
        let all = body.as_object_mut().expect("an object");
        all.extend(version.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        body
    }

    pub fn body(&self, people: &[Person], artifact: &Artifact) -> Value {
        self.body_at(people, artifact, artifact.versions.len() - 1)
    }

    /// Every version of an artifact, newest first.
    pub fn history(&self, people: &[Person], artifact: &Artifact) -> Vec<Value> {
        let version = |(place, version): (usize, &Version)| {
            let before = place.checked_sub(1).map_or(version, |before| &artifact.versions[before]);
            let names = ["name", "description", "tags", "artifact_metadata", "artifact_type"];
            let changed: Vec<&str> =
                names.into_iter().filter(|name| before.fields[name] != version.fields[name]).collect();
            json!({
                "version": place + 1, "by": people[version.by].id, "change": version.change, "changed": changed,
                "artifact": self.body_at(people, artifact, place),
            })
        };
        artifact.versions.iter().enumerate().rev().map(version).collect()
    }

    pub fn figures(&self) -> Value {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for tag in super::steps::TAGS {
            let count = self.live().filter(|artifact| artifact.has_tag(tag)).count();
            counts.extend((count > 0).then_some((tag, count as u64)));
        }
        let mut most_used: Vec<(&str, u64)> = counts.into_iter().collect();
        most_used.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        json!({
            "total_artifacts": self.kept().count(), "active_artifacts": self.live().count(),
            "total_tags": most_used.len(),
            "most_used_tags":
                most_used.iter().map(|(tag, count)| json!({"tag": tag, "count": count})).collect::<Value>(),
        })
    }
}
