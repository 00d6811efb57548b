//! Settings from one place, with what that place is called, so that an error can say whose value it refuses.

use figment::{
    Metadata, Profile, Provider,
    util::nest,
    value::{Dict, Map, Value},
};

/// How strong a source is: of two that have a setting, the later one here wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    File,
    StandardVariable,
    Variable,
    Flag,
}

/// Settings from one place.
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
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.settings.clone()))
    }
}
