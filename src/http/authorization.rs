//! The `Authorization` header.

use poem::Request;
use poem::http::header;

use super::headers;

/// The token of the scheme `Bearer` (RFC 6750).
pub(super) fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = headers::text(request, header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
