//! A role, as it is chosen in a form.

use maud::{Markup, html};

use crate::domain::{Role, WorkspaceView};

/// Every role, the least first.
const ROLES: [Role; 3] = [Role::Member, Role::Admin, Role::Owner];

/// The role that is called so; the least, where nothing is.
pub(super) fn role(name: &str) -> Role {
    ROLES.into_iter().find(|role| role.as_str() == name).unwrap_or(Role::Member)
}

/// A choice of those that somebody may give.
pub(super) fn choice(view: &WorkspaceView, chosen: &str, id: Option<&str>) -> Markup {
    html! {
        select name="role" id=[id] {
            @for role in ROLES.into_iter().filter(|role| *role <= view.role) {
                option value=(role.as_str()) selected[role.as_str() == chosen] { (role.as_str()) }
            }
        }
    }
}
