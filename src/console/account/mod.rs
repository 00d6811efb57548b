//! One's own account: where it is signed in, what one is called, one's address and password, what there is about one, and the
//! end of it all.

mod forms;
mod page;
mod part;
mod program;
mod sessions;

use maud::html;
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use self::page::show;
use self::part::{Part, Said};
use super::form::Form;
use super::layout::{self, Shell};
use super::outcome::Outcome;
use super::visitor::Visitor;
use super::{cookie, links, submission};
use crate::domain::{Field, Password, Violations};
use crate::http::pages::{PageRequest, account_json};
use crate::service::Error;

pub(super) use self::sessions::{end_others, end_session};

/// Shows it.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let visitor = Visitor::of(&request).await?;
    show(&request, &visitor, Said::default()).await
}

/// Changes what one is called.
pub(super) async fn change_names(mut request: PageRequest) -> Result<Response, Outcome> {
    let (mut visitor, form) = submission::of_visitor(&mut request).await?;
    let [first, last] = ["first_name", "last_name"].map(|field| Field::Set(form.text(field)));
    match request.service().change_names(&visitor.caller, current(&form), first, last).await {
        Ok(profile) => {
            visitor.user = profile.user;
            noted(&request, &visitor, Part::Names, "That is what you are called now.").await
        }
        Err(error) => refused(&request, &visitor, Part::Names, error).await,
    }
}

/// Asks for another address.
pub(super) async fn change_address(mut request: PageRequest) -> Result<Response, Outcome> {
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    match request.service().change_email(&visitor.caller, current(&form), &form.text("new_email")).await {
        Ok(()) => {
            let note = "If the address can be had, a mail with a link is on its way to it.";
            noted(&request, &visitor, Part::Address, note).await
        }
        Err(error @ Error::MailNotConfigured) => {
            let violations = Violations::one("/new_email", layout::sentence(&error));
            refused(&request, &visitor, Part::Address, violations.into()).await
        }
        Err(error) => refused(&request, &visitor, Part::Address, error).await,
    }
}

/// Chooses another password; all other sessions end.
pub(super) async fn change_password(mut request: PageRequest) -> Result<Response, Outcome> {
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let new = Password::from(form.text("new_password"));
    match request.service().change_password(&visitor.caller, current(&form), new).await {
        Ok(()) => {
            let note = "Your password is changed, and all other sessions have ended.";
            noted(&request, &visitor, Part::Password, note).await
        }
        Err(error) => refused(&request, &visitor, Part::Password, error).await,
    }
}

/// Answers what there is about one, as a file.
pub(super) async fn export(mut request: PageRequest) -> Result<Response, Outcome> {
    const NAME: HeaderValue = HeaderValue::from_static("attachment; filename=\"account.json\"");
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    match request.service().export_own_data(&visitor.caller, current(&form)).await {
        Ok(data) => Ok(Response::builder()
            .content_type("application/json")
            .header(header::CONTENT_DISPOSITION, NAME)
            .header(header::CACHE_CONTROL, "no-store")
            .body(account_json(data))),
        Err(error) => refused(&request, &visitor, Part::Export, error).await,
    }
}

/// Deletes the account.
pub(super) async fn delete(mut request: PageRequest) -> Result<Response, Outcome> {
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let heir = Some(form.text("transfer_to")).filter(|email| !email.is_empty());
    match request.service().delete_own_account(&visitor.caller, current(&form), heir.as_deref()).await {
        Ok(_) => Ok(deleted(&request)),
        Err(error @ Error::SoleOwner(_)) => {
            let violations = Violations::one("/transfer_to", sole_owner(&error));
            refused(&request, &visitor, Part::Deletion, violations.into()).await
        }
        Err(error) => refused(&request, &visitor, Part::Deletion, error).await,
    }
}

fn current(form: &Form) -> Password {
    Password::from(form.text("current_password"))
}

fn sole_owner(error: &Error) -> String {
    match error {
        Error::SoleOwner(names) => {
            format!("Nobody else owns {}: say who gets it, or hand it over or delete it first.", names.join(", "))
        }
        other => layout::sentence(other),
    }
}

fn deleted(request: &PageRequest) -> Response {
    let content = html! {
        div class="entry" {
            h1 { "Your account is deleted" }
            p { a href=(links::HOME) { "To the first page" } }
        }
    };
    let mut response = Shell::new("Deleted").page(StatusCode::OK, &content);
    response.headers_mut().append(header::SET_COOKIE, cookie::no_session(request));
    response
}

async fn noted(request: &PageRequest, visitor: &Visitor, part: Part, note: &str) -> Result<Response, Outcome> {
    show(request, visitor, Said { note: Some((part, note)), wrong: None }).await
}

/// The page again with what is wrong, if it is with the form.
async fn refused(request: &PageRequest, visitor: &Visitor, part: Part, error: Error) -> Result<Response, Outcome> {
    match error {
        Error::Invalid(violations) => {
            show(request, visitor, Said { wrong: Some((part, &violations)), note: None }).await
        }
        other => Err(other.into()),
    }
}
