//! Deleting people: what goes, what stays, who is told, and that no restore brings them back.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::point_in_time::{shipping, until_shipped};
use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::client::{Client, Reply};
use crate::support::mail::MailServer;
use crate::support::server::{Server, Setup};
use crate::support::unique;

const TOKEN: &str = "0123456789abcdefoperator";
const ACCOUNTS: &str = "/api/v1/operator/accounts";

fn setup() -> Setup {
    Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN)
}

fn delete_own(account: &Account, body: &Value) -> Reply {
    account.client.post("/api/v1/auth/me/delete", body)
}

fn password() -> Value {
    json!({"current_password": PASSWORD})
}

fn run(setup: &Setup, words: &[&str]) -> String {
    let (status, output, errors) = setup.run(words);
    assert!(status.success(), "{words:?}: {errors}");
    output
}

fn add(owner: &Account, workspace: &str, account: &Account, role: &str) {
    let body = json!({"email": account.email, "role": role});
    owner.client.post(&format!("/api/v1/workspaces/{workspace}/members"), &body).expect(201);
}

fn audit(client: &Client, workspace: &str) -> Vec<Value> {
    let page = client.get(&format!("/api/v1/workspaces/{workspace}/audit?limit=100")).expect(200).json();
    page["items"].as_array().expect("items").clone()
}

/// Whether the file has this text somewhere.
fn has(path: &Path, text: &str) -> bool {
    let bytes = fs::read(path).expect("a file");
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn s18_a_person_who_deletes_their_account_is_gone_at_once() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let workspace = ann.workspace();
    add(&ann, &workspace, &bob, "member");
    let artifacts = format!("/api/v1/workspaces/{workspace}/artifacts");
    let artifact = bob.artifact(&artifacts, &json!({"name": "Anvil"}));
    assert_eq!(delete_own(&bob, &json!({"current_password": "Wrong-horse-7"})).invalid_fields(), ["/current_password"]);
    let deleted = delete_own(&bob, &password()).expect(200);
    assert!(deleted.set_cookie("access_token").contains("Max-Age=0"), "{:?}", deleted.headers);
    bob.client.get("/api/v1/auth/me").expect(401);
    let refresh = json!({"refresh_token": bob.refresh});
    server.client().post("/api/v1/auth/refresh", &refresh).problem(401, "invalid_refresh_token");
    login(&server.client(), &bob.email, PASSWORD).problem(401, "invalid_credentials");
    let members = ann.client.get(&format!("/api/v1/workspaces/{workspace}/members")).expect(200).body;
    assert!(!members.contains(&bob.email) && !members.contains(&bob.id), "{members}");
    // What they wrote is the workspace's, and the address is free for somebody else.
    let kept = ann.client.get(&format!("{artifacts}/{}", text(&artifact["id"]))).expect(200).json();
    assert_eq!(kept["created_by"], bob.id);
    let again = register(&server.client(), &bob.email).expect(201).json();
    assert_ne!(again["user_id"], bob.id);
    assert!(audit(&ann.client, &workspace).iter().any(|entry| entry["action"] == "member.removed"));
}

#[test]
fn s29_who_alone_owns_a_workspace_is_refused_until_somebody_gets_it() {
    let setup = setup();
    let server = setup.start();
    let (ann, bob, eve) = (Account::new(&server), Account::new(&server), Account::new(&server));
    let workspace = ann.workspace();
    ann.client.patch(&format!("/api/v1/workspaces/{workspace}"), &json!({"name": "Anvils"})).expect(200);
    let refused = delete_own(&ann, &password()).problem(409, "sole_owner");
    assert!(text(&refused["detail"]).contains("Anvils"), "{refused}");
    let to = |email: &str| json!({"current_password": PASSWORD, "transfer_to": email});
    // Nobody is made an owner who is no member, and nobody learns who has an account.
    for email in [&eve.email, "nobody@example.com", &ann.email] {
        assert_eq!(delete_own(&ann, &to(email)).invalid_fields(), ["/transfer_to"], "{email}");
    }
    ann.client.get("/api/v1/auth/me").expect(200);
    add(&ann, &workspace, &bob, "member");
    delete_own(&ann, &to(&bob.email)).expect(200);
    let seen = bob.client.get(&format!("/api/v1/workspaces/{workspace}")).expect(200).json();
    assert_eq!((&seen["user_role"], &seen["member_count"]), (&json!("owner"), &json!(1)));

    // Operators name any account that may sign in.
    let operator = server.client().bearer(TOKEN);
    let path = format!("{ACCOUNTS}/{}", bob.id);
    operator.delete(&path).problem(409, "sole_owner");
    assert_eq!(operator.delete(&format!("{path}?transfer_to={}", bob.email)).invalid_fields(), ["/transfer_to"]);
    assert_eq!(operator.delete(&format!("{path}?transfer_to=nonsense")).invalid_fields(), ["/transfer_to"]);
    operator.delete(&format!("{path}?transfer_to={}", eve.email)).expect(200);
    operator.delete(&path).problem(404, "user_not_found");
    assert_eq!(eve.client.get(&format!("/api/v1/workspaces/{workspace}")).expect(200).json()["user_role"], "owner");
    server.stop();
    assert!(run(&setup, &["check"]).contains("Everything agrees"));
}

#[test]
fn api_keys_end_with_their_maker_and_owners_are_told() {
    let mail = MailServer::start();
    let server = setup().env("GHOSTWORKS__MAIL__SMTP_URL", mail.url()).start();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    mail.next();
    mail.next();
    let workspace = ann.workspace();
    ann.client.patch(&format!("/api/v1/workspaces/{workspace}"), &json!({"name": "Anvils"})).expect(200);
    add(&ann, &workspace, &bob, "admin");
    let key = json!({"name": "nightly build", "scopes": ["artifacts:read"]});
    let key = bob.client.post(&format!("/api/v1/workspaces/{workspace}/api-keys"), &key).expect(201).json();
    let machine = server.client().bearer(&text(&key["key"]));
    machine.get(&format!("/api/v1/workspaces/{workspace}/artifacts")).expect(200);
    let deleted = server.client().bearer(TOKEN).delete(&format!("{ACCOUNTS}/{}", bob.id)).expect(200).json();
    assert_eq!((&deleted["api_keys"][0]["id"], &deleted["api_keys"][0]["name"]), (&key["id"], &json!("nightly build")));
    machine.get(&format!("/api/v1/workspaces/{workspace}/artifacts")).expect(401);
    let told = mail.next();
    assert_eq!(told.to, ann.email);
    assert!(told.content.contains("nightly build") && told.content.contains("Anvils"), "{told:?}");
    assert!(!told.content.contains(&bob.email), "{told:?}");
    assert!(audit(&ann.client, &workspace).iter().any(|entry| entry["action"] == "api_key.revoked"));
}

/// Waits until the audit view has no address of an account, but those of others still.
fn until_scrubbed(server: &Server, client: &Client, workspace: &str, account: &Account) {
    server.until("the change log is scrubbed", || {
        let log = audit(client, workspace);
        let of = |entry: &&Value| entry["actor"]["user_id"] == account.id;
        let mut own = log.iter().filter(of).peekable();
        assert!(own.peek().is_some(), "what they did is still known");
        own.all(|entry| entry["actor"]["ip"].is_null() && entry["actor"]["user_agent"].is_null())
    });
    assert!(
        audit(client, workspace).iter().any(|entry| entry["actor"]["ip"] == "127.0.0.1"),
        "others are as they were"
    );
}

#[test]
fn addresses_and_programs_of_a_deleted_person_leave_the_change_log() {
    let setup = setup();
    let server = setup.start();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let workspace = ann.workspace();
    add(&ann, &workspace, &bob, "member");
    let browser = unique("browser");
    login(&server.client().with("User-Agent", &browser), &bob.email, PASSWORD).expect(200);
    login(&server.client().with("User-Agent", &browser), &bob.email, "Wrong-horse-7").expect(401);
    bob.artifact(&format!("/api/v1/workspaces/{workspace}/artifacts"), &json!({"name": "Anvil"}));
    delete_own(&bob, &password()).expect(200);
    until_scrubbed(&server, &ann.client, &workspace, &bob);
    server.stop();
    let backup = setup.scratch().join("after");
    run(&setup, &["backup", backup.to_str().expect("a path")]);
    assert!(!has(&backup, &browser) && !has(&backup, &bob.email), "nothing is left of the person");
    assert!(has(&backup, &ann.email));
    assert!(run(&setup, &["check"]).contains("Everything agrees"));
}

#[test]
fn s63_a_deleted_person_stays_deleted_after_a_restore() {
    let setup = setup();
    let server = setup.start();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let workspace = ann.workspace();
    add(&ann, &workspace, &bob, "owner");
    bob.artifact(&format!("/api/v1/workspaces/{workspace}/artifacts"), &json!({"name": "Anvil"}));
    let backup = setup.scratch().join("before");
    let backup = backup.to_str().expect("a path");
    run(&setup, &["backup", backup]);
    delete_own(&bob, &password()).expect(200);
    server.stop();
    assert!(has(&setup.data().join("deleted-accounts"), &bob.id) && !has(&setup.data().join("deleted-accounts"), "@"));

    let restored = run(&setup, &["restore", backup, "--force"]);
    assert!(restored.contains("1 person") && restored.contains("--include-deleted"), "{restored}");
    assert!(!run(&setup, &["user", "list"]).contains(&bob.email));
    let server = setup.start();
    login(&server.client(), &bob.email, PASSWORD).problem(401, "invalid_credentials");
    let tokens = login(&server.client(), &ann.email, PASSWORD).expect(200).json();
    let client = server.client().bearer(&text(&tokens["access_token"]));
    until_scrubbed(&server, &client, &workspace, &bob);
    server.stop();

    // A database that somebody put there is no way around it.
    let (_, _, errors) = setup.run(&["restore", backup, "--force", "--include-deleted", "nobody@example.com"]);
    assert!(errors.contains("nobody@example.com"), "{errors}");
    assert!(!run(&setup, &["user", "list"]).contains(&bob.email));

    // The way out of a mistake.
    let restored = run(&setup, &["restore", backup, "--force", "--include-deleted", &bob.email]);
    assert!(!restored.contains("stay deleted"), "{restored}");
    let server = setup.start();
    login(&server.client(), &bob.email, PASSWORD).expect(200);
    let data = server.client().bearer(TOKEN).get(&format!("{ACCOUNTS}/{}/export", bob.id)).expect(200).json();
    let actions: Vec<_> = data["activity"].as_array().expect("activity").iter().map(|it| text(&it["action"])).collect();
    assert!(actions.iter().any(|action| action == "user.brought_back"), "{actions:?}");
}

#[test]
fn s63_a_deleted_person_stays_deleted_on_another_machine() {
    let (setup, place) = shipping();
    let server = setup.start();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let before = until_shipped(&server, &place);
    delete_own(&bob, &password()).expect(200);
    let known = place.join("ghostworks.deleted-accounts");
    server.until("the place knows", || fs::read_to_string(&known).is_ok_and(|text| text.contains(&bob.id)));
    until_shipped(&server, &place);
    server.stop();
    for more in [&["--to", before.as_str()][..], &[]] {
        let elsewhere = setup.clone().data_dir(setup.scratch().join(unique("elsewhere")));
        run(&elsewhere, &[&["restore"], more].concat());
        assert!(has(&elsewhere.data().join("deleted-accounts"), &bob.id));
        assert!(run(&elsewhere, &["check"]).contains("Everything agrees"));
        let listed = run(&elsewhere, &["user", "list"]);
        assert!(listed.contains(&ann.email) && !listed.contains(&bob.email), "{more:?} {listed}");
    }
    // On purpose, a person comes back there, too, and the place learns it.
    run(&setup, &["restore", "--force", "--to", &before, "--include-deleted", &bob.email]);
    let server = setup.start();
    login(&server.client(), &bob.email, PASSWORD).expect(200);
    server.until("the place knows", || fs::read_to_string(&known).is_ok_and(|text| text.contains("false")));
}

#[test]
fn the_command_line_deletes_with_and_without_a_server_but_not_by_mistake() {
    let setup = Setup::new();
    let mut server = Some(setup.start());
    let people: Vec<Account> = (0..2).map(|_| Account::new(server.as_ref().expect("it runs"))).collect();
    for person in &people {
        let (status, output, errors) = setup.run(&["user", "delete", &person.email]);
        assert!(!status.success() && output.is_empty() && errors.contains("--yes"), "{output} {errors}");
        let said = run(&setup, &["user", "delete", &person.email, "--yes"]);
        assert!(said.contains("is deleted"), "{said}");
        let (status, _, errors) = setup.run(&["user", "delete", &person.email, "--yes"]);
        assert!(!status.success() && errors.contains("ghostworks user list"), "{errors}");
        assert!(has(&setup.data().join("deleted-accounts"), &person.id));
        // The second time around without a server.
        if let Some(server) = server.take() {
            server.stop();
        }
    }
}
