//! The configuration that results from its sources, and where each value of it came from.

use std::collections::BTreeSet;
use std::ffi::OsString;

use figment::{Figment, Metadata};

use super::{
    Config,
    error::{ConfigError, problem},
    layer::Layers,
    source::{PREFIX, Sources},
    standard,
};

/// Where a setting comes from that nobody has set.
pub(super) const DEFAULT: &str = "default";

/// A checked configuration that knows where its values came from.
#[derive(Clone)]
pub struct Effective {
    config: Config,
    /// All that was set, the strongest on top.
    pub(super) layers: Figment,
    /// What the file alone sets.
    pub(super) file: Figment,
}

impl Effective {
    /// Reads the configuration from `sources` and the environment, and checks it.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        Self::load_in(sources, std::env::vars_os())
    }

    /// As [`Effective::load`], in an environment of the caller's.
    pub(super) fn load_in(
        sources: &Sources,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let (empty, environment): (Vec<_>, Vec<_>) =
            environment.into_iter().partition(|(_, value): &(OsString, OsString)| value.is_empty());
        let texts = environment.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        let mut warnings = standard::warnings(texts);
        // Mostly a variable of somebody else's that was to stand there.
        let ours = empty.iter().filter_map(|(name, _)| name.to_str()).filter(|name| name.starts_with(PREFIX));
        warnings.extend(ours.map(|name| format!("{name} is empty, which is as if it were not set")));
        let mut layers = sources.layers(environment.iter().cloned())?;
        let mut config = all_checked(&mut layers, &mut warnings).map_err(ConfigError::all)?;
        config.warnings = warnings;
        Ok(Self { config, file: layers.of_file(), layers: layers.merged() })
    }

    /// The configuration itself.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The configuration itself, for good.
    pub fn into_config(self) -> Config {
        self.config
    }

    /// The configuration as TOML: secrets masked, and after each value a comment that says where it came from.
    pub fn to_toml(&self) -> String {
        let plain = self.plain();
        let mut commented = String::with_capacity(2 * plain.len());
        for (line, setting) in by_line(&plain) {
            commented.push_str(line);
            if let Some((key, _)) = setting {
                commented.push_str("  # ");
                commented.push_str(&origin(&self.layers, &key, None));
            }
            commented.push('\n');
        }
        commented
    }

    /// Every setting: its key, its value as TOML has it, with secrets masked, and where that came from.
    pub fn settings(&self) -> Vec<(String, String, String)> {
        let plain = self.plain();
        let settings = by_line(&plain).filter_map(|(_, setting)| setting);
        settings.map(|(key, value)| (key.clone(), value.to_owned(), origin(&self.layers, &key, None))).collect()
    }

    fn plain(&self) -> String {
        toml::to_string(&self.config).expect("a checked configuration has only values that TOML has")
    }
}

/// The lines of a configuration in TOML, each with the setting that it has: the whole key, and the value.
fn by_line(plain: &str) -> impl Iterator<Item = (&str, Option<(String, &str)>)> {
    let mut section = "";
    plain.lines().map(move |line| {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            return (line, None);
        }
        let setting = line
            .split_once(" = ")
            .map(|(key, value)| (if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }, value));
        (line, setting)
    })
}

/// What the layers amount to, or everything that is wrong with them: what is refused is left out, to see what else is. The
/// standard's own variables are only warned of.
fn all_checked(layers: &mut Layers, warnings: &mut Vec<String>) -> Result<Config, Vec<ConfigError>> {
    let mut refused = std::mem::take(&mut layers.refused);
    let mut left_out = BTreeSet::new();
    loop {
        let Refusal { key, origin, problem } = match checked(&layers.merged()) {
            Ok(config) if refused.is_empty() => return Ok(config),
            Ok(_) => return Err(refused),
            Err(refusal) => refusal,
        };
        let is_new = left_out.insert((key.clone(), origin.clone()));
        if is_new && standard::is_lenient(&origin) {
            layers.leave_out_of(&origin, &key);
            warnings.push(format!("{origin} is passed over: {problem}"));
            continue;
        }
        if is_new || refused.is_empty() {
            layers.leave_out(&key);
            refused.push(ConfigError::Setting { key, origin, problem });
        }
        if !is_new {
            return Err(refused);
        }
    }
}

/// A setting that won't do.
struct Refusal {
    key: String,
    origin: String,
    problem: String,
}

/// What the layers amount to, if all of it will do.
fn checked(layers: &Figment) -> Result<Config, Refusal> {
    // Lossy: the environment has only text, so numbers and booleans are read from text where they are wanted.
    let mut config: Config = layers.extract_lossy().map_err(|error| {
        let key = error.path.join(".");
        let origin = origin(layers, &key, error.metadata.as_ref());
        Refusal { key, origin, problem: problem(error.kind) }
    })?;
    if layers.find_metadata("telemetry.service_name").is_none() {
        config.telemetry.take_service_name();
    }
    config.check().map_err(|unfit| Refusal {
        key: unfit.key.to_owned(),
        origin: origin(layers, unfit.key, None),
        problem: unfit.problem,
    })?;
    Ok(config)
}

/// What the value of `key` comes from: the layer that has it, else the one that `known` names.
pub(super) fn origin(layers: &Figment, key: &str, known: Option<&Metadata>) -> String {
    layers.find_metadata(key).or(known).map_or_else(|| DEFAULT.to_owned(), |layer| layer.name.to_string())
}
