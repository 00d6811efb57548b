//! A form that was typed when its session had ended: it is carried along while one signs in, and can then be sent. But for
//! passwords: those are in no page, and are typed again.

use maud::{Markup, html};

use super::form::{Form, KEY, TOKEN};
use crate::domain::PasswordPolicy;

/// The fields that carry the name and the value of a field.
const NAME: &str = "carried_name";
const VALUE: &str = "carried_value";
/// What the names of fields with passwords end with.
const SECRET: &str = "password";

/// The fields that wait, within the form to sign in.
pub(super) fn carried(waiting: &Form) -> Markup {
    html! {
        @for (name, value) in waiting.0.iter().filter(|(name, _)| name != TOKEN) {
            input type="hidden" name=(NAME) value=(name);
            input type="hidden" name=(VALUE) value=(if is_secret(name) { "" } else { value.as_str() });
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
    let shown = waiting.typed().filter(|(name, value)| !value.is_empty() && !is_secret(name));
    html! {
        div class="entry" {
            h1 { "You are signed in again" }
            p { "This is what you were about to send:" }
            dl class="facts" { @for (name, value) in shown { dt { (words(name)) } dd class="text" dir="auto" { (value) } } }
            form method="post" action=(target) {
                input type="hidden" name=(TOKEN) value=(form_token);
                @for (name, value) in &waiting.0 {
                    @if is_secret(name) { (typed_again(name)) } @else { input type="hidden" name=(name) value=(value); }
                }
                @if waiting.text(KEY).is_empty() { input type="hidden" name=(KEY) value=(form_token); }
                div class="actions" {
                    button class="primary" { "Send it now" }
                    a href=(otherwise) { "Don’t send it" }
                }
            }
        }
    }
}

fn is_secret(name: &str) -> bool {
    name.ends_with(SECRET)
}

fn typed_again(name: &str) -> Markup {
    html! { label { (words(name)) input type="password" name=(name) autocomplete="off" required maxlength=(PasswordPolicy::MAX_CHARS); } }
}

/// The name of a field as people read it.
fn words(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).map(|letter| if letter == '_' { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_in_no_page() {
        let typed = [("description", "a text"), ("current_password", "s3cret"), ("new_password", "s3cret-2")];
        let form = Form(typed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        let page = carried(&form).into_string();
        assert!(page.contains("a text") && !page.contains("s3cret"), "{page}");
        let page = again("/console/account/password", "token", &form, "/console").into_string();
        assert!(page.contains("a text") && !page.contains("s3cret"), "{page}");
        assert!(
            page.contains("Current password") && page.contains("type=\"password\" name=\"new_password\""),
            "{page}"
        );
    }
}
