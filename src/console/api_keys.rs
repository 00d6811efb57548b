//! API keys of a workspace: made, shown once, revoked.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::ToSpan as _;
use maud::{Markup, html};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::faults::faults;
use super::form::Form;
use super::layout::{Shell, Tab, form_fields};
use super::links;
use super::once::once;
use super::outcome::{Outcome, see};
use super::submission;
use super::visitor::Visitor;
use super::words::{ago, parameter, until};
use crate::domain::{ApiKey, ApiKeyName, RawApiKey, Scope, TenantId, Timestamp, Violations};
use crate::http::pages::PageRequest;
use crate::service::{Error, MadeApiKey};

const SCOPES: [(Scope, &str); 2] = [
    (Scope::ReadArtifacts, "Read artifacts: get, list, search, export"),
    (Scope::WriteArtifacts, "Write artifacts: create, change, delete, restore, import"),
];
/// What the page is told when a form was sent before.
const MADE_BEFORE: &str = "made-before";
/// How long a key may be good for, in days, with what that is called.
const LIFETIMES: [(&str, &str); 4] = [("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "for ever")];

/// Shows them.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let tenant = request.id_in_path("workspace_id")?.into();
    let visitor = Visitor::of(&request).await?;
    show(&request, &visitor, tenant, Shown { typed: &Form::default(), wrong: None, made: None }).await
}

/// Makes one, and shows it: the only time that anybody sees it. What is sent twice makes one, and whose text is lost by that
/// is told so.
pub(super) async fn create(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let scopes = SCOPES
        .iter()
        .map(|(scope, _)| *scope)
        .filter(|scope| form.0.contains(&("scope".to_owned(), scope.as_str().to_owned())));
    let days: Option<i64> = form.text("days").parse().ok();
    let raw = RawApiKey {
        name: form.text("name"),
        scopes: scopes.collect(),
        expires_at: days.and_then(|days| end(request.service().now(), days)),
    };
    let place = links::with_query(&links::api_keys(tenant), &[("note", MADE_BEFORE)]);
    let made: Arc<Mutex<Option<MadeApiKey>>> = Arc::default();
    let (keep, seen) = (made.clone(), place.clone());
    let done = once(&request, (&visitor, &form), Some(tenant), place, move |service, caller| async move {
        let made = service.create_api_key(&caller, tenant, raw).await?;
        *keep.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(seen)
    });
    let place = match done.await? {
        Err(Error::Invalid(violations)) => {
            return show(&request, &visitor, tenant, Shown { typed: &form, wrong: Some(&violations), made: None })
                .await;
        }
        done => done?,
    };
    let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(made) = made else { return Ok(see(&place)) };
    let shown = Shown { typed: &Form::default(), wrong: None, made: Some(&made) };
    let mut response = show(&request, &visitor, tenant, shown).await?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Revokes one.
pub(super) async fn revoke(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let key = request.id_in_path("key_id")?.into();
    let (visitor, _) = submission::of_visitor(&mut request).await?;
    match request.service().revoke_api_key(&visitor.caller, tenant, key).await {
        Ok(()) | Err(Error::ApiKeyNotFound) => Ok(see(&links::api_keys(tenant))),
        Err(error) => Err(error.into()),
    }
}

fn end(now: Timestamp, days: i64) -> Option<Timestamp> {
    now.checked_add(days.checked_mul(24)?.hours()).ok()
}

struct Shown<'a> {
    typed: &'a Form,
    wrong: Option<&'a Violations>,
    made: Option<&'a MadeApiKey>,
}

async fn show(
    request: &PageRequest,
    visitor: &Visitor,
    tenant: TenantId,
    shown: Shown<'_>,
) -> Result<Response, Outcome> {
    let keys = request.service().api_keys(&visitor.caller, tenant).await?;
    let content = html! {
        h1 { "API keys" }
        p class="muted" { "What machines use instead of a session, in this workspace alone. A key acts for the person who made it." }
        @if let Some(made) = shown.made { (once_only(made)) }
        @else if parameter(request, "note").as_deref() == Some(MADE_BEFORE) {
            p class="note" role="status" {
                "This key was made when the form was sent the first time, and its text was shown then. If you did not see it, revoke \
                 the key and make another."
            }
        }
        @if keys.is_empty() { p class="empty" { "No keys yet." } }
        ul class="list" { @for key in &keys { (row(request, visitor, key)) } }
        details class="panel" open[shown.wrong.is_some()] {
            summary { "New API key" }
            (new_form(request, visitor, tenant, &shown))
        }
    };
    let status = if shown.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(Shell::new("API keys").of(visitor).within(visitor.workspace(tenant)?, Tab::Keys).page(status, &content))
}

fn once_only(made: &MadeApiKey) -> Markup {
    html! {
        section class="panel warning" role="status" {
            h2 { "The key " bdi { (made.key.name.as_str()) } }
            p { "Copy it now: it is shown this once, and kept nowhere." }
            pre class="copy" { code { (made.text) } }
        }
    }
}

fn row(request: &PageRequest, visitor: &Visitor, key: &ApiKey) -> Markup {
    let now = request.service().now();
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    html! {
        li {
            div class="head" {
                div {
                    span class="title" dir="auto" { (key.name.as_str()) }
                    p class="muted small" {
                        (scopes.join(", ")) " · made " (ago(now, key.created_at))
                        " · " @if let Some(used) = key.last_used_at { "used " (ago(now, used)) } @else { "never used" }
                        @if let Some(end) = key.expires_at {
                            " · " @if key.is_live(now) { "ends " (until(now, end)) } @else { strong { "ended " (ago(now, end)) } }
                        }
                    }
                }
                details class="menu confirm" {
                    summary { "Revoke" }
                    form method="post" action=(links::revoke_key(key.tenant, key.id)) {
                        (form_fields(request, visitor))
                        p { "The next request with it is refused. This can’t be undone." }
                        button class="danger" { "Revoke " bdi { (key.name.as_str()) } }
                    }
                }
            }
        }
    }
}

fn new_form(request: &PageRequest, visitor: &Visitor, tenant: TenantId, shown: &Shown<'_>) -> Markup {
    let is_first = shown.typed.0.is_empty();
    let is_chosen = |scope: Scope| shown.typed.0.contains(&("scope".to_owned(), scope.as_str().to_owned()));
    html! {
        form method="post" action=(links::api_keys(tenant)) class="sheet" {
            (form_fields(request, visitor))
            label { "Name"
                input name="name" value=(shown.typed.text("name")) required maxlength=(ApiKeyName::MAX_CHARS) dir="auto" placeholder="nightly import";
            }
            (faults(shown.wrong, "/name"))
            fieldset {
                legend { "What it may do" }
                @for (scope, what) in SCOPES {
                    label class="choice" {
                        input type="checkbox" name="scope" value=(scope.as_str())
                            checked[is_chosen(scope) || (is_first && scope == Scope::ReadArtifacts)];
                        (what)
                    }
                }
            }
            (faults(shown.wrong, "/scopes"))
            label { "Good for"
                select name="days" {
                    @for (days, name) in LIFETIMES { option value=(days) selected[shown.typed.text("days") == days && !is_first] { (name) } }
                }
            }
            button class="primary" { "Make key" }
        }
    }
}
