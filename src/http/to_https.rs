//! What is answered over plain HTTP by a server that speaks HTTPS: the challenges of an authority, and redirects. A request that
//! sends something is refused: a redirect would have the client send its credentials in clear text each time.

use std::sync::Arc;

use poem::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, LOCATION};
use poem::http::uri::Authority;
use poem::http::{Method, StatusCode};
use poem::{Endpoint, Request, Response, Result};

use super::problem::Problem;
use crate::acme::Challenges;
use crate::config::{Domain, Server};

/// Where an authority asks (RFC 8555, section 8.3).
const CHALLENGE: &str = "/.well-known/acme-challenge/";

/// Answers challenges, and sends on what may be.
pub(super) struct ToHttps {
    challenges: Arc<Challenges>,
    domains: Vec<Domain>,
    /// The port of HTTPS, with a colon; none for the usual one.
    port: String,
}

impl ToHttps {
    pub(super) fn new(server: &Server, challenges: Arc<Challenges>) -> Self {
        let public = server.public_url.as_ref().and_then(|url| url.authority().parse::<Authority>().ok());
        let port = public.and_then(|authority| authority.port_u16()).filter(|port| *port != 443);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Self { challenges, domains: server.acme_domains.clone(), port }
    }

    /// The same URL over HTTPS. Only at a domain of this server: the client chose the host of the request.
    fn place(&self, request: &Request) -> String {
        let asked = request.header(HOST).and_then(|host| host.parse::<Authority>().ok());
        let is_asked =
            |domain: &&Domain| asked.as_ref().is_some_and(|it| it.host().eq_ignore_ascii_case(domain.as_str()));
        let domain = self.domains.iter().find(is_asked).or_else(|| self.domains.first()).map_or("", Domain::as_str);
        let path = request.original_uri().path_and_query().map_or("/", |path| path.as_str());
        format!("https://{domain}{}{path}", self.port)
    }
}

impl Endpoint for ToHttps {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if let Some(token) = request.uri().path().strip_prefix(CHALLENGE) {
            let answer = self.challenges.answer(token).ok_or_else(Problem::route_not_found)?;
            let response = Response::builder().header(CONTENT_TYPE, "application/octet-stream");
            return Ok(response.header(CACHE_CONTROL, "no-store").body(answer));
        }
        let place = self.place(&request);
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Problem::https_required(&place).into());
        }
        Ok(Response::builder().status(StatusCode::MOVED_PERMANENTLY).header(LOCATION, place).finish())
    }
}
