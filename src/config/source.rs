//! Where settings are read from: a file, the environment, the command line. Each becomes a layer that remembers its
//! name, so that an error can say whose value it refuses.

use std::{collections::BTreeMap, ffi::OsString, fs, path::PathBuf};

use super::{
    acme::{self, Domain},
    error::ConfigError,
    layer::{Layer, Layers, Strength},
    listen::Listen,
    secret_files, standard,
};

/// The variable that names the file when the command line doesn't.
const FILE_VARIABLE: &str = "GHOSTWORKS_CONFIG";

/// What the variable of every setting begins with.
pub(super) const PREFIX: &str = "GHOSTWORKS__";

/// What the command line says of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file (`--config`); without it the one that `GHOSTWORKS_CONFIG` names, if any.
    pub file: Option<PathBuf>,
    /// `server.listen` (`--listen`).
    pub listen: Option<Listen>,
    /// `storage.data_dir` (`--data-dir`).
    pub data_dir: Option<PathBuf>,
    /// `server.acme_domains` (`--domain`).
    pub domains: Vec<Domain>,
    /// `server.acme_accept_terms` (`--accept-terms`).
    pub accept_terms: bool,
    /// `members.direct_add` (`--demo`).
    pub demo: bool,
    /// `remote.url` (`--server`).
    pub server: Option<String>,
    /// `remote.token_file` (`--token-file`).
    pub token_file: Option<PathBuf>,
    /// `backups.to` (`--from`, of what is restored).
    pub backups: Option<String>,
}

impl Sources {
    /// The layers of these sources and of `environment`, the strongest on top.
    pub(super) fn layers(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Layers, ConfigError> {
        let variables = variables(environment)?;
        let mut layers = Vec::from_iter(self.file(&variables)?);
        layers.extend(standard::layers(&variables));
        for (name, text) in &variables {
            if let Some(key) = name.strip_prefix(PREFIX) {
                let key = key.to_ascii_lowercase().replace("__", ".");
                layers.push(Layer::one(Strength::Variable, name, &key, text.clone()));
            }
        }
        layers.extend(self.flags()?);
        layers.splice(0..0, acme::implied(&layers));
        let refused = secret_files::resolve(&mut layers);
        Ok(Layers { layers, refused })
    }

    /// What the command line sets.
    fn flags(&self) -> Result<Vec<Layer>, ConfigError> {
        let path = |flag: &'static str, path: &Option<PathBuf>| match path {
            Some(path) => text(flag, path.clone().into_os_string()).map(Some),
            None => Ok(None),
        };
        let domains: Vec<&str> = self.domains.iter().map(Domain::as_str).collect();
        let flags = [
            ("--listen", "server.listen", self.listen.as_ref().map(ToString::to_string)),
            ("--domain", "server.acme_domains", (!domains.is_empty()).then(|| domains.join(","))),
            ("--accept-terms", "server.acme_accept_terms", self.accept_terms.then(|| true.to_string())),
            ("--demo", "members.direct_add", self.demo.then(|| true.to_string())),
            ("--server", "remote.url", self.server.clone()),
            ("--data-dir", "storage.data_dir", path("--data-dir", &self.data_dir)?),
            ("--token-file", "remote.token_file", path("--token-file", &self.token_file)?),
            ("--from", "backups.to", self.backups.clone()),
        ];
        let given = flags.into_iter().filter_map(|(flag, key, value)| Some((flag, key, value?)));
        Ok(given.map(|(flag, key, value)| Layer::one(Strength::Flag, flag, key, value)).collect())
    }

    fn file(&self, variables: &BTreeMap<String, String>) -> Result<Option<Layer>, ConfigError> {
        let named = match &self.file {
            Some(file) => Some((file.clone(), "--config")),
            None => variables.get(FILE_VARIABLE).map(|file| (file.into(), FILE_VARIABLE)),
        };
        let Some((file, origin)) = named else { return Ok(None) };
        let content = match fs::read_to_string(&file) {
            Ok(content) => content,
            Err(cause) => return Err(ConfigError::Unreadable { file, origin, cause }),
        };
        match toml::from_str(&content) {
            Ok(settings) => Ok(Some(Layer { strength: Strength::File, origin: file.display().to_string(), settings })),
            Err(error) => {
                let before = &content[..error.span().map_or(0, |span| span.start)];
                let line = before.matches('\n').count() + 1;
                Err(ConfigError::Syntax { file, line, problem: error.message().replace('\n', ", ") })
            }
        }
    }
}

/// The variables that concern us. An empty one counts as unset.
fn variables(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, ConfigError> {
    environment
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, value)| !value.is_empty() && concerns_us(name))
        .map(|(name, value)| text(&name, value).map(|value| (name, value)))
        .collect()
}

fn concerns_us(variable: &str) -> bool {
    variable == FILE_VARIABLE || variable.starts_with(PREFIX) || standard::is_standard(variable)
}

fn text(origin: &str, value: OsString) -> Result<String, ConfigError> {
    value.into_string().map_err(|_| ConfigError::NotText { origin: origin.to_owned() })
}
