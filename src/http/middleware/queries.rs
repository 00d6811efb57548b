//! Query strings as clients write them: `tags[]=a` and `tags[0]=a`, as axios and PHP do, are `tags=a`. Parameters that an
//! operation does not have are ignored, unless the client asks for an error.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use poem::http::Uri;
use poem::http::uri::PathAndQuery;
use poem::{Endpoint, Middleware, Request, Result};

use super::pass::pass;
use crate::domain::{Violation, Violations};
use crate::http::prefer;
use crate::http::problem::Problem;
use crate::http::routes::RouteTable;

/// Brings a query string into the form that handlers read.
pub(in crate::http) struct Queries {
    routes: Arc<RouteTable>,
}

impl Queries {
    pub(in crate::http) fn new(routes: Arc<RouteTable>) -> Self {
        Self { routes }
    }
}

impl<E: Endpoint> Middleware<E> for Queries {
    type Output = WithQueries<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithQueries { inner, routes: self.routes.clone() }
    }
}

pub(in crate::http) struct WithQueries<E> {
    inner: E,
    routes: Arc<RouteTable>,
}

impl<E: Endpoint> Endpoint for WithQueries<E> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        if let Some(uri) = without_brackets(request.uri()) {
            *request.uri_mut() = uri;
        }
        let checked = if prefer::is_strict(request.headers()) { self.check(&request) } else { Ok(()) };
        let may_pass = checked.map_err(|unknown| Problem::unknown_fields(&unknown).before_body());
        pass(&self.inner, request, may_pass)
    }
}

impl<E> WithQueries<E> {
    /// Refuses parameters that the operation does not have.
    fn check(&self, request: &Request) -> Result<(), Violations> {
        let Some(route) = self.routes.find(request.uri().path()) else { return Ok(()) };
        let Some(taken) = route.taken(request.method()) else { return Ok(()) };
        let pairs = request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let names = pairs.map(|pair| decoded(pair.split('=').next().unwrap_or_default()));
        let unknown = names
            .filter(|name| !taken.parameters.contains(name))
            .map(|name| Violation { pointer: format!("/{name}"), detail: "is not a parameter of this".to_owned() });
        Violations::none(unknown.collect())
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// The URI with the brackets taken off its parameters' names, if there are any.
fn without_brackets(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?;
    if !query.contains(['[', '%']) {
        return None;
    }
    let pairs: Vec<String> = query.split('&').map(bare).collect();
    let pairs = pairs.join("&");
    if pairs == query {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{}?{pairs}", uri.path())).ok()?);
    Uri::from_parts(parts).ok()
}

/// A parameter without the brackets at the end of its name, which hold nothing or a number.
fn bare(pair: &str) -> String {
    let (name, value) = pair.split_at(pair.find('=').unwrap_or(pair.len()));
    let text = decoded(name);
    let bracketed = text.strip_suffix(']').and_then(|name| name.rsplit_once('['));
    match bracketed {
        Some((name, index)) if is_plain(name) && index.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{name}{value}")
        }
        _ => pair.to_owned(),
    }
}

/// Whether a name can stand in a query string as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_taken_off_names_and_nothing_else() {
        let bare = |uri: &str| without_brackets(&uri.parse().expect("a URI")).map(|uri| uri.to_string());
        assert_eq!(bare("/a?tags[]=b&tags[]=c"), Some("/a?tags=b&tags=c".to_owned()));
        assert_eq!(bare("/a?tags%5B%5D=b%5B%5D&x=1"), Some("/a?tags=b%5B%5D&x=1".to_owned()));
        assert_eq!(bare("/a?tags[0]=b&tags%5b12%5d=c"), Some("/a?tags=b&tags=c".to_owned()));
        for uri in ["/a", "/a?tags=b", "/a?q=[]", "/a?q=%5B%5D", "/a?[]=b", "/a?tags[x]=b", "/a?tags]=b"] {
            assert_eq!(bare(uri), None, "{uri}");
        }
    }
}
