//! All artifacts of a workspace as NDJSON, out and in.

use std::collections::HashSet;

use crate::support::account::{Account, text};
use crate::support::client::Reply;
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

const NDJSON: &str = "application/x-ndjson";

fn lines(reply: &Reply) -> Vec<Value> {
    reply.body.lines().map(|line| serde_json::from_str(line).expect("JSON in each line")).collect()
}

fn import(owner: &Account, artifacts: &str, body: impl Into<Vec<u8>>) -> Reply {
    owner.client.send("POST", &format!("{artifacts}/import"), NDJSON, body)
}

#[test]
fn what_is_exported_can_be_imported() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let (here, there) = (owner.artifacts(), owner.artifacts());
    let names: Vec<String> = (0..1203).map(|number| format!("n{number}")).collect();
    let body: String = names.iter().map(|name| json!({"name": name, "tags": ["t"]}).to_string() + "\n").collect();
    assert_eq!(import(&owner, &here, body).expect(200).json(), json!({"imported": 1203}));

    let exported = owner.client.get(&format!("{here}/export")).expect(200);
    assert_eq!((exported.header("content-type"), exported.header("x-total-count")), (Some(NDJSON), Some("1203")));
    let artifacts = lines(&exported);
    assert_eq!(artifacts.iter().map(|artifact| text(&artifact["name"])).collect::<Vec<_>>(), names);
    let newest = owner.client.get(&format!("{here}?limit=1")).expect(200).json();
    assert_eq!(artifacts.last(), Some(&newest["items"][0]));

    assert_eq!(import(&owner, &there, exported.body.as_str()).expect(200).json()["imported"], 1203);
    let again = lines(&owner.client.get(&format!("{there}/export")).expect(200));
    for (before, after) in artifacts.iter().zip(&again) {
        assert_eq!((&before["name"], &before["tags"]), (&after["name"], &after["tags"]));
        assert!(before["id"] != after["id"] && before["tenant_id"] != after["tenant_id"]);
    }
}

#[test]
fn an_import_is_lines_whatever_media_type_a_client_has_for_them() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let import = |media_type| owner.client.send("POST", &format!("{artifacts}/import"), media_type, r#"{"name": "n"}"#);
    for media_type in ["application/ndjson", "application/jsonl", "application/json", "application/octet-stream"] {
        assert_eq!(import(media_type).expect(200).json()["imported"], 1, "{media_type}");
    }
    import("text/csv").problem(415, "unsupported_media_type");
}

#[test]
fn an_export_may_hold_the_trash() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    assert_eq!(owner.client.get(&format!("{artifacts}/export")).expect(200).body, "");
    let made: Vec<Value> = ["a", "b", "c"].map(|name| owner.artifact(&artifacts, &json!({"name": name}))).into();
    owner.client.delete(&format!("{artifacts}/{}", text(&made[1]["id"]))).expect(204);
    let all = owner.client.get(&format!("{artifacts}/export?include_deleted=true")).expect(200);
    assert_eq!(all.header("x-total-count"), Some("3"));
    let found: Vec<(Value, Value)> =
        lines(&all).iter().map(|it| (it["name"].clone(), it["is_active"].clone())).collect();
    assert_eq!(found, [("a", true), ("b", false), ("c", true)].map(|(name, active)| (json!(name), json!(active))));
    assert_eq!(lines(&owner.client.get(&format!("{artifacts}/export")).expect(200)).len(), 2);
    Account::new(&server).client.get(&format!("{artifacts}/export")).problem(404, "workspace_not_found");
}

#[test]
fn an_export_holds_what_is_there_all_the_time_while_others_write() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let body: String = (0..1500).map(|number| json!({"name": format!("stays {number}")}).to_string() + "\n").collect();
    import(&owner, &artifacts, body).expect(200);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..20 {
                let id = text(&owner.artifact(&artifacts, &json!({"name": "comes and goes"}))["id"]);
                owner.client.delete(&format!("{artifacts}/{id}")).expect(204);
            }
        });
        let mut exports = 0;
        while !writer.is_finished() || exports == 0 {
            let exported = lines(&owner.client.get(&format!("{artifacts}/export")).expect(200));
            let stayed: Vec<String> =
                exported.iter().map(|it| text(&it["name"])).filter(|name| name.starts_with("stays")).collect();
            assert_eq!((stayed.len(), stayed.iter().collect::<HashSet<_>>().len()), (1500, 1500));
            exports += 1;
        }
    });
}

#[test]
fn an_import_with_a_bad_line_imports_nothing() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let body = "{\"name\": \"good\"}\n\n{\"name\": \"<\", \"tags\": [\"b@d\"]}\n{broken\n[1]\n{}\n{\"name\": 7}";
    let reply = import(&owner, &artifacts, body);
    assert_eq!(reply.invalid_fields(), ["/3/name", "/3/tags/0", "/4", "/5", "/6/name", "/7/name"]);
    let errors = reply.json()["errors"].clone();
    assert!(text(&errors[0]["detail"]).starts_with("line 3: must not contain"), "{errors}");
    assert!(text(&errors[2]["detail"]).starts_with("line 4: is not valid JSON"), "{errors}");

    let body: String = (0..50).map(|_| "{\"name\": \"\"}\n").collect();
    assert_eq!(import(&owner, &artifacts, body).invalid_fields().len(), 20);
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 0);
    assert_eq!(import(&owner, &artifacts, "\n \n").expect(200).json()["imported"], 0);
    let one = "{\"name\": \"one\"}";
    let sent_as = |content_type| owner.client.send("POST", &format!("{artifacts}/import"), content_type, one);
    sent_as("application/json").expect(200);
    sent_as("text/csv").problem(415, "unsupported_media_type");
    let stranger = Account::new(&server);
    import(&stranger, &artifacts, one).problem(404, "workspace_not_found");
}

#[test]
fn an_import_that_is_too_large_is_to_be_split() {
    let server = Setup::new().env("GHOSTWORKS__SERVER__MAX_IMPORT_BYTES", "200000").start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let line = "{\"name\":\"n\"}\n";
    let lines = |count: usize| line.repeat(count);
    assert_eq!(import(&owner, &artifacts, lines(10_000)).expect(200).json()["imported"], 10_000);
    for body in [lines(10_001), " ".repeat(200_001)] {
        let problem = import(&owner, &artifacts, body).problem(413, "payload_too_large");
        assert!(text(&problem["detail"]).contains("split it"), "{problem}");
    }
    assert_eq!(owner.client.get(&artifacts).expect(200).json()["total"], 10_000);
}
