//! Workspaces that are not in use: hidden, kept, and used again.

use crate::support::account::{Account, PASSWORD, text};
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::{Value, json};

fn listed(account: &Account, query: &str) -> Vec<String> {
    let list = account.client.get(&format!("/api/v1/workspaces/{query}")).expect(200).json();
    list.as_array().expect("a list").iter().map(|workspace| text(&workspace["id"])).collect()
}

#[test]
fn a_workspace_that_is_not_in_use_is_there_for_its_admins_alone() {
    let server = Server::shared();
    let [owner, admin, member] = [(); 3].map(|()| Account::new(&server));
    let id = owner.workspace();
    let workspace = format!("/api/v1/workspaces/{id}");
    for (account, role) in [(&admin, "admin"), (&member, "member")] {
        owner.client.post(&format!("{workspace}/members"), &json!({"email": account.email, "role": role})).expect(201);
    }
    let artifacts = format!("{workspace}/artifacts");
    let artifact = format!("{artifacts}/{}", text(&member.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]));
    let key = json!({"name": "CI", "scopes": ["artifacts:read"]});
    let key = owner.client.post(&format!("{workspace}/api-keys"), &key).expect(201).json();
    let machine = server.client().bearer(&text(&key["key"]));
    machine.get(&artifacts).expect(200);

    admin.client.patch(&workspace, &json!({"is_active": false})).expect(200);
    for path in [&workspace, &artifacts, &artifact, &format!("{workspace}/members")] {
        member.client.get(path).problem(404, "workspace_not_found");
    }
    member.client.post(&artifacts, &json!({"name": "Hammer"})).problem(404, "workspace_not_found");
    member.client.call("POST", &format!("{workspace}/switch")).problem(404, "workspace_not_found");
    machine.get(&artifacts).problem(401, "not_authenticated");
    for account in [&owner, &admin, &member] {
        assert_eq!(listed(account, ""), [""; 0]);
        assert_eq!(listed(account, "?include_inactive=false"), [""; 0]);
        assert_eq!(account.client.get("/api/v1/auth/me").expect(200).json()["current_workspace"], Value::Null);
    }
    assert_eq!(listed(&member, "?include_inactive=true"), [""; 0]);
    assert_eq!(listed(&owner, "?include_inactive=true"), std::slice::from_ref(&id));
    assert_eq!(admin.client.get(&workspace).expect(200).json()["is_active"], false);
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 1);

    admin.client.patch(&workspace, &json!({"is_active": true})).expect(200);
    assert_eq!(listed(&member, ""), [id]);
    member.client.get(&artifact).expect(200);
    machine.get(&artifacts).expect(200);
}

#[test]
fn the_next_page_of_a_list_with_them_has_them_too() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let ids = [(); 3].map(|()| owner.workspace());
    for id in &ids[1..] {
        owner.client.patch(&format!("/api/v1/workspaces/{id}"), &json!({"is_active": false})).expect(200);
    }
    let (mut path, mut seen) = ("/api/v1/workspaces/?include_inactive=true&limit=1".to_owned(), Vec::new());
    loop {
        let page = owner.client.get(&path).expect(200);
        seen.push(text(&page.json()[0]["id"]));
        let Some(link) = page.header("link") else { break };
        path = link.split(['<', '>']).nth(1).expect("a target").to_owned();
    }
    assert_eq!(seen, ids);
}

#[test]
fn it_stays_out_of_use_over_a_restart() {
    let setup = Setup::new();
    let server = setup.start();
    let [owner, member] = [(); 2].map(|()| Account::new(&server));
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    owner.client.post(&format!("{workspace}/members"), &json!({"email": member.email, "role": "member"})).expect(201);
    owner.client.put(&workspace, &json!({"is_active": false})).expect(200);
    server.stop();
    let server = setup.start();
    server.client().bearer(&member.access).get(&workspace).problem(404, "workspace_not_found");
    server.client().bearer(&owner.access).get(&workspace).expect(200);
}

#[test]
fn nobody_comes_into_a_workspace_that_is_not_in_use() {
    let server = Server::shared();
    let [owner, known] = [(); 2].map(|()| Account::new(&server));
    let workspace = format!("/api/v1/workspaces/{}", owner.workspace());
    let invite = || {
        text(
            &owner.client.post(&format!("{workspace}/invitations"), &json!({"role": "member"})).expect(201).json()["token"],
        )
    };
    let (token, other) = (invite(), invite());
    owner.client.patch(&workspace, &json!({"is_active": false})).expect(200);

    let accept = |token: &str| known.client.post("/api/v1/auth/invitations/accept", &json!({"token": token}));
    accept(&token).problem(404, "workspace_not_found");
    let email = format!("{}@example.com", unique("guest"));
    let newcomer = json!({"email": email, "password": PASSWORD, "invitation": other});
    server.client().post("/api/v1/auth/register", &newcomer).problem(404, "workspace_not_found");

    owner.client.patch(&workspace, &json!({"is_active": true})).expect(200);
    accept(&token).expect(200);
    server.client().post("/api/v1/auth/register", &newcomer).expect(201);
}
