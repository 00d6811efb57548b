//! Accounts, for operators: who there is, and who may sign in or operate.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;
use uuid::Uuid;

use super::Operating;
use crate::console::layout::{Part, Shell, form_fields};
use crate::console::links;
use crate::console::outcome::{Outcome, see};
use crate::console::visitor::Visitor;
use crate::console::words::{ago, counted, parameter};
use crate::domain::{Email, User, UserId};
use crate::http::pages::PageRequest;
use crate::service::AccountDetails;

/// How many accounts a page shows.
const ON_PAGE: usize = 50;

/// Lists them.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let Operating { visitor, .. } = Operating::of(&request).await?;
    let wanted = parameter(&request, "email").unwrap_or_default().trim().to_owned();
    let after = parameter(&request, "after").and_then(|text| Uuid::parse_str(&text).ok()).map(UserId::from);
    let email = Some(wanted.as_str()).filter(|wanted| !wanted.is_empty()).map(Email::parse);
    let mut users = match email.transpose() {
        Ok(email) => request.service().accounts(email, after, ON_PAGE + 1).await?,
        // No account has an address that is none.
        Err(_) => Vec::new(),
    };
    let has_more = users.len() > ON_PAGE;
    users.truncate(ON_PAGE);
    let last = users.last().filter(|_| has_more).map(|user| user.id.to_string());
    let content = html! {
        h1 { "Accounts" }
        search {
            form action=(links::OPERATE_ACCOUNTS) class="inline finder" {
                input type="search" name="email" value=(wanted) placeholder="ann@example.com" aria-label="The whole address of an account";
                button { "Find" }
            }
        }
        @if users.is_empty() { p class="empty" { "No account has this address." } }
        ul class="list" { @for user in &users { (row(&request, user)) } }
        @if let Some(last) = last {
            a class="button" rel="next" href=(links::with_query(links::OPERATE_ACCOUNTS, &[("after", &last)])) { "Next page" }
        }
    };
    Ok(Shell::new("Accounts").of(&visitor).operating(Part::Accounts).page(StatusCode::OK, &content))
}

fn row(request: &PageRequest, user: &User) -> Markup {
    html! {
        li {
            div class="head" {
                a class="title" href=(links::operate_account(user.id)) dir="auto" { (user.full_name()) }
                (flags(user))
            }
            p class="muted small" {
                (user.email.as_str()) " · registered " (ago(request.service().now(), user.created_at))
            }
        }
    }
}

fn flags(user: &User) -> Markup {
    html! {
        span class="tags" {
            @if user.is_operator { span class="kind" { "operator" } }
            @if !user.is_verified { span class="tag" { "not verified" } }
            @if !user.is_active { span class="tag off" { "disabled" } }
        }
    }
}

/// Shows one.
pub(in crate::console) async fn one(request: PageRequest) -> Result<Response, Outcome> {
    let Operating { visitor, .. } = Operating::of(&request).await?;
    let id: UserId = request.id_in_path("user_id")?.into();
    let AccountDetails { user, workspaces, sessions } = request.service().account(id).await?;
    let content = html! {
        p { a href=(links::OPERATE_ACCOUNTS) { "← Accounts" } }
        div class="head" { h1 dir="auto" { (user.full_name()) } (flags(&user)) }
        dl class="facts" {
            dt { "Address" } dd { (user.email.as_str()) }
            dt { "Registered" } dd { (ago(request.service().now(), user.created_at)) }
            dt { "Signed in" } dd { (counted(sessions as u64, "session", "sessions")) }
            dt { "Id" } dd { code { (user.id) } }
        }
        @if user.id == visitor.user.id {
            p class="note" { "This is your own account: another operator can change what it may do, and so can the command line." }
        } @else { (forms(&request, &visitor, &user)) }
        h2 { "Workspaces" }
        @if workspaces.is_empty() { p class="muted" { "None." } }
        ul class="list" { @for view in &workspaces {
            li {
                a class="title" href=(links::operate_workspace(view.workspace.id)) dir="auto" { (view.workspace.name.as_str()) }
                p class="muted small" {
                    (view.role.as_str()) " · " (counted(view.member_count, "member", "members")) " · "
                    a href=(links::with_query(links::OPERATE_TRACES, &[("workspace", &view.workspace.id.to_string())])) { "requests" }
                }
            }
        } }
    };
    Ok(Shell::new("Account").of(&visitor).operating(Part::Accounts).page(StatusCode::OK, &content))
}

fn forms(request: &PageRequest, visitor: &Visitor, user: &User) -> Markup {
    let form = |what: &str, button: &str, told: &str, is_danger: bool| {
        html! {
            details class="menu confirm" {
                summary { (button) }
                form method="post" action=(links::of_account(user.id, what)) {
                    (form_fields(request, visitor))
                    p { (told) }
                    button class=[is_danger.then_some("danger")] { (button) " " bdi { (user.full_name()) } }
                }
            }
        }
    };
    html! {
        div class="actions" {
            @if user.is_active {
                (form("disable", "Disable", "It can’t sign in any more, its sessions end at once, and its API keys stop. What it made stays.", true))
            } @else {
                (form("enable", "Enable", "It can sign in again, and its API keys work again.", false))
            }
            @if user.is_operator {
                (form("revoke-operator", "Revoke operating", "It may not operate this server from the next request on.", true))
            } @else {
                (form("grant-operator", "Grant operating", "It may see and change everything that these pages do, from the next request on.", false))
            }
        }
    }
}

/// Keeps an account from signing in.
pub(in crate::console) async fn disable(request: PageRequest) -> Result<Response, Outcome> {
    set(request, Change::Active(false)).await
}

/// Lets an account sign in again.
pub(in crate::console) async fn enable(request: PageRequest) -> Result<Response, Outcome> {
    set(request, Change::Active(true)).await
}

/// Lets an account operate.
pub(in crate::console) async fn grant(request: PageRequest) -> Result<Response, Outcome> {
    set(request, Change::Operator(true)).await
}

/// Lets an account operate no longer.
pub(in crate::console) async fn revoke(request: PageRequest) -> Result<Response, Outcome> {
    set(request, Change::Operator(false)).await
}

/// What an account may.
#[derive(Clone, Copy)]
enum Change {
    Active(bool),
    Operator(bool),
}

async fn set(mut request: PageRequest, change: Change) -> Result<Response, Outcome> {
    let id: UserId = request.id_in_path("user_id")?.into();
    let (Operating { operator, .. }, _) = Operating::sending(&mut request).await?;
    let service = request.service();
    match change {
        Change::Active(is_active) => service.set_account_active(id, is_active, &operator).await?,
        Change::Operator(is_operator) => service.set_account_operator(id, is_operator, &operator).await?,
    };
    Ok(see(&links::operate_account(id)))
}
