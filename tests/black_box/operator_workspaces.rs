//! Workspaces, as operators have them: by the command line and over HTTP, with a server and without one.

use serde_json::{Value, json};

use crate::support::account::{Account, text};
use crate::support::client::Client;
use crate::support::server::{Server, Setup};

const TOKEN: &str = "0123456789abcdefoperator";
const WORKSPACES: &str = "/api/v1/operator/workspaces";

/// What a command says that does well.
fn said(setup: &Setup, words: &[&str]) -> String {
    let (status, said, errors) = setup.run(&[&["workspace"], words].concat());
    assert!(status.success(), "{words:?}: {errors}");
    said
}

fn printed(setup: &Setup, words: &[&str]) -> Value {
    let said = said(setup, &[words, &["--json"]].concat());
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn operated() -> (Setup, Server, Client) {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN);
    let server = setup.start();
    let operator = server.client().bearer(TOKEN);
    (setup, server, operator)
}

#[test]
fn a_suspended_workspace_is_refused_to_its_members_until_it_is_resumed() {
    let (setup, server, operator) = operated();
    let [owner, member, stranger] = [(); 3].map(|()| Account::new(&server));
    let id = owner.workspace();
    let workspace = format!("/api/v1/workspaces/{id}");
    let artifacts = format!("{workspace}/artifacts");
    owner.client.post(&format!("{workspace}/members"), &json!({"email": member.email, "role": "member"})).expect(201);
    owner.artifact(&artifacts, &json!({"name": "Anvil"}));
    let key = json!({"name": "CI", "scopes": ["artifacts:read"]});
    let key = owner.client.post(&format!("{workspace}/api-keys"), &key).expect(201).json();
    let machine = server.client().bearer(&text(&key["key"]));
    machine.get(&artifacts).expect(200);

    assert!(said(&setup, &["suspend", &id]).contains("is suspended"));
    for client in [&owner.client, &member.client, &machine] {
        let problem = client.get(&artifacts).problem(403, "workspace_suspended");
        assert!(text(&problem["detail"]).contains("operator"), "{problem}");
        client.post(&artifacts, &json!({"name": "Bellows"})).expect(403);
    }
    stranger.client.get(&artifacts).problem(404, "workspace_not_found");
    // Its admins can't undo it, nor take away what there is.
    owner.client.get(&workspace).problem(403, "workspace_suspended");
    owner.client.patch(&workspace, &json!({"is_active": true})).problem(403, "workspace_suspended");
    owner.client.delete(&workspace).problem(403, "workspace_suspended");
    member.client.call("POST", &format!("{workspace}/switch")).problem(403, "workspace_suspended");
    let listed = owner.client.get("/api/v1/workspaces/").expect(200).json();
    assert_eq!(listed[0]["is_suspended"], true, "members see why: {listed}");
    assert_eq!(member.client.get("/api/v1/auth/me").expect(200).json()["current_workspace"], Value::Null);
    server.stop();

    let server = setup.start();
    let owner = server.client().bearer(&owner.access);
    owner.get(&artifacts).problem(403, "workspace_suspended");
    assert!(said(&setup, &["resume", &id]).contains("is not suspended"));
    assert_eq!(owner.get(&artifacts).expect(200).json()["total"], 1);
    let log = owner.get(&format!("{workspace}/audit")).expect(200).json();
    let actions: Vec<String> = log["items"].as_array().expect("items").iter().map(|it| text(&it["action"])).collect();
    assert_eq!(actions[..2], ["workspace.resumed", "workspace.suspended"]);
    drop(operator);
}

#[test]
fn the_list_says_who_uses_most_space() {
    let (setup, server, operator) = operated();
    let owner = Account::new(&server);
    let [small, large] = [1, 5].map(|count| {
        let artifacts = owner.artifacts();
        for number in 0..count {
            owner.artifact(&artifacts, &json!({"name": format!("Artifact {number}")}));
        }
        artifacts.split('/').nth(4).expect("an id").to_owned()
    });
    let pages = operator.pages(WORKSPACES, 1);
    let ids: Vec<String> = pages.iter().map(|it| text(&it["id"])).collect();
    assert_eq!(ids[..2], [large.clone(), small.clone()]);
    assert_eq!((&pages[0]["artifacts"], &pages[0]["members"]), (&json!(5), &json!(1)));
    assert!(pages[0]["bytes"].as_u64() > pages[1]["bytes"].as_u64());
    let listed = printed(&setup, &["list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(pages.len()));
    assert_eq!(listed[0], pages[0]);
    let table = said(&setup, &["list"]);
    assert!(table.starts_with("workspace") && table.contains(&text(&pages[0]["slug"])), "{table}");
    let shown = said(&setup, &["show", &text(&pages[0]["slug"])]);
    assert!(shown.contains(&owner.email) && shown.contains("as for all"), "{shown}");
    operator.get(&format!("{WORKSPACES}?limit=1000")).problem(422, "validation_failed");
    let (status, _, errors) = setup.run(&["workspace", "show", "no-such-workspace"]);
    assert!(!status.success() && errors.contains("no workspace has this slug"), "{errors}");
}

#[test]
fn a_workspace_has_quotas_of_its_own() {
    let setup = Setup::new().env("GHOSTWORKS__QUOTAS__ARTIFACTS", "1");
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let id = artifacts.split('/').nth(4).expect("an id");
    owner.artifact(&artifacts, &json!({"name": "Anvil"}));
    owner.client.post(&artifacts, &json!({"name": "Bellows"})).problem(409, "quota_exceeded");
    let details = printed(&setup, &["set-quota", id, "--artifacts", "2", "--members", "1"]);
    assert_eq!(details["workspace"]["quotas"]["artifacts"], 2, "{details}");
    owner.artifact(&artifacts, &json!({"name": "Bellows"}));
    owner.client.post(&artifacts, &json!({"name": "Chisel"})).problem(409, "quota_exceeded");
    let stats = owner.client.get(&format!("{artifacts}/stats")).expect(200).json();
    assert_eq!(stats["usage"]["artifacts"], json!({"used": 2, "limit": 2}));
    let member = json!({"email": Account::new(&server).email, "role": "member"});
    let members = format!("/api/v1/workspaces/{id}/members");
    owner.client.post(&members, &member).problem(409, "quota_exceeded");
    // What is not named stays as it was.
    let details = printed(&setup, &["set-quota", id, "--members", "default"]);
    let quotas = json!({"artifacts": 2, "bytes": null, "members": null, "api_keys": null});
    assert_eq!(details["workspace"]["quotas"], quotas);
    owner.client.post(&members, &member).expect(201);
    assert_eq!(setup.run(&["workspace", "set-quota", id]).0.code(), Some(2), "nothing is to be set");
    assert_eq!(setup.run(&["workspace", "set-quota", id, "--members", "many"]).0.code(), Some(2));
}

#[test]
fn over_http_quotas_are_checked() {
    let (_setup, server, operator) = operated();
    let workspace = format!("{WORKSPACES}/{}", Account::new(&server).workspace());
    let quotas = format!("{workspace}/quotas");
    let wrong = operator.put(&quotas, &json!({"artifacts": 0, "bytes": 1_u64 << 51})).invalid_fields();
    assert_eq!(wrong, ["/artifacts", "/bytes"]);
    let set = operator.put(&quotas, &json!({"api_keys": 7})).expect(200).json();
    assert_eq!(set["workspace"]["quotas"]["api_keys"], 7);
    let nowhere = "01890000-0000-7000-8000-000000000000";
    operator.put(&format!("{WORKSPACES}/{nowhere}/quotas"), &json!({})).problem(404, "workspace_not_found");
    operator.call("POST", &format!("{WORKSPACES}/{nowhere}/suspend")).problem(404, "workspace_not_found");
}

#[test]
fn a_workspace_is_deleted_whether_a_server_runs_or_not() {
    let (setup, server, operator) = operated();
    let owner = Account::new(&server);
    let [first, second] = [owner.workspace(), owner.workspace()];
    let (status, _, errors) = setup.run(&["workspace", "delete", &first]);
    assert!(!status.success() && errors.contains("--yes"), "{errors}");
    assert!(said(&setup, &["delete", &first, "--yes"]).contains("is deleted"));
    owner.client.get(&format!("/api/v1/workspaces/{first}")).problem(404, "workspace_not_found");
    operator.get(&format!("{WORKSPACES}/{first}")).problem(404, "workspace_not_found");
    server.stop();

    assert!(said(&setup, &["suspend", &second]).contains("is suspended"));
    assert_eq!(printed(&setup, &["show", &second])["workspace"]["is_suspended"], true);
    assert!(said(&setup, &["delete", &second, "--yes"]).contains("is deleted"));
    let server = setup.start();
    let owner = server.client().bearer(&owner.access);
    owner.get(&format!("/api/v1/workspaces/{second}")).problem(404, "workspace_not_found");
}

#[test]
fn what_is_in_a_workspace_is_for_operators_on_the_machine_alone() {
    let (setup, server, operator) = operated();
    let owner = Account::new(&server);
    let id = owner.workspace();
    let artifacts = format!("/api/v1/workspaces/{id}/artifacts");
    owner.artifact(&artifacts, &json!({"name": "Anvil", "tags": ["heavy"]}));
    let place = format!("{WORKSPACES}/{id}/artifacts");
    let problem = operator.get(&format!("{place}/export")).problem(403, "forbidden");
    assert!(text(&problem["detail"]).contains("operator socket"), "{problem}");
    let import = format!("{place}/import");
    operator.send("POST", &import, "application/x-ndjson", r#"{"name": "Bellows"}"#).problem(403, "forbidden");
    assert!(setup.run(&["user", "grant-operator", &owner.email]).0.success());
    owner.client.get(&format!("{place}/export")).problem(403, "forbidden");

    said(&setup, &["suspend", &id]);
    let file = setup.scratch().join("kept.ndjson");
    let path = file.to_str().expect("a printable path");
    assert_eq!(said(&setup, &["export", &id, path]), format!("1 artifacts are in {path}.\n"));
    let (status, _, errors) = setup.run(&["workspace", "export", &id, path]);
    assert!(!status.success() && errors.contains("--force"), "{errors}");
    let kept = std::fs::read_to_string(&file).expect("the file");
    assert!(kept.contains("Anvil") && kept.ends_with('\n'), "{kept}");
    said(&setup, &["resume", &id]);

    let other = owner.workspace();
    assert_eq!(said(&setup, &["import", &other, path]), "1 artifacts were imported.\n");
    let (_, printed, _) = setup.run_with(&["workspace", "import", &other, "-", "--json"], &kept);
    assert_eq!(printed.trim().replace(char::is_whitespace, ""), r#"{"imported":1}"#);
    let list = owner.client.get(&format!("/api/v1/workspaces/{other}/artifacts")).expect(200).json();
    assert_eq!((&list["total"], &list["items"][0]["created_by"]), (&json!(2), &json!(owner.id)));
    let log = |id: &str| {
        let log = owner.client.get(&format!("/api/v1/workspaces/{id}/audit")).expect(200).json();
        log["items"].as_array().expect("items").clone()
    };
    let exported = log(&id).into_iter().find(|it| it["action"] == "workspace.exported").expect("it is in the log");
    assert_eq!(exported["actor"]["user_id"], Value::Null, "{exported}");
    assert_eq!(log(&other)[0]["action"], "artifact.created");
}

#[test]
fn artifacts_are_taken_out_and_in_while_no_server_runs() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let [from, to] = [owner.workspace(), owner.workspace()];
    let artifacts = format!("/api/v1/workspaces/{from}/artifacts");
    for name in ["Anvil", "Bellows", "Chisel"] {
        owner.artifact(&artifacts, &json!({"name": name}));
    }
    server.stop();
    let exported = said(&setup, &["export", &from, "-"]);
    assert_eq!(exported.lines().count(), 3);
    let file = setup.scratch().join("some.ndjson");
    std::fs::write(&file, format!("{exported}{}\n", r#"{"name": ""}"#)).expect("a file");
    let path = file.to_str().expect("a printable path");
    let (status, _, errors) = setup.run(&["workspace", "import", &to, path]);
    assert!(!status.success() && errors.contains("name"), "{errors}");
    std::fs::write(&file, &exported).expect("a file");
    assert_eq!(said(&setup, &["import", &to, path, "--skip", "1"]), "2 artifacts were imported.\n");
    let server = setup.start();
    let client = server.client().bearer(&owner.access);
    let names: Vec<String> = client.get(&format!("/api/v1/workspaces/{to}/artifacts")).expect(200).json()["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|it| text(&it["name"]))
        .collect();
    assert_eq!(names, ["Chisel", "Bellows"]);
    client.get(&format!("/api/v1/workspaces/{to}/artifacts?q=bellows")).expect(200);
}
