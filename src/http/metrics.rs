//! Who may scrape the metrics, where, and the text they get.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::{IntoResponse, Request, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::PlainText;
use poem_openapi::registry::{MetaResponses, Registry};
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::problem::Problem;
use super::shared_token::SharedToken;
use super::state::State;

/// Who may scrape the metrics, and where.
pub struct MetricsAccess {
    /// Whether they have an address of their own, and so are not with everything else.
    is_elsewhere: bool,
    /// What a scraper must send.
    token: Option<SharedToken>,
    /// Held by the one scrape that is being rendered.
    turn: Arc<Mutex<()>>,
}

impl MetricsAccess {
    /// Metrics at an address of their own or not, for whoever has the token if there is one.
    pub fn new(is_elsewhere: bool, token: Option<&SecretString>) -> Self {
        Self { is_elsewhere, token: token.map(SharedToken::new), turn: Arc::default() }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let is_known = self.token.as_ref().is_none_or(|token| token.is_sent_with(request));
        if is_known { Ok(()) } else { Err(Problem::scraper_unknown()) }
    }
}

/// The metrics for a request that came where everything else is served.
pub(super) async fn scrape_beside(state: &Arc<State>, request: &Request) -> Result<Exposition, Problem> {
    if state.metrics.is_elsewhere {
        return Err(Problem::route_not_found());
    }
    scrape(state, request).await
}

/// The metrics for a request that came where they are served.
pub(super) async fn scrape(state: &Arc<State>, request: &Request) -> Result<Exposition, Problem> {
    state.metrics.check(request)?;
    let (turn, state) = (state.metrics.turn.clone().lock_owned().await, state.clone());
    // Off the runtime's threads: there may be a great many series. The turn ends with the work, even when the client
    // has left before.
    let rendered = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        state.pipeline.render_metrics()
    });
    rendered.await.map_err(Problem::internal)?.map(Exposition).map_err(Problem::internal)
}

/// The Prometheus text format.
pub(super) struct Exposition(String);

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::OK).content_type("text/plain; version=0.0.4; charset=utf-8").body(self.0)
    }
}

impl ApiResponse for Exposition {
    fn meta() -> MetaResponses {
        PlainText::<String>::meta()
    }

    fn register(registry: &mut Registry) {
        PlainText::<String>::register(registry);
    }
}
