//! What people send: forms, from a page of this server alone.
//!
//! A browser says where a form comes from, in `Sec-Fetch-Site` or in `Origin`; a form that says neither is refused. And
//! it carries the token of its session, which no other page can know. Before signing in there is no session that
//! something could be done in, so the origin is all there is to check.

use poem::http::{HeaderMap, HeaderValue, header};

use super::outcome::Outcome;
use crate::http::pages::{PageRequest, Problem};

/// The field with the session's token.
pub(super) const TOKEN: &str = "form_token";
/// The field with the form's own number: sent twice, it is done once.
pub(super) const KEY: &str = "form_key";

/// The fields of a form.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(pub Vec<(String, String)>);

impl Form {
    /// The value of a field; empty when it is not there. Browsers end lines as on the wire.
    pub fn text(&self, name: &str) -> String {
        let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        value.unwrap_or_default().replace("\r\n", "\n")
    }

    /// The number in a field.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name).parse().ok()
    }

    /// The fields that a person filled in.
    pub fn typed(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter().filter(|(name, _)| name != TOKEN && name != KEY)
    }
}

/// The fields of a form that does not need a session.
pub(super) async fn of_anyone(request: &mut PageRequest) -> Result<Form, Outcome> {
    check_origin(request)?;
    Ok(Form(request.form().await?))
}

/// Refuses a form that does not come from a page of this server.
pub(super) fn check_origin(request: &PageRequest) -> Result<(), Problem> {
    let is_own = is_own(request.headers(), |origin| request.is_origin(origin));
    if is_own { Ok(()) } else { Err(Problem::foreign_form().before_body()) }
}

/// Whether a form comes from a page of this server.
fn is_own(headers: &HeaderMap, is_origin: impl Fn(&str) -> bool) -> bool {
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match (value("sec-fetch-site"), value(header::ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => is_origin(origin),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s64_a_form_says_that_it_comes_from_here() {
        let is_own = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            is_own(&headers, |origin| origin == "http://here.example:8000")
        };
        assert!(is_own(&[("sec-fetch-site", "same-origin")]));
        assert!(is_own(&[("origin", "http://here.example:8000")]));
        for foreign in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://here.example:8000")],
            &[("origin", "null")],
            &[("origin", "http://here.example")],
            &[("origin", "http://evil.example")],
        ] {
            assert!(!is_own(foreign), "{foreign:?}");
        }
    }
}
