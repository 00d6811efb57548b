//! Where a request comes from: the one place that decides which address is the client's, and whether it uses TLS.
//!
//! Anyone can write `X-Forwarded-For` and `Forwarded` (RFC 7239); only what a configured proxy wrote counts. They are read
//! from the right, where the nearest proxy has added whom it was called by, past further proxies of ours, up to the first
//! address that is none. Of the two, `X-Forwarded-For` counts: a proxy that does not write it must remove it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use poem::http::uri::Scheme;
use poem::http::{HeaderMap, HeaderName, header};
use poem::{Addr, Endpoint, Middleware, Request, Result};

use super::base::Base;
use super::proxy_headers::{Element, elements, value_at, values_from_right};
use crate::config::PublicUrl;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What a program that sends requests on adds to them; a client that asks for itself does not.
const OF_PROXIES: [HeaderName; 8] = [
    FORWARDED_FOR,
    FORWARDED_PROTO,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-real-ip"),
    header::FORWARDED,
    header::VIA,
];

/// The peer of a connection to a Unix socket: a proxy on the same machine, by whom may connect to it.
pub(super) fn unix_peer() -> Addr {
    Addr::custom(UNIX_PEER, "")
}

const UNIX_PEER: &str = "unix-proxy";

/// Who is at the other end of a connection.
#[derive(Clone, Copy)]
enum Peer {
    Address(IpAddr),
    /// A proxy that needs no address to be trusted.
    Proxy,
    /// Someone without an address, who speaks for nobody else.
    Nobody,
}

impl Peer {
    fn of(request: &Request) -> Self {
        match &request.remote_addr().0 {
            Addr::SocketAddr(address) => Self::Address(address.ip().to_canonical()),
            Addr::Custom(UNIX_PEER, _) => Self::Proxy,
            Addr::Unix(_) | Addr::Custom(..) => Self::Nobody,
        }
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientOrigin {
    /// The client's address.
    pub client: Option<IpAddr>,
    /// Whether a trusted proxy sent it on.
    pub is_from_proxy: bool,
    /// Whether the client's connection is encrypted, be it by us or by a proxy.
    pub is_tls: bool,
    /// Whether a trusted proxy said whose the address is.
    pub is_told: bool,
}

impl ClientOrigin {
    /// What the middleware found out about a request.
    pub(super) fn of(request: &Request) -> Self {
        request.data::<Self>().copied().unwrap_or_default()
    }

    /// Whether the address may be that of a program that sent on what somebody else asked for, and did not say for whom.
    pub(super) fn is_doubtful(self, headers: &HeaderMap) -> bool {
        !self.is_told && OF_PROXIES.iter().any(|name| headers.contains_key(name))
    }

    /// Where a request comes from, and what the proxy says that was asked by that client.
    fn find(peer: Peer, is_tls: bool, headers: &HeaderMap, trusted: &[IpNet]) -> (Self, Element) {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
        let mut client = match peer {
            Peer::Nobody => return Default::default(),
            Peer::Address(peer) if !is_trusted(peer) => {
                let own = Self { client: Some(peer), is_from_proxy: false, is_tls, is_told: false };
                return (own, Element::default());
            }
            Peer::Address(peer) => Some(peer),
            Peer::Proxy => None,
        };
        let (mut is_told, mut said) = (false, None);
        for (place, hop) in hops(headers).into_iter().enumerate() {
            let hop = Element { hop: place, ..hop };
            let found = hop.by_whom.as_deref().and_then(address);
            said = Some(hop).filter(|_| found.is_some()).or(said);
            // Whatever can't be read was not written by a proxy of ours, and nor was what is left of it.
            let Some(address) = found else { break };
            (client, is_told) = (Some(address), true);
            if !is_trusted(address) {
                break;
            }
        }
        let said = said.or_else(|| elements(headers).into_iter().next()).unwrap_or_default();
        let scheme = value_at(headers, &FORWARDED_PROTO, said.hop).or(said.proto.as_deref());
        let is_tls = scheme.map_or(is_tls, |scheme| scheme.eq_ignore_ascii_case("https"));
        (Self { client, is_from_proxy: true, is_tls, is_told }, said)
    }
}

/// Those who sent the request on, the nearest first.
fn hops(headers: &HeaderMap) -> Vec<Element> {
    if !headers.contains_key(FORWARDED_FOR) {
        return elements(headers);
    }
    let named = |hop: &str| Element { by_whom: Some(hop.to_owned()), ..Element::default() };
    values_from_right(headers, &FORWARDED_FOR).map(named).collect()
}

/// An address, as some proxies write it with its port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let parsed = bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    parsed.ok().map(|address: IpAddr| address.to_canonical())
}

/// Puts a [`ClientOrigin`] on every request, and a [`Base`] when there is one.
pub(super) struct FindOrigin(Arc<Known>);

/// What is known before any request.
struct Known {
    trusted: Vec<IpNet>,
    base: Option<Arc<Base>>,
}

impl FindOrigin {
    /// Believes the proxies in these networks. What the configuration says of the public URL, no proxy changes.
    pub(super) fn new(trusted: &[IpNet], public_url: Option<&PublicUrl>) -> Self {
        let base = public_url.map(|url| Arc::new(Base::configured(url)));
        Self(Arc::new(Known { trusted: trusted.to_vec(), base }))
    }
}

impl<E: Endpoint> Middleware<E> for FindOrigin {
    type Output = WithOrigin<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithOrigin { inner, known: self.0.clone() }
    }
}

pub(super) struct WithOrigin<E> {
    inner: E,
    known: Arc<Known>,
}

impl<E: Endpoint> Endpoint for WithOrigin<E> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        let is_tls = *request.scheme() == Scheme::HTTPS;
        let (origin, said) = ClientOrigin::find(Peer::of(&request), is_tls, request.headers(), &self.known.trusted);
        let forwarded = || Base::forwarded(request.headers(), &said).map(Arc::new);
        let base = self.known.base.clone().or_else(|| if origin.is_from_proxy { forwarded() } else { None });
        request.set_data(origin);
        if let Some(base) = base {
            request.set_data(base);
        }
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Peer {
        Peer::Address(address.parse::<IpAddr>().unwrap().to_canonical())
    }

    fn find(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> ClientOrigin {
        ClientOrigin::find(peer, false, headers, trusted).0
    }

    /// The client's address, as found from `peer` and the lines of `X-Forwarded-For`, when 10/8 is trusted.
    fn client(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let origin = find(at(peer), &headers, &["10.0.0.0/8".parse().unwrap()]);
        origin.client.unwrap().to_string()
    }

    #[test]
    fn the_first_address_from_the_right_that_is_no_proxy_is_the_clients() {
        assert_eq!(client("192.0.2.1", &["203.0.113.7"]), "192.0.2.1", "no proxy of ours");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 203.0.113.7, 10.0.0.2"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "203.0.113.7", "10.0.0.2"]), "203.0.113.7", "several lines");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3", "only proxies");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, who knows, 10.0.0.2"]), "10.0.0.2", "what can't be read ends it");
        assert_eq!(client("10.0.0.1", &["203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
    }

    #[test]
    fn an_address_is_doubtful_when_somebody_else_may_be_behind_it() {
        let is_doubtful = |peer: &str, name: HeaderName, value: &str| {
            let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
            find(at(peer), &headers, &["10.0.0.0/8".parse().unwrap()]).is_doubtful(&headers)
        };
        assert!(!is_doubtful("192.0.2.1", header::ACCEPT, "text/plain"));
        for name in OF_PROXIES {
            assert!(is_doubtful("192.0.2.1", name, "203.0.113.7"), "no proxy of ours");
        }
        assert!(!is_doubtful("10.0.0.1", FORWARDED_FOR, "203.0.113.7"));
        assert!(is_doubtful("10.0.0.1", FORWARDED_FOR, "unknown"));
        assert!(!is_doubtful("10.0.0.1", header::FORWARDED, "for=203.0.113.7"));
        assert!(is_doubtful("10.0.0.1", header::FORWARDED, "for=_hidden"));
        assert!(!is_doubtful("10.0.0.1", header::ACCEPT, "text/plain"), "the proxy asks for itself");
    }

    #[test]
    fn a_proxy_behind_a_unix_socket_is_believed_and_has_no_address_itself() {
        let mut headers = HeaderMap::new();
        assert_eq!(find(Peer::Proxy, &headers, &[]).client, None);
        headers.append(FORWARDED_FOR, "192.0.2.9, 203.0.113.7".parse().unwrap());
        let origin = find(Peer::Proxy, &headers, &[]);
        assert_eq!((origin.client, origin.is_from_proxy), ("203.0.113.7".parse().ok(), true));
        assert_eq!(find(Peer::Nobody, &headers, &[]).client, None);
    }

    #[test]
    fn the_scheme_is_believed_of_a_proxy_of_ours() {
        let headers = HeaderMap::from_iter([(FORWARDED_PROTO, "https".parse().unwrap())]);
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let is_tls = |peer: &str| find(at(peer), &headers, &trusted).is_tls;
        assert!(is_tls("10.0.0.1"));
        assert!(!is_tls("192.0.2.1"));
    }

    #[test]
    fn a_chain_of_proxies_is_believed_of_what_the_client_asked_for() {
        let base = |proto: &str, host: &str, prefix: &str| {
            let lines = [("x-forwarded-for", "203.0.113.7, 10.0.0.2"), ("x-forwarded-proto", proto)];
            let lines = lines.into_iter().chain([("x-forwarded-host", host), ("x-forwarded-prefix", prefix)]);
            let headers = lines.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let (origin, said) = ClientOrigin::find(at("10.0.0.1"), false, &headers, &trusted);
            (origin.is_tls, Base::forwarded(&headers, &said))
        };
        let (is_tls, expected) = base("https", "ext.example", "/x");
        assert!(is_tls && expected.is_some());
        assert_eq!(base("https, http", "ext.example, inner", "/x, /y"), (true, expected.clone()));
        assert_eq!(base("http, https, http", "forged.example, ext.example, inner", "/z, /x, /y"), (true, expected));
        assert!(!base("http, https", "ext.example", "/x").0);
    }

    #[test]
    fn what_forwarded_says_counts_unless_the_older_headers_are_there() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        let chain =
            "for=1.1.1.1;proto=http, for=\"203.0.113.7:4711\";proto=https;host=a.example, for=10.0.0.2;proto=http";
        headers.append(header::FORWARDED, chain.parse().unwrap());
        let (origin, said) = ClientOrigin::find(at("10.0.0.1"), false, &headers, &trusted);
        assert_eq!((origin.client, origin.is_tls), ("203.0.113.7".parse().ok(), true));
        assert_eq!(said.host.as_deref(), Some("a.example"));
        assert_eq!(find(at("192.0.2.1"), &headers, &trusted).client, "192.0.2.1".parse().ok(), "no proxy of ours");
        headers.append(FORWARDED_FOR, "198.51.100.1".parse().unwrap());
        headers.append(FORWARDED_PROTO, "http".parse().unwrap());
        let origin = find(at("10.0.0.1"), &headers, &trusted);
        assert_eq!((origin.client, origin.is_tls), ("198.51.100.1".parse().ok(), false));
    }
}
