//! The accounts of the demonstration data. Their password is known to everyone, so production lets none of them in.

use super::Email;

/// The password of every demonstration account.
pub const DEMO_PASSWORD: &str = "demo123";

/// Owns the demonstration workspaces.
pub const DEMO_OWNER: &str = "owner@acme.com";
/// Is an admin of Umbrella Inc.
pub const DEMO_ADMIN: &str = "admin@umbrella.com";
/// Is a member of Acme Corp.
pub const DEMO_MEMBER: &str = "member@acme.com";

impl Email {
    /// Whether it is that of a demonstration account.
    pub fn is_demo(&self) -> bool {
        [DEMO_OWNER, DEMO_ADMIN, DEMO_MEMBER].contains(&self.as_str())
    }
}
