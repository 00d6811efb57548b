//! The catalog in the console: every state of it is a URL.

use std::collections::BTreeSet;

use crate::support::account::Account;
use crate::support::browser::{Browser, unescape};
use crate::support::server::Server;
use serde_json::json;

/// The links of a page to artifacts, as their names.
fn names(page: &str) -> Vec<String> {
    let titles = page.split("<a class=\"title\"").skip(1);
    titles
        .map(|rest| rest.split_once('>').and_then(|(_, rest)| rest.split_once("</a>")).expect("a title").0.to_owned())
        .collect()
}

/// Where the link of this text leads.
fn link(page: &str, text: &str) -> String {
    let (before, _) = page.split_once(&format!(">{text}</a>")).unwrap_or_else(|| panic!("no link {text}: {page}"));
    let (_, tag) = before.rsplit_once("<a ").expect("its tag");
    unescape(tag.split_once("href=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a place").0)
}

#[test]
fn a_catalog_is_searched_narrowed_and_ordered_by_links() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let (browser, workspace) = (Browser::of(&server, &ann), ann.workspace());
    let api = format!("/api/v1/workspaces/{workspace}/artifacts");
    for (name, kind, tags) in [
        ("Billing api", "service", vec!["payments"]),
        ("Billing guide", "document", vec!["payments", "docs"]),
        ("Other", "service", vec![]),
    ] {
        ann.artifact(
            &api,
            &json!({"name": name, "artifact_type": kind, "tags": tags, "description": "About billing."}),
        );
    }
    let catalog = format!("/console/workspaces/{workspace}");
    let get = |path: &str| browser.get(path).expect(200).body;

    let page = get(&catalog);
    assert_eq!(names(&page), ["Other", "Billing guide", "Billing api"]);
    let narrowed = get(&link(&page, "<bdi>document</bdi>"));
    assert_eq!(names(&narrowed), ["Billing guide"]);
    assert!(narrowed.contains("Remove the filter type document"), "{narrowed}");
    let tagged = get(&link(&page, "<bdi>payments</bdi>"));
    assert_eq!(names(&tagged).len(), 2);
    assert_eq!(names(&get(&link(&tagged, "<bdi>docs</bdi>"))), ["Billing guide"], "both tags");
    assert_eq!(names(&get(&link(&page, "Name"))), ["Billing api", "Billing guide", "Other"]);

    let found = get(&format!("{catalog}?q=billing+name%3Aguide"));
    assert!(found.contains("<mark>Billing</mark>") && found.contains("value=\"billing name:guide\""), "{found}");
    assert!(get(&format!("{catalog}?q=nothing-like-it")).contains("Nothing fits"));
    for wrong in ["tag=n!o", "type=No", "sort=up", "cursor=x", &format!("q={}", "a".repeat(201))] {
        let reply = browser.get(&format!("{catalog}?{wrong}")).expect(422);
        assert!(reply.body.contains("Show the whole catalog"), "{wrong}: {}", reply.body);
    }
}

#[test]
fn a_long_catalog_has_pages() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let (browser, workspace) = (Browser::of(&server, &ann), ann.workspace());
    let operations: Vec<_> =
        (0..60).map(|number| json!({"op": "create", "name": format!("Number {number}")})).collect();
    let bulk = format!("/api/v1/workspaces/{workspace}/artifacts/bulk");
    ann.client.post(&bulk, &json!({"operations": operations})).expect(200);
    let catalog = format!("/console/workspaces/{workspace}");
    for start in [catalog.clone(), format!("{catalog}?q=number&sort=name")] {
        let mut seen = BTreeSet::new();
        let mut path = start.clone();
        let mut pages = 1;
        loop {
            let page = browser.get(&path).expect(200).body;
            for name in names(&page) {
                assert!(seen.insert(name.clone()), "{name} twice");
            }
            if !page.contains(">Next page</a>") {
                break;
            }
            path = link(&page, "Next page");
            pages += 1;
        }
        assert_eq!((seen.len(), pages), (60, 3), "{start}");
    }
}
