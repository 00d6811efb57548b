//! What every request passes through, outermost first: request ids, the server span, security headers, problems, the
//! trailing slash.

mod problems;
mod request_ids;
mod security_headers;
mod traced;
mod trailing_slash;

pub(super) use problems::Problems;
pub(super) use request_ids::{RequestId, RequestIds};
pub(super) use security_headers::SecurityHeaders;
pub(super) use traced::Traced;
pub(super) use trailing_slash::TrailingSlash;
