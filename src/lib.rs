//! ghostworks: a multi-tenant artifact catalog in one binary.
//!
//! A request flows one way: `http` for programs or `console` for people (extract, call, map) → `service` (may this caller do this?) → `store`. `auth` has
//! the primitives of passwords and tokens, `mail` sends e-mails, `acme` gets certificates, `backups` keeps copies of everything, `followers` runs what
//! works beside the requests, `telemetry` says what happened, `operations` what can be asked
//! for and by whom, `config` says how it is wanted, `priority` which threads give way, `offload` takes long computations
//! off the runtime's threads, `round_robin` is the queue in which all take turns, `whole_file` writes files that are there whole or not at all, and `app` puts everything together. What each may import is held by `tests/architecture`.

pub mod acme;
pub mod app;
pub mod auth;
pub mod backups;
pub mod cli;
pub mod config;
pub mod console;
pub mod domain;
pub mod followers;
pub mod http;
mod lenient_tls;
pub mod mail;
pub mod offload;
pub mod operations;
pub mod priority;
pub mod round_robin;
pub mod search;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod whole_file;
