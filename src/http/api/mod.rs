//! The operations, a file per resource: extract, call one use case, map the answer.

mod artifacts;
mod auth;
mod system;
mod workspaces;

use poem_openapi::Tags;

pub(super) use artifacts::ArtifactsApi;
pub(super) use auth::AuthApi;
pub(super) use system::SystemApi;
pub(super) use workspaces::WorkspacesApi;

/// The groups of the document.
#[derive(Tags)]
enum Tag {
    /// Accounts and sessions.
    Auth,
    /// Workspaces: the tenants.
    Workspaces,
    /// The catalog.
    Artifacts,
    /// The service itself.
    System,
}
