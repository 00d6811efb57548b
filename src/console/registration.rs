//! A new account.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::faults::faults;
use super::form::{self, Form};
use super::layout::{self, Shell};
use super::links;
use super::outcome::Outcome;
use super::words::parameter;
use crate::domain::{Password, PasswordPolicy, PersonName, Violations};
use crate::http::pages::PageRequest;
use crate::service::{Error, Registration};

/// The field with the token of an invitation.
const INVITATION: &str = "invitation";

/// The form.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let invitation = parameter(&request, INVITATION).map(|token| (INVITATION.to_owned(), token));
    Ok(show(&Form(invitation.into_iter().collect()), None))
}

/// Makes the account.
pub(super) async fn register(mut request: PageRequest) -> Result<Response, Outcome> {
    let form = form::of_anyone(&mut request).await?;
    let name = |field: &str| Some(form.text(field)).filter(|text| !text.is_empty());
    let registration = Registration {
        email: form.text("email"),
        password: Password::from(form.text("password")),
        first_name: name("first_name"),
        last_name: name("last_name"),
        invitation: name(INVITATION),
    };
    match request.service().register(registration, None, &request.client()).await {
        Ok(registered) => Ok(done(request.service().can_send_mail() && !registered.is_verified)),
        Err(Error::Invalid(violations)) => Ok(show(&form, Some(&violations))),
        Err(error @ (Error::EmailTaken | Error::InvitationForAnother(_) | Error::InvalidOneTimeToken)) => {
            Ok(show(&form, Some(&Violations::one("/email", layout::sentence(&error)))))
        }
        Err(error) => Err(error.into()),
    }
}

fn done(is_mailed: bool) -> Response {
    let content = html! {
        div class="entry" {
            h1 { "Your account is there" }
            @if is_mailed { p { "An e-mail is on its way, with a link that proves that the address is yours." } }
            p { a class="button primary" href=(links::HOME) { "Sign in" } }
        }
    };
    Shell::new("Registered").page(StatusCode::OK, &content)
}

fn show(typed: &Form, wrong: Option<&Violations>) -> Response {
    let invitation = typed.text(INVITATION);
    let is_invited = !invitation.is_empty();
    let content = html! {
        div class="entry" {
            h1 { "New account" }
            form method="post" action=(links::REGISTER) {
                @if is_invited { input type="hidden" name=(INVITATION) value=(invitation); }
                (text("E-mail address", "email", typed, wrong))
                label { "Password"
                    input type="password" name="password" autocomplete="new-password" required
                        minlength=(PasswordPolicy::MIN_CHARS) maxlength=(PasswordPolicy::MAX_CHARS);
                }
                (faults(wrong, "/password"))
                (text("First name", "first_name", typed, wrong))
                (text("Last name", "last_name", typed, wrong))
                button class="primary" { "Register" }
            }
            p { "You have one already? " a href=(links::HOME) { "Sign in" } }
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Shell::new("New account").page(status, &content)
}

fn text(label: &str, name: &str, typed: &Form, wrong: Option<&Violations>) -> Markup {
    let is_email = name == "email";
    html! {
        label { (label) @if !is_email { " " span class="muted" { "(optional)" } }
            input name=(name) type=(if is_email { "email" } else { "text" }) value=(typed.text(name)) required[is_email]
                maxlength=[(!is_email).then_some(PersonName::MAX_CHARS)] dir="auto"
                autocomplete=(if is_email { "username" } else { "name" });
        }
        (faults(wrong, &format!("/{name}")))
    }
}
