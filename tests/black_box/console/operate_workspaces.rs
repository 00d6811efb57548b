//! What operators do with workspaces in the console.

use serde_json::json;

use super::led_to;
use super::operate::operate;
use crate::support::account::Account;
use crate::support::browser::Browser;
use crate::support::client::Reply;
use crate::support::server::Server;
use crate::support::tour::{OPERATOR, setup};

const WORKSPACES: &str = "/console/operate/workspaces";

struct World {
    server: Server,
    owner: Account,
    browser: Browser,
    /// The id of the owner's workspace, its page, and its artifacts in the API.
    id: String,
    place: String,
    artifacts: String,
}

impl World {
    fn new() -> Self {
        let server = setup().start();
        let (owner, operator) = (Account::new(&server), Account::new(&server));
        operate(&server, &operator);
        let browser = Browser::of(&server, &operator);
        let id = owner.workspace();
        let (place, artifacts) = (format!("{WORKSPACES}/{id}"), format!("/api/v1/workspaces/{id}/artifacts"));
        Self { server, owner, browser, id, place, artifacts }
    }

    /// Fills in a form of the workspace's page.
    fn submit(&self, what: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.browser.get(&self.place).expect(200);
        self.browser.submit(&page, &format!("{}/{what}", self.place), fields)
    }
}

#[test]
fn workspaces_are_listed_largest_first_and_found_by_slug() {
    let world = World::new();
    let owner = &world.owner;
    owner.client.post(&world.artifacts, &json!({"name": "Large", "description": "x".repeat(900)})).expect(201);
    let list = world.browser.get(WORKSPACES).expect(200);
    let first = list.body.split(&format!("href=\"{WORKSPACES}/")).nth(1).expect("a workspace");
    assert!(first.starts_with(&world.id), "{}", list.body);
    let details = world.server.client().bearer(OPERATOR);
    let details = details.get(&format!("/api/v1/operator/workspaces/{}", world.id)).expect(200).json();
    let slug = details["workspace"]["slug"].as_str().expect("a slug").to_owned();
    let found = world.browser.get(&format!("{WORKSPACES}?slug={slug}")).expect(200);
    assert_eq!(found.body.matches(&format!("href=\"{WORKSPACES}/")).count(), 1, "{}", found.body);
    for nonsense in ["nowhere", "%3Cb%3E"] {
        let page = world.browser.get(&format!("{WORKSPACES}?slug={nonsense}")).expect(200);
        assert!(page.body.contains("No workspace has this slug."), "{}", page.body);
    }
    let page = world.browser.get(&world.place).expect(200);
    assert!(page.body.contains(&owner.email) && page.body.contains("1, 0 of them in the trash"), "{}", page.body);
    Browser::of(&world.server, owner).get(&world.place).expect(403);
}

#[test]
fn a_workspace_is_suspended_resumed_and_gets_quotas() {
    let world = World::new();
    let owner = &world.owner;
    assert_eq!(led_to(&world.submit("suspend", &[])), world.place);
    owner.client.get(&world.artifacts).problem(403, "workspace_suspended");
    assert!(world.browser.get(&world.place).expect(200).body.contains(">suspended</span>"));
    led_to(&world.submit("resume", &[]));
    owner.client.get(&world.artifacts).expect(200);

    let typed = [("artifacts", "1"), ("bytes", "1\u{202f}000 000"), ("members", ""), ("api_keys", "")];
    led_to(&world.submit("quotas", &typed));
    owner.client.post(&world.artifacts, &json!({"name": "one"})).expect(201);
    owner.client.post(&world.artifacts, &json!({"name": "two"})).problem(409, "quota_exceeded");
    let page = world.browser.get(&world.place).expect(200);
    assert!(page.body.contains("name=\"bytes\" value=\"1000000\""), "{}", page.body);
    for (wrong, said) in [("many", "must be a whole number, or empty"), ("0", "must be 1 to")] {
        let page = world.submit("quotas", &[("artifacts", wrong)]).expect(422);
        assert!(page.body.contains(said) && page.body.contains(&format!("value=\"{wrong}\"")), "{}", page.body);
    }
}

#[test]
fn a_workspace_is_deleted_when_its_name_was_typed() {
    let world = World::new();
    let owner = &world.owner;
    let page = world.submit("delete", &[("confirmed", "something")]).expect(422);
    assert!(page.body.contains("Type the name of the workspace"), "{}", page.body);
    owner.client.get(&world.artifacts).expect(200);
    assert_eq!(led_to(&world.submit("delete", &[("confirmed", "A workspace")])), WORKSPACES);
    owner.client.get(&world.artifacts).problem(404, "workspace_not_found");
    world.browser.get(&world.place).expect(404);
}
