//! What clients have before the paths of this server: the host and the path at which a proxy serves it.

use std::sync::Arc;

use poem::Request;
use poem::http::uri::Authority;
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::proxy_headers::{Element, value_at};
use crate::config::PublicUrl;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// Where clients see this server: by the configuration, or else by what a trusted proxy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// Host and port, if they are known.
    authority: Option<String>,
    /// What the proxy takes off each path, without a slash at its end.
    prefix: String,
    /// The server in the OpenAPI document.
    pub server: String,
}

impl Base {
    /// What the configuration says.
    pub fn configured(url: &PublicUrl) -> Self {
        let (authority, prefix) = (Some(url.authority().to_owned()), url.path().to_owned());
        Self { authority, prefix, server: url.as_str().to_owned() }
    }

    /// What a trusted proxy says, if it says anything: in headers of its own, or the host in a `Forwarded`.
    pub fn forwarded(headers: &HeaderMap, said: &Element) -> Option<Self> {
        let port = value_at(headers, &FORWARDED_PORT, said.hop).and_then(|port| port.parse::<u16>().ok());
        let host = value_at(headers, &FORWARDED_HOST, said.hop).or(said.host.as_deref());
        // A proxy that says the port alone has left the host as it was.
        let unchanged = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|_| port.is_some());
        let authority = host.or_else(unchanged).and_then(|host| with_port(host, port));
        let prefix = value_at(headers, &FORWARDED_PREFIX, said.hop);
        let prefix = prefix.map(|prefix| prefix.trim_end_matches('/')).filter(|prefix| PublicUrl::is_path(prefix));
        let prefix = prefix.unwrap_or_default().to_owned();
        if authority.is_none() && prefix.is_empty() {
            return None;
        }
        let server = if prefix.is_empty() { "/".to_owned() } else { prefix.clone() };
        Some(Self { authority, prefix, server })
    }

    /// What holds for a request.
    pub fn of(request: &Request) -> Option<&Arc<Self>> {
        request.data()
    }

    /// What clients have before a path of this server.
    pub fn prefix_of(request: &Request) -> &str {
        Self::of(request).map_or("", |base| &base.prefix)
    }

    /// A path of this server as clients have it.
    pub fn prefixed(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Whether an origin is that of the server as the client of a request asks for it.
    pub fn is_origin(request: &Request, origin: &str) -> bool {
        let asked = Self::of(request).and_then(|base| base.authority.as_deref());
        let asked = [request.header(header::HOST), asked];
        asked.into_iter().flatten().any(|authority| is_origin_of(origin, authority))
    }

    /// Whether paths are other ones for clients.
    pub fn has_prefix(&self) -> bool {
        !self.prefix.is_empty()
    }

    /// The URL of this server as the client of a request uses it, up to its paths.
    pub fn url_of(request: &Request, is_tls: bool) -> String {
        let authority = Self::of(request).and_then(|base| base.authority.as_deref());
        let host = authority.or_else(|| request.header(header::HOST)).unwrap_or("localhost");
        let scheme = if is_tls { "https" } else { "http" };
        format!("{scheme}://{}{}", without_usual_port(scheme, host), Self::prefix_of(request))
    }

    /// Puts the prefix before each path in the headers of an answer.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        let Self { prefix, .. } = self;
        let is_path = |text: &str| text.starts_with('/') && !text.starts_with("//");
        rewrite(headers, &header::LOCATION, |to| is_path(to).then(|| format!("{prefix}{to}")));
        rewrite(headers, &header::LINK, |to| {
            to.strip_prefix('<').filter(|to| is_path(to)).map(|to| format!("<{prefix}{to}"))
        });
        rewrite(headers, &header::SET_COOKIE, |cookie| {
            cookie.contains("; Path=/").then(|| cookie.replacen("; Path=/", &format!("; Path={prefix}/"), 1))
        });
    }
}

/// Whether an origin (RFC 6454) is that of a host and port. Browsers write it in lower case, without the port that its
/// scheme has anyway; proxies need not.
fn is_origin_of(origin: &str, authority: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    without_usual_port(scheme, host).eq_ignore_ascii_case(without_usual_port(scheme, authority))
}

/// A host and port without the port that the scheme has anyway.
fn without_usual_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let usual = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    authority.strip_suffix(usual).unwrap_or(authority)
}

/// A host with its own port, or else this one. None if it is no host.
fn with_port(host: &str, port: Option<u16>) -> Option<String> {
    let has_port = Authority::try_from(host).ok()?.port().is_some();
    Some(match port.filter(|_| !has_port) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Replaces those values of a header that there is another for.
fn rewrite(headers: &mut HeaderMap, name: &HeaderName, other: impl Fn(&str) -> Option<String>) {
    let values: Vec<HeaderValue> = headers.get_all(name).iter().cloned().collect();
    if values.is_empty() {
        return;
    }
    headers.remove(name);
    for value in values {
        let text = value.to_str().ok().and_then(&other);
        let other = text.and_then(|text| HeaderValue::try_from(text).ok());
        headers.append(name.clone(), other.unwrap_or(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn paths_in_headers_get_the_prefix() {
        let base = Base::configured(&"https://example.com/gw".parse().unwrap());
        let mut headers = headers(&[("location", "/api/v1/x"), ("link", "</api?cursor=1>; rel=\"next\"")]);
        for cookie in ["a=\"Bearer x\"; HttpOnly; Path=/; Max-Age=1", "b=; Path=/api/v1/auth"] {
            headers.append(header::SET_COOKIE, cookie.parse().unwrap());
        }
        base.add_to(&mut headers);
        let values: Vec<&str> = headers.values().map(|value| value.to_str().unwrap()).collect();
        let expected = [
            "/gw/api/v1/x",
            "</gw/api?cursor=1>; rel=\"next\"",
            "a=\"Bearer x\"; HttpOnly; Path=/gw/; Max-Age=1",
            "b=; Path=/gw/api/v1/auth",
        ];
        for value in expected {
            assert!(values.contains(&value), "{value} in {values:?}");
        }
        let elsewhere = HeaderMap::from_iter([(header::LOCATION, "https://example.org/".parse().unwrap())]);
        let mut same = elsewhere.clone();
        base.add_to(&mut same);
        assert_eq!(same, elsewhere);
    }

    #[test]
    fn a_proxy_says_host_and_prefix() {
        let base = Base::forwarded(
            &headers(&[("x-forwarded-host", "a.example"), ("x-forwarded-prefix", "/gw/")]),
            &Element::default(),
        );
        let base = base.expect("a base");
        assert!(base.authority.as_deref() == Some("a.example") && base.has_prefix());
        assert_eq!(base.server, "/gw");
        let said = Element { host: Some("b.example:8443".to_owned()), ..Element::default() };
        let base = Base::forwarded(&HeaderMap::new(), &said).expect("a base");
        assert!(base.authority.as_deref() == Some("b.example:8443") && !base.has_prefix());
        assert_eq!(base.server, "/");
        for prefix in ["", "/", "gw", "//evil.example", "/a b", "/../x"] {
            assert_eq!(
                Base::forwarded(&headers(&[("x-forwarded-prefix", prefix)]), &Element::default()),
                None,
                "{prefix}"
            );
        }
    }

    #[test]
    fn a_port_that_a_proxy_says_belongs_to_a_host_without_one() {
        let authority = |pairs: &[(&'static str, &str)]| {
            Base::forwarded(&headers(pairs), &Element::default()).and_then(|base| base.authority)
        };
        let (host, asked, port) = ("x-forwarded-host", "host", "x-forwarded-port");
        assert_eq!(authority(&[(host, "a.example"), (port, "8443")]).as_deref(), Some("a.example:8443"));
        assert_eq!(authority(&[(host, "a.example:444"), (port, "8443")]).as_deref(), Some("a.example:444"));
        assert_eq!(authority(&[(asked, "b.example"), (port, "8443")]).as_deref(), Some("b.example:8443"));
        assert_eq!(authority(&[(host, "[::1]"), (port, "8443")]).as_deref(), Some("[::1]:8443"));
        for wrong in ["", "https", "65536", "-1", "1 2"] {
            assert_eq!(authority(&[(host, "a.example"), (port, wrong)]).as_deref(), Some("a.example"), "{wrong}");
        }
        assert_eq!(authority(&[(asked, "b.example")]), None);
    }

    #[test]
    fn an_origin_is_that_of_a_host_however_its_usual_port_is_written() {
        for (origin, authority) in [
            ("https://ex.com", "ex.com"),
            ("https://ex.com", "EX.com"),
            ("https://ex.com", "ex.com:443"),
            ("http://ex.com", "ex.com:80"),
            ("http://[::1]", "[::1]:80"),
            ("https://ex.com:8443", "ex.com:8443"),
        ] {
            assert!(is_origin_of(origin, authority), "{origin} {authority}");
        }
        for (origin, authority) in [
            ("https://ex.com", "ex.com:80"),
            ("http://ex.com", "ex.com:443"),
            ("https://ex.com", "ex.com:8443"),
            ("http://ex.com", "ex.com:8080"),
            ("https://evil.com", "ex.com"),
            ("https://ex.com.evil.com", "ex.com"),
            ("null", "null"),
        ] {
            assert!(!is_origin_of(origin, authority), "{origin} {authority}");
        }
    }
}
