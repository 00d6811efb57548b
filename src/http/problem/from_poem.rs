//! Errors that poem raises by itself: while it routes a request, or reads its parameters. What they say names types of
//! ours; what is answered names what the user sent.

use poem::http::StatusCode;
use poem_openapi::error::{ParseParamError, ParsePathError};

use super::{Code, Problem};

const MISSING: &str = "is required";

impl Problem {
    /// What an error of poem's means to a request for a path of this pattern.
    pub(in crate::http) fn from_poem(error: &poem::Error, pattern: Option<&str>) -> Self {
        let problem = match error.status() {
            StatusCode::NOT_FOUND => Self::route_not_found(),
            status if status.is_client_error() => {
                let problem = Self::new(status, Code::InvalidParameter, sentence(error, pattern.unwrap_or_default()));
                Self { status, ..problem }
            }
            _ => Self::internal(error),
        };
        problem.before_body()
    }
}

fn sentence(error: &poem::Error, pattern: &str) -> String {
    if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
        return format!("The parameter `{name}` {}.", explain(reason));
    }
    if let Some(ParsePathError { name, reason }) = error.downcast_ref() {
        let wrong = match explain(reason) {
            // A path without it would be another's.
            MISSING => "must be text in UTF-8, percent-encoded",
            wrong => wrong,
        };
        return format!("`{}` in the path {wrong}.", path_parameter(name, pattern));
    }
    "The request's path or query string can't be read.".to_owned()
}

/// What a path's parameter is called in the document: poem-openapi numbers them.
fn path_parameter<'a>(name: &'a str, pattern: &'a str) -> &'a str {
    let number = name.strip_prefix("param").and_then(|number| number.parse::<usize>().ok());
    let mut names = pattern.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    number.and_then(|number| names.nth(number)).unwrap_or(name)
}

/// What is wrong with a value. Of what poem-openapi says, only sentences of ours are for users.
fn explain(reason: &str) -> &str {
    let reason = reason.split(" (occurred while parsing").next().unwrap_or_default();
    if reason.ends_with("expects an input value.") {
        return MISSING;
    }
    match reason.strip_prefix("failed to parse \"").and_then(|reason| reason.split_once("\": ")) {
        Some(("string_uuid", _)) => "must be a UUID, such as 01890000-0000-7000-8000-000000000000",
        Some((_, ours)) if ours.starts_with("must be") => ours,
        None if reason.starts_with("must be") => reason,
        _ => "is not what it must be; the API's document says what it takes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_what_was_sent_and_no_type() {
        let pattern = "/api/v1/workspaces/{workspace_id}/artifacts/{artifact_id}";
        let wrong_uuid = || "failed to parse \"string_uuid\": invalid character".to_owned();
        let path = poem::Error::from(ParsePathError { name: "param1", reason: wrong_uuid() });
        assert_eq!(
            sentence(&path, pattern),
            "`artifact_id` in the path must be a UUID, such as 01890000-0000-7000-8000-000000000000."
        );
        let unreadable = "Type \"string\" expects an input value.".to_owned();
        let path = poem::Error::from(ParsePathError { name: "param0", reason: unreadable });
        assert_eq!(sentence(&path, pattern), "`workspace_id` in the path must be text in UTF-8, percent-encoded.");
        for (reason, expected) in [
            ("failed to parse \"integer_uint64\": must be a whole number", "must be a whole number"),
            ("Type \"string\" expects an input value.", "is required"),
            ("failed to parse \"f64\": invalid float", "is not what it must be; the API's document says what it takes"),
        ] {
            let query = poem::Error::from(ParseParamError { name: "limit", reason: reason.to_owned() });
            assert_eq!(sentence(&query, pattern), format!("The parameter `limit` {expected}."));
        }
    }
}
