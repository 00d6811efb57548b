//! What is answered where only operators listen. To reach that address is no permission: to those who don't show that
//! they may operate, there is no more than probes and metrics. And a request must be for a host that is meant, or a page in an operator's browser could send
//! it under a name that it points here itself.

use std::net::IpAddr;
use std::sync::Arc;

use poem::http::header;
use poem::http::uri::Authority;
use poem::{Endpoint, Middleware, Request, Result};

use crate::http::operators::operator;
use crate::http::problem::Problem;
use crate::http::routes::operation_of;
use crate::http::state::State;
use crate::operations::Operation;

/// Refuses everything else.
pub(in crate::http) struct ForOperators(Arc<State>);

impl ForOperators {
    pub(in crate::http) fn new(state: Arc<State>) -> Self {
        Self(state)
    }
}

impl<E: Endpoint> Middleware<E> for ForOperators {
    type Output = OperatorsOnly<E>;

    fn transform(&self, inner: E) -> Self::Output {
        OperatorsOnly { inner, state: self.0.clone() }
    }
}

pub(in crate::http) struct OperatorsOnly<E> {
    inner: E,
    state: Arc<State>,
}

impl<E: Endpoint> Endpoint for OperatorsOnly<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<Self::Output> {
        if !is_meant(host(&request), &self.state.server.operator_hosts) {
            return Err(Problem::foreign_host().before_body().into());
        }
        let Some(row) = operation_of(&request).map(Operation::row).filter(|row| row.is_of_operators) else {
            return Err(Problem::route_not_found().into());
        };
        if !row.is_probe {
            let operator = operator(&request).await?;
            request.set_data(operator);
        }
        self.inner.call(request).await
    }
}

/// The host that a request is for: HTTP/2 has it in `:authority`, which is part of the URI.
fn host(request: &Request) -> &str {
    let authority = request.uri().authority().map(Authority::as_str);
    authority.or_else(|| request.header(header::HOST)).unwrap_or_default()
}

/// Whether a `Host` is an IP address, this machine, or one of these names.
fn is_meant(host: &str, names: &[String]) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok()
        || bare.eq_ignore_ascii_case("localhost")
        || names.iter().any(|name| name.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s61_only_hosts_that_are_meant_are_answered() {
        let names = ["ghostworks.internal".to_owned()];
        for host in ["127.0.0.1:8001", "[::1]:8001", "10.0.0.1", "localhost", "LOCALHOST:1", "Ghostworks.Internal:80"] {
            assert!(is_meant(host, &names), "{host}");
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "a b", "::1"] {
            assert!(!is_meant(host, &names), "{host}");
        }
    }
}
