//! People in the console: members and their roles, API keys, the audit view, one's own sessions and password.

use super::led_to;
use crate::support::account::{Account, PASSWORD};
use crate::support::browser::Browser;
use crate::support::server::Server;
use serde_json::json;

#[test]
fn members_are_added_given_another_role_and_removed() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let (browser, workspace) = (Browser::of(&server, &ann), ann.workspace());
    let place = format!("/console/workspaces/{workspace}/members");
    let page = browser.get(&place).expect(200);
    let unknown = browser.submit(&page, &place, &[("email", "nobody@example.com"), ("role", "member")]).expect(422);
    assert!(unknown.body.contains("No account has this"), "{}", unknown.body);
    led_to(&browser.submit(&page, &place, &[("email", &bob.email), ("role", "member")]));
    let page = browser.get(&place).expect(200);
    assert!(page.body.contains(&bob.email), "{}", page.body);
    let role = format!("{place}/{}/role", bob.id);
    led_to(&browser.submit(&page, &role, &[("role", "admin")]));
    let seen = bob.client.get(&format!("/api/v1/workspaces/{workspace}")).expect(200).json();
    assert_eq!(seen["user_role"], "admin");
    let remove = format!("{place}/{}/remove", bob.id);
    led_to(&browser.submit(&page, &remove, &[]));
    led_to(&browser.submit(&page, &remove, &[]));
    bob.client.get(&format!("/api/v1/workspaces/{workspace}")).expect(404);

    let audit = browser.get(&format!("/console/workspaces/{workspace}/audit")).expect(200);
    for part in ["removed", "changed the role of", "from member to admin", "created the workspace", ">trace</a>"] {
        assert!(audit.body.contains(part), "{part}: {}", audit.body);
    }
}

#[test]
fn a_key_is_shown_once_and_works_until_it_is_revoked() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let (browser, workspace) = (Browser::of(&server, &ann), ann.workspace());
    let place = format!("/console/workspaces/{workspace}/api-keys");
    let page = browser.get(&place).expect(200);
    let refused = browser.submit(&page, &place, &[("name", "robot"), ("days", "30")]).expect(422);
    assert!(refused.body.contains("must have at least one scope"), "{}", refused.body);
    let made =
        browser.submit(&page, &place, &[("name", "robot"), ("scope", "artifacts:read"), ("days", "30")]).expect(200);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let key = made.body.split_once("<code>gwk_").and_then(|(_, rest)| rest.split_once("</code>")).expect("the key").0;
    // Sent twice, it made one; who has not seen its text is told what to do.
    let again = browser.submit(&page, &place, &[("name", "robot"), ("scope", "artifacts:read"), ("days", "30")]);
    let again = browser.get(&led_to(&again)).expect(200);
    assert!(again.body.contains("its text was shown then") && !again.body.contains(key), "{}", again.body);
    assert_eq!(again.body.matches("Revoke <bdi>robot").count(), 1, "{}", again.body);
    let machine = server.client().bearer(&format!("gwk_{key}"));
    let artifacts = format!("/api/v1/workspaces/{workspace}/artifacts");
    machine.get(&artifacts).expect(200);
    machine.post(&artifacts, &json!({"name": "Anvil"})).expect(403);

    let page = browser.get(&place).expect(200);
    assert!(page.body.contains("robot") && !page.body.contains(key), "{}", page.body);
    let (_, rest) = page.body.split_once(" action=\"").expect("a form");
    let revoke = rest.split(" action=\"").find(|rest| rest.contains("/revoke\"")).expect("a form that revokes");
    let revoke = revoke.split('"').next().expect("a place").to_owned();
    led_to(&browser.submit(&page, &revoke, &[]));
    machine.get(&artifacts).expect(401);
}

#[test]
fn ones_sessions_are_shown_and_ended_and_the_password_is_changed() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let (browser, other) = (Browser::of(&server, &ann), Browser::of(&server, &ann));
    let page = browser.get("/console/account").expect(200);
    assert!(page.body.contains("this one") && page.body.contains("Sign out everywhere else"), "{}", page.body);
    led_to(&browser.submit(&page, "/console/account/end-others", &[]));
    other.get("/console/account").expect(303);
    ann.client.get("/api/v1/auth/me").expect(401);

    let change = |current: &str, new: &str| {
        let page = browser.get("/console/account").expect(200);
        browser.submit(&page, "/console/account/password", &[("current_password", current), ("new_password", new)])
    };
    let wrong = change("Wrong-horse-7", "Another-horse-8").expect(422);
    assert!(
        wrong.body.contains("is not the current password") && !wrong.body.contains("Another-horse-8"),
        "{}",
        wrong.body
    );
    assert!(change(PASSWORD, "short").expect(422).body.contains("must be at least 8"));
    change(PASSWORD, "Another-horse-8").expect(200);
    browser.get("/console/account").expect(200);
    Browser::of_nobody(&server.client()).sign_in(&ann.email, "Another-horse-8").expect(303);
}

#[test]
fn admins_see_where_the_time_of_a_request_went() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let (browser, artifacts) = (Browser::of(&server, &ann), ann.artifacts());
    let made = ann.client.post(&artifacts, &json!({"name": "Anvil"})).expect(201);
    let trace = made.header("traceresponse").and_then(|ids| ids.split('-').nth(1)).expect("a trace").to_owned();
    let workspace = artifacts.split('/').nth(4).expect("an id");
    let place = format!("/console/workspaces/{workspace}/traces");
    let list = browser.get(&place).expect(200);
    assert!(list.body.contains(&format!("{place}/{trace}")) && list.body.contains("artifact.create"), "{}", list.body);
    let shown = browser.get(&format!("{place}/{trace}")).expect(200);
    for part in ["POST /api/v1/workspaces/{workspace_id}/artifacts", "queue wait", "commit", "<rect"] {
        assert!(shown.body.contains(part), "{part}: {}", shown.body);
    }
    assert!(!browser.get(&format!("{place}?show=failures")).expect(200).body.contains("artifact.create"));
    browser.get(&format!("{place}/{}", "0".repeat(32))).expect(404);
    let stranger = Account::new(&server);
    let foreign = stranger.artifacts();
    let other = foreign.split('/').nth(4).expect("an id");
    Browser::of(&server, &stranger).get(&format!("/console/workspaces/{other}/traces/{trace}")).expect(404);
}
