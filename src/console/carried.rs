//! A form that was typed when its session had ended: it is carried along while one signs in, and can then be sent.

use maud::{Markup, html};

use super::form::{Form, KEY, TOKEN};

/// The fields that carry the name and the value of a field.
const NAME: &str = "carried_name";
const VALUE: &str = "carried_value";

/// The fields that wait, within the form to sign in.
pub(super) fn carried(waiting: &Form) -> Markup {
    html! {
        @for (name, value) in waiting.0.iter().filter(|(name, _)| name != TOKEN) {
            input type="hidden" name=(NAME) value=(name);
            input type="hidden" name=(VALUE) value=(value);
        }
    }
}

/// The fields that wait, from a form to sign in.
pub(super) fn waiting(form: &Form) -> Form {
    let of =
        |wanted: &'static str| form.0.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.clone());
    Form(of(NAME).zip(of(VALUE)).filter(|(name, _)| name != TOKEN).collect())
}

/// What waited, and a button that sends it with the token of the new session.
pub(super) fn again(target: &str, form_token: &str, waiting: &Form, otherwise: &str) -> Markup {
    let shown = waiting.typed().filter(|(_, value)| !value.is_empty());
    html! {
        div class="entry" {
            h1 { "You are signed in again" }
            p { "This is what you were about to send:" }
            dl class="facts" { @for (name, value) in shown { dt { (name) } dd class="text" dir="auto" { (value) } } }
            form method="post" action=(target) {
                input type="hidden" name=(TOKEN) value=(form_token);
                @for (name, value) in &waiting.0 { input type="hidden" name=(name) value=(value); }
                @if waiting.text(KEY).is_empty() { input type="hidden" name=(KEY) value=(form_token); }
                div class="actions" {
                    button class="primary" { "Send it now" }
                    a href=(otherwise) { "Don’t send it" }
                }
            }
        }
    }
}
