//! Who looks at a page.

use poem::Response;
use poem::http::Method;

use super::cookie;
use super::links;
use super::outcome::{Outcome, see};
use crate::domain::{TenantId, User, WorkspaceView};
use crate::http::pages::PageRequest;
use crate::service::{Caller, ConsoleCaller, Error};

/// Someone who is signed in, and what every page shows of them.
pub(super) struct Visitor {
    /// Who calls.
    pub caller: Caller,
    /// What forms carry.
    pub form_token: String,
    /// The account.
    pub user: User,
    /// Whether there is an API reference to lead to.
    pub has_docs: bool,
    /// The workspaces that the account is a member of.
    pub workspaces: Vec<WorkspaceView>,
}

impl Visitor {
    /// Who looks at a page; where nobody is signed in, the way to sign in is instead of it.
    pub async fn of(request: &PageRequest) -> Result<Self, Outcome> {
        let visitor = Self::find(request).await?;
        visitor.ok_or_else(|| Outcome::instead(way_in(request)))
    }

    /// Who looks at a page, if anybody is signed in.
    pub async fn find(request: &PageRequest) -> Result<Option<Self>, Outcome> {
        let Some(ConsoleCaller { caller, form_token }) = caller(request).await? else { return Ok(None) };
        request.belongs_to(caller.user)?;
        let service = request.service();
        if let Some(allowance) = service.count_request(&caller)? {
            request.note(allowance);
        }
        let workspaces = service.workspaces(&caller, false).await?;
        let user = match service.me(&caller).await {
            Err(Error::NotAuthenticated) => return Ok(None),
            profile => profile?.user,
        };
        let has_docs = request.state().server.docs;
        Ok(Some(Self { caller, form_token, user, has_docs, workspaces }))
    }

    /// A workspace of theirs. To others it does not exist.
    pub fn workspace(&self, tenant: TenantId) -> Result<&WorkspaceView, Error> {
        self.workspaces.iter().find(|view| view.workspace.id == tenant).ok_or(Error::WorkspaceNotFound)
    }
}

/// The way to sign in from a page that needs it, and back.
fn way_in(request: &PageRequest) -> Response {
    let target = request.uri().path_and_query().map(poem::http::uri::PathAndQuery::as_str).unwrap_or_default();
    let next = if request.method() == Method::GET && target != links::HOME { target } else { "" };
    let pairs: &[(&str, &str)] = if next.is_empty() { &[] } else { &[("next", next)] };
    see(&links::with_query(links::HOME, pairs))
}

/// Who holds the cookie. A browser may have several of the name: the first good one counts.
async fn caller(request: &PageRequest) -> Result<Option<ConsoleCaller>, Outcome> {
    for token in request.cookies(cookie::SESSION) {
        match request.service().authenticate_console(&token, request.client()).await {
            Err(Error::NotAuthenticated) => {}
            decided => return Ok(Some(decided?)),
        }
    }
    Ok(None)
}
