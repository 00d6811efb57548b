//! What handlers work with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use poem::Request;
use uuid::Uuid;

use super::certificate::{Certificate, CertificateHealth};
use super::memory::Memory;
use super::metrics_access::MetricsAccess;
use super::problem::Problem;
use super::shared_token::SharedToken;
use crate::config::{Environment, Origin, Server, TRACE_ID};
use crate::service::Service;
use crate::telemetry::Pipeline;

/// Where development servers of web applications listen by habit.
const LOCAL_PAGES: &str = "http://localhost:3000";

/// What every handler can reach.
pub struct State {
    /// The use cases.
    pub service: Arc<Service>,
    /// The metrics to scrape.
    pub pipeline: Pipeline,
    /// Who may scrape them, and where.
    pub metrics: MetricsAccess,
    /// What requests and answers may hold.
    pub memory: Arc<Memory>,
    /// What an operator may send; without one, nobody is an operator by a token.
    pub operator: ArcSwapOption<SharedToken>,
    /// The pages, besides our own, that may call the API with their visitors' cookies.
    pub cors_origins: ArcSwap<Vec<Origin>>,
    /// The certificate, if the server speaks TLS.
    pub certificate: Option<Certificate>,
    /// Where this runs.
    pub environment: Environment,
    /// How the server is wanted.
    pub server: Server,
    /// Where people see a trace in another program, with `{trace_id}` in it.
    pub trace_url: Option<String>,
    /// The random id of this process.
    pub instance: Uuid,
    /// Set when the server takes no new requests.
    pub draining: AtomicBool,
}

impl State {
    /// The state that was put on a request by the router.
    pub(super) fn of(request: &Request) -> Result<&Arc<Self>, Problem> {
        request.data::<Arc<Self>>().ok_or_else(|| Problem::internal("the router set no state"))
    }

    /// Where people see a trace in another program, if anybody has said so.
    pub(crate) fn trace_link(&self, id: &str) -> Option<String> {
        self.trace_url.as_ref().map(|url| url.replace(TRACE_ID, id))
    }

    /// How the certificate does, if the server speaks TLS.
    pub(crate) fn certificate_health(&self) -> Option<CertificateHealth> {
        self.certificate.as_ref().map(|certificate| certificate.health(self.service.now()))
    }

    /// How long a body may take to come.
    pub(super) fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.server.body_timeout_seconds)
    }

    /// Whether cookies must be kept off plain HTTP.
    pub(super) fn secure_cookies(&self) -> bool {
        self.environment != Environment::Development
    }

    /// Whether the pages of this origin may call the API with their visitors' cookies.
    pub(super) fn is_listed_origin(&self, origin: &str) -> bool {
        self.cors_origins.load().iter().any(|listed| listed.as_str() == origin)
            || (self.admits_local_pages() && origin == LOCAL_PAGES)
    }

    /// Whether pages of any other origin may.
    pub(super) fn lists_origins(&self) -> bool {
        !self.cors_origins.load().is_empty() || self.admits_local_pages()
    }

    /// In development, where nothing is listed, a web application that is being written may.
    fn admits_local_pages(&self) -> bool {
        self.cors_origins.load().is_empty() && self.environment == Environment::Development
    }

    /// Whether the server takes no new requests.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
