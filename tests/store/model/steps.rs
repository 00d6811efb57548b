//! Random steps.

use ghostworks::domain::{ArtifactPatch, Field, Precondition};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::world::{rename, tags};

pub const TENANTS: usize = 2;
pub const LABELS: [&str; 3] = ["iron", "stone", "wood"];

#[derive(Clone, Debug)]
pub enum Step {
    One { tenant: usize, write: Write },
    Many { tenant: usize, atomic: bool, writes: Vec<Write> },
    Restore { tenant: usize, pick: Index },
    Purge { tenant: usize, pick: Index, expected: Precondition },
}

#[derive(Clone, Debug)]
pub enum Write {
    Create { name: String, label: usize },
    Update { pick: Index, expected: Precondition, patch: ArtifactPatch },
    Delete { pick: Index, expected: Precondition },
}

fn expected() -> impl Strategy<Value = Precondition> + Clone {
    let versions = prop::collection::vec(1_u64..4, 0..3).prop_map(Precondition::Versions);
    prop_oneof![2 => Just(Precondition::None), 1 => Just(Precondition::Exists), 1 => versions]
}

fn write() -> impl Strategy<Value = Write> + Clone {
    let patch = prop_oneof![
        "[a-cA-C]{1,3}".prop_map(|name| rename(&name)),
        (0..LABELS.len()).prop_map(|label| ArtifactPatch { tags: Some(tags(&[LABELS[label]])), ..Default::default() }),
        Just(ArtifactPatch { description: Field::Clear, ..Default::default() }),
    ];
    let create = ("[a-cA-C]{1,3}", 0..LABELS.len()).prop_map(|(name, label)| Write::Create { name, label });
    let update =
        (any::<Index>(), expected(), patch).prop_map(|(pick, expected, patch)| Write::Update { pick, expected, patch });
    let delete = (any::<Index>(), expected()).prop_map(|(pick, expected)| Write::Delete { pick, expected });
    prop_oneof![3 => create, 3 => update, 1 => delete]
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    // One tenant more than there is, so that some intents are about none.
    let tenant = 0..=TENANTS;
    let one = (tenant.clone(), write()).prop_map(|(tenant, write)| Step::One { tenant, write });
    let many = (tenant.clone(), any::<bool>(), prop::collection::vec(write(), 1..6))
        .prop_map(|(tenant, atomic, writes)| Step::Many { tenant, atomic, writes });
    let restore = (tenant.clone(), any::<Index>()).prop_map(|(tenant, pick)| Step::Restore { tenant, pick });
    let purge = (tenant, any::<Index>(), expected()).prop_map(|(tenant, pick, expected)| Step::Purge {
        tenant,
        pick,
        expected,
    });
    prop::collection::vec(prop_oneof![7 => one, 1 => many, 2 => restore, 1 => purge], 1..25)
}
