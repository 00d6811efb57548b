//! Texts as people write them, in any script: what is taken, what is refused, and that what is stored stays good.

use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::server::Server;
use crate::support::unique;
use serde_json::{Value, json};

const NDJSON: &str = "application/x-ndjson";
/// A name that shows as another: it hides what turns it round.
const TURNED: &str = "invoice\u{202e}fdp.exe";

#[test]
fn tags_are_words_of_any_script_in_one_form() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let tags = json!([
        "हिन्दी",
        "cafe\u{301}",
        "CAFÉ",
        "می‌خواهم",
        "தமிழ்",
        "",
        "  ",
        "ไทย",
        "x_1-2 3",
        "x_1-2\u{a0}3",
        "Q3\u{2009}2026"
    ]);
    let stored = owner.artifact(&artifacts, &json!({"name": "Tagged", "tags": tags}));
    assert_eq!(stored["tags"], json!(["हिन्दी", "café", "می‌خواهم", "தமிழ்", "ไทย", "x_1-2 3", "q3 2026"]));
    for tag in ["cafe%CC%81", "caf%C3%A9", "CAF%C3%89"] {
        let found = owner.client.get(&format!("{artifacts}?tags={tag}")).expect(200).json();
        assert_eq!(found["total"], 1, "{tag}");
        let begun = owner.client.get(&format!("{artifacts}/tags?prefix={tag}")).expect(200).json();
        assert_eq!(begun["items"][0]["tag"], "café", "{tag}");
    }
    for tag in ["a/b", "a\tb", "a\u{2028}b", "☕", "a\u{200d}b", "\u{3164}", "a\u{202e}b"] {
        let refused = owner.client.post(&artifacts, &json!({"name": "Tagged", "tags": ["good", tag]}));
        assert_eq!(refused.invalid_fields(), ["/tags/1"], "{tag:?}");
    }
}

#[test]
fn names_are_as_people_write_them() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    for name in ["می‌خواهم", "क्‍ष", "ශ්‍රී", "👩🏽‍🚀 crew", "❤️ 1️⃣", "葛\u{e0100}飾", "שלום, мир", "C++ (x)"]
    {
        let stored = owner.artifact(&artifacts, &json!({"name": name}));
        assert_eq!(stored["name"], name);
    }
}

#[test]
fn every_kind_of_name_refuses_what_cannot_be_seen() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = owner.workspace();
    let register = |first_name: &str| {
        let email = format!("{}@example.com", unique("seen"));
        server
            .client()
            .post("/api/v1/auth/register", &json!({"email": email, "password": PASSWORD, "first_name": first_name}))
    };
    let post = |path: &str, body: &Value| owner.client.post(path, body);
    for (name, place) in [
        (TURNED, "(U+202E, character 8)"),
        (" \u{200f}a", "(U+200F, character 2)"),
        ("\u{3164}", "(U+3164, character 1)"),
        ("ad\u{200d}min", "(U+200D, character 3)"),
        ("a\u{fe0f}", "(U+FE0F, character 2)"),
        ("a\u{200b}b", "(U+200B, character 2)"),
        ("a\nb", "(U+000A, character 2)"),
        ("\u{301}\u{301}", "something to see"),
    ] {
        let key = json!({"name": name, "scopes": ["artifacts:read"]});
        let artifacts = format!("/api/v1/workspaces/{workspace}/artifacts");
        let replies = [
            (post(&artifacts, &json!({"name": name})), "/name"),
            (post("/api/v1/workspaces/", &json!({"name": name})), "/name"),
            (post(&format!("/api/v1/workspaces/{workspace}/api-keys"), &key), "/name"),
            (register(name), "/first_name"),
        ];
        for (reply, pointer) in replies {
            assert_eq!(reply.invalid_fields(), [pointer], "{name:?}");
            let said = text(&reply.json()["errors"][0]["detail"]);
            assert!(said.contains(place), "{name:?}: {said}");
        }
        let line = json!({"name": name}).to_string();
        let imported = owner.client.send("POST", &format!("{artifacts}/import"), NDJSON, line);
        assert_eq!(imported.invalid_fields(), ["/1/name"], "{name:?}");
    }
}

#[test]
fn a_workspace_is_called_by_1_to_255_characters() {
    let server = Server::shared();
    let owner = Account::new(&server);
    for name in ["Q".to_owned(), "社".repeat(255), format!("  {}  ", "x".repeat(255))] {
        let made = owner.client.post("/api/v1/workspaces/", &json!({"name": name})).expect(201).json();
        assert_eq!(made["name"], name.trim());
    }
    for name in [String::new(), " ".to_owned(), "社".repeat(256)] {
        let refused = owner.client.post("/api/v1/workspaces/", &json!({"name": name}));
        assert_eq!(refused.invalid_fields(), ["/name"], "{name}");
    }
}

#[test]
fn what_is_stored_already_is_edited_and_imported() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    // As an export of an earlier version has it.
    let tags = json!(["a\u{3164}b"]);
    let line = json!({"id": owner.id, "tenant_id": owner.id, "name": TURNED, "tags": tags}).to_string();
    owner.client.send("POST", &format!("{artifacts}/import"), NDJSON, line).expect(200);
    let stored = owner.client.get(&artifacts).expect(200).json()["items"][0].clone();
    assert_eq!((&stored["name"], &stored["tags"]), (&json!(TURNED), &tags));

    let path = format!("{artifacts}/{}", text(&stored["id"]));
    let mut whole = stored.clone();
    whole["description"] = json!("Edited");
    let edited = owner.client.put(&path, &whole).expect(200).json();
    assert_eq!((&edited["name"], &edited["tags"], &edited["description"]), (&json!(TURNED), &tags, &json!("Edited")));
    let write = json!({"op": "update", "id": stored["id"], "name": TURNED, "description": "Again"});
    let bulk = owner.client.post(&format!("{artifacts}/bulk"), &json!({"operations": [write]})).expect(200).json();
    assert_eq!(bulk["succeeded"], 1, "{bulk}");

    let other = owner.client.patch(&path, &json!({"name": format!("{TURNED}.bak")}));
    assert_eq!(other.invalid_fields(), ["/name"]);
    let other = owner.client.patch(&path, &json!({"name": TURNED, "tags": ["c\u{3164}"]}));
    assert_eq!(other.invalid_fields(), ["/tags/0"]);
    let missing = owner.client.patch(&format!("{artifacts}/{}", owner.id), &json!({"name": TURNED}));
    assert_eq!(missing.invalid_fields(), ["/name"]);
}

#[test]
fn a_password_is_the_same_however_it_is_typed() {
    let server = Server::shared();
    let email = format!("{}@example.com", unique("typed"));
    let [composed, decomposed, spaced] =
        ["Caf\u{e9} horse 7", "Cafe\u{301} horse 7", "Cafe\u{301}\u{a0}horse\u{3000}7"];
    let account = json!({"email": email, "password": decomposed});
    server.client().post("/api/v1/auth/register", &account).expect(201);
    for password in [composed, decomposed, spaced] {
        login(&server.client(), &email, password).expect(200);
    }
    for password in ["Cafe horse 7", "caf\u{e9} horse 7", "Caf\u{e8} horse 7"] {
        login(&server.client(), &email, password).problem(401, "invalid_credentials");
    }
    let access = text(&login(&server.client(), &email, composed).expect(200).json()["access_token"]);
    let change = json!({"current_password": decomposed, "new_password": "Na\u{ef}ve-horse-8"});
    server.client().bearer(&access).post("/api/v1/auth/password/change", &change).expect(200);
    login(&server.client(), &email, "Nai\u{308}ve-horse-8").expect(200);
    let longest = format!("A7-{}", "e\u{301}".repeat(125));
    let account = json!({"email": format!("{}@example.com", unique("longest")), "password": longest});
    server.client().post("/api/v1/auth/register", &account).expect(201);
    login(&server.client(), &text(&account["email"]), &longest).expect(200);
}

#[test]
fn an_address_is_the_same_however_it_is_typed() {
    let server = Server::shared();
    let name = unique("ren");
    let [composed, decomposed] = ["\u{e9}", "e\u{301}"].map(|e| format!("{name}{e}@example.com"));
    let registered = register(&server.client(), &decomposed).expect(201).json();
    assert_eq!(registered["email"], composed.as_str());
    for email in [&composed, &decomposed] {
        login(&server.client(), email, PASSWORD).expect(200);
        register(&server.client(), email).problem(409, "email_taken");
    }
    let owner = Account::new(&server);
    let members = format!("/api/v1/workspaces/{}/members", owner.workspace());
    owner.client.post(&members, &json!({"email": decomposed, "role": "member"})).expect(201);
}

#[test]
fn blank_and_repeated_tags_do_not_count() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let twenty: Vec<String> = (10..30).map(|tag| format!("tag {tag}")).collect();
    let sent: Vec<String> =
        twenty.iter().cloned().chain([" ".to_owned(), String::new(), "TAG 10".to_owned()]).collect();
    assert_eq!(owner.artifact(&owner.artifacts(), &json!({"name": "n", "tags": sent}))["tags"], json!(twenty));
    let endless = vec!["same"; 101];
    let body = json!({"name": "n", "tags": endless});
    assert_eq!(owner.client.post(&owner.artifacts(), &body).invalid_fields(), ["/tags"]);
}
