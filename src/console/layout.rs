//! What all pages have: the head, the bar on top, and the headers of the answer.

use maud::{DOCTYPE, Markup, html};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::form::{KEY, TOKEN};
use super::visitor::Visitor;
use super::{assets, links};
use crate::domain::{Action, TenantId, WorkspaceView};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// Everything comes from this server, and nothing is written into a page but what it says.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
/// With less, browsers would say of a form that it comes from nowhere.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
const NOT_FOR_SEARCH_ENGINES: HeaderValue = HeaderValue::from_static("noindex");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Of more workspaces, the rest is on a page of its own.
const LISTED: usize = 12;

/// A part of a workspace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    /// How much there is, and what is new.
    Home,
    /// Its artifacts.
    Catalog,
    /// What was deleted.
    Trash,
    /// Who works with it.
    Members,
    /// What machines use.
    Keys,
    /// Who did what.
    Audit,
    /// What the last requests were like.
    Traces,
    /// What it says of itself.
    Settings,
}

/// A part of what operators see.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// How the server does.
    Overview,
    /// What the last requests were like.
    Traces,
    /// Who there is.
    Accounts,
    /// What they work with.
    Workspaces,
    /// Its files.
    Storage,
    /// How it is configured.
    Configuration,
    /// What was logged.
    Log,
}

/// What is around the content of a page.
pub(super) struct Shell<'a> {
    title: &'a str,
    visitor: Option<&'a Visitor>,
    workspace: Option<(&'a WorkspaceView, Tab)>,
    part: Option<Part>,
    search: &'a str,
    is_live: bool,
}

impl<'a> Shell<'a> {
    /// For anyone.
    pub fn new(title: &'a str) -> Self {
        Self { title, visitor: None, workspace: None, part: None, search: "", is_live: false }
    }

    /// For people who are signed in.
    pub fn of(self, visitor: &'a Visitor) -> Self {
        Self { visitor: Some(visitor), ..self }
    }

    /// In a part of a workspace.
    pub fn within(self, workspace: &'a WorkspaceView, tab: Tab) -> Self {
        Self { workspace: Some((workspace, tab)), ..self }
    }

    /// In a part of what operators see.
    pub fn operating(self, part: Part) -> Self {
        Self { part: Some(part), ..self }
    }

    /// With this in the search box.
    pub fn searching(self, search: &'a str) -> Self {
        Self { search, ..self }
    }

    /// What is shown again as it changes, while somebody looks at it; by the script.
    pub fn live(self) -> Self {
        Self { is_live: true, ..self }
    }

    /// The page with this content.
    pub fn page(self, status: StatusCode, content: &Markup) -> Response {
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (self.title) " · Ghostworks" }
                    link rel="icon" type="image/svg+xml" href=(assets::icon());
                    link rel="stylesheet" href=(assets::style());
                    script type="module" src=(assets::script()) {}
                }
                body {
                    a class="skip" href="#main" { "To the content" }
                    (self.bar())
                    main id="main" data-live[self.is_live] { (content) }
                }
            }
        };
        answer(status, markup)
    }

    fn bar(&self) -> Markup {
        html! {
            header class="bar" {
                a class="brand" href=(links::HOME) aria-label="Ghostworks" { img src=(assets::icon()) alt="" width="22" height="22"; span { "Ghostworks" } }
                @if let Some(visitor) = self.visitor {
                    (self.switcher(visitor))
                    @if let Some((view, _)) = self.workspace { (self.search_box(view.workspace.id)) }
                    a class="finds" href=(links::FIND) aria-keyshortcuts="Control+K" { "Find" kbd class="small muted" { " Ctrl K" } }
                    (account_menu(visitor))
                }
            }
            @if let Some((view, tab)) = self.workspace { (tabs(view, tab)) }
            @if let Some(part) = self.part { (parts(part)) }
        }
    }

    fn switcher(&self, visitor: &Visitor) -> Markup {
        let current = self.workspace.map(|(view, _)| view.workspace.id);
        let otherwise = if self.part.is_some() { "Server" } else { "Workspaces" };
        let name = self.workspace.map_or(otherwise, |(view, _)| view.workspace.name.as_str());
        html! {
            details class="menu" {
                summary { span class="name" dir="auto" { (name) } }
                nav aria-label="Workspaces" {
                    @for view in visitor.workspaces.iter().take(LISTED) {
                        a href=(links::catalog(view.workspace.id)) dir="auto"
                            aria-current=[(current == Some(view.workspace.id)).then_some("true")] {
                            (view.workspace.name.as_str())
                        }
                    }
                    a class="last" href=(links::WORKSPACES) { "All workspaces" }
                }
            }
        }
    }

    fn search_box(&self, tenant: TenantId) -> Markup {
        html! {
            search class="find" {
                form action=(links::catalog(tenant)) {
                    input type="search" name="q" value=(self.search) placeholder="Search this workspace" maxlength="200"
                        aria-label="Search this workspace" aria-keyshortcuts="/";
                    button class="quiet" { "Search" }
                }
            }
        }
    }
}

fn tabs(view: &WorkspaceView, tab: Tab) -> Markup {
    let id = view.workspace.id;
    let all = [
        (Tab::Home, "Home", links::home(id), Action::ReadArtifacts),
        (Tab::Catalog, "Catalog", links::catalog(id), Action::ReadArtifacts),
        (Tab::Trash, "Trash", links::trash(id), Action::ReadArtifacts),
        (Tab::Members, "Members", links::members(id), Action::ReadMembers),
        (Tab::Keys, "API keys", links::api_keys(id), Action::ManageApiKeys),
        (Tab::Audit, "Audit", links::audit(id), Action::ReadAudit),
        (Tab::Traces, "Requests", links::traces(id), Action::ReadTraces),
        (Tab::Settings, "Settings", links::settings(id), Action::UpdateWorkspace),
    ];
    html! {
        nav class="tabs" aria-label="Workspace" {
            @for (of, name, link, _) in all.into_iter().filter(|(.., needs)| view.role.may(*needs)) {
                a href=(link) aria-current=[(of == tab).then_some("page")] { (name) }
            }
        }
    }
}

fn parts(current: Part) -> Markup {
    let all = [
        (Part::Overview, "Overview", links::OPERATE),
        (Part::Traces, "Requests", links::OPERATE_TRACES),
        (Part::Accounts, "Accounts", links::OPERATE_ACCOUNTS),
        (Part::Workspaces, "Workspaces", links::OPERATE_WORKSPACES),
        (Part::Storage, "Storage", links::OPERATE_STORAGE),
        (Part::Configuration, "Configuration", links::OPERATE_CONFIGURATION),
        (Part::Log, "Log", links::OPERATE_LOG),
    ];
    html! {
        nav class="tabs" aria-label="Server" {
            @for (part, name, link) in all { a href=(link) aria-current=[(part == current).then_some("page")] { (name) } }
        }
    }
}

fn account_menu(visitor: &Visitor) -> Markup {
    html! {
        details class="menu account" {
            summary aria-label={ "Account: " (visitor.user.full_name()) } { span class="name" dir="auto" { (visitor.user.full_name()) } }
            nav aria-label="Account" {
                p class="muted" dir="auto" { (visitor.user.email.as_str()) }
                a href=(links::ACCOUNT) { "Your account" }
                @if visitor.user.is_operator { a href=(links::OPERATE) { "Operate this server" } }
                @if visitor.has_docs { a href="/docs" { "API reference" } }
                form method="post" action=(links::SIGN_OUT) {
                    input type="hidden" name=(TOKEN) value=(visitor.form_token);
                    button class="link" { "Sign out" }
                }
            }
        }
    }
}

/// The hidden fields of a form: that it comes from this session, and what makes it one of its own.
pub(super) fn form_fields(request: &PageRequest, visitor: &Visitor) -> Markup {
    html! {
        input type="hidden" name=(TOKEN) value=(visitor.form_token);
        input type="hidden" name=(KEY) value=(request.unique());
    }
}

/// What a failure says, as a sentence.
pub(super) fn sentence(error: &Error) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let text: String = chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
    format!("{text}.")
}

fn answer(status: StatusCode, markup: Markup) -> Response {
    let mut response =
        Response::builder().status(status).content_type("text/html; charset=utf-8").body(markup.into_string());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::REFERRER_POLICY, REFERRER);
    headers.insert("x-robots-tag", NOT_FOR_SEARCH_ENGINES);
    headers.insert(header::CACHE_CONTROL, PRIVATE);
    response
}
