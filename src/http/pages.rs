//! Pages beside the API: how a module adds some, and what it may use of what is there for every request. They pass through
//! the same middleware, by the operations that they name.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use matchit::Router;
use percent_encoding::percent_decode_str;
use poem::http::{HeaderMap, Method, Uri};
use poem::{Endpoint, Request, RequestBody, Response, Result};
use uuid::Uuid;

use super::allowance::note;
use super::base::Base;
use super::body;
use super::cookies;
use super::extract;
use super::forwarded::ClientOrigin;
use super::memory::Holding;
use super::state::State;
use super::upload;
use crate::domain::UserId;
use crate::operations::Operation;
use crate::service::{Allowance, Client, Service};

pub(crate) use super::api::{account_json, artifact_json, artifact_line, exported, import_lines};
pub(crate) use super::artifact_cursor;
pub(crate) use super::assets::Asset;
pub(crate) use super::audit_cursor;
pub(crate) use super::cookies::{DEVICE as DEVICE_COOKIE, of_path as set_cookie};
pub(crate) use super::log_cursor;
pub(crate) use super::problem::{Problem, ProblemFacts};
pub(crate) use super::traces_cursor;
pub(crate) use super::upload::Upload;
pub(crate) use hyper::body::Bytes;

/// An answer that is being made.
pub(crate) type PendingResponse = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;

/// One page, or what a form is sent to.
#[derive(Clone)]
pub(crate) struct PageRoute {
    /// The method.
    pub method: Method,
    /// The pattern of its path: `/console/workspaces/{workspace_id}`.
    pub pattern: &'static str,
    /// What is asked for: limits, deadline and telemetry are those of this.
    pub operation: Operation,
    /// What answers.
    pub answer: fn(PageRequest) -> PendingResponse,
}

/// All pages of a module.
pub struct Pages {
    /// What all of their paths begin with, and nothing else does.
    pub(crate) prefix: &'static str,
    /// The pages.
    pub(crate) routes: Vec<PageRoute>,
    /// What is the same for everybody, by path.
    pub(crate) assets: Vec<(String, Asset)>,
    /// Makes the page that says what went wrong.
    pub(crate) problem: fn(&ProblemFacts) -> Response,
}

impl Pages {
    /// Whether a path is one of theirs, there or not.
    pub(super) fn covers(&self, path: &str) -> bool {
        path.strip_prefix(self.prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The pattern, the method and the operation of each.
    pub(super) fn operations(&self) -> impl Iterator<Item = (&str, Method, Operation)> {
        let assets = self.assets.iter().map(|(path, _)| (path.as_str(), Method::GET, Operation::Index));
        self.routes.iter().map(|route| (route.pattern, route.method.clone(), route.operation)).chain(assets)
    }
}

/// What answers to the paths of pages.
pub(super) struct PageSite {
    pages: Arc<Pages>,
    routes: Router<Vec<PageRoute>>,
}

impl PageSite {
    /// Of these pages. A pattern that conflicts with another is a mistake that a test finds.
    pub(super) fn new(pages: Arc<Pages>) -> Self {
        let mut routes: Router<Vec<PageRoute>> = Router::new();
        for route in &pages.routes {
            match routes.at_mut(route.pattern) {
                Ok(known) => known.value.push(route.clone()),
                Err(_) => drop(routes.insert(route.pattern, vec![route.clone()])),
            }
        }
        Self { pages, routes }
    }

    /// Whether a path is one of theirs, there or not.
    pub(super) fn covers(&self, path: &str) -> bool {
        self.pages.covers(path)
    }
}

impl Endpoint for PageSite {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path().to_owned();
        if let Some((_, asset)) = self.pages.assets.iter().find(|(known, _)| *known == path) {
            return asset.call(request).await;
        }
        let found = self.routes.at(&path).map_err(|_| Problem::page_not_found())?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let Some(route) = found.value.iter().find(|route| route.method == *method) else {
            let methods: Vec<&str> = found.value.iter().map(|route| route.method.as_str()).collect();
            return Err(Problem::method_not_allowed(methods.join(", ")).into());
        };
        let parameters = found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let state = State::of(&request)?.clone();
        let prefix = Base::prefix_of(&request).to_owned();
        let (request, body) = request.split();
        let response = (route.answer)(PageRequest { request, body, state, parameters }).await?;
        Ok(at_prefix(response, &prefix).await?)
    }
}

/// A page whose links lead to where a proxy serves this server. Its attributes are written by templates alone: a text that looks
/// like one is escaped.
async fn at_prefix(mut response: Response, prefix: &str) -> Result<Response, Problem> {
    if prefix.is_empty() || !response.content_type().is_some_and(|kind| kind.starts_with("text/html")) {
        return Ok(response);
    }
    let mut page = response.take_body().into_string().await.map_err(Problem::internal)?;
    for attribute in [" href=\"", " action=\"", " src=\""] {
        page = page.replace(&format!("{attribute}/"), &format!("{attribute}{prefix}/"));
    }
    response.set_body(page);
    Ok(response)
}

/// A request for a page.
pub(crate) struct PageRequest {
    request: Request,
    body: RequestBody,
    state: Arc<State>,
    parameters: Vec<(String, String)>,
}

impl PageRequest {
    /// The use cases.
    pub fn service(&self) -> &Arc<Service> {
        &self.state.service
    }

    /// What every handler can reach.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The program that sent it.
    pub fn client(&self) -> Client {
        extract::client(&self.request)
    }

    /// Whether the client's connection is encrypted.
    pub fn is_tls(&self) -> bool {
        ClientOrigin::of(&self.request).is_tls
    }

    /// Whether cookies must be kept off plain HTTP.
    pub fn needs_tls(&self) -> bool {
        self.state.secure_cookies()
    }

    /// The method.
    pub fn method(&self) -> &Method {
        self.request.method()
    }

    /// Where it goes.
    pub fn uri(&self) -> &Uri {
        self.request.uri()
    }

    /// What came with it.
    pub fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// The values of all cookies called `name`.
    pub fn cookies(&self, name: &'static str) -> Vec<String> {
        cookies::values(self.request.headers(), name).take(cookies::SAME_NAME_MAX).collect()
    }

    /// The URL of this server for the client, up to its paths.
    pub fn base_url(&self) -> String {
        Base::url_of(&self.request, self.is_tls())
    }

    /// Whether an origin is that of the server as the client asks for it.
    pub fn is_origin(&self, origin: &str) -> bool {
        Base::is_origin(&self.request, origin)
    }

    /// A number that no other form has.
    pub fn unique(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.state.service.entropy.bytes::<16>())
    }

    /// The id that its path has for a parameter. What is no id leads nowhere.
    pub fn id_in_path(&self, name: &str) -> Result<Uuid, Problem> {
        self.text_in_path(name).and_then(|text| Uuid::parse_str(&text).ok()).ok_or_else(Problem::page_not_found)
    }

    /// What its path has for a parameter.
    pub fn text_in_path(&self, name: &str) -> Option<String> {
        let (_, value) = self.parameters.iter().find(|(known, _)| known == name)?;
        percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    }

    /// What it holds, and what its answer will, is from now on the account's.
    pub fn belongs_to(&self, account: UserId) -> Result<(), Problem> {
        Holding::of(&self.request)?.belongs_to(account);
        Ok(())
    }

    /// Notes what is left of a limit, which is sent with the answer.
    pub fn note(&self, allowance: Allowance) {
        note(&self.request, allowance);
    }

    /// The fields and the files of a form, within the limits of imports.
    pub async fn upload(&mut self) -> Result<Upload, Problem> {
        const FORM: &str = "multipart/form-data";
        let not_a_form = |_| Problem::not_a_form(FORM);
        let content_type = self.request.content_type().unwrap_or_default();
        let boundary = multer::parse_boundary(content_type).map_err(not_a_form)?;
        let max = self.state.server.max_import_bytes;
        let bytes = body::open(&self.request, &mut self.body, max, Problem::import_too_large)?.read_all().await?;
        upload::parse(boundary, bytes).await.map_err(not_a_form)
    }

    /// The pairs of a form, within the limits of bodies.
    pub async fn form(&mut self) -> Result<Vec<(String, String)>, Problem> {
        const FORM: &str = "application/x-www-form-urlencoded";
        if self.request.content_type().map(super::accept::essence) != Some(FORM) {
            return Err(Problem::not_a_form(FORM));
        }
        let max = self.state.server.max_body_bytes;
        let bytes = body::open(&self.request, &mut self.body, max, Problem::payload_too_large)?.read_all().await?;
        let pairs = form_urlencoded::parse(&bytes).map(|(name, value)| (name.into_owned(), value.into_owned()));
        Ok(pairs.collect())
    }
}
