//! The forms of one's own account. Each takes the current password.

use maud::{Markup, html};

use super::part::{Part, Said};
use crate::console::faults::faults;
use crate::console::layout::form_fields;
use crate::console::links;
use crate::console::visitor::Visitor;
use crate::domain::{PersonName, User, Violations};
use crate::http::pages::PageRequest;

/// All of them.
pub(super) fn all(request: &PageRequest, visitor: &Visitor, said: Said<'_>) -> Markup {
    let form = |part, title: &str, action: &str, inside: &Markup| {
        let (wrong, note) = (said.wrong_in(part), said.note_in(part));
        html! {
            details class="panel" open[wrong.is_some() || note.is_some()] {
                summary { (title) }
                @if let Some(note) = note { p class="note" role="status" { (note) } }
                form method="post" action=(action) class="sheet" {
                    (form_fields(request, visitor))
                    (inside)
                }
            }
        }
    };
    let wrong = |part| said.wrong_in(part);
    html! {
        h2 { "What there is about you" }
        (form(Part::Names, "Change your name", links::NAMES, &names(&visitor.user, wrong(Part::Names))))
        (form(Part::Address, "Change your address", links::ADDRESS, &address(wrong(Part::Address))))
        (form(Part::Password, "Change your password", links::PASSWORD, &password(wrong(Part::Password))))
        (form(Part::Export, "Download everything about you", links::OWN_DATA, &export(wrong(Part::Export))))
        (form(Part::Deletion, "Delete your account", links::DELETE_ACCOUNT, &deletion(wrong(Part::Deletion))))
    }
}

fn current_password(wrong: Option<&Violations>) -> Markup {
    html! {
        label { "Current password"
            input type="password" name="current_password" autocomplete="current-password" required maxlength="128";
        }
        (faults(wrong, "/current_password"))
    }
}

fn names(user: &User, wrong: Option<&Violations>) -> Markup {
    let name = |label: &str, field: &str, value: &Option<PersonName>| {
        html! {
            label { (label) " " span class="muted" { "(optional)" }
                input name=(field) value=(value.as_ref().map(PersonName::as_str).unwrap_or_default())
                    maxlength=(PersonName::MAX_CHARS) dir="auto" autocomplete="name";
            }
            (faults(wrong, &format!("/{field}")))
        }
    };
    html! {
        (name("First name", "first_name", &user.first_name))
        (name("Last name", "last_name", &user.last_name))
        (current_password(wrong))
        button class="primary" { "Save" }
    }
}

fn address(wrong: Option<&Violations>) -> Markup {
    html! {
        p { "A mail with a link goes to the new address; it is yours when you have followed that. The former one is told." }
        label { "New e-mail address" input type="email" name="new_email" required autocomplete="email"; }
        (faults(wrong, "/new_email"))
        (current_password(wrong))
        button class="primary" { "Send the link" }
    }
}

fn password(wrong: Option<&Violations>) -> Markup {
    html! {
        (current_password(wrong))
        label { "New password"
            input type="password" name="new_password" autocomplete="new-password" required minlength="8" maxlength="128";
        }
        (faults(wrong, "/new_password"))
        button class="primary" { "Change password" }
    }
}

fn export(wrong: Option<&Violations>) -> Markup {
    html! {
        p { "Your account, workspaces, sessions and API keys, and what you did, as JSON. What you wrote in a workspace belongs to it." }
        (current_password(wrong))
        button class="primary" { "Download" }
    }
}

fn deletion(wrong: Option<&Violations>) -> Markup {
    html! {
        p { "Your sessions, memberships, and what is known about you are gone at once, and API keys that you made end. What you wrote \
             stays, as that of a deleted account. This can’t be undone." }
        label { "Who gets workspaces that you alone own " span class="muted" { "(the address of a member of each; optional)" }
            input type="email" name="transfer_to" autocomplete="off";
        }
        (faults(wrong, "/transfer_to"))
        (current_password(wrong))
        p { button class="danger" { "Delete my account" } }
    }
}
