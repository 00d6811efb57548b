//! A workspace as the operator of the server has it.

use super::{Usage, Workspace};

/// A workspace with what it takes up.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// The workspace.
    pub workspace: Workspace,
    /// How much it has.
    pub usage: Usage,
    /// How many of its artifacts are in the trash.
    pub in_trash: u64,
}
