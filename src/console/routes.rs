//! The table of contents: every page with the operation that it performs.

use poem::http::Method;

use super::outcome::Outcome;
use super::{
    account, api_keys, artifact, audit, catalog, entry, find, home, invitation, invitations, leaving, mail_links,
    members, operate, registration, settings, setup, sign_in, traces, trash, workspaces,
};
use crate::http::pages::{PageRequest, PageRoute};
use crate::operations::Operation;

/// A page that is asked for, or that a form is sent to.
macro_rules! route {
    ($method:ident $pattern:literal, $operation:ident, $handler:path) => {
        PageRoute {
            method: Method::$method,
            pattern: $pattern,
            operation: Operation::$operation,
            answer: |request: PageRequest| Box::pin(async move { Outcome::finish($handler(request).await) }),
        }
    };
}

/// Every page.
#[rustfmt::skip]
pub(super) fn all() -> Vec<PageRoute> {
    vec![
        route!(GET "/console", Index, entry::home),
        route!(POST "/console/sign-in", AuthLogin, sign_in::sign_in),
        route!(GET "/console/register", Index, registration::page),
        route!(POST "/console/register", AuthRegister, registration::register),
        route!(GET "/console/verify-email", Index, mail_links::verify_page),
        route!(POST "/console/verify-email", AuthVerifyEmail, mail_links::verify),
        route!(GET "/console/forgot-password", Index, mail_links::forgot_page),
        route!(POST "/console/forgot-password", AuthPasswordForgot, mail_links::forgot),
        route!(GET "/console/reset-password", Index, mail_links::reset_page),
        route!(POST "/console/reset-password", AuthPasswordReset, mail_links::reset),
        route!(GET "/console/invitation", Index, invitation::page),
        route!(POST "/console/invitation", AuthInvitationAccept, invitation::accept),
        route!(GET "/console/setup", Index, setup::page),
        route!(POST "/console/setup", AuthSetup, setup::set_up),
        route!(POST "/console/sign-out", AuthLogout, sign_in::sign_out),
        route!(GET "/console/account", AuthSessionList, account::page),
        route!(POST "/console/account/password", AuthPasswordChange, account::change_password),
        route!(POST "/console/account/names", AuthProfileChange, account::change_names),
        route!(POST "/console/account/address", AuthEmailChange, account::change_address),
        route!(POST "/console/account/export", AuthExport, account::export),
        route!(POST "/console/account/delete", AuthDelete, account::delete),
        route!(POST "/console/account/end-others", AuthSessionRevoke, account::end_others),
        route!(POST "/console/account/sessions/{session_id}/end", AuthSessionRevoke, account::end_session),
        route!(GET "/console/find", WorkspaceList, find::page),
        route!(GET "/console/operate", SystemHistory, operate::overview::page),
        route!(GET "/console/operate/traces", SystemTraces, traces::server::page),
        route!(GET "/console/operate/traces/{trace_id}", SystemTrace, traces::server::one),
        route!(GET "/console/operate/traces/{trace_id}/otlp", SystemTrace, traces::server::download),
        route!(GET "/console/operate/accounts", AccountList, operate::accounts::page),
        route!(GET "/console/operate/accounts/{user_id}", AccountGet, operate::accounts::one),
        route!(POST "/console/operate/accounts/{user_id}/disable", AccountUpdate, operate::accounts::disable),
        route!(POST "/console/operate/accounts/{user_id}/enable", AccountUpdate, operate::accounts::enable),
        route!(POST "/console/operate/accounts/{user_id}/grant-operator", AccountUpdate, operate::accounts::grant),
        route!(POST "/console/operate/accounts/{user_id}/revoke-operator", AccountUpdate, operate::accounts::revoke),
        route!(GET "/console/operate/workspaces", TenantList, operate::workspaces::page),
        route!(GET "/console/operate/workspaces/{workspace_id}", TenantGet, operate::workspaces::one),
        route!(POST "/console/operate/workspaces/{workspace_id}/suspend", TenantUpdate, operate::workspaces::suspend),
        route!(POST "/console/operate/workspaces/{workspace_id}/resume", TenantUpdate, operate::workspaces::resume),
        route!(POST "/console/operate/workspaces/{workspace_id}/quotas", TenantUpdate, operate::workspaces::set_quotas),
        route!(POST "/console/operate/workspaces/{workspace_id}/delete", TenantDelete, operate::workspaces::delete),
        route!(GET "/console/operate/storage", SystemHistory, operate::storage::page),
        route!(GET "/console/operate/configuration", SystemConfiguration, operate::configuration::page),
        route!(POST "/console/operate/configuration/reload", SystemReload, operate::configuration::reload),
        route!(GET "/console/operate/log", SystemLog, operate::log::page),
        route!(POST "/console/operate/log/level", SystemLogLevel, operate::log::set_level),
        route!(GET "/console/workspaces", WorkspaceList, workspaces::list),
        route!(POST "/console/workspaces", WorkspaceCreate, workspaces::create),
        route!(GET "/console/workspaces/{workspace_id}", ArtifactSearch, catalog::page),
        route!(GET "/console/workspaces/{workspace_id}/home", ArtifactStats, home::page),
        route!(GET "/console/workspaces/{workspace_id}/settings", WorkspaceUpdate, settings::page),
        route!(POST "/console/workspaces/{workspace_id}/settings", WorkspaceUpdate, settings::change),
        route!(POST "/console/workspaces/{workspace_id}/delete", WorkspaceDelete, settings::delete),
        route!(POST "/console/workspaces/{workspace_id}/selection", ArtifactBulk, catalog::selection::act),
        route!(GET "/console/workspaces/{workspace_id}/import", WorkspaceGet, catalog::import::page),
        route!(POST "/console/workspaces/{workspace_id}/import", ArtifactImport, catalog::import::take),
        route!(GET "/console/workspaces/{workspace_id}/export", ArtifactExport, catalog::import::export),
        route!(GET "/console/workspaces/{workspace_id}/tags", ArtifactTags, catalog::tags::page),
        route!(GET "/console/workspaces/{workspace_id}/trash", ArtifactList, trash::page),
        route!(GET "/console/workspaces/{workspace_id}/members", MemberList, members::page),
        route!(POST "/console/workspaces/{workspace_id}/members", MemberAdd, members::add),
        route!(POST "/console/workspaces/{workspace_id}/members/{user_id}/role", MemberUpdate, members::change),
        route!(POST "/console/workspaces/{workspace_id}/members/{user_id}/remove", MemberRemove, members::remove),
        route!(POST "/console/workspaces/{workspace_id}/invitations", InvitationCreate, invitations::create),
        route!(POST "/console/workspaces/{workspace_id}/invitations/{invitation_id}/revoke", InvitationRevoke, invitations::revoke),
        route!(POST "/console/workspaces/{workspace_id}/leave", WorkspaceLeave, leaving::leave),
        route!(POST "/console/workspaces/{workspace_id}/transfer", WorkspaceTransfer, leaving::transfer),
        route!(GET "/console/workspaces/{workspace_id}/api-keys", ApiKeyList, api_keys::page),
        route!(POST "/console/workspaces/{workspace_id}/api-keys", ApiKeyCreate, api_keys::create),
        route!(POST "/console/workspaces/{workspace_id}/api-keys/{key_id}/revoke", ApiKeyRevoke, api_keys::revoke),
        route!(GET "/console/workspaces/{workspace_id}/audit", WorkspaceAudit, audit::page),
        route!(GET "/console/workspaces/{workspace_id}/traces", WorkspaceTraces, traces::workspace::page),
        route!(GET "/console/workspaces/{workspace_id}/traces/{trace_id}", WorkspaceTraces, traces::workspace::one),
        route!(GET "/console/workspaces/{workspace_id}/new", WorkspaceGet, artifact::edit::blank),
        route!(POST "/console/workspaces/{workspace_id}/new", ArtifactCreate, artifact::edit::create),
        route!(GET "/console/workspaces/{workspace_id}/artifacts/{artifact_id}", ArtifactGet, artifact::page::page),
        route!(GET "/console/workspaces/{workspace_id}/artifacts/{artifact_id}/edit", ArtifactGet, artifact::edit::filled),
        route!(POST "/console/workspaces/{workspace_id}/artifacts/{artifact_id}/edit", ArtifactUpdate, artifact::edit::update),
        route!(GET "/console/workspaces/{workspace_id}/artifacts/{artifact_id}/history", ArtifactHistory, artifact::history::page),
        route!(POST "/console/workspaces/{workspace_id}/artifacts/{artifact_id}/history", ArtifactUpdate, artifact::history::bring_back),
        route!(POST "/console/workspaces/{workspace_id}/artifacts/{artifact_id}/delete", ArtifactDelete, trash::delete),
        route!(POST "/console/workspaces/{workspace_id}/artifacts/{artifact_id}/restore", ArtifactRestore, trash::restore),
        route!(POST "/console/workspaces/{workspace_id}/artifacts/{artifact_id}/purge", ArtifactPurge, trash::purge),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_routes_are_in_each_others_way() {
        let mut router: matchit::Router<Vec<Method>> = matchit::Router::new();
        for route in all() {
            match router.at_mut(route.pattern) {
                Ok(known) => {
                    assert!(!known.value.contains(&route.method), "{} {} twice", route.method, route.pattern);
                    known.value.push(route.method);
                }
                Err(_) => router.insert(route.pattern, vec![route.method]).expect("a pattern of its own"),
            }
        }
    }
}
