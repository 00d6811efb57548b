//! Rows that several rules read and write.

pub(super) mod accounts;
pub(super) mod invitations;
pub(super) mod members;
pub(super) mod sessions;
pub(super) mod workspaces;
