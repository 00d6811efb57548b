//! Forms that somebody sends who is signed in, or was.

use poem::Response;
use subtle::ConstantTimeEq as _;

use super::form::{Form, TOKEN, check_origin};
use super::links;
use super::outcome::{Outcome, see};
use super::sign_in_page::{self, Attempt};
use super::visitor::Visitor;
use crate::http::pages::{PageRequest, Problem};

/// Who has sent a form, and its fields.
pub(super) async fn of_visitor(request: &mut PageRequest) -> Result<(Visitor, Form), Outcome> {
    check_origin(request)?;
    let visitor = Visitor::find(request).await?;
    let form = Form(request.form().await?);
    let Some(visitor) = visitor else { return Err(Outcome::instead(ended(request, &form))) };
    let has_token: bool = form.text(TOKEN).as_bytes().ct_eq(visitor.form_token.as_bytes()).into();
    if has_token { Ok((visitor, form)) } else { Err(Problem::foreign_form().into()) }
}

/// The page where the session has ended: what was typed waits until one is signed in again.
fn ended(request: &PageRequest, form: &Form) -> Response {
    let next = request.uri().path().to_owned();
    if next == links::SIGN_OUT {
        return see(links::HOME);
    }
    sign_in_page::page(request, &Attempt { next, has_ended: true, ..Attempt::default() }, form)
}
