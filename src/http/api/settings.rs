//! Settings that change while the server runs, for operators.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};

use super::Tag;
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::refused::{BODY, CONFLICT, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::LevelName;
use crate::service::{Reloaded, Setting};
use crate::telemetry::logs::LogLevel;

/// Operations on the settings of this server.
pub(crate) struct SettingsApi;

#[OpenApi(prefix_path = "/api/v1/operator", tag = "Tag::Operator")]
impl SettingsApi {
    /// Read the configuration again
    ///
    /// For operators. The file and the files of secrets are read, and what can change while the server runs holds from now
    /// on: the level of the log, limits, quotas, who may register, origins, certificates, tokens, mail, sampling and
    /// backups. The answer says what has changed, what takes a restart, and what is without effect because a variable or a
    /// flag is stronger. A configuration that is refused changes nothing: 409 `configuration_refused`.
    #[oai(path = "/reload", method = "post", operation_id = "reload")]
    async fn reload(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<ReloadedBody>, Refused<{ OPERATOR | CONFLICT }>> {
        Ok(Json(state.service.reload(&operator.0).await?.into()))
    }

    /// Get the configuration that is in force
    ///
    /// For operators. Every setting with its value as TOML has it, and where that came from; secrets are masked. What takes a
    /// restart is as the server started.
    #[oai(path = "/configuration", method = "get", operation_id = "get_configuration")]
    async fn configuration(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<ConfigurationBody>, Refused<{ OPERATOR }>> {
        let settings = state.service.configuration(&operator.0).await?;
        Ok(Json(ConfigurationBody { settings: settings.iter().map(SettingBody::from).collect() }))
    }

    /// Get the level of the log
    ///
    /// For operators.
    #[oai(path = "/log-level", method = "get", operation_id = "get_log_level")]
    async fn log_level(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<LogLevelBody>, Refused<{ OPERATOR }>> {
        Ok(Json(state.service.log_level(&operator.0).await?.into()))
    }

    /// Set the level of the log
    ///
    /// For operators. It holds until the configuration is read again, or the server starts again.
    #[oai(path = "/log-level", method = "put", operation_id = "set_log_level")]
    async fn set_log_level(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        body: Json<LogLevelBody>,
    ) -> Result<Json<LogLevelBody>, Refused<{ OPERATOR | BODY }>> {
        Ok(Json(state.service.set_log_level(body.0.level.into(), &operator.0).await?.into()))
    }
}

/// What came of reading the configuration again, by the keys of settings.
#[derive(Serialize, Object)]
#[oai(rename = "Reloaded")]
struct ReloadedBody {
    /// What has changed.
    changed: Vec<String>,
    /// What is different, and takes a restart.
    needs_restart: Vec<String>,
    /// What the file says without effect.
    pinned: Vec<PinnedBody>,
}

/// A setting that the file has without effect.
#[derive(Serialize, Object)]
#[oai(rename = "PinnedSetting")]
struct PinnedBody {
    /// Its key.
    key: String,
    /// The variable or flag that is stronger.
    by: String,
}

impl From<Reloaded> for ReloadedBody {
    fn from(Reloaded { changed, needs_restart, pinned }: Reloaded) -> Self {
        let pinned = pinned.into_iter().map(|(key, by)| PinnedBody { key, by });
        Self { changed, needs_restart, pinned: pinned.collect() }
    }
}

/// The configuration that is in force.
#[derive(Serialize, Object)]
#[oai(rename = "RunningConfiguration")]
struct ConfigurationBody {
    /// Every setting, by section.
    settings: Vec<SettingBody>,
}

/// A setting.
#[derive(Serialize, Object)]
#[oai(rename = "Setting")]
struct SettingBody {
    /// Its key, such as `server.listen`.
    key: String,
    /// Its value, as TOML has it.
    value: String,
    /// Where that came from: `default`, a file, a variable or a flag.
    origin: String,
}

impl From<&Setting> for SettingBody {
    fn from(setting: &Setting) -> Self {
        let Setting { key, value, origin } = setting.clone();
        Self { key, value, origin }
    }
}

/// The level of the log.
#[derive(Serialize, Deserialize, Object)]
#[oai(rename = "LogLevelSetting")]
struct LogLevelBody {
    /// The least important lines that are written.
    level: LevelName,
}

impl From<LogLevel> for LogLevelBody {
    fn from(level: LogLevel) -> Self {
        Self { level: level.into() }
    }
}
