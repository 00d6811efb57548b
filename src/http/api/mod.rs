//! The operations, a file per resource: extract, call one use case, map the answer.

mod accounts;
mod api_keys;
mod artifacts;
mod audit;
mod auth;
mod backups;
mod example;
mod history;
mod inspections;
mod invitations;
mod log;
mod members;
mod own_account;
mod passwords;
mod read_only;
mod sessions;
mod settings;
mod signing_key;
mod switch;
mod system;
mod tenants;
mod tokens;
mod traces;
mod verification;
mod workspaces;

#[cfg(fuzzing)]
pub use artifacts::fuzzing::import as fuzz_import;

use poem_openapi::Tags;

pub(crate) use accounts::account_json;
pub(super) use accounts::{AccountAccessApi, AccountsApi};
pub(super) use api_keys::ApiKeysApi;
pub(super) use artifacts::{ArtifactsApi, CatalogApi, EntityTags, MAX_OPERATIONS};
pub(crate) use artifacts::{artifact_json, artifact_line, exported, import_lines};
pub(super) use audit::AuditApi;
pub(super) use auth::AuthApi;
pub(super) use backups::BackupsApi;
pub(super) use history::HistoryApi;
pub(super) use inspections::InspectionsApi;
pub(super) use invitations::{AcceptApi, InvitationsApi};
pub(super) use log::LogApi;
pub(super) use members::MembersApi;
pub(super) use own_account::OwnAccountApi;
pub(super) use passwords::PasswordsApi;
pub(super) use read_only::ReadOnlyApi;
pub(super) use sessions::SessionsApi;
pub(super) use settings::SettingsApi;
pub(super) use signing_key::SigningKeyApi;
pub(super) use switch::SwitchApi;
pub(super) use system::SystemApi;
pub(super) use tenants::{TenantArtifactsApi, TenantsApi};
pub(super) use traces::{TracesApi, WorkspaceTracesApi};
pub(super) use verification::VerificationApi;
pub(super) use workspaces::WorkspacesApi;

/// The groups of the document.
#[derive(Tags)]
enum Tag {
    /// Accounts and sessions.
    Auth,
    /// Workspaces: the tenants.
    Workspaces,
    /// Who is in a workspace.
    Members,
    /// Keys with which machines work.
    #[oai(rename = "API keys")]
    ApiKeys,
    /// Who did what.
    Audit,
    /// The catalog.
    Artifacts,
    /// What only operators may.
    Operator,
    /// The service itself.
    System,
}
