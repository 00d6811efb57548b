//! Artifacts in the console: made, changed by two people at once, deleted, restored, and what they were before.

use super::led_to;
use std::sync::Arc;

use crate::support::account::Account;
use crate::support::browser::Browser;
use crate::support::server::Server;
use serde_json::json;

struct World {
    _server: Arc<Server>,
    ann: Account,
    browser: Browser,
    /// The path of the catalog in the console, and of the artifacts in the API.
    catalog: String,
    api: String,
}

impl World {
    fn new() -> Self {
        let server = Server::shared();
        let ann = Account::new(&server);
        let workspace = ann.workspace();
        let browser = Browser::of(&server, &ann);
        let (catalog, api) =
            (format!("/console/workspaces/{workspace}"), format!("/api/v1/workspaces/{workspace}/artifacts"));
        Self { _server: server, ann, browser, catalog, api }
    }

    /// Makes an artifact by its form, and returns its id.
    fn create(&self, fields: &[(&str, &str)]) -> String {
        let new = format!("{}/new", self.catalog);
        let place = led_to(&self.browser.submit(&self.browser.get(&new).expect(200), &new, fields));
        place.rsplit('/').next().expect("an id").to_owned()
    }

    fn page(&self, id: &str) -> String {
        format!("{}/artifacts/{id}", self.catalog)
    }
}

#[test]
fn an_artifact_is_made_and_shown() {
    let world = World::new();
    let empty = world.browser.get(&world.catalog).expect(200);
    for way in ["New artifact", "curl http://127.0.0.1", "ghostworks import"] {
        assert!(empty.body.contains(way), "{way}: {}", empty.body);
    }
    let id = world.create(&[
        ("name", "Billing"),
        ("type", "service"),
        ("tags", "Payments, edge,, edge"),
        ("description", "Charges **customers**\n\n- one"),
        ("metadata", "owner: team-billing\nreplicas: 3\ndocs: https://example.com/docs\nport: \"8080\"\non: true"),
    ]);
    let stored = world.ann.client.get(&format!("{}/{id}", world.api)).expect(200).json();
    assert_eq!(stored["tags"], json!(["payments", "edge"]));
    let metadata =
        json!({"docs": "https://example.com/docs", "on": true, "owner": "team-billing", "port": "8080", "replicas": 3});
    assert_eq!(stored["artifact_metadata"], metadata);
    let page = world.browser.get(&world.page(&id)).expect(200);
    for part in [
        "<strong>customers</strong>",
        "<li>one</li>",
        "href=\"https://example.com/docs\" rel=\"noopener noreferrer nofollow\"",
        "team-billing",
        "by <bdi>you</bdi>",
        "&quot;artifact_type&quot;: &quot;service&quot;",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
}

#[test]
fn what_breaks_rules_is_said_at_its_field_and_nothing_is_lost() {
    let world = World::new();
    let new = format!("{}/new", world.catalog);
    let blank = world.browser.get(&new).expect(200);
    let fields = [("name", "a<b"), ("tags", "fine, n!o"), ("metadata", "a: 1\nno colon"), ("description", "kept text")];
    let reply = world.browser.submit(&blank, &new, &fields).expect(422);
    for part in ["line 2", "kept text", "a&lt;b"] {
        assert!(reply.body.contains(part), "{part}: {}", reply.body);
    }
    let fields = [("name", "a<b"), ("tags", "fine, n!o"), ("type", "No Type")];
    let reply = world.browser.submit(&reply, &new, &fields).expect(422);
    for part in ["must not contain", "Tag 2: must be", "must be 1 to 50 characters of a-z"] {
        assert!(reply.body.contains(part), "{part}: {}", reply.body);
    }
}

#[test]
fn who_comes_second_sees_both_versions_and_chooses() {
    let world = World::new();
    let id = world.create(&[("name", "Anvil"), ("description", "old words")]);
    let edit = format!("{}/edit", world.page(&id));
    let (mine, theirs) = (world.browser.get(&edit).expect(200), world.browser.get(&edit).expect(200));
    let saved = world.browser.submit(&theirs, &edit, &[("name", "Anvil"), ("description", "their words")]);
    assert_eq!(led_to(&saved), world.page(&id));
    let saved = world.browser.submit(&theirs, &edit, &[("name", "Anvil"), ("description", "their words")]);
    assert_eq!(led_to(&saved), world.page(&id), "sent twice");

    let fields = [("name", "Anvil"), ("description", "my words")];
    let conflict = world.browser.submit(&mine, &edit, &fields).expect(409);
    for part in ["<del>their</del>", "<ins>my</ins>", "my words", "Save yours over it"] {
        assert!(conflict.body.contains(part), "{part}: {}", conflict.body);
    }
    let description = || world.ann.client.get(&format!("{}/{id}", world.api)).expect(200).json()["description"].clone();
    assert_eq!(description(), "their words");
    assert_eq!(led_to(&world.browser.submit(&conflict, &edit, &fields)), world.page(&id));
    assert_eq!(description(), "my words");
}

#[test]
fn what_was_written_of_what_somebody_deleted_meanwhile_is_not_lost() {
    let world = World::new();
    let id = world.create(&[("name", "Anvil")]);
    let (page, edit) = (world.page(&id), format!("{}/edit", world.page(&id)));
    let mine = world.browser.get(&edit).expect(200);
    let shown = world.browser.get(&page).expect(200);
    world.browser.submit(&shown, &format!("{page}/delete"), &[]).expect(303);
    let deleted = world.browser.submit(&mine, &edit, &[("name", "Anvil"), ("description", "my words")]).expect(409);
    for part in ["Somebody deleted this", "my words", "Create artifact"] {
        assert!(deleted.body.contains(part), "{part}: {}", deleted.body);
    }
}

#[test]
fn what_was_deleted_is_in_the_trash_and_comes_back() {
    let world = World::new();
    let id = world.create(&[("name", "Old anvil")]);
    let (page, trash) = (world.page(&id), format!("{}/trash", world.catalog));
    let (delete, restore, purge) = (format!("{page}/delete"), format!("{page}/restore"), format!("{page}/purge"));
    let shown = world.browser.get(&page).expect(200);
    assert_eq!(led_to(&world.browser.submit(&shown, &delete, &[])), trash);
    assert_eq!(led_to(&world.browser.submit(&shown, &delete, &[])), trash, "sent twice");
    let shown = world.browser.get(&trash).expect(200);
    assert!(shown.body.contains("Old anvil"), "{}", shown.body);
    assert!(world.browser.get(&page).expect(200).body.contains("This artifact is in the trash"));
    assert_eq!(led_to(&world.browser.submit(&shown, &restore, &[])), page);
    assert_eq!(led_to(&world.browser.submit(&shown, &restore, &[])), page, "sent twice");
    world.ann.client.get(&format!("{}/{id}", world.api)).expect(200);

    world.browser.submit(&world.browser.get(&page), &delete, &[]).expect(303);
    let shown = world.browser.get(&trash).expect(200);
    assert_eq!(led_to(&world.browser.submit(&shown, &purge, &[])), trash);
    assert!(!world.browser.get(&trash).expect(200).body.contains("Old anvil"));
    world.browser.get(&page).expect(404);
}

#[test]
fn history_shows_what_was_different_and_brings_a_version_back() {
    let world = World::new();
    let id = world.create(&[
        ("name", "Anvil"),
        ("tags", "iron"),
        ("metadata", "weight: 50"),
        ("description", "heavy thing"),
    ]);
    let (edit, history) = (format!("{}/edit", world.page(&id)), format!("{}/history", world.page(&id)));
    let fields = [("name", "Anvil"), ("tags", "steel"), ("metadata", "weight: 60"), ("description", "heavy tool")];
    world.browser.submit(&world.browser.get(&edit), &edit, &fields).expect(303);
    let page = world.browser.get(&history).expect(200);
    for part in
        ["Version 2", "<ins class=\"tag\" dir=\"auto\">steel</ins>", "<del>thing</del>", "<ins>tool</ins>", "current"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!(led_to(&world.browser.submit(&page, &history, &[])), world.page(&id));
    let artifact = world.ann.client.get(&format!("{}/{id}", world.api)).expect(200).json();
    assert_eq!((&artifact["version"], &artifact["tags"]), (&json!(3), &json!(["iron"])));
    assert_eq!(
        (&artifact["description"], &artifact["artifact_metadata"]),
        (&json!("heavy thing"), &json!({"weight": 50}))
    );
}

#[test]
fn who_deletes_or_brings_back_what_somebody_changed_meanwhile_is_told_so() {
    let world = World::new();
    let id = world.create(&[("name", "Anvil")]);
    let page = world.page(&id);
    let (delete, history) = (format!("{page}/delete"), format!("{page}/history"));
    let shown = world.browser.get(&page).expect(200);
    let change =
        |name: &str| world.ann.client.patch(&format!("{}/{id}", world.api), &json!({"name": name})).expect(200);
    change("Bellows");
    let told = world.browser.get(&led_to(&world.browser.submit(&shown, &delete, &[]))).expect(200);
    assert!(told.body.contains("so nothing was deleted") && told.body.contains("Bellows"), "{}", told.body);
    let versions = world.browser.get(&history).expect(200);
    change("Chisel");
    let told = world.browser.get(&led_to(&world.browser.submit(&versions, &history, &[]))).expect(200);
    assert!(told.body.contains("so nothing was restored") && told.body.contains("Chisel"), "{}", told.body);
    let told = world.browser.get(&format!("{page}?note=%3Cb%3E")).expect(200);
    assert!(!told.body.contains("<b>"), "{}", told.body);
}

#[test]
fn an_artifact_leads_admins_to_the_request_that_made_it() {
    let world = World::new();
    let made = world.ann.client.post(&world.api, &json!({"name": "Made"})).expect(201);
    let trace = made.header("traceresponse").expect("a trace")[3..35].to_owned();
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let page = world.browser.get(&world.page(&id)).expect(200);
    let place = format!("{}/traces/{trace}", world.catalog);
    assert!(page.body.contains(&format!("href=\"{place}\"")), "{}", page.body);
    assert!(world.browser.get(&place).expect(200).body.contains("commit"));
    // Another version was made by another request.
    world.ann.client.patch(&format!("{}/{id}", world.api), &json!({"name": "Changed"})).expect(200);
    let page = world.browser.get(&world.page(&id)).expect(200);
    assert!(page.body.contains("/traces/") && !page.body.contains(&trace), "{}", page.body);
    // And the history to all entries about it.
    let history = world.browser.get(&format!("{}/history", world.page(&id))).expect(200);
    assert!(history.body.contains(&format!("{}/audit?artifact={id}", world.catalog)), "{}", history.body);
    world.ann.client.post(&world.api, &json!({"name": "Another"})).expect(201);
    let entries = world.browser.get(&format!("{}/audit?artifact={id}", world.catalog)).expect(200);
    assert_eq!(entries.body.matches("an artifact</a>").count(), 2, "{}", entries.body);
}

#[test]
fn tags_are_listed_and_found_by_how_they_begin() {
    let world = World::new();
    for tags in [json!(["edge", "payments"]), json!(["edge", "émigré"])] {
        world.ann.client.post(&world.api, &json!({"name": "n", "tags": tags})).expect(201);
    }
    let place = format!("{}/tags", world.catalog);
    let all = world.browser.get(&place).expect(200);
    let names = |body: &str| -> Vec<String> {
        body.split("<bdi>").skip(1).filter_map(|rest| rest.split('<').next()).map(str::to_owned).collect()
    };
    assert_eq!(names(&all.body), ["edge", "payments", "émigré"]);
    let begun = world.browser.get(&format!("{place}?prefix=%C3%89M")).expect(200);
    assert_eq!(names(&begun.body), ["émigré"]);
    assert!(world.browser.get(&format!("{place}?prefix=zzz")).expect(200).body.contains("No tag begins so."));
    let new = world.browser.get(&format!("{}/new", world.catalog)).expect(200);
    assert!(new.body.contains(&format!("data-tags=\"{place}\"")), "the field completes from there: {}", new.body);
}
