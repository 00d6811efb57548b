//! Workspaces, their slugs, and membership in them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::same::is_same;
use super::text::validated_text;
use super::{Field, Role, TenantId, Terms, Timestamp, User, UserId, Violations, one_line};

validated_text!(WorkspaceName, Slug, WorkspaceDescription);

/// A workspace's name: one line of 1–255 characters after trimming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceName(String);

impl WorkspaceName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Trims and checks a name.
    pub fn parse(text: &str) -> Result<Self, String> {
        one_line::parse(text, Self::MAX_CHARS).map(Self)
    }
}

/// A workspace's short name for URLs, unique among workspaces: 1–100 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slug(String);

impl Slug {
    /// The longest slug, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Checks a slug that someone chose.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > Self::MAX_CHARS || !text.chars().all(is_slug) {
            return Err(format!("must be 1 to {} characters of a-z, 0-9 and -", Self::MAX_CHARS));
        }
        Ok(Self(text.to_owned()))
    }

    /// A slug made from a name: transliterated, with dashes between the words.
    pub fn from_name(name: &WorkspaceName) -> Self {
        let mut slug = slug::slugify(name.as_str());
        slug.truncate(Self::MAX_CHARS);
        let slug = slug.trim_matches('-');
        Self(if slug.is_empty() { "workspace".to_owned() } else { slug.to_owned() })
    }

    /// The same slug with `-{number}` at its end, shortened to fit.
    pub fn numbered(&self, number: u32) -> Self {
        self.ending_in(&format!("-{number}"))
    }

    /// The same slug with `-` and the 8 hexadecimal digits of `tag` at its end, shortened to fit.
    pub fn tagged(&self, tag: u32) -> Self {
        self.ending_in(&format!("-{tag:08x}"))
    }

    fn ending_in(&self, suffix: &str) -> Self {
        let stem = &self.0[..self.0.len().min(Self::MAX_CHARS - suffix.len())];
        Self(format!("{}{suffix}", stem.trim_end_matches('-')))
    }
}

/// Text about a workspace: up to 1000 characters; empty is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceDescription(String);

impl WorkspaceDescription {
    /// The longest description, in characters.
    pub const MAX_CHARS: usize = 1000;

    /// Trims and checks a description; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let text = text.trim();
        if text.chars().count() > Self::MAX_CHARS {
            return Err(format!("must be at most {} characters", Self::MAX_CHARS));
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }
}

/// Free-form settings of a workspace, kept for its clients: up to 50 keys and 16 KiB of JSON. Numbers are equal as JSON has
/// them: `1` is `1.0`.
#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<String, Value>);

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|((key, one), (its, other))| key == its && is_same(one, other))
    }
}

impl Settings {
    /// The most top-level keys.
    pub const MAX_KEYS: usize = 50;
    /// The most bytes, written as JSON.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Checks settings against their limits.
    pub fn parse(settings: BTreeMap<String, Value>) -> Result<Self, String> {
        let bytes: usize = settings.iter().map(|(key, value)| key.len() + value.to_string().len()).sum();
        if settings.len() > Self::MAX_KEYS || bytes > Self::MAX_BYTES {
            return Err(format!("must have at most {} keys and {} bytes", Self::MAX_KEYS, Self::MAX_BYTES));
        }
        Ok(Self(settings))
    }

    /// The settings by key.
    pub fn as_map(&self) -> &BTreeMap<String, Value> {
        &self.0
    }

    /// The settings themselves.
    pub fn into_map(self) -> BTreeMap<String, Value> {
        self.0
    }

    /// Settings that were checked when they were stored.
    pub fn from_stored(settings: BTreeMap<String, Value>) -> Self {
        Self(settings)
    }
}

/// A workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct Workspace {
    /// Its id, which is the tenant id of everything in it.
    pub id: TenantId,
    /// Its name.
    pub name: WorkspaceName,
    /// Its slug, unique among workspaces.
    pub slug: Slug,
    /// What it is for.
    pub description: Option<WorkspaceDescription>,
    /// Its clients' settings.
    pub settings: Settings,
    /// Whether it is in use.
    pub is_active: bool,
    /// What the operator of the server says of it.
    pub terms: Terms,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Workspace {
    /// What it says of itself after `patch` at `now`. A patch that changes nothing leaves it as it was.
    pub fn patched(self, patch: WorkspacePatch, now: Timestamp) -> Self {
        let before = self.clone();
        let next = self.with(patch);
        if next == before { before } else { Self { updated_at: now, ..next } }
    }

    fn with(mut self, patch: WorkspacePatch) -> Self {
        self.name = patch.name.unwrap_or(self.name);
        match patch.description {
            Field::Keep => {}
            Field::Clear => self.description = None,
            Field::Set(text) => self.description = text,
        }
        self.settings = patch.settings.unwrap_or(self.settings);
        self.is_active = patch.is_active.unwrap_or(self.is_active);
        self
    }
}

/// Someone's place in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The workspace.
    pub tenant: TenantId,
    /// The member.
    pub user: UserId,
    /// What the member may do.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
    /// Whether the member has chosen to be there: made the workspace, accepted an invitation, or switched to it. Where others
    /// have put somebody, they are never taken by themselves.
    pub is_chosen: bool,
}

/// A member as the others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The place in the workspace.
    pub membership: Membership,
    /// The account.
    pub user: User,
}

/// A workspace as one of its members sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkspaceView {
    /// The workspace.
    pub workspace: Workspace,
    /// How many members it has.
    pub member_count: u64,
    /// The viewer's role in it.
    pub role: Role,
}

/// A new workspace as it was sent, unchecked.
#[derive(Clone, Debug, Default)]
pub struct RawWorkspace {
    /// See [`WorkspaceName`].
    pub name: String,
    /// See [`Slug`]; made from the name when absent.
    pub slug: Option<String>,
    /// See [`WorkspaceDescription`].
    pub description: Option<String>,
    /// See [`Settings`].
    pub settings: BTreeMap<String, Value>,
}

/// A new workspace, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkspaceDraft {
    /// Its name.
    pub name: WorkspaceName,
    /// The slug asked for, if one was.
    pub slug: Option<Slug>,
    /// What it is for.
    pub description: Option<WorkspaceDescription>,
    /// Its clients' settings.
    pub settings: Settings,
}

impl WorkspaceDraft {
    /// Checks every field.
    pub fn parse(raw: RawWorkspace) -> Result<Self, Violations> {
        Violations::check(|check| {
            let name = check.field("/name", WorkspaceName::parse(&raw.name));
            let slug = check.optional("/slug", raw.slug.as_deref().map(Slug::parse));
            let description =
                check.optional("/description", raw.description.as_deref().map(WorkspaceDescription::parse));
            let settings = check.field("/settings", Settings::parse(raw.settings));
            Some(Self { name: name?, slug, description: description.flatten(), settings: settings? })
        })
    }
}

/// A partial update as it was sent, unchecked.
#[derive(Clone, Debug, Default)]
pub struct RawWorkspacePatch {
    /// See [`WorkspaceName`]. Can't be cleared.
    pub name: Field<String>,
    /// See [`WorkspaceDescription`].
    pub description: Field<String>,
    /// See [`Settings`]. Clearing leaves none.
    pub settings: Field<BTreeMap<String, Value>>,
    /// Whether it is in use. Can't be cleared.
    pub is_active: Field<bool>,
}

impl RawWorkspacePatch {
    /// Whether it has a name that nobody may choose, but which an earlier version may have taken.
    pub fn has_refused_text(&self) -> bool {
        matches!(&self.name, Field::Set(name) if WorkspaceName::parse(name).is_err())
    }

    /// The same without a name that is the workspace's already: it stays as it is.
    pub fn without_unchanged(mut self, workspace: &Workspace) -> Self {
        if matches!(&self.name, Field::Set(name) if name.trim() == workspace.name.as_str()) {
            self.name = Field::Keep;
        }
        self
    }
}

/// A partial update, checked: `None` keeps a field.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WorkspacePatch {
    /// The new name.
    pub name: Option<WorkspaceName>,
    /// The new description; setting an empty one clears it.
    pub description: Field<Option<WorkspaceDescription>>,
    /// The new settings, all of them.
    pub settings: Option<Settings>,
    /// Whether it is in use.
    pub is_active: Option<bool>,
}

impl WorkspacePatch {
    /// Checks every field that is there.
    pub fn parse(raw: RawWorkspacePatch) -> Result<Self, Violations> {
        Violations::check(|check| {
            let name = match raw.name {
                Field::Keep => None,
                Field::Clear => check.field("/name", Err("must not be null".to_owned())),
                Field::Set(text) => check.field("/name", WorkspaceName::parse(&text)),
            };
            let description =
                check.field("/description", raw.description.try_map(|text| WorkspaceDescription::parse(&text)));
            let settings = match raw.settings {
                Field::Keep => None,
                Field::Clear => Some(Settings::default()),
                Field::Set(settings) => check.field("/settings", Settings::parse(settings)),
            };
            let is_active = match raw.is_active {
                Field::Keep => None,
                Field::Clear => check.field("/is_active", Err("must not be null".to_owned())),
                Field::Set(is_active) => Some(is_active),
            };
            Some(Self { name, description: description?, settings, is_active })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_from_names() {
        let slug = |name: &str| Slug::from_name(&WorkspaceName(name.to_owned())).0;
        assert_eq!(slug("Acme Corp"), "acme-corp");
        assert_eq!(slug("Bücher & Söhne"), "bucher-sohne");
        assert_eq!(slug("!!"), "workspace");
        assert!(slug(&"long name ".repeat(20)).len() <= Slug::MAX_CHARS);
    }

    #[test]
    fn a_numbered_or_tagged_slug_is_a_slug() {
        let longest = Slug("a".repeat(Slug::MAX_CHARS));
        for slug in [longest.numbered(u32::MAX), longest.tagged(u32::MAX)] {
            assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
        }
        assert_eq!(Slug("acme".to_owned()).numbered(2).as_str(), "acme-2");
        assert_eq!(Slug("acme".to_owned()).tagged(0xbeef).as_str(), "acme-0000beef");
    }
}
