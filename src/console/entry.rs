//! The first page: the way in, or on to one's own workspace.

use poem::Response;

use super::form::Form;
use super::links;
use super::outcome::{Outcome, see};
use super::sign_in_page::{self, Attempt};
use super::visitor::Visitor;
use super::words::parameter;
use crate::http::pages::PageRequest;

/// Shows the way in; who is signed in is led to where they were going, or to their workspace.
pub(super) async fn home(request: PageRequest) -> Result<Response, Outcome> {
    let next = parameter(&request, "next").filter(|next| links::is_own(next));
    let Some(visitor) = Visitor::find(&request).await? else {
        let attempt = Attempt { next: next.unwrap_or_default(), ..Attempt::default() };
        return Ok(sign_in_page::page(&request, &attempt, &Form::default()));
    };
    if let Some(next) = next.filter(|next| next.as_str() != links::HOME) {
        return Ok(see(&next));
    }
    let current = request.service().me(&visitor.caller).await?.current_workspace;
    Ok(see(&current.map_or_else(|| links::WORKSPACES.to_owned(), |view| links::catalog(view.workspace.id))))
}
