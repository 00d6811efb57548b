//! What another configuration would change in a server that runs.

use std::collections::{BTreeMap, BTreeSet};

use figment::Figment;

use super::effective::{DEFAULT, Effective, origin};
use super::secret_files::SECRETS;

/// What can change while a server runs. What ends with a point is a whole section.
const RELOADABLE: [&str; 27] = [
    "auth.invitation_token_seconds",
    "auth.password_composition",
    "auth.registration",
    "auth.registration_domains",
    "auth.require_verified_email",
    "auth.reset_token_seconds",
    "auth.signing_key",
    "auth.verification_token_seconds",
    "backups.every_seconds",
    "backups.keep",
    "backups.s3_access_key_id",
    "backups.s3_endpoint",
    "backups.s3_region",
    "backups.s3_secret_access_key",
    "limits.rate_limits",
    "log.level",
    "mail.",
    "members.",
    "quotas.",
    "server.cors_origins",
    "server.operator_token",
    "server.read_only",
    "server.tls_certificate",
    "server.tls_key",
    "telemetry.metrics_token",
    "telemetry.sampler",
    "telemetry.sampler_arg",
];

/// What rate limits end with: each can change.
const RATE_LIMITS: [&str; 2] = ["_per_minute", "_per_hour"];

/// What is different in another configuration, by the keys of settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// What can change while the server runs.
    pub changed: Vec<String>,
    /// What takes a restart.
    pub needs_restart: Vec<String>,
    /// What the file says otherwise without effect, each with what is stronger: a variable or a flag.
    pub pinned: Vec<(String, String)>,
}

impl Effective {
    /// What is different in a newer configuration of the same sources.
    pub fn differences(&self, newer: &Self) -> Differences {
        let (old, new) = (self.values(), newer.values());
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let mut differences = Differences::default();
        for key in keys {
            if old.get(key) != new.get(key) {
                let list = if is_reloadable(key) { &mut differences.changed } else { &mut differences.needs_restart };
                list.push(key.clone());
            } else if raw(&self.file, key) != raw(&newer.file, key)
                && let Some(stronger) = newer.stronger_than_the_file(key)
            {
                differences.pinned.push((key.clone(), stronger));
            }
        }
        differences
    }

    /// What every setting amounts to that has a value. Secrets are as they were set.
    fn values(&self) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        if let Ok(all) = toml::Table::try_from(self.config()) {
            collect(&all, "", &mut values);
        }
        for (key, value) in &mut values {
            if SECRETS.contains(&key.as_str()) {
                *value = raw(&self.layers, key).unwrap_or_default();
            }
        }
        values
    }

    /// The variable or flag that has a setting, if it is not the file.
    fn stronger_than_the_file(&self, key: &str) -> Option<String> {
        let by = origin(&self.layers, key, None);
        (by != origin(&self.file, key, None) && by != DEFAULT).then_some(by)
    }
}

/// A setting as it was set.
fn raw(layers: &Figment, key: &str) -> Option<String> {
    layers.extract_inner::<serde_json::Value>(key).ok().map(|value| value.to_string())
}

fn is_reloadable(key: &str) -> bool {
    let is = |reloadable: &str| reloadable == key || reloadable.ends_with('.') && key.starts_with(reloadable);
    RELOADABLE.into_iter().any(is) || RATE_LIMITS.into_iter().any(|rate| key.ends_with(rate))
}

fn collect(section: &toml::Table, path: &str, values: &mut BTreeMap<String, String>) {
    for (name, value) in section {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            toml::Value::Table(section) => collect(section, &path, values),
            value => drop(values.insert(path, value.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Sources;

    fn loaded(file: &str, variables: &[(&str, &str)]) -> Effective {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("test.toml");
        fs::write(&path, file).expect("a file");
        let sources = Sources { file: Some(path), ..Sources::default() };
        let environment = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Effective::load_in(&sources, environment).expect("a configuration")
    }

    #[test]
    fn what_is_different_changes_now_or_later_or_is_pinned() {
        let pinned = [("GHOSTWORKS__QUOTAS__MEMBERS", "3")];
        let old = "[log]\nlevel = \"warn\"\n[server]\noperator_token = \"0123456789abcdef0\"\n";
        let new = "[limits]\nlogin_per_minute = 7\n[quotas]\nmembers = 9\n[mail]\nfrom = \"a@example.com\"\n\
                   [server]\noperator_token = \"0123456789abcdef1\"\nmax_connections = 9\ndocs = true\n";
        let differences = loaded(old, &pinned).differences(&loaded(new, &pinned));
        assert_eq!(differences.changed, ["limits.login_per_minute", "log.level", "mail.from", "server.operator_token"]);
        assert_eq!(differences.needs_restart, ["server.max_connections"]);
        assert_eq!(differences.pinned, [("quotas.members".to_owned(), "GHOSTWORKS__QUOTAS__MEMBERS".to_owned())]);
        assert_eq!(loaded(new, &pinned).differences(&loaded(new, &pinned)), Differences::default());
    }

    #[test]
    fn the_template_marks_what_can_change() {
        let template = include_str!("../../config/ghostworks.toml");
        let mut section = String::new();
        for line in template.lines() {
            let bare = line.trim_start_matches("# ");
            let key = bare.split_once(" = ").map(|(key, _)| key).filter(|key| is_name(key));
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']').to_owned();
            } else if let Some(key) = key {
                let path = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
                assert_eq!(line.ends_with("# reload"), is_reloadable(&path), "{path}: {line}");
            }
        }
    }

    fn is_name(key: &str) -> bool {
        key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    }
}
