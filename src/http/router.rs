//! The table of contents: every path, and what a request passes through on its way there.

use std::sync::Arc;

use hyper::body::Bytes;
use poem::endpoint::make_sync;
use poem::middleware::AddData;
use poem::{Endpoint, EndpointExt, Response, Route, get};
use poem_openapi::{LicenseObject, OpenApiService, ServerObject};

use super::api::{ApiKeysApi, ArtifactsApi, AuditApi, AuthApi, MembersApi, SystemApi, WorkspacesApi};
use super::docs::{self, Page};
use super::middleware::{Problems, RequestIds, SecurityHeaders, Traced, TrailingSlash};
use super::routes::RouteTable;
use super::state::State;

type Api = (SystemApi, AuthApi, WorkspacesApi, MembersApi, ApiKeysApi, AuditApi, ArtifactsApi);

/// The OpenAPI document as JSON, pretty-printed.
pub fn openapi_json() -> String {
    let mut text = api().spec();
    text.push('\n');
    text
}

/// The OpenAPI document as YAML.
pub fn openapi_yaml() -> String {
    api().spec_yaml()
}

/// The endpoint that answers every request.
pub fn router(state: Arc<State>) -> impl Endpoint<Output = Response> + 'static {
    let api = api();
    let (json, yaml) = (Bytes::from(api.spec()), Bytes::from(api.spec_yaml()));
    let routes = Arc::new(RouteTable::new(&json, &["/docs", "/redoc", "/openapi.json", "/openapi.yaml"]));
    let (telemetry, instance) = (state.service.telemetry.clone(), state.instance);
    let (swagger_ui, redoc) = (Page::swagger_ui(&api.swagger_ui_html()), Page::redoc(&api.redoc_html()));
    Route::new()
        .at("/docs", get(swagger_ui))
        .at("/redoc", get(redoc))
        .at("/openapi.json", get(make_sync(move |_| docs::document(json.clone(), "application/json"))))
        .at("/openapi.yaml", get(make_sync(move |_| docs::document(yaml.clone(), "application/yaml"))))
        .nest("/", api)
        // The last is the first to see a request.
        .with(AddData::new(state))
        .with(TrailingSlash)
        .with(Problems::new(routes.clone()))
        .with(SecurityHeaders)
        .with(Traced::new(telemetry, routes))
        .with(RequestIds::new(instance))
}

fn api() -> OpenApiService<Api, ()> {
    OpenApiService::new(
        (SystemApi::default(), AuthApi, WorkspacesApi, MembersApi, ApiKeysApi, AuditApi, ArtifactsApi),
        "Ghostworks API",
        env!("CARGO_PKG_VERSION"),
    )
    .description(include_str!("description.md"))
    .server(ServerObject::new("/").description("This installation"))
    .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
}
