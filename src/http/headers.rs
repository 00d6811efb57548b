//! Headers of requests and answers, at little cost.

use poem::Request;
use poem::http::HeaderName;

/// How many headers an answer has, with all those that the middlewares add. A map with room for them need not grow.
pub(super) const OF_AN_ANSWER: usize = 16;

/// The text of a header, by its parsed name: poem's own lookup parses the name on each call.
pub(super) fn text(request: &Request, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}
