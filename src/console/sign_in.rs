//! Signing in and out.

use poem::Response;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};

use super::form;
use super::layout::{self, Shell};
use super::outcome::{Outcome, see};
use super::sign_in_page::{self, Attempt};
use super::{carried, cookie, links, submission};
use crate::domain::Password;
use crate::http::pages::PageRequest;
use crate::service::{Error, SignIn, SignOut};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// What a browser shows when one goes back belongs to nobody any more.
const CACHED_PAGES: HeaderValue = HeaderValue::from_static("\"cache\"");

/// Signs in.
pub(super) async fn sign_in(mut request: PageRequest) -> Result<Response, Outcome> {
    let form = form::of_anyone(&mut request).await?;
    let waiting = carried::waiting(&form);
    let next = Some(form.text("next")).filter(|next| links::is_own(next));
    let attempt = Attempt {
        email: form.text("email"),
        next: next.unwrap_or_default(),
        failure: None,
        has_ended: !waiting.0.is_empty(),
    };
    if !cookie::can_be_set(&request) {
        return Ok(sign_in_page::page(&request, &attempt, &waiting));
    }
    let sign_in = SignIn { email: attempt.email.clone(), password: Password::from(form.text("password")) };
    let signed_in = match request.service().login_to_console(sign_in, &request.client()).await {
        Err(error @ (Error::InvalidCredentials(_) | Error::Invalid(_))) => {
            let failure = Some(sentence(&error));
            return Ok(sign_in_page::page(&request, &Attempt { failure, ..attempt }, &waiting));
        }
        signed_in => signed_in?,
    };
    end_before(&request).await;
    let mut response = if attempt.has_ended && !attempt.next.is_empty() {
        let content = carried::again(&attempt.next, &signed_in.form_token, &waiting, links::HOME);
        Shell::new("Signed in again").page(StatusCode::OK, &content)
    } else {
        see(if attempt.next.is_empty() { links::HOME } else { &attempt.next })
    };
    let cookies =
        [cookie::session(&request, &signed_in.token, signed_in.seconds), cookie::device(&request, &signed_in.device)];
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session that the browser had before, which nobody can use any more: the new cookie takes its place.
async fn end_before(request: &PageRequest) {
    let presented = SignOut { console: request.cookies(cookie::SESSION), ..SignOut::default() };
    if presented.console.is_empty() {
        return;
    }
    match request.service().logout(&presented, &request.client()).await {
        // What was no token of ours, or is over, has nothing to end.
        Ok(()) | Err(Error::NotAuthenticated) => {}
        Err(error) => tracing::warn!("the session that a browser had before did not end: {error}"),
    }
}

/// Signs out. Who is signed out already is, too.
pub(super) async fn sign_out(mut request: PageRequest) -> Result<Response, Outcome> {
    let (_, _) = submission::of_visitor(&mut request).await?;
    let presented = SignOut { console: request.cookies(cookie::SESSION), ..SignOut::default() };
    request.service().logout(&presented, &request.client()).await?;
    let mut response = see(links::HOME);
    response.headers_mut().append(header::SET_COOKIE, cookie::no_session(&request));
    response.headers_mut().insert(CLEAR_SITE_DATA, CACHED_PAGES);
    Ok(response)
}

fn sentence(error: &Error) -> String {
    match error {
        Error::InvalidCredentials(_) => {
            "No account has this address with this password, or it may not sign in.".to_owned()
        }
        other => layout::sentence(other),
    }
}
