//! What a workspace may have at most: refused when it would be more, with what to do, and never in the way of making room.

use crate::support::account::{Account, text};
use crate::support::client::Reply;
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

fn limited(quotas: &[(&str, u64)]) -> Server {
    let named = |name: &str| format!("GHOSTWORKS__QUOTAS__{}", name.to_uppercase());
    quotas.iter().fold(Setup::new(), |setup, (name, most)| setup.env(&named(name), most.to_string())).start()
}

fn refused(reply: &Reply, what: &str) {
    let problem = reply.problem(409, "quota_exceeded");
    assert!(text(&problem["detail"]).contains(what), "{problem}");
}

fn usage(owner: &Account, artifacts: &str) -> Value {
    owner.client.get(&format!("{artifacts}/stats")).expect(200).json()["usage"].clone()
}

#[test]
fn no_workspace_has_more_artifacts_than_it_may() {
    let server = limited(&[("artifacts", 3)]);
    let owner = Account::new(&server);
    let (artifacts, other) = (owner.artifacts(), owner.artifacts());
    let create = |name: &str| owner.client.post(&artifacts, &json!({"name": name}));
    let first = text(&create("one").expect(201).json()["id"]);
    create("two").expect(201);
    let operations = |count: usize| (0..count).map(|_| json!({"op": "create", "name": "bulk"})).collect::<Value>();
    let bulk = |count: usize, atomic: bool| {
        owner.client.post(&format!("{artifacts}/bulk"), &json!({"atomic": atomic, "operations": operations(count)}))
    };
    bulk(2, true).problem(409, "bulk_failed");
    assert_eq!(usage(&owner, &artifacts)["artifacts"], json!({"used": 2, "limit": 3}));
    let results = bulk(2, false).expect(200).json()["results"].clone();
    assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!(201), &json!(409)), "{results}");
    assert_eq!(results[1]["error"]["code"], "quota_exceeded", "{results}");

    refused(&create("four"), "at most 3 artifacts: purge some, those in the trash count too");
    let import =
        owner.client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", "{\"name\":\"n\"}\n");
    refused(&import, "at most 3 artifacts");
    owner.artifact(&other, &json!({"name": "another workspace has its own"}));
    // What is in the trash counts, and what is purged does not.
    owner.client.delete(&format!("{artifacts}/{first}")).expect(204);
    refused(&create("four"), "at most 3 artifacts");
    owner.client.delete(&format!("{artifacts}/{first}?purge=true")).expect(204);
    create("four").expect(201);
}

#[test]
fn no_workspace_has_more_bytes_of_artifacts_than_it_may() {
    let server = limited(&[("bytes", 3000)]);
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let large = |name: &str| json!({"name": name, "description": "x".repeat(1000)});
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &large("one"))["id"]));
    let used = || usage(&owner, &artifacts)["bytes"]["used"].as_u64().expect("a number");
    let one = used();
    assert!((1000..1500).contains(&one), "{one}");
    owner.client.patch(&path, &json!({"name": "two"})).expect(200);
    assert_eq!(used(), 2 * one, "the version before is kept");
    refused(&owner.client.post(&artifacts, &large("three")), "at most 3000 bytes of artifacts");
    refused(&owner.client.patch(&path, &json!({"name": "six"})), "at most 3000 bytes of artifacts");
    let operations =
        json!([{"op": "update", "id": path.rsplit('/').next(), "name": "six"}, {"op": "create", "name": "s"}]);
    let bulk = owner.client.post(&format!("{artifacts}/bulk"), &json!({"operations": operations})).expect(200).json();
    assert_eq!((&bulk["results"][0]["status"], &bulk["results"][1]["status"]), (&json!(409), &json!(201)), "{bulk}");
    // To delete is always possible, though it leaves another version behind.
    owner.client.delete(&path).expect(204);
    assert!(used() > 3000, "{}", used());
    refused(&owner.client.call("POST", &format!("{path}/restore")), "at most 3000 bytes of artifacts");
    owner.client.delete(&format!("{path}?purge=true")).expect(204);
    owner.client.post(&artifacts, &large("three")).expect(201);
}

#[test]
fn no_workspace_has_more_members_or_keys_than_it_may() {
    let server = limited(&[("members", 2), ("api_keys", 1)]);
    let (owner, friend, other) = (Account::new(&server), Account::new(&server), Account::new(&server));
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    let add = |who: &Account| {
        owner.client.post(&format!("{workspace}/members"), &json!({"email": who.email, "role": "member"}))
    };
    let key = || {
        let body = json!({"name": "robot", "scopes": ["artifacts:read"]});
        owner.client.post(&format!("{workspace}/api-keys"), &body)
    };
    add(&friend).expect(201);
    refused(&add(&other), "at most 2 members: remove one");
    let first = key().expect(201).json();
    refused(&key(), "at most 1 API keys: revoke one");
    let artifacts = format!("{workspace}/artifacts");
    let full = usage(&owner, &artifacts);
    assert_eq!(full["members"], json!({"used": 2, "limit": 2}), "{full}");
    assert_eq!(full["api_keys"], json!({"used": 1, "limit": 1}), "{full}");
    assert_eq!(full["artifacts"], json!({"used": 0, "limit": null}), "{full}");
    owner.client.delete(&format!("{workspace}/members/{}", friend.id)).expect(200);
    owner.client.delete(&format!("{workspace}/api-keys/{}", text(&first["id"]))).expect(204);
    add(&other).expect(201);
    key().expect(201);
}

#[test]
fn what_is_there_already_stays() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "one"}))["id"]));
    owner.artifact(&artifacts, &json!({"name": "two"}));
    server.stop();
    let server = setup.clone().env("GHOSTWORKS__QUOTAS__ARTIFACTS", "1").start();
    let client = server.client().bearer(&owner.access);
    client.patch(&path, &json!({"name": "renamed"})).expect(200);
    refused(&client.post(&artifacts, &json!({"name": "three"})), "at most 1 artifacts");
    server.stop();
    let setup = setup.env("GHOSTWORKS__QUOTAS__BYTES", "1048576").env("GHOSTWORKS__QUOTAS__ARTIFACTS", "1");
    let (status, output, errors) = setup.run(&["stats"]);
    assert!(status.success() && output.contains("Each may have at most 1 artifacts, 1.0 MiB."), "{output}{errors}");
}

#[test]
fn no_account_owns_more_workspaces_than_it_may() {
    let server = limited(&[("workspaces", 2)]);
    let owner = Account::new(&server);
    let create = |account: &Account| account.client.post("/api/v1/workspaces", &json!({"name": "One of many"}));
    let first = text(&create(&owner).expect(201).json()["id"]);
    create(&owner).expect(201);
    refused(&create(&owner), "may have at most 2 workspaces of its own: delete one, or hand it over");
    let member = Account::new(&server);
    owner.client.post(&format!("/api/v1/workspaces/{first}/members"), &json!({"email": member.email, "role": "admin"}));
    create(&member).expect(201);
    create(&member).expect(201);
    owner.client.delete(&format!("/api/v1/workspaces/{first}")).expect(204);
    create(&owner).expect(201);
}
