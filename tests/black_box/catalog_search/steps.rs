//! What is done to the catalogs. Numbers that are too large for what is there begin again at its start.

use proptest::prelude::*;

use super::documents::{Fields, part, whole};
use super::questions::{Question, question};

/// How many workspaces there are.
pub const WORKSPACES: usize = 2;

#[derive(Clone, Debug)]
pub enum Step {
    Create(usize, Fields),
    Import(usize, Vec<Fields>),
    Update(usize, usize, Fields),
    Delete(usize, usize),
    Restore(usize, usize),
    Purge(usize, usize),
    /// Another comes in its place.
    DeleteWorkspace(usize),
    Restart(End),
    Search(usize, Question),
}

/// What becomes of the server before it starts again.
#[derive(Clone, Copy, Debug)]
pub enum End {
    Stopped,
    Killed,
    /// And its index is deleted.
    StoppedAndForgetful,
}

/// A history of two workspaces.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let at = 0..WORKSPACES;
    let pick = 0..20_usize;
    let end = prop_oneof![Just(End::Stopped), Just(End::Killed), Just(End::StoppedAndForgetful)];
    let step = prop_oneof![
        6 => (at.clone(), whole()).prop_map(|(at, fields)| Step::Create(at, fields)),
        3 => (at.clone(), prop::collection::vec(whole(), 1..12)).prop_map(|(at, all)| Step::Import(at, all)),
        6 => (at.clone(), pick.clone(), part()).prop_map(|(at, pick, fields)| Step::Update(at, pick, fields)),
        3 => (at.clone(), pick.clone()).prop_map(|(at, pick)| Step::Delete(at, pick)),
        2 => (at.clone(), pick.clone()).prop_map(|(at, pick)| Step::Restore(at, pick)),
        2 => (at.clone(), pick).prop_map(|(at, pick)| Step::Purge(at, pick)),
        1 => at.clone().prop_map(Step::DeleteWorkspace),
        1 => end.prop_map(Step::Restart),
        20 => (at, question()).prop_map(|(at, question)| Step::Search(at, question)),
    ];
    prop::collection::vec(step, 1..=50)
}
