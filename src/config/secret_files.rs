//! Secrets from files, as Docker, Kubernetes and systemd's `LoadCredential=` hand them over.
//!
//! Each secret has a twin, its key with `_file` behind it, that names a file with the secret. Of the two the stronger
//! source wins; both in one source is an error, since neither is stronger. Only the file that wins is read.

use std::{fs, path::Path};

use super::{
    error::ConfigError,
    layer::{Layer, Strength},
};

/// The settings that may come from a file of their own.
pub(super) const SECRETS: [&str; 12] = [
    "storage.url",
    "server.operator_token",
    "auth.signing_key",
    "mail.smtp_url",
    "backups.s3_access_key_id",
    "backups.s3_secret_access_key",
    "remote.token",
    "telemetry.metrics_token",
    "telemetry.otlp.headers",
    "telemetry.otlp_traces.headers",
    "telemetry.otlp_metrics.headers",
    "telemetry.otlp_logs.headers",
];

/// What the twin of a secret's key ends with.
const TWIN: &str = "_file";

/// Replaces the twins by what is in their files, where no stronger source has the secret itself. Returns what is wrong with
/// them.
pub(super) fn resolve(layers: &mut Vec<Layer>) -> Vec<ConfigError> {
    let mut refused = Vec::new();
    for key in SECRETS {
        let twin = format!("{key}{TWIN}");
        match found(layers, key, &twin) {
            Ok(secret) => layers.extend(secret),
            Err(refusal) => refused.push(refusal),
        }
        layers.iter_mut().for_each(|layer| layer.leave_out(&twin));
    }
    refused
}

/// The layer with the secret from the file that its twin names, if that counts.
fn found(layers: &[Layer], key: &str, twin: &str) -> Result<Option<Layer>, ConfigError> {
    let named = layers.iter().rev().find_map(|layer| Some((layer.strength, file_at(layer, twin)?)));
    let Some((strength, file)) = named else { return Ok(None) };
    match layers.iter().rev().find(|layer| layer.value(key).is_some()) {
        Some(own) if own.strength == strength => Err(ConfigError::Setting {
            key: key.to_owned(),
            origin: own.origin.clone(),
            problem: format!("set this or {twin}, not both"),
        }),
        Some(own) if own.strength > strength => Ok(None),
        Some(_) | None => read(strength, key, &file?).map(Some),
    }
}

/// A file that a twin names, and what named it.
struct Named {
    path: String,
    origin: String,
}

/// The file that a layer has for `twin`, if it has one; an error when its value is no path.
fn file_at(layer: &Layer, twin: &str) -> Option<Result<Named, ConfigError>> {
    let value = layer.value(twin)?;
    let origin = layer.origin.clone();
    Some(match value.as_str() {
        Some(path) => Ok(Named { path: path.to_owned(), origin }),
        None => Err(ConfigError::Setting {
            key: twin.to_owned(),
            origin,
            problem: "expected the path of a file".to_owned(),
        }),
    })
}

/// The layer with the secret that is in `file`: its text without a byte order mark and without its last line break.
fn read(strength: Strength, key: &str, file: &Named) -> Result<Layer, ConfigError> {
    let path = Path::new(&file.path);
    let refuse = |problem: String| ConfigError::Setting {
        key: format!("{key}{TWIN}"),
        origin: file.origin.clone(),
        problem: format!("{}: {problem}", path.display()),
    };
    let content = fs::read(path).map_err(|cause| refuse(format!("can't be read: {cause}")))?;
    let content = String::from_utf8(content).map_err(|_| refuse("is not UTF-8 text".to_owned()))?;
    let text = content.strip_prefix('\u{feff}').unwrap_or(&content);
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(refuse("is empty".to_owned()));
    }
    let origin = format!("{} ({key}{TWIN} from {})", path.display(), file.origin);
    Ok(Layer::one(strength, &origin, key, text.to_owned()))
}
