//! Changes that are wanted only of the version that was read (`If-Match`), and answers only of another one (`If-None-Match`).

use crate::support::account::{Account, tags, text};
use crate::support::server::Server;
use serde_json::{Value, json};

const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

#[test]
fn s36_a_stale_if_match_changes_nothing() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "n"}));
    let path = format!("{artifacts}/{}", text(&made["id"]));
    let first = owner.client.get(&path).header("etag").expect("an ETag").to_owned();

    let reply = owner.client.with("If-Match", &first).put(&path, &json!({"name": "m"})).expect(200);
    let second = reply.header("etag").expect("an ETag").to_owned();
    assert_ne!(first, second);
    let stale = owner.client.with("If-Match", &first);
    stale.put(&path, &json!({"name": "o"})).problem(412, "version_mismatch");
    stale.patch(&path, &json!({"name": "o"})).problem(412, "version_mismatch");
    stale.delete(&path).problem(412, "version_mismatch");
    assert_eq!(owner.client.get(&path).expect(200).json()["name"], "m");
    owner.client.with("If-Match", "*").put(&path, &json!({"name": "p"})).expect(200);
    let current = owner.client.get(&path).header("etag").expect("an ETag").to_owned();
    owner.client.with("If-Match", &current).delete(&path).expect(204);
}

#[test]
fn s36_an_if_match_may_name_several_tags_and_foreign_ones() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    let change = |tags: &str| owner.client.with("If-Match", tags).patch(&path, &json!({"name": tags.replace('"', "")}));

    let of = |versions: &[u64]| tags(&owner.client, &path, versions);
    let weak = format!("W/{}, \"abc\"", of(&[2]));
    for tags in [&weak, "\"abc\"", "\"1\"", &of(&[0]), "nonsense", &of(&[2, 3]), &of(&[1])[1..]] {
        change(tags).problem(412, "version_mismatch");
        owner.client.with("If-Match", tags).delete(&path).problem(412, "version_mismatch");
    }
    change(&of(&[7, 1])).expect(200);
    change(&format!("{weak}, {}", of(&[2]))).expect(200);
    assert_eq!(owner.client.get(&path).expect(200).json()["version"], 3);
    let missing = format!("{artifacts}/{NOWHERE}");
    owner.client.with("If-Match", "\"abc\"").delete(&missing).problem(404, "artifact_not_found");
}

#[test]
fn one_of_many_changes_to_the_same_version_wins() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    let tag = owner.client.get(&path).header("etag").expect("an ETag").to_owned();
    let client = owner.client.with("If-Match", &tag);
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|number| {
                let (client, path) = (&client, &path);
                scope.spawn(move || client.patch(path, &json!({"name": format!("n{number}")})).status)
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().expect("an answer")).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![412; 7]].concat());
    assert_eq!(owner.client.get(&path).expect(200).json()["version"], 2);
}

#[test]
fn more_entity_tags_than_the_document_allows_are_refused() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    let document: Value = server.client().get("/openapi.json").expect(200).json();
    let operation = &document["paths"]["/api/v1/workspaces/{workspace_id}/artifacts/{artifact_id}"];
    for (method, header) in
        [("get", "If-None-Match"), ("patch", "If-Match"), ("put", "If-Match"), ("delete", "If-Match")]
    {
        let parameters = operation[method]["parameters"].as_array().expect("parameters");
        let parameter = parameters.iter().find(|parameter| parameter["name"] == header).expect("the header");
        let most = parameter["schema"]["maxLength"].as_u64().expect("a limit") as usize;
        for (length, refused) in [(most, false), (most + 1, true), (3 * most, true)] {
            let tags = format!("*,{}", "x".repeat(length - 2));
            let reply = owner.client.with(header, &tags).send(
                &method.to_uppercase(),
                &path,
                "application/json",
                "{\"name\": \"m\"}",
            );
            assert_eq!(reply.status == 400, refused, "{method} with {length} bytes of {header}: {}", reply.status);
        }
    }
}

#[test]
fn s38_a_current_copy_is_not_sent_again() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let path = format!("{artifacts}/{}", text(&owner.artifact(&artifacts, &json!({"name": "n"}))["id"]));
    let tag = owner.client.get(&path).header("etag").expect("an ETag").to_owned();
    let holder = owner.client.with("If-None-Match", &tag);

    let reply = holder.get(&path).expect(304);
    assert_eq!((reply.body.as_str(), reply.header("etag")), ("", Some(tag.as_str())));
    owner.client.with("If-None-Match", &format!("\"other\", W/{tag}")).get(&path).expect(304);
    owner.client.patch(&path, &json!({"name": "m"})).expect(200);
    holder.get(&path).expect(200);
}
