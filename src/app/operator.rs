//! What operators ask of a server that runs: of the one in the data directory over its socket, or with its token; or of
//! another by its address.

use std::io;

use http_body_util::{BodyExt as _, Limited};
use hyper::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Error;
use super::running::{self, Sent};
use super::transfer::{RemoteServer, TransferError};
use crate::config::{Config, LogLevel};
use crate::http::{BoxBody, OperatorSocket};

/// Where operations for operators are.
pub(super) const OPERATOR: &str = "/api/v1/operator";
/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 20;

/// The answer in JSON to a `GET` as an operator.
pub async fn ask_operator(config: &Config, path: &str) -> Result<Value, Error> {
    if config.remote.url.is_some() {
        return from_afar(config, path).await;
    }
    ask_running(config, Method::GET, path, None).await
}

/// The answer in JSON of the server that uses the data directory, to an operator.
pub(super) async fn ask_running<T: DeserializeOwned>(
    config: &Config,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<T, Error> {
    let body = body.as_ref().map(Sent::json);
    understood(config, open_running(config, method, path, body).await?).await
}

/// The same, as it comes.
pub(super) async fn open_running(
    config: &Config,
    method: Method,
    path: &str,
    body: Option<Sent>,
) -> Result<Response<BoxBody>, Error> {
    let cause = not_asked(config);
    let (_, answer) = running::ask(config, method, path, body).await.map_err(|error| match error {
        Error::Running(why) => cause(why.to_owned()),
        Error::Unreachable { url, cause: why } => cause(format!("{url}: {why}")),
        other => other,
    })?;
    Ok(answer.map(|body| body.map_err(io::Error::other).boxed_unsync()))
}

/// What an answer to an operator says.
pub(super) async fn understood<T: DeserializeOwned>(config: &Config, answer: Response<BoxBody>) -> Result<T, Error> {
    let cause = not_asked(config);
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    let body = body.map_err(|error| cause(error.to_string()))?.to_bytes();
    let json: Value = serde_json::from_slice(&body).map_err(|_| cause(format!("it answered {status}")))?;
    match status {
        StatusCode::OK | StatusCode::CREATED => {
            serde_json::from_value(json).map_err(|error| cause(format!("its answer is of another version: {error}")))
        }
        StatusCode::UNAUTHORIZED => Err(cause("it has another server.operator_token".to_owned())),
        _ => {
            let detail = json["detail"].as_str().unwrap_or(status.as_str());
            Err(Error::Refused(detail.trim_end_matches('.').to_owned()))
        }
    }
}

fn not_asked(config: &Config) -> impl Fn(String) -> Error {
    let path = config.storage.data_dir.clone();
    move |cause| Error::NotAsked { path: path.clone(), cause }
}

async fn from_afar(config: &Config, path: &str) -> Result<Value, Error> {
    let mut config = config.clone();
    config.remote.token = config.remote.token.or_else(|| config.server.operator_token.clone());
    let url = config.remote.url.clone().unwrap_or_default();
    let remote = RemoteServer::new(&config).map_err(|error| match error {
        TransferError::NoToken => Error::NotOperator { url },
        other => other.into(),
    })?;
    match remote.get(path).await {
        Ok(answer) => Ok(remote.read(answer).await?),
        Err(TransferError::UnknownToken { url }) => Err(Error::NotOperator { url }),
        Err(TransferError::Problem { problem, .. }) => Err(Error::Refused(problem.into_detail())),
        Err(error) => Err(error.into()),
    }
}

/// Has the server that uses the data directory read its configuration again.
pub async fn reload(config: &Config) -> Result<Reloaded, Error> {
    ask_running(config, Method::POST, &format!("{OPERATOR}/reload"), None).await
}

/// The level of the log of the server that uses the data directory, after it was set if there is one to set.
pub async fn log_level(config: &Config, level: Option<LogLevel>) -> Result<LogLevel, Error> {
    #[derive(Serialize, Deserialize)]
    struct Setting {
        level: LogLevel,
    }
    let path = format!("{OPERATOR}/log-level");
    let answer: Setting = match level {
        Some(level) => ask_running(config, Method::PUT, &path, Some(json!({"level": level}))).await?,
        None => ask_running(config, Method::GET, &path, None).await?,
    };
    Ok(answer.level)
}

/// Whether the server that uses the data directory refuses writes, after that was set if it is to be.
pub async fn read_only(config: &Config, wanted: Option<bool>) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Setting {
        read_only: bool,
    }
    let path = format!("{OPERATOR}/read-only");
    let answer: Setting = match wanted {
        Some(is_on) => ask_running(config, Method::PUT, &path, Some(json!({"read_only": is_on}))).await?,
        None => ask_running(config, Method::GET, &path, None).await?,
    };
    Ok(answer.read_only)
}

/// The settings that the server has in force that uses the data directory; none while none does.
pub async fn settings_in_force(config: &Config) -> Result<Option<Vec<SettingInForce>>, Error> {
    #[derive(Deserialize)]
    struct InForce {
        settings: Vec<SettingInForce>,
    }
    if OperatorSocket::connect(&config.storage.data_dir).await.is_err() {
        return Ok(None);
    }
    let answer: InForce = ask_running(config, Method::GET, &format!("{OPERATOR}/configuration"), None).await?;
    Ok(Some(answer.settings))
}

/// A setting that a server has in force.
#[derive(Debug, Deserialize)]
pub struct SettingInForce {
    /// Its key.
    pub key: String,
    /// Its value, as TOML has it.
    pub value: String,
    /// Where that comes from.
    pub origin: String,
}

/// What came of reading the configuration again, by the keys of settings.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reloaded {
    /// What has changed.
    pub changed: Vec<String>,
    /// What is different, and takes a restart.
    pub needs_restart: Vec<String>,
    /// What the file says without effect.
    pub pinned: Vec<PinnedSetting>,
}

/// A setting that the file has without effect.
#[derive(Debug, Serialize, Deserialize)]
pub struct PinnedSetting {
    /// Its key.
    pub key: String,
    /// The variable or flag that is stronger.
    pub by: String,
}
