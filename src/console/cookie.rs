//! The console's cookies: the session's, and the one by which a device is known again where it signs in.

use poem::http::HeaderValue;

use super::BASE;
use crate::http::pages::{DEVICE_COOKIE, PageRequest, set_cookie};

/// The cookie that holds the token of a session. It is sent to pages of the console and to nothing else.
pub(super) const SESSION: &str = "console";
/// How long a device is known after it was last signed in from, in seconds: a year.
const DEVICE_SECONDS: u64 = 365 * 86_400;

/// Sets the cookie of a session.
pub(super) fn session(request: &PageRequest, token: &str, seconds: u64) -> HeaderValue {
    set_cookie(SESSION, token, BASE, seconds, is_secure(request))
}

/// Removes it.
pub(super) fn no_session(request: &PageRequest) -> HeaderValue {
    set_cookie(SESSION, "", BASE, 0, is_secure(request))
}

/// Sets the cookie of a device.
pub(super) fn device(request: &PageRequest, token: &str) -> HeaderValue {
    set_cookie(DEVICE_COOKIE, token, BASE, DEVICE_SECONDS, is_secure(request))
}

/// Whether the cookie could be kept: over plain HTTP it can't, outside development.
pub(super) fn can_be_set(request: &PageRequest) -> bool {
    request.is_tls() || !request.needs_tls()
}

fn is_secure(request: &PageRequest) -> bool {
    request.is_tls() || request.needs_tls()
}
