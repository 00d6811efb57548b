//! What handlers take from a request besides its body.

use poem::http::{Method, header};
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::authorization::bearer;
use super::base::Base;
use super::forwarded::ClientOrigin;
use super::memory::Holding;
use super::problem::Problem;
use super::state::State;
use super::{allowance, cookies, headers};
use crate::service::{Allowances, Caller, Client, Error, SignOut};

pub(super) const BEARER_SCHEME: &str = "bearer";
pub(super) const COOKIE_SCHEME: &str = "cookie";
const API_KEY_SCHEME: &str = "api_key";

/// The program that sent the request.
pub(super) struct FromClient(pub Client);

impl<'a> FromRequest<'a> for FromClient {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(client(request)))
    }
}

/// Who is signed in: by bearer token, or by the cookie that a login sets. API keys are refused.
pub(super) struct SignedIn(pub Caller);

/// Who works with artifacts: someone who is signed in, or the holder of an API key.
pub(super) struct ArtifactsCaller(pub Caller);

/// Who is calling, and may. Asks only once: the answer is kept on the request.
pub(super) async fn caller(request: &Request) -> Result<Caller, Problem> {
    match request.data::<Caller>() {
        Some(caller) => Ok(caller.clone()),
        None => {
            let caller = authenticate(request).await.map_err(Problem::before_body)?;
            Holding::of(request)?.belongs_to(caller.user);
            Ok(caller)
        }
    }
}

async fn authenticate(request: &Request) -> Result<Caller, Problem> {
    let service = &State::of(request)?.service;
    let caller = match bearer(request) {
        Some(token) => service.authenticate(token, client(request)).await?,
        None => by_cookie(request).await?,
    };
    if let Some(allowance) = service.count_request(&caller)? {
        allowance::note(request, allowance);
    }
    Ok(caller)
}

/// Who holds the access token in a cookie. A browser may have several of the name: the first good one counts.
async fn by_cookie(request: &Request) -> Result<Caller, Problem> {
    let tokens = cookies::access_tokens(request.headers());
    if tokens.is_empty() {
        return Err(Problem::authentication_required());
    }
    check_origin(request)?;
    let service = &State::of(request)?.service;
    for token in tokens {
        match service.authenticate(&token, client(request)).await {
            Err(Error::NotAuthenticated) => {}
            decided => return Ok(decided?),
        }
    }
    Err(Error::NotAuthenticated.into())
}

/// Adds the ways to sign in to the document.
pub(super) fn register_sessions(registry: &mut Registry) {
    registry.create_security_scheme(
        BEARER_SCHEME,
        MetaSecurityScheme {
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            ..scheme("http", "The `access_token` that a login answers with: a JWT that is checked as RFC8725 advises.")
        },
    );
    registry.create_security_scheme(
        COOKIE_SCHEME,
        MetaSecurityScheme {
            name: Some(cookies::ACCESS_TOKEN),
            key_in: Some("cookie"),
            ..scheme("apiKey", "The cookie that a login sets, for browsers.")
        },
    );
}

pub(super) fn scheme(ty: &'static str, description: &'static str) -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}

impl<'a> ApiExtractor<'a> for SignedIn {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_sessions(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER_SCHEME, COOKIE_SCHEME]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let caller = caller(request).await?;
        caller.session().map_err(|error| Problem::from(error).before_body())?;
        Ok(Self(caller))
    }
}

impl<'a> ApiExtractor<'a> for ArtifactsCaller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_sessions(registry);
        registry.create_security_scheme(
            API_KEY_SCHEME,
            MetaSecurityScheme {
                scheme: Some("bearer"),
                bearer_format: Some("gwk_…"),
                ..scheme("http", "An API key of the workspace, sent as a bearer token.")
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER_SCHEME, COOKIE_SCHEME, API_KEY_SCHEME]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(caller(request).await?))
    }
}

/// What may be a refresh token besides the one a body holds.
pub(super) struct PresentedRefreshTokens {
    /// The bearer, which may well be an access token.
    pub bearer: Option<String>,
    /// The cookies, or why they do not count.
    pub cookies: Result<Vec<String>, Problem>,
}

impl<'a> FromRequest<'a> for PresentedRefreshTokens {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let tokens = cookies::refresh_tokens(request.headers());
        let cookies = if tokens.is_empty() { Ok(tokens) } else { check_origin(request).map(|()| tokens) };
        Ok(Self { bearer: bearer(request).map(str::to_owned), cookies })
    }
}

/// Whatever of the pair is sent by someone who signs out, besides what a body holds.
pub(super) struct Leaving {
    /// Bearer and cookies.
    pub tokens: SignOut,
    /// Why the cookies do not count: another site made the request.
    pub foreign: Option<Problem>,
}

impl<'a> ApiExtractor<'a> for Leaving {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_sessions(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER_SCHEME, COOKIE_SCHEME]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let (mut access, mut refresh, mut foreign, mut is_enough) = (Vec::new(), Vec::new(), None, false);
        if let Some(token) = bearer(request) {
            access.push(token.to_owned());
            refresh.push(token.to_owned());
        }
        // A program that does not say where it comes from may end what it holds the cookies of; browsers say it, and on behalf of
        // another site they need not even send the cookies for an answer to remove them.
        if SentFrom::of(request)? == SentFrom::OtherSite {
            foreign = Some(Problem::foreign_origin());
        } else {
            access.extend(cookies::access_tokens(request.headers()));
            refresh.extend(cookies::refresh_tokens(request.headers()));
            is_enough = cookies::are_there(request.headers());
        }
        Ok(Self { tokens: SignOut { access, refresh, is_enough, ..SignOut::default() }, foreign })
    }
}

/// Whether a request has nothing that could say whose it is.
pub(super) fn is_anonymous(request: &Request) -> bool {
    bearer(request).is_none() && cookies::access_tokens(request.headers()).is_empty()
}

/// Browsers send cookies along with requests that other sites make, so a write by cookie must prove where it comes from.
fn check_origin(request: &Request) -> Result<(), Problem> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    if SentFrom::of(request)? == SentFrom::OwnSite { Ok(()) } else { Err(Problem::foreign_origin()) }
}

/// Where a request says that it comes from.
#[derive(PartialEq, Eq)]
enum SentFrom {
    /// From here: by an `Origin` that the operator lists, by `Sec-Fetch-Site`, or by an `Origin` that is this host.
    OwnSite,
    /// From another site.
    OtherSite,
    /// Nothing: browsers never do that when they write.
    Unsaid,
}

impl SentFrom {
    fn of(request: &Request) -> Result<Self, Problem> {
        let state = State::of(request)?;
        let is_own = match (request.header("sec-fetch-site"), request.header(header::ORIGIN)) {
            (_, Some(origin)) if state.is_listed_origin(origin) => true,
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            (None, Some(origin)) => Base::is_origin(request, origin),
            (None, None) => return Ok(Self::Unsaid),
        };
        Ok(if is_own { Self::OwnSite } else { Self::OtherSite })
    }
}

/// The longest address, in characters: of IPv6, with one of IPv4 in it.
pub(super) const MAX_ADDRESS: usize = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".len();
/// The longest token, in characters: none of ours is as long.
pub(super) const MAX_TOKEN: usize = 4096;
/// Longer names of programs are cut, in characters: they are only shown to people.
pub(super) const MAX_USER_AGENT: usize = 256;

/// The program that sent a request.
pub(super) fn client(request: &Request) -> Client {
    Client {
        ip: ClientOrigin::of(request).client,
        user_agent: headers::text(request, header::USER_AGENT)
            .map(|agent| agent.chars().take(MAX_USER_AGENT).collect()),
        device: cookies::device(request.headers()),
        reservation: None,
        allowances: request.data::<Allowances>().cloned().unwrap_or_default(),
    }
}
