//! A server that runs, and who asks it.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::TransferError;
use super::error::ProblemDocument;
use crate::auth::ApiKeyToken;
use crate::config::Config;
use crate::telemetry::{HttpSender, http_sender, with_causes};

/// How long the server may keep silent.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How often a request is sent that is too much at the time.
const ATTEMPTS: u32 = 10;
/// The longest wait before it is sent again, in seconds.
const LONGEST_WAIT: u64 = 60;
/// The largest answer that is read as a whole, in bytes.
const MAX_ANSWER: usize = 16 << 20;
/// What problem documents are sent as.
const PROBLEM: &str = "application/problem+json";

/// Asks one server, with one key or token.
pub(in crate::app) struct RemoteServer {
    /// Without a slash at its end.
    pub url: String,
    authorization: HeaderValue,
    /// The workspace of the API key, if it is one.
    key_workspace: Option<String>,
    sender: HttpSender,
}

#[derive(Deserialize)]
struct Workspace {
    id: Uuid,
    slug: String,
}

impl RemoteServer {
    /// The server that the configuration names. Does not ask it yet.
    pub fn new(config: &Config) -> Result<Self, TransferError> {
        let url = config.remote.url.clone().or_else(|| config.server.local_url()).ok_or(TransferError::NoServer)?;
        let token = config.remote.token.clone().ok_or(TransferError::NoToken)?;
        let token = token.expose_secret();
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| TransferError::NoToken)?;
        authorization.set_sensitive(true);
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            authorization,
            key_workspace: ApiKeyToken::parse(token).map(|key| key.tenant.to_string()),
            sender: http_sender(config.remote.certificate.as_deref()).map_err(TransferError::Certificate)?,
        })
    }

    /// The path of the artifacts of a workspace that is named by its id or its slug.
    pub async fn artifacts(&self, workspace: &str) -> Result<String, TransferError> {
        let id = match (Uuid::parse_str(workspace), &self.key_workspace) {
            (Ok(id), _) => id,
            (Err(_), Some(id)) => return Err(TransferError::SlugByKey { id: id.clone() }),
            (Err(_), None) => {
                let all: Vec<Workspace> = self.read(self.get("/api/v1/workspaces/").await?).await?;
                let named = all.into_iter().find(|it| it.slug == workspace);
                named.ok_or_else(|| self.no_workspace(workspace))?.id
            }
        };
        Ok(format!("/api/v1/workspaces/{id}/artifacts"))
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Result<Response<Incoming>, TransferError> {
        self.send(self.request("GET", path), Bytes::new()).await
    }

    /// `POST` of lines of JSON. Under the same key it is carried out once, however often it is sent.
    pub async fn post(&self, path: &str, key: &str, lines: Bytes) -> Result<Response<Incoming>, TransferError> {
        let request = self.request("POST", path).header(CONTENT_TYPE, "application/x-ndjson");
        self.send(request.header("Idempotency-Key", key), lines).await
    }

    /// The whole of an answer in JSON.
    pub async fn read<T: DeserializeOwned>(&self, answer: Response<Incoming>) -> Result<T, TransferError> {
        let body = timeout(PATIENCE, Limited::new(answer.into_body(), MAX_ANSWER).collect()).await;
        let body = body.map_err(|_| self.silent())?.map_err(|error| self.broken_off(with_causes(&*error)))?;
        serde_json::from_slice(&body.to_bytes()).map_err(|_| self.not_ours("something unknown".to_owned()))
    }

    /// That something else answered.
    pub fn not_ours(&self, what: String) -> TransferError {
        TransferError::NotOurs { url: self.url.clone(), what }
    }

    /// That there is no such workspace.
    pub fn no_workspace(&self, workspace: &str) -> TransferError {
        TransferError::NoWorkspace { url: self.url.clone(), workspace: workspace.to_owned() }
    }

    fn request(&self, method: &str, path: &str) -> hyper::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, concat!("ghostworks/", env!("CARGO_PKG_VERSION")))
    }

    /// The answer of success. What is too much at the time is sent again after as long as the server says.
    async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: Bytes,
    ) -> Result<Response<Incoming>, TransferError> {
        let request = request.body(Full::new(body)).map_err(|error| self.broken_off(error.to_string()))?;
        let mut attempt = 1;
        loop {
            let answer = timeout(PATIENCE, self.sender.request(request.clone())).await.map_err(|_| self.silent())?;
            let answer = answer.map_err(|error| {
                let cause = with_causes(&error);
                let url = self.url.clone();
                if error.is_connect() { TransferError::Unreachable { url, cause } } else { self.broken_off(cause) }
            })?;
            match (answer.status(), wait(&answer)) {
                (StatusCode::OK, _) => return Ok(answer),
                (_, Some(seconds)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    sleep(seconds).await;
                }
                _ => return Err(self.refusal(answer).await),
            }
        }
    }

    /// Why the answer is none of success.
    async fn refusal(&self, answer: Response<Incoming>) -> TransferError {
        let (url, status) = (self.url.clone(), answer.status());
        if answer.headers().get(CONTENT_TYPE).is_none_or(|it| it != PROBLEM) {
            // A proxy in front of the server takes less than that does.
            let is_too_large = status == StatusCode::PAYLOAD_TOO_LARGE;
            return if is_too_large { TransferError::TooLarge { url } } else { self.not_ours(status.to_string()) };
        }
        match self.read::<ProblemDocument>(answer).await {
            Ok(problem) if problem.code == "not_authenticated" => TransferError::UnknownToken { url },
            Ok(problem) => TransferError::Problem { url, problem: problem.into() },
            Err(error) => error,
        }
    }

    fn silent(&self) -> TransferError {
        self.broken_off(format!("nothing came for {} s", PATIENCE.as_secs()))
    }

    fn broken_off(&self, cause: String) -> TransferError {
        TransferError::BrokenOff { url: self.url.clone(), cause }
    }
}

/// How long to wait before the same is sent again, if that is to help.
fn wait(answer: &Response<Incoming>) -> Option<Duration> {
    // A storage without room has a Retry-After as well, but waits for people.
    let is_passing = [StatusCode::CONFLICT, StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.parse::<u64>().ok()?;
    is_passing.contains(&answer.status()).then(|| Duration::from_secs(seconds.min(LONGEST_WAIT)))
}
