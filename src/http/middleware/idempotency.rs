//! `Idempotency-Key`: a write that is sent twice is carried out once, and answered alike.
//!
//! The store notes the key in the same transaction as the write, and the answer right after, before it is sent. Between
//! the two, the request is in the set of those in flight; after a crash there, the key is known and the answer is not.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::TryFutureExt as _;
use futures_util::future::Either;
use percent_encoding::percent_decode_str;
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{Answer, Noted, Reservation, TenantId, UserId};
use crate::http::operators::operator;
use crate::http::problem::Problem;
use crate::http::routes::{RouteTable, operation_of};
use crate::http::state::State;
use crate::http::{extract, json};
use crate::operations::{Access, Body, Operation, Replay, Row};
use crate::service::{self, Caller, Operator};
use crate::telemetry;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// The longest key, in characters.
pub(in crate::http) const MAX_KEY: usize = 255;
/// The longest answer that is kept, in bytes.
const MAX_ANSWER: usize = 256 << 10;

/// The parameter of a route that names the workspace.
const WORKSPACE: &str = "workspace_id";

/// Carries requests with an idempotency key out once.
pub(in crate::http) struct Idempotency {
    routes: Arc<RouteTable>,
}

impl Idempotency {
    pub(in crate::http) fn new(routes: Arc<RouteTable>) -> Self {
        Self { routes }
    }
}

impl<E: Endpoint + 'static> Middleware<E> for Idempotency {
    type Output = Idempotent<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Idempotent { inner: Arc::new(inner), routes: self.routes.clone(), in_flight: Arc::default() }
    }
}

pub(in crate::http) struct Idempotent<E> {
    inner: Arc<E>,
    routes: Arc<RouteTable>,
    in_flight: Arc<InFlight>,
}

impl<E: Endpoint + 'static> Endpoint for Idempotent<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let row = operation_of(&request).map(Operation::row);
        let is_kept = |row: &Row| row.takes_key(request.method().as_str()) && request.headers().contains_key(KEY);
        match row.filter(is_kept) {
            // Most requests have no key, and their future has no room for it.
            Some(row) => Either::Left(Box::pin(self.once(request, row))),
            None => Either::Right(E::call(&self.inner, request).map_ok(IntoResponse::into_response)),
        }
    }
}

impl<E: Endpoint + 'static> Idempotent<E> {
    /// Does what is asked with a key, or answers what was answered to it before.
    async fn once(&self, request: Request, row: Row) -> Result<Response> {
        let key = key(request.headers()).map_err(Problem::before_body)?.to_owned();
        let asker = Asker::of(&request, row).await?;
        let tenant = match asker {
            Asker::Caller(_) => self.tenant(&request).map_err(Problem::before_body)?,
            Asker::Operator(_) => None,
        };
        let state = State::of(&request)?.clone();

        let (mut request, mut body) = request.split();
        let body = json::read(&request, &mut body, max_body(row.body, &state)).await?;
        let (digest, fingerprint) = (digest_of(&request, &key, &asker), fingerprint(row.replay, &request, &body));
        let reservation = state.service.reservation(asker.owner(), tenant, digest, fingerprint);
        let Some(turn) = InFlight::enter(&self.in_flight, &reservation) else {
            return Err(Problem::idempotency_in_flight().into());
        };
        if let Some(noted) = asker.noted(&state, &reservation).await.map_err(Problem::from)? {
            return Ok(again(noted, &reservation)?);
        }
        state.service.require_space_for_key(asker.owner()).await.map_err(Problem::from)?;
        asker.put_on(&mut request, reservation);
        request.set_body(body);

        let inner = self.inner.clone();
        // On a task of its own: if the client leaves, the write may happen all the same, and must not be taken for one
        // that did not.
        let done = tokio::spawn(telemetry::in_current_context(async move {
            let _turn = turn;
            let response = inner.call(request).await?.into_response();
            Ok(remember(&state, row.replay, reservation, response).await?)
        }));
        done.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => Err(Problem::internal(error).into()),
        })
    }
}

impl<E> Idempotent<E> {
    /// The workspace that the request is made in, if it is in one. Without its id, it would not be known who may see the
    /// answer.
    fn tenant(&self, request: &Request) -> Result<Option<TenantId>, Problem> {
        let Some(text) = self.routes.parameter(request.uri().path(), WORKSPACE) else { return Ok(None) };
        let id = percent_decode_str(text).decode_utf8().ok().and_then(|id| Uuid::parse_str(&id).ok());
        id.map(|id| Some(id.into())).ok_or_else(Problem::invalid_workspace_id)
    }
}

/// Who sent a request, and has keys of their own.
enum Asker {
    Caller(Caller),
    Operator(Operator),
}

impl Asker {
    /// Who asks, if they may ask for such an operation at all.
    async fn of(request: &Request, row: Row) -> Result<Self, Problem> {
        match row.access {
            Access::Operator => Ok(Self::Operator(operator(request).await?)),
            _ => Ok(Self::Caller(extract::caller(request).await?)),
        }
    }

    fn owner(&self) -> UserId {
        match self {
            Self::Caller(caller) => caller.user,
            Self::Operator(operator) => operator.owner_of_keys(),
        }
    }

    /// What is known of an earlier request, if they may still learn of it.
    async fn noted(&self, state: &State, reservation: &Reservation) -> Result<Option<Noted>, service::Error> {
        match self {
            Self::Caller(caller) => state.service.noted(caller, reservation).await,
            Self::Operator(_) => state.service.noted_by_operator(reservation).await,
        }
    }

    /// Has the handler write under a reservation.
    fn put_on(self, request: &mut Request, reservation: Reservation) {
        match self {
            Self::Caller(mut caller) => {
                caller.client.reservation = Some(reservation);
                request.set_data(caller);
            }
            Self::Operator(mut operator) => {
                operator.client.reservation = Some(reservation);
                request.set_data(operator);
            }
        }
    }
}

/// The most bytes that its handler would take.
fn max_body(body: Body, state: &State) -> usize {
    match body {
        Body::Json => state.server.max_body_bytes,
        Body::Import => state.server.max_import_bytes,
    }
}

fn key(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut keys = headers.get_all(KEY).iter();
    let key = keys.next().and_then(|key| key.to_str().ok()).unwrap_or_default();
    let is_visible = (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible && keys.next().is_none() { Ok(key) } else { Err(Problem::invalid_idempotency_key()) }
}

/// What makes a key unique. Those of an API key are its own, and not of the person it acts for: it may do less.
fn digest_of(request: &Request, key: &str, asker: &Asker) -> [u8; 32] {
    let mut digest = Sha256::new();
    // No part can hold the byte that is between them.
    for part in [request.method().as_str(), request.uri().path(), key] {
        digest.update(part);
        digest.update([0]);
    }
    if let Asker::Caller(caller) = asker
        && let Some(api_key) = caller.api_key()
    {
        digest.update(api_key.to_bytes());
    }
    digest.finalize().into()
}

fn fingerprint(replay: Replay, request: &Request, body: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(request.uri().query().unwrap_or_default());
    digest.update([0]);
    if replay != Replay::ConflictWhateverIsSent {
        digest.update(body);
    }
    digest.finalize().into()
}

/// The answer to a request whose key was used before.
fn again(noted: Noted, reservation: &Reservation) -> Result<Response, Problem> {
    if noted.fingerprint != reservation.fingerprint {
        return Err(Problem::idempotency_key_reused());
    }
    let answer = noted.answer.ok_or_else(Problem::idempotency_answer_lost)?;
    if answer.status == StatusCode::CONFLICT {
        return Err(Problem::already_done(String::from_utf8_lossy(&answer.body).into_owned()));
    }
    let mut response = StatusCode::from_u16(answer.status).map_err(Problem::internal)?.into_response();
    let headers = response.headers_mut();
    let kept =
        [(header::CONTENT_TYPE, answer.content_type), (header::LOCATION, answer.location), (header::ETAG, answer.etag)];
    for (name, value) in kept {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, TRUE);
    response.set_body(answer.body);
    Ok(response)
}

/// Keeps the answer if it is one of success, and returns it. Of one that holds a secret, is too long, or is beyond what the
/// account may store, only the id of what was made is kept, to be answered as a conflict.
async fn remember(
    state: &State,
    replay: Replay,
    reservation: Reservation,
    mut response: Response,
) -> Result<Response, Problem> {
    if !response.status().is_success() {
        return Ok(response);
    }
    let body = response.take_body().into_bytes().await.map_err(Problem::internal)?;
    let is_kept = replay == Replay::Answer && body.len() <= MAX_ANSWER;
    let whole = is_kept.then(|| whole(&response, &body));
    state.service.remember_answer(reservation, whole, brief(&body)).await;
    response.set_body(body);
    Ok(response)
}

/// What an answer says of what was made, if it was one thing: an account stands by itself, and a switch names the workspace.
#[derive(Deserialize)]
#[serde(untagged)]
enum Made {
    One { id: String },
    Account { account: Account },
    Switch { workspace_id: String },
}

#[derive(Deserialize)]
struct Account {
    id: String,
}

fn brief(body: &[u8]) -> Answer {
    let id = match serde_json::from_slice(body) {
        Ok(Made::One { id } | Made::Account { account: Account { id } } | Made::Switch { workspace_id: id }) => id,
        Err(_) => String::new(),
    };
    let status = StatusCode::CONFLICT.as_u16();
    Answer { status, content_type: None, location: None, etag: None, body: id.into_bytes() }
}

fn whole(response: &Response, body: &[u8]) -> Answer {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Answer {
        status: response.status().as_u16(),
        content_type: text(header::CONTENT_TYPE),
        location: text(header::LOCATION),
        etag: text(header::ETAG),
        body: body.to_vec(),
    }
}

/// The keys of requests that are being served.
#[derive(Default)]
struct InFlight(Mutex<HashSet<(UserId, [u8; 32])>>);

impl InFlight {
    /// Adds a key until the turn is dropped; `None` when it is there already.
    fn enter(in_flight: &Arc<Self>, reservation: &Reservation) -> Option<Turn> {
        let key = (reservation.owner, reservation.key);
        let is_first = in_flight.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        is_first.then(|| Turn { in_flight: in_flight.clone(), key })
    }
}

struct Turn {
    in_flight: Arc<InFlight>,
    key: (UserId, [u8; 32]),
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.in_flight.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn a_key_is_in_flight_once_for_each_owner() {
        let reservation = |owner, key| Reservation {
            owner: UserId::from_bytes([owner; 16]),
            tenant: None,
            key: [key; 32],
            fingerprint: [0; 32],
            expires_at: Timestamp::MAX,
        };
        let in_flight = Arc::<InFlight>::default();
        let first = InFlight::enter(&in_flight, &reservation(1, 1));
        assert!(first.is_some());
        assert!(InFlight::enter(&in_flight, &reservation(1, 1)).is_none());
        assert!(InFlight::enter(&in_flight, &reservation(1, 2)).is_some(), "another key");
        assert!(InFlight::enter(&in_flight, &reservation(2, 1)).is_some(), "another owner");
        drop(first);
        assert!(InFlight::enter(&in_flight, &reservation(1, 1)).is_some());
    }
}
