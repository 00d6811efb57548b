//! Lists that are answered whole or in pages, and pages that are sent once.

use crate::support::account::{Account, text};
use crate::support::raw::Raw;
use crate::support::server::Server;
use serde_json::{Value, json};

#[test]
fn lists_are_whole_or_come_in_pages() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for _ in 0..3 {
        owner.workspace();
    }
    let whole = owner.client.get("/api/v1/workspaces").expect(200);
    assert_eq!((whole.json().as_array().map(Vec::len), whole.header("link")), (Some(3), None));
    let (mut read, mut path) = (Vec::new(), "/api/v1/workspaces?limit=2".to_owned());
    loop {
        let page = owner.client.get(&path).expect(200);
        read.extend(page.json().as_array().expect("an array").iter().cloned());
        let Some(link) = page.header("link") else { break };
        let (target, relation) = link.split_once("; ").expect("a relation");
        assert_eq!(relation, "rel=\"next\"");
        path = target.trim_start_matches('<').trim_end_matches('>').to_owned();
    }
    assert_eq!(Value::from(read), whole.json());
    let workspace = format!("/api/v1/workspaces/{}", text(&whole.json()[0]["id"]));
    for list in [
        "/api/v1/workspaces",
        "/api/v1/auth/sessions",
        &format!("{workspace}/members"),
        &format!("{workspace}/api-keys"),
    ] {
        owner.client.get(&format!("{list}?limit=1")).expect(200);
        assert_eq!(owner.client.get(&format!("{list}?limit=0")).invalid_fields(), ["/limit"]);
        assert_eq!(owner.client.get(&format!("{list}?cursor=x")).invalid_fields(), ["/cursor"]);
    }
}

#[test]
fn the_trash_says_since_when() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let made = owner.artifact(&artifacts, &json!({"name": "gone"}));
    assert_eq!(made["deleted_at"], Value::Null);
    owner.client.delete(&format!("{artifacts}/{}", text(&made["id"]))).expect(204);
    let listed = owner.client.get(&format!("{artifacts}?include_deleted=true")).expect(200).json();
    assert_eq!(listed["items"][0]["deleted_at"], listed["items"][0]["updated_at"]);
}

#[test]
fn pages_are_sent_once_and_compressed() {
    let server = Server::shared();
    for path in ["/docs", "/redoc", "/openapi.json", "/openapi.yaml"] {
        let plain = server.client().get(path).expect(200);
        let tag = plain.header("etag").expect("a tag").to_owned();
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        assert!(
            plain.header("vary").is_some_and(|it| it.contains("Accept-Encoding"))
                || plain.headers.get_all("vary").iter().count() > 1
        );
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = server.client().with("If-None-Match", &known).get(path).expect(304);
            assert_eq!((again.body.as_str(), again.header("etag")), ("", Some(tag.as_str())), "{path} {known}");
        }
        let mut raw = Raw::connect(server.address());
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n");
        let answer = raw.send(request).read_to_end();
        assert!(answer.to_lowercase().contains("content-encoding: gzip"), "{path}");
        assert!(answer.len() < plain.body.len() / 2, "{path}: {} of {}", answer.len(), plain.body.len());
    }
}
