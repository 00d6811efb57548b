//! Which trace context is read, and whose is believed.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::check;

/// Which headers carry a caller's trace, written as a list: `tracecontext`, `baggage`, `b3`, `b3multi`, several of them, or
/// `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Propagators {
    /// The W3C `traceparent` and `tracestate`.
    pub tracecontext: bool,
    /// The W3C `baggage`.
    pub baggage: bool,
    /// Zipkin's `b3`.
    pub b3: bool,
    /// Zipkin's `x-b3-traceid` and its companions.
    pub b3multi: bool,
}

impl Propagators {
    /// None.
    const NONE: Self = Self { tracecontext: false, baggage: false, b3: false, b3multi: false };
}

impl Default for Propagators {
    fn default() -> Self {
        Self { tracecontext: true, baggage: true, ..Self::NONE }
    }
}

impl FromStr for Propagators {
    type Err = ();

    fn from_str(list: &str) -> Result<Self, ()> {
        let mut propagators = Self::NONE;
        if list.trim() == "none" {
            return Ok(propagators);
        }
        for name in list.split(',') {
            match name.trim() {
                "tracecontext" => propagators.tracecontext = true,
                "baggage" => propagators.baggage = true,
                "b3" => propagators.b3 = true,
                "b3multi" => propagators.b3multi = true,
                _ => return Err(()),
            }
        }
        Ok(propagators)
    }
}

impl<'de> Deserialize<'de> for Propagators {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        check::parse(deserializer, "a list of tracecontext, baggage, b3 and b3multi, or none")
    }
}

impl Serialize for Propagators {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { tracecontext, baggage, b3, b3multi } = *self;
        let names = [(tracecontext, "tracecontext"), (baggage, "baggage"), (b3, "b3"), (b3multi, "b3multi")];
        serializer.serialize_str(&check::names_or_none(names))
    }
}

/// Whose trace context is believed. Others' is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrustContext {
    /// Everyone's.
    All,
    /// That of a proxy in `server.trusted_proxies`, which must set these headers or strip them.
    Proxies,
    /// Nobody's.
    None,
}
