//! Hostile content in every field does nothing on any page.

use super::led_to;
use crate::support::account::Account;
use crate::support::browser::{Browser, escape};
use crate::support::server::Server;
use serde_json::json;

/// What would run, or break out of where it is, if it were not escaped.
const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'</textarea></title>";

/// Whether a page has only the markup that is its own.
#[track_caller]
fn check(page: &str) {
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    for found in ["<img src=x", "<img src=\"x", "onerror=alert(1)>", "</title></"] {
        assert!(!page.contains(found), "{found}: {page}");
    }
}

#[test]
fn markup_in_any_field_is_text() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let body = json!({"name": format!("<b>{}", "x"), "description": HOSTILE});
    let workspace =
        ann.client.post("/api/v1/workspaces/", &body).expect(201).json()["id"].as_str().expect("an id").to_owned();
    let artifact = json!({
        "name": "javascript:alert(1) \u{5e9}\u{5dc}\u{5d5}\u{5dd} ${alert(1)} {{alert(1)}}",
        "description": format!("{HOSTILE}\n\n[x](javascript:alert(1)) ![x](https://evil.example/x.png)"),
        "artifact_metadata": {"key": HOSTILE, "link": "javascript:alert(1)", "other": "https://example.com/\"onmouseover=alert(1)"},
    });
    let api = format!("/api/v1/workspaces/{workspace}/artifacts");
    let id = ann.artifact(&api, &artifact)["id"].as_str().expect("an id").to_owned();
    ann.client.patch(&format!("{api}/{id}"), &json!({"description": format!("changed {HOSTILE}")})).expect(200);
    let browser = Browser::of(&server, &ann);
    let (catalog, query) = (format!("/console/workspaces/{workspace}"), escape(HOSTILE));
    let page = format!("{catalog}/artifacts/{id}");
    for path in [
        "/console/workspaces".to_owned(),
        catalog.clone(),
        format!("{catalog}?q={query}"),
        format!("{catalog}?q=changed"),
        format!("{catalog}?tag={query}"),
        format!("{catalog}?type={query}&sort={query}&cursor={query}"),
        page.clone(),
        format!("{page}/edit"),
        format!("{page}/history"),
        format!("/console/{query}"),
        format!("/console?next={query}"),
    ] {
        let reply = browser.get(&path);
        if reply.status == 303 {
            assert!(led_to(&reply).starts_with(&catalog), "{path}");
            continue;
        }
        check(&reply.body);
        assert!(
            !reply.body.contains("href=\"javascript") && !reply.body.contains("src=\"http"),
            "{path}: {}",
            reply.body
        );
        assert!(!reply.body.contains("\"onmouseover"), "{path}: {}", reply.body);
    }

    let new = format!("{catalog}/new");
    let fields =
        [("name", HOSTILE), ("type", HOSTILE), ("tags", HOSTILE), ("description", HOSTILE), ("metadata", HOSTILE)];
    check(&browser.submit(&browser.get(&new), &new, &fields).expect(422).body);
    let edit = format!("{page}/edit");
    let seen = browser.get(&edit);
    led_to(&browser.submit(&seen, &edit, &[("name", "Other")]));
    check(&browser.submit(&seen, &edit, &[("name", HOSTILE), ("description", HOSTILE)]).body);
    let nobody = Browser::of_nobody(&server.client());
    check(&nobody.submit(&seen, &edit, &fields).expect(401).body);
    check(&nobody.sign_in(HOSTILE, HOSTILE).body);
}

#[test]
fn texts_of_any_direction_keep_to_their_place() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let browser = Browser::of(&server, &ann);
    let workspace = ann.workspace();
    let api = format!("/api/v1/workspaces/{workspace}/artifacts");
    ann.artifact(&api, &json!({"name": "שירות חיוב", "tags": ["חיוב"], "description": "مرحبا"}));
    let page = browser.get(&format!("/console/workspaces/{workspace}")).expect(200).body;
    assert!(page.contains("dir=\"auto\">שירות חיוב</a>") && page.contains("dir=\"auto\">مرحبا</p>"), "{page}");
}
