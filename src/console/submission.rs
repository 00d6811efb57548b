//! Forms that somebody sends who is signed in, or was.

use poem::Response;
use subtle::ConstantTimeEq as _;

use super::form::{Form, TOKEN, check_origin};
use super::links;
use super::outcome::{Outcome, see};
use super::sign_in_page::{self, Attempt};
use super::visitor::Visitor;
use crate::http::pages::{Bytes, PageRequest, Problem, Upload};

/// Who has sent a form, and its fields.
pub(super) async fn of_visitor(request: &mut PageRequest) -> Result<(Visitor, Form), Outcome> {
    check_origin(request)?;
    let visitor = Visitor::find(request).await?;
    let form = Form(request.form().await?);
    let Some(visitor) = visitor else { return Err(Outcome::instead(ended(request, &form))) };
    if has_token(&form, &visitor) { Ok((visitor, form)) } else { Err(Problem::foreign_form().into()) }
}

/// Who has sent a form with a file, its fields, and what the file in one of them holds. Where the session has ended, the file is
/// to be chosen again: it is on the sender's disk.
pub(super) async fn file_of_visitor(
    request: &mut PageRequest,
    field: &str,
) -> Result<(Visitor, Form, Option<Bytes>), Outcome> {
    check_origin(request)?;
    let Some(visitor) = Visitor::find(request).await? else {
        return Err(Outcome::instead(see(&links::with_query(links::HOME, &[("next", request.uri().path())]))));
    };
    let Upload { fields, files } = request.upload().await?;
    let form = Form(fields);
    let file = files.into_iter().find(|(name, _)| name == field).map(|(_, content)| content);
    if has_token(&form, &visitor) { Ok((visitor, form, file)) } else { Err(Problem::foreign_form().into()) }
}

fn has_token(form: &Form, visitor: &Visitor) -> bool {
    form.text(TOKEN).as_bytes().ct_eq(visitor.form_token.as_bytes()).into()
}

/// The page where the session has ended: what was typed waits until one is signed in again.
fn ended(request: &PageRequest, form: &Form) -> Response {
    let next = request.uri().path().to_owned();
    if next == links::SIGN_OUT {
        return see(links::HOME);
    }
    sign_in_page::page(request, &Attempt { next, has_ended: true, ..Attempt::default() }, form)
}
