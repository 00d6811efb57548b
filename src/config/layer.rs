//! Settings from one place, with what that place is called, so that an error can say whose value it refuses.

use figment::{
    Figment, Metadata, Profile, Provider,
    util::nest,
    value::{Dict, Map, Value},
};

use super::error::ConfigError;

/// How strong a source is: of two that have a setting, the later one here wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// What follows from other settings.
    Implied,
    File,
    StandardVariable,
    Variable,
    Flag,
}

/// All settings, by where they come from.
pub(super) struct Layers {
    /// The strongest last.
    pub layers: Vec<Layer>,
    /// The secrets that can't be read from their files.
    pub refused: Vec<ConfigError>,
}

impl Layers {
    /// All of them as one.
    pub fn merged(&self) -> Figment {
        self.layers.iter().cloned().fold(Figment::new(), Figment::merge)
    }

    /// What the file says, whether or not something is stronger.
    pub fn of_file(&self) -> Figment {
        let of_file = self.layers.iter().filter(|layer| layer.strength == Strength::File);
        of_file.cloned().fold(Figment::new(), Figment::merge)
    }

    /// Leaves a setting out where it comes from this source.
    pub fn leave_out_of(&mut self, origin: &str, key: &str) {
        self.layers.iter_mut().filter(|layer| layer.origin == origin).for_each(|layer| layer.leave_out(key));
    }

    /// Leaves a setting out, wherever it is.
    pub fn leave_out(&mut self, key: &str) {
        self.layers.iter_mut().for_each(|layer| layer.leave_out(key));
    }
}

/// Settings from one place.
#[derive(Clone)]
pub(super) struct Layer {
    pub strength: Strength,
    /// The file, variable or flag.
    pub origin: String,
    pub settings: Dict,
}

impl Layer {
    /// A layer of one setting. Its value stays text until it is known what type the setting has.
    pub fn one(strength: Strength, origin: &str, key: &str, text: String) -> Self {
        let settings = nest(key, Value::from(text)).into_dict().unwrap_or_default();
        Self { strength, origin: origin.to_owned(), settings }
    }

    /// The value that it has for a setting.
    pub fn value(&self, key: &str) -> Option<&Value> {
        value_at(&self.settings, key)
    }

    /// Leaves a setting out.
    pub fn leave_out(&mut self, key: &str) {
        remove(&mut self.settings, key);
    }
}

fn value_at<'a>(settings: &'a Dict, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, rest)) => value_at(settings.get(section)?.as_dict()?, rest),
        None => settings.get(key),
    }
}

fn remove(settings: &mut Dict, key: &str) {
    match key.split_once('.') {
        Some((section, rest)) => {
            if let Some(Value::Dict(_, settings)) = settings.get_mut(section) {
                remove(settings, rest);
            }
        }
        None => drop(settings.remove(key)),
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.settings.clone()))
    }
}
