//! The console: pages for people, as a browser without a script sees them.

mod artifacts;
mod catalog;
mod forms;
mod hostile;
mod invited;
mod many;
mod operate;
mod operate_workspaces;
mod own_account;
mod people;
mod roles;
mod signing_in;

use crate::support::account::Account;
use crate::support::browser::Browser;
use crate::support::server::{Server, Setup};

/// The page that an answer leads to.
#[track_caller]
fn led_to(reply: &crate::support::client::Reply) -> String {
    assert_eq!(reply.status, 303, "{}", reply.body);
    reply.header("location").expect("a place").to_owned()
}

#[test]
fn a_browser_is_led_from_the_root_to_the_console_and_a_program_is_not() {
    let server = Server::shared();
    for accept in ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html", "application/json;q=0.5, text/html"] {
        let reply = server.client().with("Accept", accept).get("/");
        assert_eq!((reply.status, reply.header("location")), (303, Some("/console")), "{accept}");
    }
    for accept in ["application/json", "*/*", "application/json, text/html;q=0.9", "text/html;q=0"] {
        server.client().with("Accept", accept).get("/").expect(200).json();
    }
    let page = server.client().get("/console").expect(200);
    assert!(page.body.contains("<h1>Sign in</h1>") && page.body.contains("href=\"/docs\""), "{}", page.body);
}

#[test]
fn the_console_can_be_turned_off() {
    let server = Setup::new().env("GHOSTWORKS__SERVER__CONSOLE", "false").start();
    server.client().get("/console").problem(404, "not_found");
    let root = server.client().with("Accept", "text/html").get("/");
    assert_eq!((root.status, root.header("location")), (302, Some("/docs")));
}

#[test]
fn every_page_keeps_browsers_from_doing_harm() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let (browser, workspace) = (Browser::of(&server, &ann), ann.workspace());
    let catalog = format!("/console/workspaces/{workspace}");
    let pages =
        ["/console/workspaces", &catalog, &format!("{catalog}/new"), &format!("{catalog}/trash"), "/console/nowhere"];
    for path in pages.into_iter().chain(["/console"]) {
        let reply = if path == "/console" { server.client().get(path) } else { browser.get(path) };
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        for part in ["script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"), "{path}");
        assert_eq!(reply.header("x-robots-tag"), Some("noindex"), "{path}");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(!reply.header("cache-control").unwrap_or_default().contains("public"), "{path}");
        assert!(!reply.body.contains(" style=") && !reply.body.contains("<style"), "{path}: {}", reply.body);
        assert_eq!(reply.body.matches("<script").count(), 1, "{path}: {}", reply.body);
        assert!(!reply.body.contains(" onclick=") && !reply.body.contains("javascript:"), "{path}");
    }
}

#[test]
fn assets_are_kept_for_ever_under_the_name_of_what_they_are() {
    let server = Server::shared();
    let page = server.client().get("/console").body;
    let assets: Vec<&str> = page.split('"').filter(|text| text.starts_with("/console/assets/")).collect();
    assert!(assets.len() >= 3, "{page}");
    for path in assets {
        let reply = server.client().get(path).expect(200);
        assert_eq!(reply.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
        let tag = reply.header("etag").expect("a tag");
        server.client().with("If-None-Match", tag).get(path).expect(304);
    }
    server.client().get("/console/assets/console.0000.css").expect(404);
}

#[test]
fn what_goes_wrong_is_said_on_a_page_with_the_request() {
    let server = Server::shared();
    let reply = server.client().with("X-Request-ID", "asked-for").get("/console/nowhere").expect(404);
    assert!(reply.body.contains("<h1>Not found</h1>") && reply.body.contains("asked-for"), "{}", reply.body);
    let reply = server.client().call("DELETE", "/console").expect(405);
    assert_eq!(reply.header("allow"), Some("GET"));
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
}
