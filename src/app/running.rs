//! What the command line asks of a server that runs, over HTTP like everyone else.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use secrecy::ExposeSecret as _;

use super::Error;
use crate::config;

/// Writes a backup by the server to `file`, as it comes.
pub(super) async fn backup(config: &config::Server, file: File) -> Result<(), Error> {
    let Some(url) = config.local_url() else { return Err(Error::Running("its address is not known: give --listen")) };
    let Some(token) = &config.operator_token else {
        return Err(Error::Running("it makes a backup for who has its server.operator_token: set that for both"));
    };
    let request = Request::post(format!("{url}/api/v1/system/backup"))
        .header(AUTHORIZATION, format!("Bearer {}", token.expose_secret()))
        .body(Empty::<Bytes>::new())
        .map_err(|error| Error::Unreachable { url: url.clone(), cause: error.to_string() })?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let unreachable = |cause: String| Error::Unreachable { url: url.clone(), cause };
    let mut answer = client.request(request).await.map_err(|error| unreachable(error.to_string()))?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(Error::Running("it has another server.operator_token")),
        status => return Err(unreachable(format!("it answered {status}"))),
    }
    let mut sink = BufWriter::new(file);
    while let Some(frame) = answer.frame().await {
        let frame = frame.map_err(|error| unreachable(error.to_string()))?;
        if let Some(bytes) = frame.data_ref() {
            sink.write_all(bytes).map_err(failed)?;
        }
    }
    sink.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)
}

fn failed(error: io::Error) -> Error {
    Error::Backup(error.into())
}
