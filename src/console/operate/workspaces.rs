//! Workspaces, for operators: what each takes up, who owns it, and whether people get in. What is in it is its members'.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;
use uuid::Uuid;

use super::Operating;
use crate::console::faults::faults;
use crate::console::form::Form;
use crate::console::layout::{Part, Shell, form_fields};
use crate::console::links;
use crate::console::outcome::{Outcome, see};
use crate::console::words::{ago, bytes, counted, number, parameter};
use crate::domain::{OwnQuotas, Slug, Tenant, TenantId, Violations};
use crate::http::pages::PageRequest;
use crate::service::{Error, TenantDetails};

/// How many workspaces a page shows.
const ON_PAGE: usize = 50;

/// Lists them, the largest first.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let Operating { visitor, .. } = Operating::of(&request).await?;
    let wanted = parameter(&request, "slug").unwrap_or_default().trim().to_owned();
    let after = parameter(&request, "after").and_then(|text| place(&text));
    let slug = Some(wanted.as_str()).filter(|wanted| !wanted.is_empty()).map(Slug::parse);
    let mut tenants = match slug.transpose() {
        Ok(slug) => request.service().tenants(slug, after, ON_PAGE + 1).await?,
        // No workspace has a slug that is none.
        Err(_) => Vec::new(),
    };
    let has_more = tenants.len() > ON_PAGE;
    tenants.truncate(ON_PAGE);
    let last = tenants.last().filter(|_| has_more).map(|it| format!("{}-{}", it.usage.bytes, it.workspace.id));
    let content = html! {
        h1 { "Workspaces" }
        search {
            form action=(links::OPERATE_WORKSPACES) class="inline finder" {
                input type="search" name="slug" value=(wanted) placeholder="acme" aria-label="The slug of a workspace";
                button { "Find" }
            }
        }
        @if tenants.is_empty() {
            p class="empty" { @if wanted.is_empty() { "There is none yet." } @else { "No workspace has this slug." } }
        }
        ul class="list" { @for tenant in &tenants { (row(&request, tenant)) } }
        @if let Some(last) = last {
            a class="button" rel="next" href=(links::with_query(links::OPERATE_WORKSPACES, &[("after", &last)])) { "Next page" }
        }
    };
    Ok(Shell::new("Workspaces").of(&visitor).operating(Part::Workspaces).page(StatusCode::OK, &content))
}

/// The size and the id of the workspace that a page ended with.
fn place(text: &str) -> Option<(u64, TenantId)> {
    let (bytes, id) = text.split_once('-')?;
    Some((bytes.parse().ok()?, Uuid::parse_str(id).ok()?.into()))
}

fn row(request: &PageRequest, tenant: &Tenant) -> Markup {
    let Tenant { workspace, usage, .. } = tenant;
    html! {
        li {
            div class="head" {
                a class="title" href=(links::operate_workspace(workspace.id)) dir="auto" { (workspace.name.as_str()) }
                (flags(tenant))
            }
            p class="muted small" {
                code { (workspace.slug.as_str()) } " · " (bytes(usage.bytes)) " · " (counted(usage.artifacts, "artifact", "artifacts"))
                " · " (counted(usage.members, "member", "members")) " · created " (ago(request.service().now(), workspace.created_at))
            }
        }
    }
}

fn flags(tenant: &Tenant) -> Markup {
    html! {
        span class="tags" {
            @if tenant.workspace.terms.is_suspended { span class="tag off" { "suspended" } }
            @if !tenant.workspace.is_active { span class="tag off" { "not in use" } }
        }
    }
}

/// Shows one.
pub(in crate::console) async fn one(request: PageRequest) -> Result<Response, Outcome> {
    let id: TenantId = request.id_in_path("workspace_id")?.into();
    let operating = Operating::of(&request).await?;
    let details = request.service().tenant(id).await?;
    let typed = quotas_typed(&details.tenant.workspace.terms.quotas);
    Ok(show(&request, &operating, &details, &typed, None))
}

fn show(
    request: &PageRequest,
    operating: &Operating,
    details: &TenantDetails,
    typed: &Form,
    wrong: Option<&Violations>,
) -> Response {
    let TenantDetails { tenant, owners } = details;
    let Tenant { workspace, usage, in_trash } = tenant;
    let id = workspace.id.to_string();
    let content = html! {
        p { a href=(links::OPERATE_WORKSPACES) { "← Workspaces" } }
        div class="head" { h1 dir="auto" { (workspace.name.as_str()) } (flags(tenant)) }
        dl class="facts" {
            dt { "Slug" } dd { code { (workspace.slug.as_str()) } }
            dt { "Owners" } dd {
                @if owners.is_empty() { "none" }
                @for (index, owner) in owners.iter().enumerate() {
                    @if index > 0 { ", " }
                    a href=(links::operate_account(owner.id)) { (owner.email.as_str()) }
                }
            }
            dt { "Members" } dd { (number(usage.members)) }
            dt { "Artifacts" } dd { (number(usage.artifacts)) ", " (number(*in_trash)) " of them in the trash" }
            dt { "API keys" } dd { (number(usage.api_keys)) }
            dt { "Size" } dd { (bytes(usage.bytes)) }
            dt { "Created" } dd { (ago(request.service().now(), workspace.created_at)) }
            dt { "Id" } dd { code { (id) } }
        }
        p { a href=(links::with_query(links::OPERATE_TRACES, &[("workspace", &id)])) { "Requests in this workspace" } }
        (access(request, operating, tenant))
        (quotas_form(request, operating, tenant, typed, wrong))
        (end(request, operating, tenant, wrong))
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Shell::new("Workspace").of(&operating.visitor).operating(Part::Workspaces).page(status, &content)
}

fn access(request: &PageRequest, operating: &Operating, tenant: &Tenant) -> Markup {
    let (what, button, told) = if tenant.workspace.terms.is_suspended {
        ("resume", "Resume", "Its members get in again, and its API keys work again.")
    } else {
        (
            "suspend",
            "Suspend",
            "Nobody gets in, and its API keys stop, from the next request on. Nothing of it is lost.",
        )
    };
    html! {
        div class="actions" {
            details class="menu confirm" {
                summary { (button) }
                form method="post" action=(links::of_operated_workspace(tenant.workspace.id, what)) {
                    (form_fields(request, &operating.visitor))
                    p { (told) }
                    button class=[(what == "suspend").then_some("danger")] { (button) " " bdi { (tenant.workspace.name.as_str()) } }
                }
            }
        }
    }
}

/// The quotas in a form, by the name of their field.
const QUOTAS: [(&str, &str); 4] =
    [("artifacts", "Artifacts"), ("bytes", "Bytes"), ("members", "Members"), ("api_keys", "API keys")];

/// What a workspace has of its own.
fn quotas_typed(quotas: &OwnQuotas) -> Form {
    let values = [quotas.artifacts, quotas.bytes, quotas.members, quotas.api_keys];
    let text = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    Form(QUOTAS.iter().zip(values).map(|((name, _), value)| ((*name).to_owned(), text(value))).collect())
}

fn quotas_form(
    request: &PageRequest,
    operating: &Operating,
    tenant: &Tenant,
    typed: &Form,
    wrong: Option<&Violations>,
) -> Markup {
    html! {
        h2 { "Quotas" }
        p class="muted" { "The most that this workspace may have, in the place of what holds for all. An empty field is what holds for all." }
        form method="post" action=(links::of_operated_workspace(tenant.workspace.id, "quotas")) class="sheet" {
            (form_fields(request, &operating.visitor))
            @for (name, label) in QUOTAS {
                label { (label) input name=(name) value=(typed.text(name)) inputmode="numeric" autocomplete="off"; }
                (faults(wrong, &format!("/{name}")))
            }
            p { button { "Save" } }
        }
    }
}

fn end(request: &PageRequest, operating: &Operating, tenant: &Tenant, wrong: Option<&Violations>) -> Markup {
    let is_wrong = wrong.is_some_and(|wrong| wrong.iter().any(|violation| violation.pointer == CONFIRMED));
    html! {
        details class="panel" open[is_wrong] {
            summary { "Delete this workspace" }
            p { "Its members lose it at once, with all artifacts, their history and its API keys. Only a backup brings it back." }
            form method="post" action=(links::of_operated_workspace(tenant.workspace.id, "delete")) class="sheet" {
                (form_fields(request, &operating.visitor))
                label { "Type its name, " bdi { (tenant.workspace.name.as_str()) }
                    input name="confirmed" required autocomplete="off" dir="auto";
                }
                (faults(wrong, CONFIRMED))
                p { button class="danger" { "Delete for good" } }
            }
        }
    }
}

/// Where the typed name is, in what is wrong with a form.
const CONFIRMED: &str = "/confirmed";

/// Keeps people and API keys from a workspace.
pub(in crate::console) async fn suspend(request: PageRequest) -> Result<Response, Outcome> {
    set_suspended(request, true).await
}

/// Lets them in again.
pub(in crate::console) async fn resume(request: PageRequest) -> Result<Response, Outcome> {
    set_suspended(request, false).await
}

async fn set_suspended(mut request: PageRequest, is_suspended: bool) -> Result<Response, Outcome> {
    let id: TenantId = request.id_in_path("workspace_id")?.into();
    let (Operating { operator, .. }, _) = Operating::sending(&mut request).await?;
    request.service().suspend_tenant(id, is_suspended, &operator).await?;
    Ok(see(&links::operate_workspace(id)))
}

/// Gives a workspace quotas of its own.
pub(in crate::console) async fn set_quotas(mut request: PageRequest) -> Result<Response, Outcome> {
    let id: TenantId = request.id_in_path("workspace_id")?.into();
    let (operating, form) = Operating::sending(&mut request).await?;
    let changed = match quotas_of(&form) {
        Ok(quotas) => request.service().set_tenant_quotas(id, quotas, &operating.operator).await.map(drop),
        Err(violations) => Err(violations.into()),
    };
    match changed {
        Err(Error::Invalid(violations)) => {
            let details = request.service().tenant(id).await?;
            Ok(show(&request, &operating, &details, &form, Some(&violations)))
        }
        changed => {
            changed?;
            Ok(see(&links::operate_workspace(id)))
        }
    }
}

/// The quotas that were typed.
fn quotas_of(form: &Form) -> Result<OwnQuotas, Violations> {
    Violations::check(|check| {
        let mut number = |name: &str| {
            let text = form.text(name);
            let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let value = if text.is_empty() { Ok(None) } else { text.parse().map(Some) };
            check.field(&format!("/{name}"), value.map_err(|_| "must be a whole number, or empty".to_owned())).flatten()
        };
        Some(OwnQuotas {
            artifacts: number("artifacts"),
            bytes: number("bytes"),
            members: number("members"),
            api_keys: number("api_keys"),
        })
    })
}

/// Deletes a workspace, if its name was typed.
pub(in crate::console) async fn delete(mut request: PageRequest) -> Result<Response, Outcome> {
    let id: TenantId = request.id_in_path("workspace_id")?.into();
    let (operating, form) = Operating::sending(&mut request).await?;
    let details = request.service().tenant(id).await?;
    if form.text("confirmed").trim() != details.tenant.workspace.name.as_str().trim() {
        let violations = Violations::one(CONFIRMED, "Type the name of the workspace as it is written above.");
        let typed = quotas_typed(&details.tenant.workspace.terms.quotas);
        return Ok(show(&request, &operating, &details, &typed, Some(&violations)));
    }
    request.service().delete_tenant(id, &operating.operator).await?;
    Ok(see(links::OPERATE_WORKSPACES))
}
