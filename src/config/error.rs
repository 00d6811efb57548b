//! Why a configuration was refused, in one line: what is wrong, where, and what was expected.

use std::{io, path::PathBuf};

use figment::error::Kind;
use thiserror::Error;

/// Why a configuration was refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read the configuration file {} (given by {origin}): {cause}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What named it: `--config` or `GHOSTWORKS_CONFIG`.
        origin: &'static str,
        /// What the system says.
        cause: io::Error,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {problem}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// The line of the mistake, from 1.
        line: usize,
        /// What the parser says.
        problem: String,
    },
    /// A name or a path is not text.
    #[error("{origin}: expected UTF-8 text")]
    NotText {
        /// The variable or flag.
        origin: String,
    },
    /// A setting is unknown, or its value won't do. The value itself is not repeated: it may be a secret.
    #[error("{key} ({origin}): {problem}")]
    Setting {
        /// The setting, as `section.key`.
        key: String,
        /// The file, variable or flag that it comes from, or `default`.
        origin: String,
        /// What was expected.
        problem: String,
    },
    /// Several settings won't do.
    #[error("{} settings won't do:\n  {}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "))]
    Several(Vec<ConfigError>),
}

impl ConfigError {
    /// Several as one.
    pub(super) fn all(mut errors: Vec<Self>) -> Self {
        match (errors.len(), errors.pop()) {
            (1, Some(only)) => only,
            (_, last) => Self::Several(errors.into_iter().chain(last).collect()),
        }
    }

    /// Each on its own.
    pub fn into_each(self) -> Vec<Self> {
        match self {
            Self::Several(errors) => errors,
            one => vec![one],
        }
    }
}

/// What was expected, for people.
pub(super) fn problem(kind: Kind) -> String {
    match kind {
        Kind::Message(message) => message,
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("expected {}", plain(&expected)),
        Kind::UnknownVariant(_, names) => format!("expected one of {}", names.join(", ")),
        Kind::UnknownField(_, names) => format!("unknown key; expected one of {}", names.join(", ")),
        other => other.to_string(),
    }
}

/// A type's name in plain words.
fn plain(expected: &str) -> &str {
    match expected {
        "u32" | "u64" | "usize" => "a whole number",
        "f64" => "a number",
        "a boolean" => "true or false",
        section if section.starts_with("struct ") => "a section with keys",
        other => other,
    }
}
