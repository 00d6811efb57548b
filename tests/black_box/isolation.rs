//! What one tenant can learn of another, and what is left to those who are no longer let in: nothing.

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

const ME: &str = "/api/v1/auth/me";
const NDJSON: &str = "application/x-ndjson";

/// The path of a workspace of `owner`'s.
fn workspace(owner: &Account) -> String {
    format!("/api/v1/workspaces/{}", owner.workspace())
}

fn admit(owner: &Account, workspace: &str, other: &Account, role: &str) {
    owner.client.post(&format!("{workspace}/members"), &json!({"email": other.email, "role": role})).expect(201);
}

fn refresh(server: &Server, token: &str) -> Reply {
    server.client().post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
}

/// Everything that can be read in a catalog, by who may.
fn readings(client: &Client, artifacts: &str) -> Vec<Value> {
    let lists =
        ["", "?include_deleted=true", "?q=anvil", "?tags=shared", "?sort=name", "?created_after=2001-01-01T00:00:00Z"];
    let lists = lists.iter().map(|query| format!("{artifacts}{query}"));
    let searches =
        ["?q=anvil", "?q=secret", "?tags=shared"].iter().map(|it| format!("{artifacts}/search/advanced{it}"));
    let mut found: Vec<Value> = lists
        .chain(searches)
        .chain([format!("{artifacts}/stats")])
        .map(|path| client.get(&path).expect(200).json())
        .collect();
    let export = client.get(&format!("{artifacts}/export?include_deleted=true")).expect(200);
    found.push(json!({"lines": export.body, "total": export.header("x-total-count")}));
    found
}

#[test]
fn s31_nothing_of_another_workspace_is_found_counted_or_exported() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let (hers, his) = (ann.artifacts(), bob.artifacts());
    let shared = json!({"name": "Anvil", "tags": ["shared"]});
    ann.artifact(&hers, &shared);
    let before = readings(&ann.client, &hers);

    let secret = json!({"name": "Secret anvil", "description": "anvil", "tags": ["shared", "hidden"]});
    for _ in 0..5 {
        bob.artifact(&his, &secret);
    }
    let gone = text(&bob.artifact(&his, &secret)["id"]);
    bob.client.delete(&format!("{his}/{gone}")).expect(204);
    assert_eq!(readings(&ann.client, &hers), before);

    // Nor by someone who is in both, in the one of the other.
    let (hers_too, his_too) = (hers.trim_end_matches("/artifacts"), his.trim_end_matches("/artifacts"));
    let both = Account::new(&server);
    admit(&ann, hers_too, &both, "member");
    admit(&bob, his_too, &both, "member");
    both.client.call("POST", &format!("{his_too}/switch")).expect(200);
    let both = Account {
        client: server.client().bearer(&text(&login(&server.client(), &both.email, PASSWORD).json()["access_token"])),
        ..both
    };
    // There is one more member now.
    assert_eq!(readings(&both.client, &hers), readings(&ann.client, &hers));
    assert_eq!(both.client.get(&format!("{his}/stats")).expect(200).json()["total_artifacts"], 6);
}

#[test]
fn s31_a_cursor_or_an_id_of_another_workspace_leads_nowhere() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let (hers, his) = (ann.artifacts(), bob.artifacts());
    let mut last = Value::Null;
    for _ in 0..3 {
        ann.artifact(&hers, &json!({"name": "Anvil", "tags": ["t"]}));
        last = bob.artifact(&his, &json!({"name": "Bellows", "tags": ["t"]}));
    }
    for query in ["limit=1", "limit=1&q=t", "limit=1&tags=t", "limit=1&sort=name", "limit=1&sort=-updated_at"] {
        for list in ["", "/search/advanced"] {
            let page = bob.client.get(&format!("{his}{list}?{query}")).expect(200).json();
            let cursor = text(&page["next_cursor"]);
            let refused = ann.client.get(&format!("{hers}{list}?{query}&cursor={cursor}"));
            assert_eq!(refused.invalid_fields(), ["/cursor"], "{query}");
            ann.client.get(&format!("{his}{list}?{query}&cursor={cursor}")).problem(404, "workspace_not_found");
        }
    }
    let id = text(&last["id"]);
    let history = format!("{id}/history");
    for path in [id.as_str(), &history] {
        ann.client.get(&format!("{hers}/{path}")).problem(404, "artifact_not_found");
    }
    ann.client.call("POST", &format!("{hers}/{id}/restore")).problem(404, "artifact_not_found");
    let operations = json!([{"op": "update", "id": id, "name": "Stolen"}, {"op": "delete", "id": id}]);
    let answer = ann.client.post(&format!("{hers}/bulk"), &json!({"operations": operations})).expect(200).json();
    assert_eq!((&answer["succeeded"], &answer["results"][0]["status"]), (&json!(0), &json!(404)));
    assert_eq!(bob.client.get(&format!("{his}/{id}")).expect(200).json(), last);
}

#[test]
fn s26_members_and_keys_are_out_of_reach_from_another_workspace() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let (hers, his) = (workspace(&ann), workspace(&bob));
    let guest = Account::new(&server);
    admit(&bob, &his, &guest, "member");
    let body = json!({"name": "CI", "scopes": ["artifacts:read"]});
    let key = bob.client.post(&format!("{his}/api-keys"), &body).expect(201).json();
    let role = json!({"role": "owner"});
    for user in [&bob.id, &guest.id] {
        ann.client.put(&format!("{hers}/members/{user}/role"), &role).problem(404, "member_not_found");
        ann.client.delete(&format!("{hers}/members/{user}")).problem(404, "member_not_found");
    }
    let id = text(&key["id"]);
    ann.client.delete(&format!("{hers}/api-keys/{id}")).problem(404, "api_key_not_found");
    ann.client.delete(&format!("{his}/api-keys/{id}")).problem(404, "workspace_not_found");
    server.client().bearer(&text(&key["key"])).get(&format!("{his}/artifacts")).expect(200);
    assert_eq!(guest.client.get(&his).expect(200).json()["member_count"], 2);
}

#[test]
fn s31_what_is_imported_belongs_to_where_it_is_imported() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let (hers, his) = (ann.artifacts(), bob.artifacts());
    let original = bob.artifact(&his, &json!({"name": "Bellows", "tags": ["t"]}));
    let before = readings(&bob.client, &his);

    let forged = format!("{original}\n");
    let import = |artifacts: &str| ann.client.send("POST", &format!("{artifacts}/import"), NDJSON, forged.as_str());
    import(&his).problem(404, "workspace_not_found");
    assert_eq!(import(&hers).expect(200).json()["imported"], 1);

    let imported = &ann.client.get(&hers).expect(200).json()["items"][0];
    for field in ["id", "tenant_id", "created_by", "updated_by"] {
        assert_ne!(imported[field], original[field], "{field}");
    }
    assert_eq!((&imported["created_by"], &imported["version"]), (&json!(ann.id), &json!(1)));
    assert_eq!(readings(&bob.client, &his), before);
}

#[test]
fn s28_a_token_of_a_workspace_is_worth_nothing_there_after_the_end_of_the_membership() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let artifacts = format!("{workspace}/artifacts");
    admit(&owner, &workspace, &other, "owner");
    let switched = other.client.call("POST", &format!("{workspace}/switch")).expect(200).json();
    let holder = server.client().bearer(&text(&switched["access_token"]));
    let artifact = holder.post(&artifacts, &json!({"name": "Anvil"})).expect(201).json();
    let path = format!("{artifacts}/{}", text(&artifact["id"]));
    let member = format!("{workspace}/members/{}", other.id);

    owner.client.put(&format!("{member}/role"), &json!({"role": "member"})).expect(200);
    let role = json!({"role": "member"});
    holder.put(&format!("{workspace}/members/{}/role", owner.id), &role).problem(403, "forbidden");
    holder.delete(&workspace).problem(403, "forbidden");
    holder.delete(&format!("{path}?purge=true")).problem(403, "forbidden");
    holder.get(&format!("{workspace}/api-keys")).problem(403, "forbidden");

    owner.client.delete(&member).expect(200);
    // Its own artifact, too; and a new token of the same session makes no difference.
    let tokens = refresh(&server, &text(&switched["refresh_token"])).expect(200).json();
    for holder in [&holder, &server.client().bearer(&text(&tokens["access_token"]))] {
        let bulk = json!({"operations": [{"op": "create", "name": "n"}]});
        for reply in [
            holder.get(&path),
            holder.delete(&path),
            holder.patch(&path, &json!({"name": "Mine"})),
            holder.get(&format!("{path}/history")),
            holder.get(&format!("{artifacts}/export")),
            holder.post(&format!("{artifacts}/bulk"), &bulk),
            holder.call("POST", &format!("{workspace}/switch")),
            holder.get(&format!("{workspace}/members")),
        ] {
            reply.problem(404, "workspace_not_found");
        }
        let me = holder.get(ME).expect(200).json();
        assert_eq!(me["current_workspace"], Value::Null);
    }
    assert_eq!(owner.client.get(&path).expect(200).json(), artifact);
}

#[test]
fn s18_all_that_an_account_holds_ends_when_it_is_disabled() {
    let setup = Setup::new();
    let server = setup.start();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let artifacts = format!("{workspace}/artifacts");
    admit(&owner, &workspace, &other, "admin");
    let body = json!({"name": "CI", "scopes": ["artifacts:read"]});
    let keys: Vec<String> = (0..2)
        .map(|_| text(&other.client.post(&format!("{workspace}/api-keys"), &body).expect(201).json()["key"]))
        .collect();
    let phone = login(&server.client(), &other.email, PASSWORD).expect(200);
    let cookie = phone.set_cookie("access_token").split("; ").next().expect("a pair").to_owned();
    let tokens = [other.refresh.clone(), text(&phone.json()["refresh_token"])];
    let work = |server: &Server| {
        let by_token = [&other.access, &text(&phone.json()["access_token"])].map(|it| server.client().bearer(it));
        let by_cookie = server.client().with("Cookie", &cookie);
        let by_key = keys.iter().map(|key| server.client().bearer(key));
        let clients = by_token.into_iter().chain([by_cookie]).chain(by_key);
        clients.map(|client| client.get(&artifacts).status).collect::<Vec<_>>()
    };
    assert_eq!(work(&server), [200; 5]);
    server.stop();
    assert!(setup.run(&["user", "disable", &other.email]).0.success());

    let server = setup.start();
    assert_eq!(work(&server), [401; 5]);
    for token in &tokens {
        refresh(&server, token).problem(401, "invalid_refresh_token");
    }
    login(&server.client(), &other.email, PASSWORD).problem(401, "invalid_credentials");
    server.client().bearer(&owner.access).get(&artifacts).expect(200);
    server.stop();

    // Enabled again, it has its keys, which its workspace manages, but has to sign in.
    assert!(setup.run(&["user", "enable", &other.email]).0.success());
    let server = setup.start();
    assert_eq!(work(&server), [401, 401, 401, 200, 200]);
    refresh(&server, &tokens[0]).problem(401, "invalid_refresh_token");
}
