//! Killed in the middle of its work, it has lost nothing that it had answered.

#[expect(dead_code, reason = "each file of tests uses its own part of the harness")]
mod support;

use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};

use serde_json::json;
use support::account::{Account, text};
use support::client::Client;
use support::server::Setup;

const WRITERS: usize = 6;
const KILLS: usize = 3;
/// How many writes are answered before each kill.
const ANSWERS: usize = 150;

/// Makes artifacts one after the other and tells the id of every one that was answered, until the server is gone.
fn write(client: &Client, artifacts: &str, answered: &Sender<String>) {
    let body = json!({"name": "survivor", "tags": ["crash"], "artifact_metadata": {"padding": "x".repeat(500)}});
    while let Ok(reply) = client.try_send("POST", artifacts, "application/json", body.to_string()) {
        let id = text(&reply.expect(201).json()["id"]);
        if answered.send(id).is_err() {
            return;
        }
    }
}

/// Every id in the listing, page by page, and the total that the first page claims.
fn listed(client: &Client, artifacts: &str) -> (BTreeSet<String>, usize) {
    let mut ids = BTreeSet::new();
    let mut total = None;
    loop {
        let page = client.get(&format!("{artifacts}?limit=100&offset={}", ids.len())).expect(200).json();
        total = total.or(page["total"].as_u64());
        let before = ids.len();
        ids.extend(page["items"].as_array().expect("items").iter().map(|item| text(&item["id"])));
        if ids.len() == before || page["has_more"] == false {
            return (ids, total.expect("a total").try_into().expect("it fits"));
        }
    }
}

#[test]
fn every_answered_write_survives_a_kill() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    server.stop();

    let mut answered = BTreeSet::new();
    for _ in 0..KILLS {
        let server = setup.start();
        let client = server.client().bearer(&owner.access);
        std::thread::scope(|scope| {
            let (tell, told) = channel();
            for _ in 0..WRITERS {
                let (client, artifacts, tell) = (client.clone(), &artifacts, tell.clone());
                scope.spawn(move || write(&client, artifacts, &tell));
            }
            drop(tell);
            answered.extend(told.iter().take(ANSWERS));
            server.kill();
            answered.extend(told.iter());
        });
        let (status, report, errors) = setup.run(&["check"]);
        assert!(status.success(), "{report}{errors}");
    }

    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    let (found, total) = listed(&client, &artifacts);
    assert!(answered.is_subset(&found), "lost: {:?}", answered.difference(&found));
    assert_eq!(found.len(), total);
    assert!(total <= answered.len() + WRITERS * KILLS, "only what was under way may be there unanswered");
    for id in &answered {
        let artifact = client.get(&format!("{artifacts}/{id}")).expect(200).json();
        assert_eq!((&artifact["name"], &artifact["version"]), (&json!("survivor"), &json!(1)));
    }
    let stats = server.client().get("/api/v1/system/stats").expect(200).json();
    assert_eq!((&stats["artifacts"], &stats["active_artifacts"]), (&json!(total), &json!(total)));
    client.post(&artifacts, &json!({"name": "life goes on"})).expect(201);
}
