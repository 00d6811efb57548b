//! The end of a workspace: at once, for everyone, and for good.

use crate::support::account::{Account, text};
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::{Value, json};

/// More than is removed with one write.
const ARTIFACTS: usize = 600;

fn counts(server: &Server) -> [Value; 3] {
    let stats = server.client().get("/api/v1/system/stats").expect(200).json();
    ["workspaces", "artifacts", "active_artifacts"].map(|name| stats[name].clone())
}

/// Makes many artifacts, some at a time.
fn fill(owner: &Account, artifacts: &str) {
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                for _ in 0..ARTIFACTS / 12 {
                    owner.artifact(artifacts, &json!({"name": "doomed"}));
                }
            });
        }
    });
}

#[test]
fn a_deleted_workspace_is_gone_for_everyone_at_once() {
    let server = Setup::new().start();
    let (owner, admin) = (Account::new(&server), Account::new(&server));
    let kept = owner.artifacts();
    owner.artifact(&kept, &json!({"name": "kept"}));
    let slug = unique("doomed");
    let body = json!({"name": "Doomed", "slug": slug});
    let id = text(&owner.client.post("/api/v1/workspaces", &body).expect(201).json()["id"]);
    let path = format!("/api/v1/workspaces/{id}");
    let (members, artifacts) = (format!("{path}/members"), format!("{path}/artifacts"));
    owner.client.post(&members, &json!({"email": admin.email, "role": "admin"})).expect(201);
    let artifact = text(&owner.artifact(&artifacts, &json!({"name": "doomed"}))["id"]);
    let key = json!({"name": "CI", "scopes": ["artifacts:read"]});
    let key = text(&owner.client.post(&format!("{path}/api-keys"), &key).expect(201).json()["key"]);
    let holder = server.client().bearer(&key);
    holder.get(&artifacts).expect(200);
    assert_eq!(counts(&server), [json!(2), json!(2), json!(2)]);

    admin.client.delete(&path).problem(403, "forbidden");
    assert_eq!(owner.client.delete(&path).expect(204).body, "");
    for client in [&owner.client, &admin.client] {
        for gone in [&path, &members, &artifacts, &format!("{artifacts}/{artifact}"), &format!("{path}/audit")] {
            client.get(gone).problem(404, "workspace_not_found");
        }
        client.post(&artifacts, &json!({"name": "late"})).problem(404, "workspace_not_found");
        client.delete(&path).problem(404, "workspace_not_found");
    }
    holder.get(&artifacts).problem(401, "not_authenticated");
    assert_eq!(admin.client.get("/api/v1/workspaces").expect(200).json(), json!([]));
    assert_eq!(counts(&server), [json!(1), json!(1), json!(1)]);
    assert_eq!(owner.client.get(&kept).expect(200).json()["total"], 1);
    owner.client.post("/api/v1/workspaces", &body).expect(201);
}

#[test]
fn a_deleted_workspace_stays_gone_after_a_kill() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let path = format!("/api/v1/workspaces/{}", owner.workspace());
    let artifacts = format!("{path}/artifacts");
    fill(&owner, &artifacts);
    let kept = owner.artifacts();
    owner.artifact(&kept, &json!({"name": "kept"}));
    owner.client.delete(&path).expect(204);
    server.kill();

    for _ in 0..2 {
        let server = setup.start();
        let client = server.client().bearer(&owner.access);
        for gone in [&path, &artifacts] {
            client.get(gone).problem(404, "workspace_not_found");
        }
        assert_eq!(client.get("/api/v1/workspaces").expect(200).json().as_array().map(Vec::len), Some(1));
        assert_eq!(client.get(&kept).expect(200).json()["total"], 1);
        assert_eq!(counts(&server), [json!(1), json!(1), json!(1)]);
        server.stop();
    }
}
