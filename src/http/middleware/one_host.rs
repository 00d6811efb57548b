//! An HTTP/1.1 request says once which host it is for (RFC 9112, section 3.2). Of one that does not, or that says another in
//! its target (RFC 9113, section 8.3.1), two programs could think differently.

use std::net::Ipv6Addr;

use poem::http::uri::Authority;
use poem::http::{HeaderMap, Uri, Version, header};
use poem::{Endpoint, Middleware, Request, Result};

use super::pass::pass;
use crate::http::problem::Problem;

/// Refuses a request without a `Host`, or with several hosts.
pub(in crate::http) struct OneHost;

impl<E: Endpoint> Middleware<E> for OneHost {
    type Output = WithOneHost<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithOneHost(inner)
    }
}

pub(in crate::http) struct WithOneHost<E>(E);

impl<E: Endpoint> Endpoint for WithOneHost<E> {
    type Output = E::Output;

    fn call(&self, request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        let is_clear =
            is_said_well(request.version(), request.headers()) && is_said_again(request.uri(), request.headers());
        pass(&self.0, request, if is_clear { Ok(()) } else { Err(Problem::invalid_host()) })
    }
}

/// HTTP/1.0 may leave it out, and HTTP/2 says it elsewhere.
fn is_said_well(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let is_valid = hosts.next().map_or(version != Version::HTTP_11, |host| is_host(host.as_bytes()));
    is_valid && hosts.next().is_none()
}

/// Whether the target names no host, or the one that the `Host` has, if there is one.
fn is_said_again(target: &Uri, headers: &HeaderMap) -> bool {
    let Some(authority) = target.authority() else { return true };
    let is_same = |host: &[u8]| host.eq_ignore_ascii_case(authority.as_str().as_bytes());
    is_host(authority.as_str().as_bytes()) && headers.get(header::HOST).is_none_or(|host| is_same(host.as_bytes()))
}

/// Whether a text is a host, with or without a port (RFC 3986, section 3.2): there is no user in it.
fn is_host(text: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(text) else { return false };
    let Some((host, port)) = authority.as_str().split_at_checked(authority.host().len()) else { return false };
    let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok();
    let is_address = |host: &str| host.strip_suffix(']').is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
    (host == authority.host() && !host.is_empty())
        && host.strip_prefix('[').is_none_or(is_address)
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s45_a_target_names_no_other_host() {
        let is_clear = |target: &str, host: Option<&'static str>| {
            let headers =
                host.map(|host| (header::HOST, host.parse().expect("a header's value"))).into_iter().collect();
            is_said_again(&target.parse().expect("a target"), &headers)
        };
        assert!(is_clear("/livez", Some("a.example")));
        assert!(is_clear("http://A.example/livez", Some("a.example")));
        assert!(is_clear("http://a.example:8000/livez", None));
        assert!(!is_clear("http://b.example/livez", Some("a.example")));
        assert!(!is_clear("http://u@a.example/livez", Some("a.example")));
        assert!(!is_clear("http://u@a.example/livez", None));
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for host in ["a", "a.example:8000", "127.0.0.1:0", "[::1]", "[::1]:8000", "a:", "xn--a.example"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["", "u@a", "u:p@a:1", "a:xyz", "a:99999", "a:-1", "[::zz]", "[::1", "a b", "a/b", "a?b", ":1"] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
