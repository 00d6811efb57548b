//! A path answers with and without a trailing slash, directly: old clients send either.

use poem::http::Uri;
use poem::http::uri::PathAndQuery;
use poem::{Endpoint, Middleware, Request, Result};

/// Takes a trailing slash off the path before the request is routed.
pub(in crate::http) struct TrailingSlash;

impl<E: Endpoint> Middleware<E> for TrailingSlash {
    type Output = WithoutTrailingSlash<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithoutTrailingSlash(inner)
    }
}

pub(in crate::http) struct WithoutTrailingSlash<E>(E);

impl<E: Endpoint> Endpoint for WithoutTrailingSlash<E> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        if let Some(uri) = trimmed(request.uri()) {
            *request.uri_mut() = uri;
        }
        self.0.call(request)
    }
}

/// The URI without its trailing slash, if it has one and is not just that.
fn trimmed(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trailing_slash_is_taken_off() {
        let trim = |uri: &str| trimmed(&uri.parse().expect("a URI")).map(|uri| uri.to_string());
        assert_eq!(trim("/things/"), Some("/things".to_owned()));
        assert_eq!(trim("/things/?q=a/"), Some("/things?q=a/".to_owned()));
        assert_eq!(trim("/"), None);
        assert_eq!(trim("/things"), None);
        assert_eq!(trim("*"), None);
    }
}
