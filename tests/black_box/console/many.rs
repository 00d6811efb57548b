//! Many artifacts at once in the console: selected in a list, taken in from a file, and found from anywhere.

use serde_json::{Value, json};

use super::led_to;
use crate::support::account::{Account, text};
use crate::support::browser::{Browser, hidden_fields};
use crate::support::client::Reply;
use crate::support::server::Server;

struct Place {
    ann: Account,
    browser: Browser,
    catalog: String,
    artifacts: String,
}

impl Place {
    fn new(server: &Server) -> Self {
        let ann = Account::new(server);
        let workspace = ann.workspace();
        let browser = Browser::of(server, &ann);
        let artifacts = format!("/api/v1/workspaces/{workspace}/artifacts");
        Self { ann, browser, catalog: format!("/console/workspaces/{workspace}"), artifacts }
    }

    fn made(&self, name: &str) -> String {
        text(&self.ann.artifact(&self.artifacts, &json!({"name": name, "tags": ["old"]}))["id"])
    }

    fn seen(&self, id: &str) -> Value {
        self.ann.client.get(&format!("{}/{id}", self.artifacts)).expect(200).json()
    }

    /// Does something with artifacts that were seen in a version.
    fn with(&self, selected: &[(&str, u64)], fields: &[(&str, &str)]) -> Reply {
        let page = self.browser.get(&self.catalog).expect(200);
        let selected: Vec<String> = selected.iter().map(|(id, version)| format!("{id}.{version}")).collect();
        let boxes = selected.iter().map(|value| ("selected", value.as_str()));
        let fields: Vec<(&str, &str)> = boxes.chain(fields.iter().copied()).collect();
        self.browser.submit(&page, &format!("{}/selection", self.catalog), &fields)
    }

    /// Sends a file to be imported, with the hidden fields of the page.
    fn import(&self, page: &Reply, file: &str) -> Reply {
        let place = format!("{}/import", self.catalog);
        let mut body = String::new();
        for (name, value) in hidden_fields(page, &place) {
            body += &format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        body += "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.ndjson\"\r\n";
        body += &format!("Content-Type: application/octet-stream\r\n\r\n{file}\r\n--edge--\r\n");
        self.browser.client().send("POST", &place, "multipart/form-data; boundary=edge", body)
    }
}

#[test]
fn what_is_selected_is_tagged_untagged_taken_along_and_deleted_together() {
    let server = Server::shared();
    let place = Place::new(&server);
    let (one, two) = (place.made("One"), place.made("Two"));
    let page = place.browser.get(&place.catalog).expect(200);
    assert!(page.body.contains(&format!("value=\"{one}.1\"")), "{}", page.body);

    led_to(&place.with(&[(&one, 1), (&two, 1)], &[("do", "tag"), ("tag", "new")]));
    for id in [&one, &two] {
        assert_eq!(place.seen(id)["tags"], json!(["old", "new"]));
    }
    // Sent twice, it changes nothing more.
    led_to(&place.with(&[(&one, 1)], &[("do", "tag"), ("tag", "new")]));
    assert_eq!(place.seen(&one)["version"], 2);
    led_to(&place.with(&[(&one, 2)], &[("do", "untag"), ("tag", "old")]));
    assert_eq!(place.seen(&one)["tags"], json!(["new"]));

    let file = place.with(&[(&one, 3), (&two, 2)], &[("do", "export")]).expect(200);
    assert!(file.header("content-disposition").is_some_and(|it| it.contains("artifacts.ndjson")));
    let names: Vec<Value> =
        file.body.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["name"].clone()).collect();
    assert_eq!(names, ["One", "Two"]);

    // Of the second, an older version was seen: it stays, and that is said.
    let told = place.with(&[(&one, 3), (&two, 1)], &[("do", "delete")]).expect(409);
    assert!(told.body.contains("Somebody changed it meanwhile") && told.body.contains("Two"), "{}", told.body);
    place.ann.client.get(&format!("{}/{one}", place.artifacts)).expect(404);
    place.seen(&two);
    for (selected, fields) in [(vec![], vec![("do", "delete")]), (vec![(two.as_str(), 2)], vec![("do", "tag")])] {
        place.with(&selected, &fields).expect(422);
    }
    let long = "x".repeat(60);
    let told = place.with(&[(&two, 2)], &[("do", "tag"), ("tag", &long)]).expect(409);
    assert!(told.body.contains("0 artifacts are as you wanted"), "{}", told.body);
}

#[test]
fn a_file_is_imported_whole_or_not_at_all_and_once() {
    let server = Server::shared();
    let place = Place::new(&server);
    let page = place.browser.get(&format!("{}/import", place.catalog)).expect(200);
    let told = place.import(&page, "{\"name\": \"Good\"}\n{\"name\": \"\"}\nnonsense\n").expect(422);
    assert!(told.body.contains("Nothing was imported") && told.body.contains("line 2:"), "{}", told.body);
    assert!(told.body.contains("line 3:"), "{}", told.body);
    let file = "{\"name\": \"A\"}\n\n{\"name\": \"B\", \"tags\": [\"x\"]}";
    for _ in 0..2 {
        let done = place.browser.get(&led_to(&place.import(&page, file))).expect(200);
        assert!(done.body.contains("2 artifacts were imported."), "{}", done.body);
    }
    assert_eq!(place.ann.client.get(&place.artifacts).expect(200).json()["total"], 2);
    place.import(&page, "").expect(422);

    let all = place.browser.get(&format!("{}/export", place.catalog)).expect(200);
    assert_eq!(all.body.lines().count(), 2);
    let other = Place::new(&server);
    let page = other.browser.get(&format!("{}/import", other.catalog)).expect(200);
    led_to(&other.import(&page, &all.body));
    // What another page made is refused, whatever is in it.
    let forged = place.browser.client().with("Sec-Fetch-Site", "cross-site");
    let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{}\r\n--x--\r\n";
    let place = format!("{}/import", place.catalog);
    forged.send("POST", &place, "multipart/form-data; boundary=x", body.to_owned()).expect(403);
}

#[test]
fn whatever_there_is_is_found_from_one_page() {
    let server = Server::shared();
    let place = Place::new(&server);
    let id = place.made("Zeppelin hangar");
    let page = place.browser.get("/console/find?q=zeppelin").expect(200);
    assert!(page.body.contains(&format!("{}/artifacts/{id}", place.catalog)), "{}", page.body);
    let page = place.browser.get("/console/find?q=MEMBERS").expect(200);
    assert!(page.body.contains(&format!("href=\"{}/members\"", place.catalog)), "{}", page.body);
    assert!(!page.body.contains("/console/operate"), "pages for operators are not shown to others");
    let page = place.browser.get("/console/find?q=%3Cscript%3E").expect(200);
    assert!(page.body.contains("Nothing is called so.") && page.body.matches("<script").count() == 1, "{}", page.body);
    let stranger = Place::new(&server);
    let page = stranger.browser.get("/console/find?q=zeppelin").expect(200);
    assert!(!page.body.contains(&id), "{}", page.body);
}

#[test]
fn the_audit_view_is_narrowed_and_leads_to_versions() {
    let server = Server::shared();
    let place = Place::new(&server);
    let id = place.made("One");
    place.ann.client.patch(&format!("{}/{id}", place.artifacts), &json!({"name": "Other"})).expect(200);
    let audit = format!("{}/audit", place.catalog);
    let page = place.browser.get(&format!("{audit}?about=artifacts")).expect(200);
    assert!(page.body.contains("created <a") && !page.body.contains("created the workspace"), "{}", page.body);
    assert!(page.body.contains(&format!("artifacts/{id}/history?before=3\">version 2</a>")), "{}", page.body);
    let page = place.browser.get(&format!("{audit}?about=keys")).expect(200);
    assert!(page.body.contains("No such entry."), "{}", page.body);
    let page = place.browser.get(&format!("{audit}?who={}&ip=127.0.0.1", place.ann.id)).expect(200);
    assert!(page.body.contains("created the workspace"), "{}", page.body);
    let page = place.browser.get(&format!("{audit}?ip=192.0.2.1")).expect(200);
    assert!(page.body.contains("No such entry."), "{}", page.body);
}

#[test]
fn a_workspace_has_a_home_can_be_renamed_and_ends_when_its_name_is_typed() {
    let server = Server::shared();
    let place = Place::new(&server);
    let id = place.made("One");
    let home = format!("{}/home", place.catalog);
    let page = place.browser.get(&home).expect(200);
    for part in ["Changed lately", "Tags in use", "<bdi>old</bdi>", &format!("artifacts/{id}")] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let (settings, delete) = (format!("{}/settings", place.catalog), format!("{}/delete", place.catalog));
    let page = place.browser.get(&settings).expect(200);
    place.browser.submit(&page, &settings, &[("name", " ")]).expect(422);
    let renamed = place.browser.submit(&page, &settings, &[("name", "Renamed <b>"), ("description", "what for")]);
    let page = place.browser.get(&led_to(&renamed)).expect(200);
    assert!(page.body.contains("Renamed &lt;b&gt;") && page.body.contains("what for"), "{}", page.body);
    let page = place.browser.get(&settings).expect(200);
    let told = place.browser.submit(&page, &delete, &[("confirmed", "Another")]).expect(422);
    assert!(told.body.contains("Type the name of the workspace"), "{}", told.body);
    assert_eq!(led_to(&place.browser.submit(&page, &delete, &[("confirmed", "Renamed <b>")])), "/console/workspaces");
    place.browser.get(&home).expect(404);
}
