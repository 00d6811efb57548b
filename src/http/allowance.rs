//! What answers say of rate limits: how much is left, and until when (the draft `RateLimit` header fields of the IETF).

use poem::Request;
use poem::http::{HeaderMap, HeaderName};

use crate::service::{Allowance, Allowances};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Notes what is left of a limit, which is sent with the answer.
pub(super) fn note(request: &Request, allowance: Allowance) {
    if let Some(allowances) = request.data::<Allowances>() {
        allowances.note(allowance);
    }
}

/// Writes what is left of a limit, unless that is written already.
pub(super) fn announce(allowance: &Allowance, headers: &mut HeaderMap) {
    headers.entry(LIMIT).or_insert(allowance.limit.into());
    headers.entry(REMAINING).or_insert(allowance.remaining.into());
    headers.entry(RESET).or_insert(allowance.reset_seconds.into());
}
