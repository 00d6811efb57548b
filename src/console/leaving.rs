//! How members leave, and owners hand over.

use maud::{Markup, html};
use poem::Response;

use super::layout::form_fields;
use super::outcome::{Outcome, see};
use super::visitor::Visitor;
use super::words::parameter;
use super::{links, submission};
use crate::domain::{Action, Member, TenantId, WorkspaceView};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// What the page of the members is told when the last owner was to leave.
const LAST_OWNER: &str = "last-owner";

/// Ends one's own membership.
pub(super) async fn leave(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, _) = submission::of_visitor(&mut request).await?;
    match request.service().leave_workspace(&visitor.caller, tenant).await {
        Ok(()) => Ok(see(links::WORKSPACES)),
        Err(Error::LastOwner) => Ok(see(&links::with_query(&links::members(tenant), &[("note", LAST_OWNER)]))),
        Err(error) => Err(error.into()),
    }
}

/// Makes another member an owner, and the owner an admin.
pub(super) async fn transfer(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let heir = uuid::Uuid::parse_str(&form.text("user_id")).map_err(|_| Error::MemberNotFound)?;
    request.service().transfer_workspace(&visitor.caller, tenant, heir.into()).await?;
    Ok(see(&links::members(tenant)))
}

/// The forms for it.
pub(super) fn forms(request: &PageRequest, visitor: &Visitor, view: &WorkspaceView, members: &[Member]) -> Markup {
    let others: Vec<&Member> = members.iter().filter(|member| member.user.id != visitor.caller.user).collect();
    let is_refused = parameter(request, "note").as_deref() == Some(LAST_OWNER);
    let tenant = view.workspace.id;
    html! {
        @if view.role.may(Action::ChangeRoles) && !others.is_empty() {
            details class="panel" open[is_refused] {
                summary { "Hand this workspace over" }
                form method="post" action=(links::transfer(tenant)) class="sheet" {
                    (form_fields(request, visitor))
                    p { "Another member owns it from then on, and you are an admin." }
                    label { "New owner"
                        select name="user_id" {
                            @for member in &others { option value=(member.user.id) { (member.user.full_name()) } }
                        }
                    }
                    p { button class="danger" { "Hand over" } }
                }
            }
        }
        details class="panel" open[is_refused] {
            summary { "Leave this workspace" }
            @if is_refused {
                p class="error" role="alert" { "You alone own it: hand it over first, make somebody else an owner, or delete it." }
            }
            form method="post" action=(links::leave(tenant)) class="sheet" {
                (form_fields(request, visitor))
                p { "You lose access at once; so do API keys that you made. What you wrote stays." }
                p { button class="danger" { "Leave" } }
            }
        }
    }
}
