//! What people do to the API: random steps. Numbers that are too large for what is there begin again at its start.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::plain::Role;

/// How many people there can be.
pub const PEOPLE: usize = 4;
/// What the first workspace is called in URLs.
pub const SLUG: &str = "forge";
/// In the order of the alphabet.
pub const TAGS: [&str; 3] = ["iron", "old", "wood"];
pub const KINDS: [&str; 2] = ["default", "zip"];
const SORTS: [&str; 8] = ["", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name", "relevance"];

/// Fields of an artifact, as they are sent.
pub type Fields = BTreeMap<&'static str, Value>;

/// Someone at a workspace.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    pub by: usize,
    pub at: usize,
}

#[derive(Clone, Debug)]
pub enum Step {
    Register {
        number: usize,
    },
    CreateWorkspace {
        by: usize,
        slug: Option<&'static str>,
    },
    RenameWorkspace(Who, String),
    DeleteWorkspace(Who),
    Invite(Who, usize, Role),
    ChangeRole(Who, usize, Role),
    Remove(Who, usize),
    Create(Who, Fields),
    Get(Who, usize),
    Update(Who, usize, IfMatch, Fields),
    Delete(Who, usize, IfMatch),
    Restore(Who, usize),
    Purge(Who, usize, IfMatch),
    Bulk {
        who: Who,
        atomic: bool,
        operations: Vec<Operation>,
    },
    List(Who, Query, Window),
    History(Who, usize),
    /// The server is stopped, or killed, and started on the same data.
    Restart {
        in_good_order: bool,
    },
}

/// What is sent as `If-Match`.
#[derive(Clone, Copy, Debug)]
pub enum IfMatch {
    Nothing,
    Anything,
    Current,
    Stale,
    OneOfTwo,
    NoneOfTwo,
    Weak,
}

impl IfMatch {
    /// The header, and the versions it lets through, of something whose version is `current`; `tag` is the entity tag of
    /// a version.
    pub fn seen(self, current: u64, tag: impl Fn(u64) -> String) -> (Option<String>, Option<Vec<u64>>) {
        let versions = match self {
            Self::Nothing => return (None, None),
            Self::Anything => return (Some("*".to_owned()), None),
            // As a proxy that compresses makes it.
            Self::Weak => return (Some(format!("W/{}", tag(current))), Some(vec![current])),
            Self::Current => vec![current],
            Self::Stale => vec![current + 1],
            Self::OneOfTwo => vec![current + 1, current],
            Self::NoneOfTwo => vec![current + 1, current + 2],
        };
        let tags: Vec<String> = versions.iter().map(|version| tag(*version)).collect();
        (Some(tags.join(", ")), Some(versions))
    }
}

#[derive(Clone, Debug)]
pub enum Operation {
    Create(Fields),
    /// With a name that no artifact may have.
    CreateBadly,
    /// The version is that of before all operations, or one that never was.
    Update(usize, Option<bool>, Fields),
    Delete(usize, Option<bool>),
}

/// What is looked for, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub deleted: bool,
    pub text: Option<String>,
    pub any: Vec<&'static str>,
    pub all: Vec<&'static str>,
    pub none: Vec<&'static str>,
    pub kind: Option<&'static str>,
    pub created_by: Option<usize>,
    pub sort: &'static str,
}

/// How it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub advanced: bool,
    pub limit: usize,
    pub offset: usize,
}

fn who() -> impl Strategy<Value = Who> + Clone {
    // The first two begin in the first workspace.
    let by = prop_oneof![2 => 0..2_usize, 1 => 0..PEOPLE];
    let at = prop_oneof![2 => Just(0), 1 => 0..3_usize];
    (by, at).prop_map(|(by, at)| Who { by, at })
}

fn name() -> impl Strategy<Value = Value> + Clone {
    "[a-cA-C]{1,2}".prop_map(Value::from)
}

fn fields(name: impl Strategy<Value = Option<Value>> + Clone) -> impl Strategy<Value = Fields> + Clone {
    let description = prop::option::of(prop_oneof![Just(Value::Null), "[a-c]{1,2}".prop_map(Value::from)]);
    let tags = prop::option::of(subsequence(TAGS.to_vec(), 0..=TAGS.len()).prop_map(|tags| json!(tags)));
    let metadata = prop::option::of((0..3).prop_map(|size| json!({"size": size})));
    let kind = prop::option::of(select(&KINDS[..]).prop_map(Value::from));
    (name, description, tags, metadata, kind).prop_map(|(name, description, tags, metadata, kind)| {
        let sent = [
            ("name", name),
            ("description", description),
            ("tags", tags),
            ("artifact_metadata", metadata),
            ("artifact_type", kind),
        ];
        sent.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    })
}

fn pick() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![2 => 0..3_usize, 1 => 0..12_usize]
}

fn operation() -> impl Strategy<Value = Operation> + Clone {
    let version = prop_oneof![3 => Just(None), 2 => Just(Some(true)), 1 => Just(Some(false))];
    let pick = pick();
    prop_oneof![
        8 => fields(name().prop_map(Some)).prop_map(Operation::Create),
        1 => Just(Operation::CreateBadly),
        6 => (pick.clone(), version.clone(), fields(prop::option::of(name())))
            .prop_map(|(pick, version, fields)| Operation::Update(pick, version, fields)),
        3 => (pick, version).prop_map(|(pick, version)| Operation::Delete(pick, version)),
    ]
}

fn query() -> impl Strategy<Value = Query> + Clone {
    let tags = || prop_oneof![3 => Just(Vec::new()), 1 => subsequence(TAGS.to_vec(), 1..=2)];
    let rarely = |often: u32| prop::bool::weighted(1.0 / f64::from(often));
    let text = (rarely(4), "[a-cA-C]").prop_map(|(is_there, text)| is_there.then_some(text));
    let kind = (rarely(4), select(&KINDS[..])).prop_map(|(is_there, kind)| is_there.then_some(kind));
    let created_by = (rarely(4), 0..PEOPLE).prop_map(|(is_there, person)| is_there.then_some(person));
    (any::<bool>(), text, (tags(), tags(), tags()), kind, created_by, select(&SORTS[..])).prop_map(
        |(deleted, text, (any, all, none), kind, created_by, sort)| {
            // How well something fits is not for the model to say.
            let sort = if text.is_some() && ["", "relevance"].contains(&sort) { "-created_at" } else { sort };
            Query { deleted, text, any, all, none, kind, created_by, sort }
        },
    )
}
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let number = 0..PEOPLE;
    let pick = pick();
    let role = select(vec![Role::Member, Role::Admin, Role::Owner]);
    let if_match = prop_oneof![
        4 => Just(IfMatch::Nothing),
        4 => Just(IfMatch::Current),
        2 => Just(IfMatch::Stale),
        1 => select(vec![IfMatch::Anything, IfMatch::OneOfTwo, IfMatch::NoneOfTwo, IfMatch::Weak]),
    ];
    let slug = prop_oneof![2 => Just(Some(SLUG)), 1 => Just(Some("a-workspace")), 1 => Just(None)];
    let window = (any::<bool>(), 1..4_usize, 0..4_usize).prop_map(|(advanced, limit, offset)| Window {
        advanced,
        limit,
        offset,
    });
    let about = (who(), pick);
    let step = prop_oneof![
        2 => number.clone().prop_map(|number| Step::Register { number }),
        3 => (number.clone(), slug).prop_map(|(by, slug)| Step::CreateWorkspace { by, slug }),
        1 => (who(), "[a-c]{2,3}").prop_map(|(who, name)| Step::RenameWorkspace(who, name)),
        1 => who().prop_map(Step::DeleteWorkspace),
        6 => (who(), number.clone(), role.clone()).prop_map(|(who, whom, role)| Step::Invite(who, whom, role)),
        4 => (who(), number.clone(), role).prop_map(|(who, whom, role)| Step::ChangeRole(who, whom, role)),
        3 => (who(), number).prop_map(|(who, whom)| Step::Remove(who, whom)),
        14 => (who(), fields(name().prop_map(Some))).prop_map(|(who, fields)| Step::Create(who, fields)),
        2 => about.clone().prop_map(|(who, pick)| Step::Get(who, pick)),
        10 => (about.clone(), if_match.clone(), fields(prop::option::of(name())))
            .prop_map(|((who, pick), if_match, fields)| Step::Update(who, pick, if_match, fields)),
        6 => (about.clone(), if_match.clone())
            .prop_map(|((who, pick), if_match)| Step::Delete(who, pick, if_match)),
        5 => about.clone().prop_map(|(who, pick)| Step::Restore(who, pick)),
        3 => (about.clone(), if_match).prop_map(|((who, pick), if_match)| Step::Purge(who, pick, if_match)),
        5 => (who(), any::<bool>(), prop::collection::vec(operation(), 1..6))
            .prop_map(|(who, atomic, operations)| Step::Bulk { who, atomic, operations }),
        8 => (who(), query(), window).prop_map(|(who, query, window)| Step::List(who, query, window)),
        2 => about.prop_map(|(who, pick)| Step::History(who, pick)),
        2 => any::<bool>().prop_map(|in_good_order| Step::Restart { in_good_order }),
    ];
    prop::collection::vec(step, 1..=40)
}
