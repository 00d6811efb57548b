//! Rows that several rules read and write.

pub(super) mod accounts;
pub(super) mod sessions;
pub(super) mod workspaces;
