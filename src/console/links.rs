//! Where things are.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::BASE;
use crate::domain::{ApiKeyId, ArtifactId, InvitationId, SessionId, TenantId, UserId};

/// What is escaped in a query string.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The first page.
pub(super) const HOME: &str = BASE;
/// Where one signs in.
pub(super) const SIGN_IN: &str = "/console/sign-in";
/// Where one signs out.
pub(super) const SIGN_OUT: &str = "/console/sign-out";
/// Where one registers.
pub(super) const REGISTER: &str = "/console/register";
/// Where an address is verified, as e-mails say.
pub(super) const VERIFY: &str = "/console/verify-email";
/// Where one asks for a link to choose another password.
pub(super) const FORGOT: &str = "/console/forgot-password";
/// Where another password is chosen, as e-mails say.
pub(super) const RESET: &str = "/console/reset-password";
/// Where an invitation is accepted, as e-mails say.
pub(super) const INVITATION: &str = "/console/invitation";
/// Where the first operator is made.
pub(super) const SETUP: &str = "/console/setup";
/// One's own account.
pub(super) const ACCOUNT: &str = "/console/account";
/// Where another password is chosen.
pub(super) const PASSWORD: &str = "/console/account/password";
/// Where one changes what one is called.
pub(super) const NAMES: &str = "/console/account/names";
/// Where one asks for another address.
pub(super) const ADDRESS: &str = "/console/account/address";
/// Where one gets what there is about oneself.
pub(super) const OWN_DATA: &str = "/console/account/export";
/// Where one deletes one's account.
pub(super) const DELETE_ACCOUNT: &str = "/console/account/delete";
/// Where all other sessions are ended.
pub(super) const END_OTHERS: &str = "/console/account/end-others";
/// One's workspaces.
pub(super) const WORKSPACES: &str = "/console/workspaces";

/// How the server does, for operators.
pub(super) const OPERATE: &str = "/console/operate";
/// The last requests to the server.
pub(super) const OPERATE_TRACES: &str = "/console/operate/traces";
/// The newest log lines.
pub(super) const OPERATE_LOG: &str = "/console/operate/log";

/// The accounts of the server.
pub(super) const OPERATE_ACCOUNTS: &str = "/console/operate/accounts";
/// The workspaces of the server.
pub(super) const OPERATE_WORKSPACES: &str = "/console/operate/workspaces";
/// Its files.
pub(super) const OPERATE_STORAGE: &str = "/console/operate/storage";
/// The configuration that is in force.
pub(super) const OPERATE_CONFIGURATION: &str = "/console/operate/configuration";
/// Where it is read again.
pub(super) const OPERATE_RELOAD: &str = "/console/operate/configuration/reload";
/// Where the level of the log is set.
pub(super) const OPERATE_LOG_LEVEL: &str = "/console/operate/log/level";

/// An account, as operators see it.
pub(super) fn operate_account(user: UserId) -> String {
    format!("{OPERATE_ACCOUNTS}/{user}")
}

/// What is done with an account: `disable`, `enable`, `grant-operator`, `revoke-operator`.
pub(super) fn of_account(user: UserId, what: &str) -> String {
    format!("{OPERATE_ACCOUNTS}/{user}/{what}")
}

/// A workspace, as operators see it.
pub(super) fn operate_workspace(tenant: TenantId) -> String {
    format!("{OPERATE_WORKSPACES}/{tenant}")
}

/// What is done with a workspace by operators: `suspend`, `resume`, `quotas`, `delete`.
pub(super) fn of_operated_workspace(tenant: TenantId, what: &str) -> String {
    format!("{OPERATE_WORKSPACES}/{tenant}/{what}")
}

/// Where anything is found.
pub(super) const FIND: &str = "/console/find";

/// The catalog of a workspace.
pub(super) fn catalog(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}")
}

/// The home of a workspace.
pub(super) fn home(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/home")
}

/// What a workspace says of itself.
pub(super) fn settings(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/settings")
}

/// Where a workspace is deleted.
pub(super) fn delete_workspace(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/delete")
}

/// The tags of a workspace.
pub(super) fn tags(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/tags")
}

/// The trash of a workspace.
pub(super) fn trash(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/trash")
}

/// The last requests in a workspace.
pub(super) fn traces(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/traces")
}

/// The people of a workspace.
pub(super) fn members(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/members")
}

/// What is done with a member: `role`, `remove`.
pub(super) fn of_member(tenant: TenantId, user: UserId, what: &str) -> String {
    format!("{WORKSPACES}/{tenant}/members/{user}/{what}")
}

/// Where invitations to a workspace are made.
pub(super) fn invitations(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/invitations")
}

/// Where an invitation is revoked.
pub(super) fn revoke_invitation(tenant: TenantId, id: InvitationId) -> String {
    format!("{WORKSPACES}/{tenant}/invitations/{id}/revoke")
}

/// Where one leaves a workspace.
pub(super) fn leave(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/leave")
}

/// Where a workspace is handed over.
pub(super) fn transfer(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/transfer")
}

/// The API keys of a workspace.
pub(super) fn api_keys(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/api-keys")
}

/// Where an API key is revoked.
pub(super) fn revoke_key(tenant: TenantId, key: ApiKeyId) -> String {
    format!("{WORKSPACES}/{tenant}/api-keys/{key}/revoke")
}

/// Who did what in a workspace.
pub(super) fn audit(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/audit")
}

/// Where a session is ended.
pub(super) fn end_session(session: SessionId) -> String {
    format!("{ACCOUNT}/sessions/{session}/end")
}

/// The form for a new artifact.
pub(super) fn new_artifact(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/new")
}

/// Where a file is taken in.
pub(super) fn import(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/import")
}

/// Where all artifacts are taken along.
pub(super) fn export(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/export")
}

/// Where something is done with several artifacts.
pub(super) fn selection(tenant: TenantId) -> String {
    format!("{WORKSPACES}/{tenant}/selection")
}

/// An artifact.
pub(super) fn artifact(tenant: TenantId, id: ArtifactId) -> String {
    format!("{WORKSPACES}/{tenant}/artifacts/{id}")
}

/// An artifact, with a word on why it is shown.
pub(super) fn noted_artifact(tenant: TenantId, id: ArtifactId, note: &str) -> String {
    with_query(&artifact(tenant, id), &[("note", note)])
}

/// What is done with an artifact: `edit`, `history`, `delete`, `restore`, `purge`.
pub(super) fn of_artifact(tenant: TenantId, id: ArtifactId, what: &str) -> String {
    format!("{WORKSPACES}/{tenant}/artifacts/{id}/{what}")
}

/// The artifacts of a workspace in the API, or one of them.
pub(super) fn in_api(tenant: TenantId, id: Option<Uuid>) -> String {
    let id = id.map(|id| format!("/{id}")).unwrap_or_default();
    format!("/api/v1/workspaces/{tenant}/artifacts{id}")
}

/// A place with a query string of these pairs.
pub(super) fn with_query(place: &str, pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, ESCAPED));
    let query: Vec<String> = pairs.iter().map(pair).collect();
    if query.is_empty() { place.to_owned() } else { format!("{place}?{}", query.join("&")) }
}

/// Whether a text leads to a page of the console, and nowhere else.
pub(super) fn is_own(text: &str) -> bool {
    let is_below = text == BASE || text.strip_prefix(BASE).is_some_and(|rest| rest.starts_with(['/', '?']));
    is_below && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_are_its_own() {
        for own in ["/console", "/console/workspaces", "/console/workspaces/1?q=a%20b", "/console?x=1"] {
            assert!(is_own(own), "{own}");
        }
        for foreign in
            ["", "/", "//evil.example", "/consoles", "https://evil.example/console", "/console/\r\nx", "/console\\x"]
        {
            assert!(!is_own(foreign), "{foreign}");
        }
    }

    #[test]
    fn values_are_escaped() {
        assert_eq!(with_query("/console", &[("q", "a b&c=ü"), ("tag", "x")]), "/console?q=a%20b%26c%3D%C3%BC&tag=x");
        assert_eq!(with_query("/console", &[]), "/console");
    }
}
