//! Operators: those who come over the operator socket, have the operator's token, or are signed in with an account that may
//! operate.

use poem::http::StatusCode;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::extract::{BEARER_SCHEME, COOKIE_SCHEME, caller, client, is_anonymous, register_sessions, scheme};
use super::operator_socket::OverOperatorSocket;
use super::problem::Problem;
use super::state::State;
use crate::config::Environment;
use crate::service;

const OPERATOR_SCHEME: &str = "operator";

/// The operator who sent this. Asks only once: a layer that did before has put the answer on the request.
pub(super) async fn operator(request: &Request) -> Result<service::Operator, Problem> {
    if let Some(operator) = request.data::<service::Operator>() {
        return Ok(operator.clone());
    }
    let state = State::of(request)?;
    if is_by_right(state, request) {
        let is_on_site = request.data::<OverOperatorSocket>().is_some();
        return Ok(service::Operator { account: None, is_on_site, client: client(request) });
    }
    if is_anonymous(request) {
        return Err(Problem::operator_unknown().before_body());
    }
    let known = caller(request).await.map_err(|problem| match problem.status() {
        StatusCode::UNAUTHORIZED => Problem::operator_unknown().before_body(),
        _ => problem,
    })?;
    state.service.operator(&known).await.map_err(|error| Problem::from(error).before_body())
}

/// Whether an operator sent this.
pub(super) async fn may_operate(request: &Request) -> bool {
    operator(request).await.is_ok()
}

/// Whether this came over the operator socket, or with the operator's token: by nobody's account.
fn is_by_right(state: &State, request: &Request) -> bool {
    request.data::<OverOperatorSocket>().is_some()
        || state.operator.load().as_ref().is_some_and(|token| token.is_sent_with(request))
}

/// Who may count everything: anyone who is signed in, and operators. In development, anyone.
pub(super) struct Known;

impl<'a> FromRequest<'a> for Known {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let state = State::of(request)?;
        if state.environment != Environment::Development && !is_by_right(state, request) {
            caller(request).await?.session().map_err(|error| Problem::from(error).before_body())?;
        }
        Ok(Self)
    }
}

/// An operator, who alone may ask for this.
pub(super) struct Operator(pub service::Operator);

impl<'a> ApiExtractor<'a> for Operator {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_sessions(registry);
        registry.create_security_scheme(
            OPERATOR_SCHEME,
            MetaSecurityScheme {
                scheme: Some("bearer"),
                ..scheme("http", "The operator's token, `server.operator_token`.")
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![OPERATOR_SCHEME, BEARER_SCHEME, COOKIE_SCHEME]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(operator(request).await?))
    }
}
