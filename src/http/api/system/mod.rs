//! The service itself: how it is, and what it holds.

mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::Request;
use poem::http::header;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::PlainText;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use serde_json::Value;

use super::Tag;
use crate::http::accept;
use crate::http::base::Base;
use crate::http::insiders::is_insider;
use crate::http::json::Json;
use crate::http::metrics::{self, Exposition};
use crate::http::operators::{Known, may_operate};
use crate::http::problem::RETRY_AFTER_SECONDS;
use crate::http::refused::{NOT_AUTHENTICATED, NOT_FOUND, Refused, SERVED};
use crate::http::state::State;
use crate::http::types::Time;
use crate::service::Condition;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the plain health says of servers that the older service needed and this one does not.
const NOT_CONFIGURED: &str = "not_configured";

/// Operations at the root, and below `/api/v1/system`.
pub(crate) struct SystemApi;

#[OpenApi(tag = "Tag::System")]
impl SystemApi {
    /// Show where things are
    ///
    /// A browser is led to the console, or else to the documentation, if there is one.
    #[oai(path = "/", method = "get", operation_id = "index")]
    async fn index(&self, state: Data<&Arc<State>>, request: &Request) -> IndexResponse {
        let is_browser = prefers_html(request);
        if is_browser && state.server.console {
            return IndexResponse::Person("/console".to_owned());
        }
        if is_browser && state.server.docs {
            return IndexResponse::Browser("/docs".to_owned());
        }
        let at = |path: &str| format!("{}{path}", Base::prefix_of(request));
        IndexResponse::Program(Json(IndexBody {
            message: "Ghostworks API".to_owned(),
            version: VERSION.to_owned(),
            docs: at("/docs"),
            health: at("/health"),
            metrics: at("/metrics"),
        }))
    }

    /// Check that the service is up
    ///
    /// Answers as long as the process does; `/health/detailed` and `/readyz` look at its parts.
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self, state: Data<&Arc<State>>) -> Json<HealthBody> {
        Json(HealthBody {
            status: "healthy".to_owned(),
            timestamp: Time(state.service.now()),
            version: VERSION.to_owned(),
            environment: state.environment.as_str().to_owned(),
            database: NOT_CONFIGURED.to_owned(),
            redis: NOT_CONFIGURED.to_owned(),
        })
    }

    /// Check that the service is up
    ///
    /// The same as `/health`.
    #[oai(path = "/api/v1/health", method = "get", operation_id = "health_v1")]
    async fn health_v1(&self, state: Data<&Arc<State>>) -> Json<HealthBody> {
        self.health(state).await
    }

    /// Check every part
    ///
    /// Each part is `healthy`, `degraded` (something needs attention, but requests are served) or `unhealthy` (they can't
    /// be), and the whole is as its worst part. Reads from the database and asks its writer: without it, the answer is 503.
    /// A search index that is being rebuilt, telemetry that does not reach its collector, backups and other background
    /// tasks that fail are `degraded`, and so are a certificate that ends soon, a database with rows that can't be read, which
    /// operators see, and one that an operator has made read-only. Outside development, only clients on
    /// `server.internal_networks` and operators get more than the status and the time.
    #[oai(path = "/health/detailed", method = "get", operation_id = "health_detailed")]
    async fn health_detailed(&self, state: Data<&Arc<State>>, request: &Request) -> DetailedHealthResponse {
        let is_operator = may_operate(request).await;
        let health = state.service.health().await;
        let mut parts = vec![
            ("database", parts::database(&health, is_operator)),
            ("search", parts::search(&state.service.search_health(health.newest_change()))),
            ("telemetry", parts::telemetry(&state.service.export_health().await)),
            ("background", parts::background(&state.service.background_health(), &state.service.lease_health())),
        ];
        parts.extend(state.certificate_health().map(|health| ("certificate", parts::certificate(&health))));
        parts.extend(state.service.backup_health().map(|health| ("backups", parts::backups(health))));
        let whole = parts.iter().map(|(_, part)| part.condition).max().unwrap_or(Condition::Healthy);
        let services = parts.into_iter().map(|(name, part)| (name.to_owned(), part.into_value())).collect();
        let is_insider = is_operator || is_insider(&state, request).await;
        let body = Json(DetailedHealthBody {
            status: whole.as_str().to_owned(),
            timestamp: Time(health.at),
            version: is_insider.then(|| VERSION.to_owned()),
            environment: is_insider.then(|| state.environment.as_str().to_owned()),
            uptime_seconds: is_insider.then_some(health.uptime.as_secs()),
            services: is_insider.then_some(services),
        });
        match whole {
            Condition::Healthy | Condition::Degraded => DetailedHealthResponse::Healthy(body),
            Condition::Unhealthy => DetailedHealthResponse::Unhealthy(body, RETRY_AFTER_SECONDS),
        }
    }

    /// Check that the process answers
    ///
    /// Looks at nothing else: a process that does not answer this is one to restart.
    #[oai(path = "/livez", method = "get", operation_id = "livez")]
    async fn livez(&self) -> PlainText<&'static str> {
        PlainText("ok\n")
    }

    /// Check that requests can be served
    ///
    /// The storage takes writes, and the server is not shutting down. One that an operator has made read-only is ready: it
    /// serves reads, and says so with `verbose`.
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn readyz(
        &self,
        state: Data<&Arc<State>>,
        /// List each check, and what is wrong. Outside development, for internal networks and operators.
        verbose: Query<Option<String>>,
        request: &Request,
    ) -> ReadinessResponse {
        let health = state.service.health().await;
        let draining = state.is_draining().then_some("the server is stopping");
        let checks = [("storage", health.trouble()), ("draining", draining)];
        let is_ready = checks.iter().all(|(_, trouble)| trouble.is_none());
        let mut text = String::new();
        if verbose.0.is_some() && is_insider(&state, request).await {
            for (name, trouble) in checks {
                text += &trouble.map_or_else(|| format!("[+]{name} ok\n"), |it| format!("[-]{name} failed: {it}\n"));
            }
            if state.service.refuses_writes() {
                text += "[ ]read-only: writes are refused until an operator ends that; reads are served\n";
            }
            text += if state.service.search_is_complete() {
                "[+]search ok\n"
            } else {
                "[ ]search is being rebuilt; everything else works\n"
            };
            for task in state.service.background_health().iter().filter(|task| task.is_failing) {
                text += &format!("[ ]background task {} fails; requests are served\n", task.name);
            }
        }
        text += if is_ready { "ok\n" } else { "not ready\n" };
        let text = PlainText(text);
        if is_ready { ReadinessResponse::Ready(text) } else { ReadinessResponse::NotReady(text, RETRY_AFTER_SECONDS) }
    }

    /// Get metrics for Prometheus
    ///
    /// Everything that is measured, in the Prometheus text format. The operator may have given it an address of its own,
    /// or asks for a bearer token that only the operator knows.
    #[oai(path = "/metrics", method = "get", operation_id = "metrics")]
    async fn metrics(
        &self,
        state: Data<&Arc<State>>,
        request: &Request,
    ) -> Result<Exposition, Refused<{ NOT_AUTHENTICATED | NOT_FOUND }>> {
        Ok(metrics::scrape_beside(&state, request).await?)
    }

    /// Count what there is
    ///
    /// From counters that are kept with every write, so it costs the same however many there are. Outside development, for
    /// those who are signed in and for operators.
    #[oai(path = "/api/v1/system/stats", method = "get", operation_id = "system_stats")]
    async fn stats(
        &self,
        state: Data<&Arc<State>>,
        _known: Known,
    ) -> Result<Json<StatsBody>, Refused<{ SERVED | NOT_AUTHENTICATED }>> {
        let counts = state.service.stats().await?;
        Ok(Json(StatsBody {
            users: counts.users,
            workspaces: counts.workspaces,
            artifacts: counts.artifacts,
            active_artifacts: counts.active_artifacts,
            timestamp: Time(state.service.now()),
        }))
    }
}

/// Whether HTML is liked better than JSON, and was named: what takes anything is a program.
fn prefers_html(request: &Request) -> bool {
    let of = |name: &str| accept::quality(request.headers(), &header::ACCEPT, |entry| accept::essence(entry) == name);
    of("text/html").is_some_and(|html| html > 0.0 && html >= of("application/json").unwrap_or(0.0))
}

#[derive(ApiResponse)]
enum IndexResponse {
    /// For programs
    #[oai(status = 200)]
    Program(Json<IndexBody>),
    /// For people with a browser
    #[oai(status = 303)]
    Person(
        /// The console.
        #[oai(header = "Location")]
        String,
    ),
    /// For browsers, where there is no console
    #[oai(status = 302)]
    Browser(
        /// The documentation.
        #[oai(header = "Location")]
        String,
    ),
}

/// Where things are.
#[derive(Serialize, Object)]
#[oai(rename = "Index")]
struct IndexBody {
    /// What this is.
    message: String,
    /// Its version.
    version: String,
    /// Where its documentation is.
    docs: String,
    /// Where its health is.
    health: String,
    /// Where its metrics are.
    metrics: String,
}

/// Whether the service is up.
#[derive(Serialize, Object)]
#[oai(rename = "Health")]
struct HealthBody {
    /// Always `healthy`: a service that is not up does not answer.
    status: String,
    /// When this was answered.
    timestamp: Time,
    /// The running version.
    version: String,
    /// Where it runs.
    environment: String,
    /// Always `not_configured`: there is no database server. For clients of the older service, which had one.
    database: String,
    /// Always `not_configured`, likewise.
    redis: String,
}

#[derive(ApiResponse)]
enum DetailedHealthResponse {
    /// Requests are served, though something may need attention
    #[oai(status = 200)]
    Healthy(Json<DetailedHealthBody>),
    /// Requests can't be served
    #[oai(status = 503)]
    Unhealthy(
        Json<DetailedHealthBody>,
        /// Seconds to wait before asking again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}

/// How every part is. To outsiders, only the status and the time.
#[derive(Serialize, Object)]
#[oai(rename = "DetailedHealth", skip_serializing_if_is_none)]
struct DetailedHealthBody {
    /// `healthy`, `degraded` or `unhealthy`: as the worst of its parts.
    status: String,
    /// When this was answered.
    timestamp: Time,
    /// The running version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// How long it has been up, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    uptime_seconds: Option<u64>,
    /// Each part by name, with a `status` of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<BTreeMap<String, Value>>,
}

#[derive(ApiResponse)]
enum ReadinessResponse {
    /// Requests can be served
    #[oai(status = 200)]
    Ready(PlainText<String>),
    /// Requests should go elsewhere
    #[oai(status = 503)]
    NotReady(
        PlainText<String>,
        /// Seconds to wait before asking again.
        #[oai(header = "Retry-After")]
        u32,
    ),
}

/// How many there are of each thing.
#[derive(Serialize, Object)]
#[oai(rename = "Stats")]
struct StatsBody {
    /// Accounts.
    users: u64,
    /// Workspaces.
    workspaces: u64,
    /// Artifacts, those in the trash included.
    artifacts: u64,
    /// Artifacts that are not in the trash.
    active_artifacts: u64,
    /// When this was answered.
    timestamp: Time,
}
