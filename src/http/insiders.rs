//! Who may see how the server is doing: its metrics, and the health of each part. In development, anyone; elsewhere, those
//! on the networks that the operator calls internal, and operators.

use std::net::IpAddr;

use ipnet::IpNet;
use poem::Request;
use poem::http::HeaderMap;

use super::forwarded::ClientOrigin;
use super::operators::may_operate;
use super::state::State;
use crate::config::Environment;

/// Whether a request comes from an insider.
pub(super) async fn is_insider(state: &State, request: &Request) -> bool {
    state.environment == Environment::Development
        || is_internal(ClientOrigin::of(request), request.headers(), &state.server.internal_networks)
        || may_operate(request).await
}

/// Whether a client is on one of these networks. One whose address is in doubt is not.
fn is_internal(origin: ClientOrigin, headers: &HeaderMap, networks: &[IpNet]) -> bool {
    let is_listed = |client: IpAddr| networks.iter().any(|network| network.contains(&client));
    origin.client.is_some_and(is_listed) && !origin.is_doubtful(headers)
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderValue, header};

    use super::*;

    #[test]
    fn a_client_is_internal_by_an_address_that_is_not_in_doubt() {
        let networks = ["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let is_internal = |client: Option<&str>, is_sent_on: bool, networks: &[IpNet]| {
            let client = client.map(|client| client.parse().unwrap());
            let headers = is_sent_on.then(|| (header::VIA, HeaderValue::from_static("1.1 proxy")));
            is_internal(ClientOrigin { client, ..ClientOrigin::default() }, &headers.into_iter().collect(), networks)
        };
        assert!(is_internal(Some("127.0.0.1"), false, &networks));
        assert!(is_internal(Some("::1"), false, &networks));
        assert!(!is_internal(Some("127.0.0.1"), true, &networks));
        assert!(!is_internal(Some("192.0.2.1"), false, &networks));
        assert!(!is_internal(None, false, &networks));
        assert!(!is_internal(Some("127.0.0.1"), false, &[]));
    }
}
