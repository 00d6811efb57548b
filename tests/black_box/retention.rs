//! What was kept for long enough goes, if that is wanted, and all the rest still agrees.

use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::account::{Account, text};
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

/// How many things of a kind are told of.
fn length(server: &Server, owner: &Account, path: &str) -> usize {
    let page: Value = server.client().bearer(&owner.access).get(path).expect(200).json();
    page["items"].as_array().expect("items").len()
}

#[test]
fn old_versions_and_changes_are_removed_and_what_is_left_agrees() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    let artifacts = format!("{workspace}/artifacts");
    let id = text(&owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]);
    for name in ["Bellows", "Coal"] {
        owner.client.patch(&format!("{artifacts}/{id}"), &json!({"name": name})).expect(200);
    }
    let (history, audit) = (format!("{artifacts}/{id}/history"), format!("{workspace}/audit"));
    assert_eq!((length(&server, &owner, &history), length(&server, &owner, &audit)), (3, 4));
    server.stop();

    // They are looked for at the start, and it takes a second until they are old enough.
    let setup = setup.env("GHOSTWORKS__STORAGE__HISTORY_SECONDS", "1").env("GHOSTWORKS__STORAGE__CHANGES_SECONDS", "1");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let server = setup.start();
        // Reads write nothing: what is left in the end is the newest entry of all, whichever workspace it is of.
        let left = (length(&server, &owner, &history), length(&server, &owner, &audit));
        if left.0 == 1 && left.1 <= 1 {
            server.stop();
            break;
        }
        assert!(Instant::now() < deadline, "{left:?} are left");
        server.stop();
    }
    let (status, report, errors) = setup.run(&["check"]);
    assert!(status.success() && report.contains("Everything agrees."), "{report}{errors}");

    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    let newest = client.get(&history).expect(200).json();
    assert_eq!((&newest["items"][0]["version"], &newest["items"][0]["change"]), (&json!(3), &json!("updated")));
    client.patch(&format!("{artifacts}/{id}"), &json!({"name": "Drill"})).expect(200);
    assert_eq!(client.get(&format!("{artifacts}?q=drill")).expect(200).json()["total"], 1);
    assert_eq!(client.get(&format!("{artifacts}?q=anvil")).expect(200).json()["total"], 0);
    server.stop();
    let (status, report, errors) = setup.run(&["check"]);
    assert!(status.success() && report.contains("Everything agrees."), "{report}{errors}");
}

#[test]
fn an_index_that_the_change_log_does_not_reach_back_to_is_rebuilt() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "Anvil"}));
    assert_eq!(owner.client.get(&format!("{artifacts}?q=anvil")).expect(200).json()["total"], 1);
    server.stop();
    let index = setup.data().join("search");
    let early = setup.scratch().join("early");
    std::fs::rename(&index, &early).expect("it can be put aside");

    let setup = setup.env("GHOSTWORKS__STORAGE__CHANGES_SECONDS", "1");
    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    client.post(&artifacts, &json!({"name": "Bellows"})).expect(201);
    client.post(&artifacts, &json!({"name": "Coal"})).expect(201);
    server.stop();
    let deadline = Instant::now() + PATIENCE;
    while entries_after_a_start(&setup, &owner) > 1 {
        assert!(Instant::now() < deadline, "the change log stays as it is");
    }
    std::fs::remove_dir_all(&index).expect("it can be removed");
    std::fs::rename(&early, &index).expect("it can be put back");
    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    for word in ["anvil", "bellows", "coal"] {
        assert_eq!(client.get(&format!("{artifacts}?q={word}")).expect(200).json()["total"], 1, "{word}");
    }
    assert!(
        server.stderr().contains("of the change log after where the search index is are gone"),
        "{}",
        server.stderr()
    );
}

/// How many entries the change log has of a workspace, after one more start.
fn entries_after_a_start(setup: &Setup, owner: &Account) -> usize {
    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    let workspaces = client.get("/api/v1/workspaces").expect(200).json();
    let entries = length(&server, owner, &format!("/api/v1/workspaces/{}/audit", text(&workspaces[0]["id"])));
    server.stop();
    entries
}
