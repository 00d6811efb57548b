//! Killed in the middle of its work, again and again, it has lost nothing that it had answered, has nothing that was not
//! asked for, and has each thing that was under way as a whole or not at all.
//!
//! `GHOSTWORKS_CRASH_ROUNDS` sets how often.

mod artifacts;
mod ledger;
mod people;
mod random;

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::Client;
use crate::support::server::{Server, Setup};
use artifacts::{State, Writer, seen};
use people::Steward;
use random::Random;
use serde_json::{Value, json};

const WRITERS: usize = 6;
const STEWARDS: usize = 2;
/// Rounds, unless the environment says how many.
const ROUNDS: usize = 25;
/// The most writes that are answered before a kill.
const MAX_ANSWERS: u64 = 120;

/// Every artifact of the workspace, those in the trash included.
fn listed(client: &Client, workspace: &str) -> BTreeMap<String, State> {
    let export = client.get(&format!("{workspace}/artifacts/export?include_deleted=true")).expect(200);
    let lines = export.body.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    lines.map(|artifact: Value| seen(&artifact)).collect()
}

/// What a search for a writer's name finds, in the trash too, is what there is of it.
fn search_agrees(client: &Client, workspace: &str, writer: &str, found: &BTreeMap<String, State>) {
    let page =
        client.get(&format!("{workspace}/artifacts?q={writer}&include_deleted=true&limit=100")).expect(200).json();
    let own: Vec<&String> =
        found.iter().filter(|(_, it)| it.name.starts_with(&format!("{writer}-"))).map(|(id, _)| id).collect();
    assert_eq!(page["total"], own.len(), "{writer}");
    for item in page["items"].as_array().expect("items") {
        let (id, state) = seen(item);
        assert!(own.contains(&&id), "{writer} has no {id}");
        assert_eq!(Some(&state), found.get(&id));
    }
}

/// Takes steps until the server is gone, and tells of every answer.
fn write(mut step: impl FnMut() -> Option<()>, answered: &Sender<()>) {
    while step().is_some() {
        if answered.send(()).is_err() {
            return;
        }
    }
}

fn sign_in(server: &Server, email: &str) -> Client {
    let tokens = login(&server.client(), email, PASSWORD).expect(200).json();
    server.client().bearer(&text(&tokens["access_token"]))
}

#[test]
fn every_answered_write_survives_a_kill() {
    let rounds = std::env::var_os("GHOSTWORKS_CRASH_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.to_str().and_then(|rounds| rounds.parse().ok()).expect("a number of rounds"));
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    server.stop();

    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, setup.scratch())).collect();
    let mut stewards: Vec<Steward> = (0..STEWARDS).map(|number| Steward::new(number, setup.scratch())).collect();
    let mut random = Random(WRITERS as u64);
    let mut total = 0;
    for _ in 0..rounds {
        let answers = 1 + random.below(MAX_ANSWERS) as usize;
        let server = setup.start();
        let client = sign_in(&server, &owner.email);
        std::thread::scope(|scope| {
            let (tell, told) = channel();
            for writer in &mut writers {
                let (client, workspace, tell) = (client.clone(), &workspace, tell.clone());
                scope.spawn(move || write(|| writer.step(&client, workspace), &tell));
            }
            for steward in &mut stewards {
                let (owner, anybody, tell) = (client.clone(), server.client(), tell.clone());
                scope.spawn(move || write(|| steward.step(&owner, &anybody), &tell));
            }
            drop(tell);
            total += told.iter().take(answers).count();
            server.kill();
            total += told.iter().count();
        });
        let (status, report, errors) = setup.run(&["check"]);
        assert!(status.success(), "{report}{errors}");
        let server = setup.start();
        let client = sign_in(&server, &owner.email);
        let found = listed(&client, &workspace);
        let keys = client.get(&format!("{workspace}/api-keys")).expect(200).json();
        let keys: Vec<String> = keys.as_array().expect("keys").iter().map(|key| text(&key["name"])).collect();
        writers.iter_mut().for_each(|writer| writer.compare(&found, &keys));
        stewards.iter_mut().for_each(|steward| steward.compare(&server, &client));
        for writer in &writers {
            search_agrees(&client, &workspace, &writer.tag, &found);
        }
        let stats = server.client().get("/api/v1/system/stats").expect(200).json();
        let active = found.values().filter(|state| state.is_active).count();
        assert_eq!((&stats["artifacts"], &stats["active_artifacts"]), (&json!(found.len()), &json!(active)));
        server.stop();
    }
    println!("{total} answered writes survived {rounds} kills");
}
