//! The table of contents: every path, and what a request passes through on its way there.

use std::sync::{Arc, LazyLock};

use futures_util::future::BoxFuture;
use hyper::body::Bytes;
use poem::endpoint::{BoxEndpoint, DynEndpoint, make};
use poem::{Endpoint, EndpointExt, Error, IntoEndpoint, IntoResponse, Request, Response, Result, Route, get};
use poem_openapi::{LicenseObject, OpenApi, OpenApiService, ServerObject};

use super::api::{
    AcceptApi, AccountAccessApi, AccountsApi, ApiKeysApi, ArtifactsApi, AuditApi, AuthApi, BackupsApi, CatalogApi,
    HistoryApi, InspectionsApi, InvitationsApi, LogApi, MembersApi, OwnAccountApi, PasswordsApi, ReadOnlyApi,
    SessionsApi, SettingsApi, SigningKeyApi, SwitchApi, SystemApi, TenantArtifactsApi, TenantsApi, TracesApi,
    VerificationApi, WorkspaceTracesApi, WorkspacesApi,
};
use super::assets::Asset;
use super::docs::Page;
use super::document::Document;
use super::forwarded::FindOrigin;
use super::metrics;
use super::middleware::{
    AnnounceLimits, Boxed, Cors, CountMemory, Deadline, ForOperators, Idempotency, KeptPrefix, OneHost, Preferences,
    Prepare, Problems, PublicPaths, Queries, RateLimited, RequestIds, SecurityHeaders, Traced, TrailingSlash,
};
use super::pages::{PageSite, Pages};
use super::routes::RouteTable;
use super::served_document::ServedDocument;
use super::state::State;
use super::to_https::ToHttps;
use crate::acme::Challenges;

/// Where the metrics are.
const METRICS: &str = "/metrics";

/// The OpenAPI document as JSON, indented.
pub fn openapi_json() -> String {
    document(&api()).json()
}

/// The OpenAPI document as YAML.
pub fn openapi_yaml() -> String {
    document(&api()).yaml()
}

/// The paths that are answered on connections beyond those that there may be.
pub fn probes() -> Arc<[String]> {
    static PROBES: LazyLock<Arc<[String]>> =
        LazyLock::new(|| RouteTable::paths(openapi_json().as_bytes(), |operation| operation.row().is_probe).into());
    PROBES.clone()
}

fn document(api: &OpenApiService<impl OpenApi, ()>) -> Document {
    Document::new(&api.spec())
}

/// The endpoint that answers every request.
pub fn router(state: Arc<State>, pages: Option<Pages>) -> impl Endpoint<Output = Response> + 'static {
    let (api, pages) = (api(), pages.map(Arc::new));
    let docs = Docs::new(&api);
    let paths: &[&str] = if state.server.docs { &Docs::PATHS } else { &[] };
    let routes = RouteTable::new(&docs.json, paths);
    let routes = Arc::new(if let Some(pages) = &pages { routes.and(pages) } else { routes });
    let site = Site {
        docs: state.server.docs.then(|| docs.into_route()),
        pages: pages.clone().map(PageSite::new),
        api: api.into_endpoint(),
    };
    let site = site.with(Idempotency::new(routes.clone())).with(RateLimited).with(Deadline);
    at_the_edge(site, state, routes, pages)
}

/// The endpoint that answers operators, where only they listen.
pub fn operator_router(state: Arc<State>) -> impl Endpoint<Output = Response> + 'static {
    let api = api();
    let routes = Arc::new(RouteTable::new(document(&api).json().as_bytes(), &[]));
    let site = Site { docs: None, pages: None, api: api.into_endpoint() };
    let site = site.with(Idempotency::new(routes.clone())).with(Deadline);
    at_the_edge(site.with(ForOperators::new(state.clone())), state, routes, None)
}

/// The endpoint that answers where nothing but the metrics is served.
pub fn metrics_router(state: Arc<State>) -> impl Endpoint<Output = Response> + 'static {
    let scraped = state.clone();
    let metrics = make(move |request| {
        let state = scraped.clone();
        async move { Ok::<_, Error>(metrics::scrape(&state, &request).await?.into_response()) }
    });
    let routes = Arc::new(RouteTable::metrics(METRICS));
    at_the_edge(Route::new().at(METRICS, get(metrics)), state, routes, None)
}

/// The endpoint that answers over plain HTTP where everything is over HTTPS.
pub fn to_https_router(state: Arc<State>, challenges: Arc<Challenges>) -> impl Endpoint<Output = Response> + 'static {
    let endpoint = ToHttps::new(&state.server, challenges);
    at_the_edge(endpoint, state, Arc::new(RouteTable::none()), None)
}

/// Puts the state on every request.
fn knowing(state: Arc<State>) -> impl Fn(&mut Request) + Send + Sync + 'static {
    move |request| {
        request.set_data(state.clone());
    }
}

/// What every request passes through, on every listener.
fn at_the_edge(
    endpoint: impl Endpoint + 'static,
    state: Arc<State>,
    routes: Arc<RouteTable>,
    pages: Option<Arc<Pages>>,
) -> impl Endpoint<Output = Response> + 'static {
    let (telemetry, instance) = (state.service.telemetry.clone(), state.instance);
    let clock = state.service.clock();
    let find_origin = FindOrigin::new(&state.server.trusted_proxies, state.server.public_url.as_ref());
    // The last is the first to see a request.
    endpoint
        .with(Prepare::new(knowing(state.clone())))
        .with(CountMemory::new(state.memory.clone()))
        .with(Queries::new(routes.clone()))
        .with(TrailingSlash)
        .with(OneHost)
        .with(Problems::new(routes.clone(), clock, pages))
        .with(Boxed)
        .with(PublicPaths)
        .with(AnnounceLimits)
        .with(Preferences::new(routes.clone()))
        .with(Cors::new(state))
        .with(SecurityHeaders)
        .with(Traced::new(telemetry, routes.clone()))
        .with(KeptPrefix::new(routes))
        .with(find_origin)
        .with(RequestIds::new(instance))
}

/// The API with the documentation and the pages beside it. Not nested in one route: poem would rewrite the target of every
/// request.
struct Site {
    docs: Option<Route>,
    pages: Option<PageSite>,
    api: BoxEndpoint<'static>,
}

impl Endpoint for Site {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let path = request.uri().path();
        let response: BoxFuture<'_, _> = match (&self.docs, &self.pages) {
            (_, Some(pages)) if pages.covers(path) => Box::pin(pages.call(request)),
            (Some(docs), _) if Docs::PATHS.contains(&path) => Box::pin(docs.call(request)),
            // Its future has a box already.
            _ => DynEndpoint::call(&*self.api, request),
        };
        response
    }
}

/// The documentation: pages for people, documents for programs.
struct Docs {
    json: Bytes,
    yaml: Bytes,
    swagger_ui: Asset,
    redoc: Asset,
}

impl Docs {
    const PATHS: [&str; 4] = ["/docs", "/redoc", "/openapi.json", "/openapi.yaml"];

    fn new(api: &OpenApiService<impl OpenApi, ()>) -> Self {
        let document = document(api);
        Self {
            json: document.json().into(),
            yaml: document.yaml().into(),
            swagger_ui: Page::swagger_ui(&api.swagger_ui_html()),
            redoc: Page::redoc(api.redoc_html()),
        }
    }

    fn into_route(self) -> Route {
        let Self { json, yaml, swagger_ui, redoc } = self;
        let [docs, redocs, json_path, yaml_path] = Self::PATHS;
        Route::new()
            .at(docs, get(swagger_ui))
            .at(redocs, get(redoc))
            .at(json_path, get(ServedDocument::json(json)))
            .at(yaml_path, get(ServedDocument::yaml(yaml)))
    }
}

fn api() -> OpenApiService<impl OpenApi, ()> {
    OpenApiService::new(
        (
            (
                SystemApi,
                TracesApi,
                LogApi,
                HistoryApi,
                BackupsApi,
                AuthApi,
                VerificationApi,
                PasswordsApi,
                SessionsApi,
                OwnAccountApi,
            ),
            (WorkspacesApi, SwitchApi, MembersApi, InvitationsApi, AcceptApi, ApiKeysApi, AuditApi, WorkspaceTracesApi),
            (ArtifactsApi, CatalogApi),
            (
                AccountsApi,
                AccountAccessApi,
                SettingsApi,
                ReadOnlyApi,
                SigningKeyApi,
                TenantsApi,
                TenantArtifactsApi,
                InspectionsApi,
            ),
        ),
        "Ghostworks API",
        env!("CARGO_PKG_VERSION"),
    )
    .description(include_str!("description.md"))
    .server(ServerObject::new("/").description("This installation"))
    .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
}
