//! What every request passes through, outermost first: request ids, a path that a proxy has kept, the server span, security
//! headers, foreign origins, preferences, what is left of rate limits, the paths of a proxy, problems, one host, the trailing
//! slash, query strings, the memory that is held, deadlines, rate limits, idempotency keys.

mod boxed;
mod cors;
mod deadline;
mod for_operators;
mod idempotency;
mod kept_prefix;
mod memory;
mod one_host;
mod pass;
mod preferences;
mod prepare;
mod problems;
mod public_paths;
mod queries;
pub(super) mod rate_limits;
mod request_ids;
mod security_headers;
mod streamed;
mod traced;
mod trailing_slash;

pub(super) use boxed::Boxed;
pub(super) use cors::Cors;
pub(super) use deadline::Deadline;
pub(super) use for_operators::ForOperators;
pub(super) use idempotency::{Idempotency, MAX_KEY};
pub(super) use kept_prefix::KeptPrefix;
pub(super) use memory::{CountMemory, Shared};
pub(super) use one_host::OneHost;
pub(super) use preferences::Preferences;
pub(super) use prepare::Prepare;
pub(super) use problems::Problems;
pub(super) use public_paths::PublicPaths;
pub(super) use queries::Queries;
pub(super) use rate_limits::{AnnounceLimits, RateLimited};
pub(super) use request_ids::{MAX_REQUEST_ID, RequestId, RequestIds};
pub(super) use security_headers::SecurityHeaders;
pub(super) use traced::Traced;
pub(super) use trailing_slash::TrailingSlash;
