//! `ghostworks compact`: room that is not used is given back, and nothing else changes.

use std::fs;

use crate::support::account::Account;
use crate::support::server::Setup;
use serde_json::json;

#[test]
fn what_is_not_used_is_given_back() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let workspace = owner.workspace();
    let (artifacts, kept) = (format!("/api/v1/workspaces/{workspace}/artifacts"), owner.artifacts());
    let line = json!({"name": "large", "description": "x".repeat(2000)}).to_string() + "\n";
    owner.client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", line.repeat(3000)).expect(200);
    owner.artifact(&kept, &json!({"name": "Anvil"}));
    let (status, _, errors) = setup.run(&["compact"]);
    assert_eq!(status.code(), Some(3), "{errors}");
    assert!(errors.contains("MiB are not used; stop the server, run `ghostworks compact`"), "{errors}");
    owner.client.delete(&format!("/api/v1/workspaces/{workspace}")).expect(204);
    server.stop();

    let size = || fs::metadata(setup.data().join("ghostworks.redb")).expect("a database").len();
    let before = size();
    let (status, output, errors) = setup.run(&["compact"]);
    assert!(status.success() && output.contains("MiB now"), "{output}{errors}");
    assert!(size() < before, "{before}, and then {}", size());
    let (status, report, errors) = setup.run(&["check"]);
    assert!(status.success(), "{report}{errors}");
    let server = setup.start();
    let list = server.client().bearer(&owner.access).get(&kept).expect(200).json();
    assert_eq!((&list["total"], &list["items"][0]["name"]), (&json!(1), &json!("Anvil")));
}
