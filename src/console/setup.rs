//! The page where the first operator is made, with the link of this start.

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
use crate::service::{Error, NewAccount};

/// The form.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let token = parameter(&request, "token").unwrap_or_default();
    if !request.service().is_setup_token(&token).await? {
        return Ok(over());
    }
    Ok(show(&token, &Form::default(), None))
}

/// Makes the account.
pub(super) async fn set_up(mut request: PageRequest) -> Result<Response, Outcome> {
    let form = form::of_anyone(&mut request).await?;
    let (token, name) = (form.text("token"), |field: &str| Some(form.text(field)).filter(|text| !text.is_empty()));
    let new = NewAccount {
        email: form.text("email"),
        password: Some(Password::from(form.text("password"))),
        first_name: name("first_name"),
        last_name: name("last_name"),
        is_verified: true,
        is_operator: true,
    };
    match request.service().set_up(&token, new, &request.client()).await {
        Ok(_) => Ok(entry(
            StatusCode::OK,
            "You operate this server",
            &html! {
                p { "Your account is there. Others who are to operate it get that from you: "
                    code { "ghostworks user grant-operator" } "." }
                p { a class="button primary" href=(links::HOME) { "Sign in" } }
            },
        )),
        Err(Error::InvalidOneTimeToken) => Ok(over()),
        Err(Error::Invalid(violations)) => Ok(show(&token, &form, Some(&violations))),
        Err(error @ Error::EmailTaken) => {
            Ok(show(&token, &form, Some(&Violations::one("/email", layout::sentence(&error)))))
        }
        Err(error) => Err(error.into()),
    }
}

fn show(token: &str, typed: &Form, wrong: Option<&Violations>) -> Response {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    entry(
        status,
        "The first operator",
        &html! {
            p { "Nobody operates this server yet. This makes you an account that does: it sees all accounts, figures and traces." }
            form method="post" action=(links::SETUP) {
                input type="hidden" name="token" value=(token);
                label { "E-mail address"
                    input type="email" name="email" value=(typed.text("email")) autocomplete="username" required dir="auto";
                }
                (faults(wrong, "/email"))
                label { "Password"
                    input type="password" name="password" autocomplete="new-password" required
                        minlength=(PasswordPolicy::MIN_CHARS) maxlength=(PasswordPolicy::MAX_CHARS);
                }
                (faults(wrong, "/password"))
                (name("First name", "first_name", typed, wrong))
                (name("Last name", "last_name", typed, wrong))
                button class="primary" { "Make my account" }
            }
        },
    )
}

fn name(label: &str, name: &str, typed: &Form, wrong: Option<&Violations>) -> Markup {
    html! {
        label { (label) " " span class="muted" { "(optional)" }
            input name=(name) value=(typed.text(name)) maxlength=(PersonName::MAX_CHARS) dir="auto" autocomplete="name";
        }
        (faults(wrong, &format!("/{name}")))
    }
}

fn over() -> Response {
    entry(
        StatusCode::BAD_REQUEST,
        "This link is not good",
        &html! {
            p role="alert" { "It was used before, its time is over, or somebody operates this server already." }
            p { "A start of the server makes another one while nobody does; "
                code { "ghostworks user create --operator" } " works at any time." }
        },
    )
}

fn entry(status: StatusCode, title: &str, content: &Markup) -> Response {
    Shell::new(title).page(status, &html! { div class="entry" { h1 { (title) } (content) } })
}
