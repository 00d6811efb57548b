//! What the links in e-mails lead to. A link is only looked at until a person has sent its form: programs follow links, too.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::faults::faults;
use super::form;
use super::layout::Shell;
use super::links;
use super::outcome::Outcome;
use super::words::parameter;
use crate::domain::{Password, PasswordPolicy, Violations};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// The page that verifies an address.
pub(super) async fn verify_page(request: PageRequest) -> Result<Response, Outcome> {
    let token = parameter(&request, "token").unwrap_or_default();
    Ok(entry(
        StatusCode::OK,
        "Verify your address",
        &html! {
            form method="post" action=(links::VERIFY) {
                input type="hidden" name="token" value=(token);
                p { "This proves that the address is yours." }
                button class="primary" { "Verify my address" }
            }
        },
    ))
}

/// Verifies it.
pub(super) async fn verify(mut request: PageRequest) -> Result<Response, Outcome> {
    let form = form::of_anyone(&mut request).await?;
    match request.service().verify_email(&form.text("token"), &request.client()).await {
        Err(Error::InvalidOneTimeToken) => Ok(over()),
        done => {
            done?;
            Ok(entry(
                StatusCode::OK,
                "Your address is verified",
                &html! {
                    p { a class="button primary" href=(links::HOME) { "Sign in" } }
                },
            ))
        }
    }
}

/// The page for people who have forgotten their password.
pub(super) async fn forgot_page(request: PageRequest) -> Result<Response, Outcome> {
    Ok(if request.service().can_send_mail() { forgot_form("", None) } else { no_mail() })
}

/// Has an e-mail sent, if there is such an account: what is said is the same.
pub(super) async fn forgot(mut request: PageRequest) -> Result<Response, Outcome> {
    let form = form::of_anyone(&mut request).await?;
    let email = form.text("email");
    match request.service().forgot_password(&email, &request.client()).await {
        Err(Error::Invalid(violations)) => Ok(forgot_form(&email, Some(&violations))),
        Err(Error::MailNotConfigured) => Ok(no_mail()),
        done => {
            done?;
            Ok(entry(
                StatusCode::OK,
                "Look at your mail",
                &html! {
                    p { "If there is an account with the address " bdi { (email) } ", an e-mail with a link is on its way." }
                },
            ))
        }
    }
}

/// The page where another password is chosen.
pub(super) async fn reset_page(request: PageRequest) -> Result<Response, Outcome> {
    Ok(reset_form(&parameter(&request, "token").unwrap_or_default(), None))
}

/// Makes it the password; all sessions end.
pub(super) async fn reset(mut request: PageRequest) -> Result<Response, Outcome> {
    let form = form::of_anyone(&mut request).await?;
    let (token, revoke) = (form.text("token"), form.text("revoke_api_keys") == "true");
    let password = Password::from(form.text("new_password"));
    match request.service().reset_password(&token, password, revoke, &request.client()).await {
        Err(Error::InvalidOneTimeToken) => Ok(over()),
        Err(Error::Invalid(violations)) => Ok(reset_form(&token, Some(&violations))),
        done => {
            done?;
            Ok(entry(
                StatusCode::OK,
                "Your password is changed",
                &html! {
                    p { "All sessions have ended." }
                    p { a class="button primary" href=(links::HOME) { "Sign in" } }
                },
            ))
        }
    }
}

fn forgot_form(email: &str, wrong: Option<&Violations>) -> Response {
    entry(
        status(wrong),
        "Forgotten your password?",
        &html! {
            form method="post" action=(links::FORGOT) {
                p { "A link to choose another one can be sent to you." }
                label { "E-mail address"
                    input type="email" name="email" value=(email) autocomplete="username" required;
                }
                (faults(wrong, "/email"))
                button class="primary" { "Send the link" }
            }
        },
    )
}

fn reset_form(token: &str, wrong: Option<&Violations>) -> Response {
    entry(
        status(wrong),
        "Choose another password",
        &html! {
            form method="post" action=(links::RESET) {
                input type="hidden" name="token" value=(token);
                label { "New password"
                    input type="password" name="new_password" autocomplete="new-password" required
                        minlength=(PasswordPolicy::MIN_CHARS) maxlength=(PasswordPolicy::MAX_CHARS);
                }
                (faults(wrong, "/new_password"))
                label class="choice" {
                    input type="checkbox" name="revoke_api_keys" value="true";
                    "Also revoke the API keys that I made: somebody may know my password"
                }
                button class="primary" { "Change password" }
            }
        },
    )
}

fn no_mail() -> Response {
    entry(
        StatusCode::SERVICE_UNAVAILABLE,
        "No e-mail can be sent",
        &html! {
            p { "This server has no mail server (" code { "mail.smtp_url" } "). Ask its operator for a link." }
        },
    )
}

fn over() -> Response {
    entry(
        StatusCode::BAD_REQUEST,
        "This link is not good",
        &html! {
            p role="alert" { "It was used before, or its time is over." }
            p { a href=(links::FORGOT) { "Ask for another one" } " or " a href=(links::HOME) { "sign in" } "." }
        },
    )
}

fn entry(status: StatusCode, title: &str, content: &Markup) -> Response {
    Shell::new(title).page(status, &html! { div class="entry" { h1 { (title) } (content) } })
}

fn status(wrong: Option<&Violations>) -> StatusCode {
    if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}
