//! HTTP: from a socket to a call of the service, and its answer back.
//!
//! A handler extracts, calls one use case and maps the answer; it decides nothing. One place turns errors into
//! problem documents (`problem.rs`), one middleware writes them. Knows nothing of storage.
//!
#![doc = include_str!("README.md")]

mod accept;
mod allowance;
mod api;
pub(crate) mod artifact_cursor;
mod assets;
pub(crate) mod audit_cursor;
mod authorization;
mod base;
mod body;
mod certificate;
mod conditional;
mod cookies;
mod cursor;
mod docs;
mod document;
mod extract;
mod forwarded;
#[cfg(fuzzing)]
pub mod fuzzing;
mod headers;
mod insiders;
mod json;
pub(crate) mod log_cursor;
mod memory;
mod metrics;
mod metrics_access;
mod middleware;
mod ndjson;
mod nullable;
mod operations;
mod operator_socket;
mod operators;
mod pace;
pub(crate) mod pages;
mod prefer;
mod problem;
mod proxy_headers;
mod query_parameters;
mod refused;
mod router;
mod routes;
mod served_document;
pub mod server;
mod shared_token;
mod state;
mod to_https;
pub(crate) mod traces_cursor;
mod types;
mod upload;
mod whole_list;

pub use certificate::Certificate;
pub(crate) use certificate::CertificateHealth;
pub use memory::Memory;
pub use metrics_access::MetricsAccess;
pub use operations::{BoxBody, Operations};
pub use operator_socket::OperatorSocket;
pub use pace::Pace;
pub use pages::Pages;
pub use router::{metrics_router, openapi_json, openapi_yaml, operator_router, probes, router, to_https_router};
pub use shared_token::SharedToken;
pub use state::State;
