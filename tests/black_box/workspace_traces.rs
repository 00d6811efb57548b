//! What admins of a workspace see of the last requests: their own, and nothing of anyone else.

use serde_json::{Value, json};

use crate::support::account::{Account, text};
use crate::support::server::{Server, Setup};

fn traces(account: &Account, workspace: &str, filters: &str) -> Vec<Value> {
    let path = format!("/api/v1/workspaces/{workspace}/traces?limit=100{filters}");
    account.client.get(&path).expect(200).json()["items"].as_array().expect("items").clone()
}

fn workspace_with_an_artifact(server: &Server) -> (Account, String) {
    let owner = Account::new(server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "n"}));
    let workspace = artifacts.split('/').nth(4).expect("an id").to_owned();
    (owner, workspace)
}

#[test]
fn admins_see_what_was_asked_for_in_their_workspace() {
    let server = Setup::new().start();
    let (owner, workspace) = workspace_with_an_artifact(&server);
    owner.client.get(&format!("/api/v1/workspaces/{workspace}")).expect(200);
    let nothing = format!("/api/v1/workspaces/{workspace}/artifacts/01890000-0000-7000-8000-000000000000");
    owner.client.get(&nothing).expect(404);

    let operations = |filters| -> Vec<String> {
        traces(&owner, &workspace, filters).iter().map(|it| text(&it["operation"])).collect()
    };
    assert_eq!(operations("&operation=artifact.create"), ["artifact.create"]);
    assert_eq!(operations("&status=4xx"), ["artifact.get"]);
    assert!(operations("").contains(&"workspace.get".to_owned()));

    let created = &traces(&owner, &workspace, "&operation=artifact.create")[0];
    let audited = owner.client.get(&format!("/api/v1/workspaces/{workspace}/audit")).expect(200).json();
    assert_eq!(audited["items"][0]["trace_id"], created["trace_id"], "an audit entry leads there");
    let spans = created["spans"].as_array().expect("spans");
    let insert = spans.iter().find(|span| span["name"] == "insert artifacts").expect("the write");
    assert_eq!(insert["attributes"]["db.operation.name"], "insert");
    assert!(created["commit_ms"].is_number(), "{created}");
}

#[test]
fn s62_only_requests_authorised_in_the_workspace_are_shown_and_nobodys_ids() {
    let server = Setup::new().start();
    let (owner, workspace) = workspace_with_an_artifact(&server);
    let (stranger, elsewhere) = workspace_with_an_artifact(&server);
    let member = Account::new(&server);
    let members = format!("/api/v1/workspaces/{workspace}/members");
    owner.client.post(&members, &json!({"email": member.email, "role": "member"})).expect(201);

    // A stranger, a member without the role, and nobody ask in vain, under the trace of one of the owner's requests.
    let shared = "0af7651916cd43dd8448eb211c80319c";
    let within = |account: &Account| {
        account.client.with("traceparent", &format!("00-{shared}-b7ad6b7169203331-01")).with("User-Agent", "an-agent")
    };
    within(&owner).get(&format!("/api/v1/workspaces/{workspace}/artifacts")).expect(200);
    within(&stranger).get(&format!("/api/v1/workspaces/{workspace}/artifacts")).expect(404);
    within(&stranger).get(&format!("/api/v1/workspaces/{elsewhere}/artifacts/stats")).expect(200);
    within(&member).get(&format!("/api/v1/workspaces/{workspace}/audit")).expect(403);
    server.client().get(&format!("/api/v1/workspaces/{workspace}/artifacts")).expect(401);

    let seen = traces(&owner, &workspace, "");
    assert!(seen.iter().all(|it| !matches!(it["status"].as_u64(), Some(401 | 403 | 404))), "{seen:?}");
    let of_shared: Vec<&Value> = seen.iter().filter(|it| it["trace_id"] == shared).collect();
    assert_eq!(of_shared.len(), 1);
    let told = json!(seen).to_string();
    assert!(of_shared[0].to_string().contains("artifact.list") && !told.contains("artifact.stats"), "{told}");
    let others = [&stranger.id, &elsewhere, &owner.id, &member.id, &owner.email, "127.0.0.1", "an-agent", "group_size"];
    for secret in others {
        assert!(!told.contains(secret), "{secret} is told: {told}");
    }
}

#[test]
fn s62_a_cursor_is_good_for_its_own_workspace_only() {
    let server = Setup::new().start();
    let (owner, workspace) = workspace_with_an_artifact(&server);
    let (other, elsewhere) = workspace_with_an_artifact(&server);
    for _ in 0..3 {
        owner.client.get(&format!("/api/v1/workspaces/{workspace}")).expect(200);
    }
    let path = format!("/api/v1/workspaces/{workspace}/traces?limit=1");
    let cursor = text(&owner.client.get(&path).expect(200).json()["next_cursor"]);
    owner.client.get(&format!("{path}&cursor={cursor}")).expect(200);
    let refused = other.client.get(&format!("/api/v1/workspaces/{elsewhere}/traces?cursor={cursor}")).expect(422);
    assert_eq!(refused.invalid_fields(), ["/cursor"]);
}
