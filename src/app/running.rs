//! What the command line asks of a server that runs: over the operator socket in its data directory, or over HTTP with the
//! operator's token.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::http::request::Builder;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::net::UnixStream;

use super::Error;
use crate::config::{self, CertificateSource, Config};
use crate::domain::Share;
use crate::http::OperatorSocket;
use crate::store::backup::BackupError;

/// What makes a backup.
const BACKUP: &str = "/api/v1/system/backup";

/// Writes a backup by the server to `file`, as it comes. `passed` is called with how much that is so far.
pub(super) async fn backup(config: &Config, file: File, passed: &mut impl FnMut(Share)) -> Result<(), Error> {
    let (url, mut answer) = ask(config, Method::POST, BACKUP, None).await?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(Error::Running("it has another server.operator_token")),
        status => return Err(unreachable(&url, format!("it answered {status}"))),
    }
    let (mut sink, mut received) = (BufWriter::new(file), 0);
    while let Some(frame) = answer.frame().await {
        let frame = frame.map_err(|error| unreachable(&url, error.to_string()))?;
        if let Some(bytes) = frame.data_ref() {
            sink.write_all(bytes).map_err(failed)?;
            received += bytes.len() as u64;
            passed(Share::new("KiB received", received >> 10, None));
        }
    }
    sink.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)
}

/// What is sent with a request.
#[derive(Clone)]
pub(super) struct Sent {
    /// What it is.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
}

impl Sent {
    /// A value as JSON.
    pub fn json(value: &Value) -> Self {
        Self { content_type: "application/json", bytes: value.to_string().into() }
    }

    /// Lines of JSON.
    pub fn lines(bytes: Bytes) -> Self {
        Self { content_type: "application/x-ndjson", bytes }
    }
}

/// The answer to an operator who asks the server that uses the data directory, with a body if there is one.
pub(super) async fn ask(
    config: &Config,
    method: Method,
    path: &str,
    body: Option<Sent>,
) -> Result<(String, Response<Incoming>), Error> {
    let mut request = Request::builder().method(method);
    if let Some(sent) = &body {
        request = request.header(CONTENT_TYPE, sent.content_type);
    }
    let body = Full::from(body.map(|sent| sent.bytes).unwrap_or_default());
    match OperatorSocket::connect(&config.storage.data_dir).await {
        Ok(stream) => over_socket(stream, request.uri(path), body).await,
        Err(_) => by_token(&config.server, request, path, body).await,
    }
}

/// Whether a server that uses a data directory is there to be asked: it is none of another user's.
pub async fn is_there(data_dir: &Path) -> bool {
    OperatorSocket::connect(data_dir).await.is_ok()
}

/// How the server that uses a data directory answers whether it is ready, over its operator socket.
pub async fn readiness(data_dir: &Path) -> io::Result<StatusCode> {
    let stream = OperatorSocket::connect(data_dir).await?;
    let answer = over_socket(stream, Request::get("/readyz"), Full::default()).await;
    answer.map(|(_, answer)| answer.status()).map_err(io::Error::other)
}

/// The answer over the operator socket, which needs no token.
async fn over_socket(
    stream: UnixStream,
    request: Builder,
    body: Full<Bytes>,
) -> Result<(String, Response<Incoming>), Error> {
    let url = "the operator socket".to_owned();
    let broken = |error: hyper::Error| unreachable(&url, error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // How it ends shows in the answer.
    tokio::spawn(async move { drop(connection.await) });
    let request = request.header(HOST, "operator").body(body);
    let request = request.map_err(|error| unreachable(&url, error.to_string()))?;
    let answer = sender.send_request(request).await.map_err(broken)?;
    Ok((url, answer))
}

/// The answer over HTTP, with the operator's token.
async fn by_token(
    config: &config::Server,
    request: Builder,
    path: &str,
    body: Full<Bytes>,
) -> Result<(String, Response<Incoming>), Error> {
    let Some(url) = config.local_url() else { return Err(Error::Running("its address is not known: give --listen")) };
    if config.certificate_source() != CertificateSource::Nothing {
        return Err(Error::Running("it speaks TLS: run this as the user that the server runs as"));
    }
    let Some(token) = &config.operator_token else {
        return Err(Error::Running(
            "run this as the user that the server runs as, or set server.operator_token for both",
        ));
    };
    let request = request
        .uri(format!("{url}{path}"))
        .header(AUTHORIZATION, format!("Bearer {}", token.expose_secret()))
        .body(body)
        .map_err(|error| unreachable(&url, error.to_string()))?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.map_err(|error| unreachable(&url, error.to_string()))?;
    Ok((url, answer))
}

fn unreachable(url: &str, cause: String) -> Error {
    Error::Unreachable { url: url.to_owned(), cause }
}

fn failed(error: io::Error) -> Error {
    BackupError::from(error).into()
}
