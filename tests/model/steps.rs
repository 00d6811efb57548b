//! What can be done to the API: random steps.

use proptest::prelude::*;
use proptest::sample::Index;

use super::plain::Role;

/// How many accounts there are.
pub const ACCOUNTS: usize = 3;

#[derive(Clone, Debug)]
pub enum Step {
    CreateWorkspace {
        by: usize,
    },
    Invite {
        by: usize,
        at: Index,
        whom: usize,
        role: Role,
    },
    ChangeRole {
        by: usize,
        at: Index,
        whom: usize,
        role: Role,
    },
    Remove {
        by: usize,
        at: Index,
        whom: usize,
    },
    Create {
        by: usize,
        at: Index,
        name: String,
    },
    Update {
        by: usize,
        at: Index,
        pick: Index,
        version: Option<u64>,
        name: String,
    },
    Delete {
        by: usize,
        at: Index,
        pick: Index,
        version: Option<u64>,
    },
    Restore {
        by: usize,
        at: Index,
        pick: Index,
    },
    Purge {
        by: usize,
        at: Index,
        pick: Index,
    },
    /// Creations, and with `spoiled` the deletion of something that is not there.
    Bulk {
        by: usize,
        at: Index,
        names: Vec<String>,
        spoiled: bool,
        atomic: bool,
    },
    /// The server is killed, and started on the same data.
    Restart,
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let by = 0..ACCOUNTS;
    let at = any::<Index>();
    let role = prop_oneof![Just(Role::Member), Just(Role::Admin), Just(Role::Owner)];
    let name = "[a-c]{1,2}";
    let version = prop::option::of(1_u64..4);
    let step = prop_oneof![
        1 => by.clone().prop_map(|by| Step::CreateWorkspace { by }),
        3 => (by.clone(), at.clone(), by.clone(), role.clone())
            .prop_map(|(by, at, whom, role)| Step::Invite { by, at, whom, role }),
        2 => (by.clone(), at.clone(), by.clone(), role)
            .prop_map(|(by, at, whom, role)| Step::ChangeRole { by, at, whom, role }),
        1 => (by.clone(), at.clone(), by.clone()).prop_map(|(by, at, whom)| Step::Remove { by, at, whom }),
        6 => (by.clone(), at.clone(), name).prop_map(|(by, at, name)| Step::Create { by, at, name }),
        5 => (by.clone(), at.clone(), any::<Index>(), version.clone(), name)
            .prop_map(|(by, at, pick, version, name)| Step::Update { by, at, pick, version, name }),
        3 => (by.clone(), at.clone(), any::<Index>(), version)
            .prop_map(|(by, at, pick, version)| Step::Delete { by, at, pick, version }),
        3 => (by.clone(), at.clone(), any::<Index>()).prop_map(|(by, at, pick)| Step::Restore { by, at, pick }),
        2 => (by.clone(), at.clone(), any::<Index>()).prop_map(|(by, at, pick)| Step::Purge { by, at, pick }),
        2 => (by, at, prop::collection::vec(name, 1..4), any::<bool>(), any::<bool>())
            .prop_map(|(by, at, names, spoiled, atomic)| Step::Bulk { by, at, names, spoiled, atomic }),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..40)
}
