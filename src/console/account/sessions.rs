//! Where somebody is signed in, and the way to end it.

use poem::Response;

use crate::console::links;
use crate::console::outcome::{Outcome, see};
use crate::console::submission;
use crate::domain::SessionId;
use crate::http::pages::PageRequest;
use crate::service::Error;

/// Ends one session.
pub(in crate::console) async fn end_session(mut request: PageRequest) -> Result<Response, Outcome> {
    let id: SessionId = request.id_in_path("session_id")?.into();
    let (visitor, _) = submission::of_visitor(&mut request).await?;
    match request.service().revoke_session(&visitor.caller, id).await {
        Ok(()) | Err(Error::SessionNotFound) => Ok(see(links::ACCOUNT)),
        Err(error) => Err(error.into()),
    }
}

/// Ends all sessions but this one.
pub(in crate::console) async fn end_others(mut request: PageRequest) -> Result<Response, Outcome> {
    let (visitor, _) = submission::of_visitor(&mut request).await?;
    request.service().revoke_other_sessions(&visitor.caller).await?;
    Ok(see(links::ACCOUNT))
}
