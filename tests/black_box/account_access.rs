//! How operators let people into accounts: making one, its password, links, sessions; and what there is about a person.

use serde_json::{Value, json};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::server::{Server, Setup};
use crate::support::unique;

const TOKEN: &str = "0123456789abcdefoperator";
const ACCOUNTS: &str = "/api/v1/operator/accounts";
const OTHER: &str = "Further-horse-9";

fn started() -> (Server, Client) {
    let server = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN).start();
    let operator = server.client().bearer(TOKEN);
    (server, operator)
}

fn address() -> String {
    format!("{}@example.com", unique("made"))
}

/// Chooses a password with a link.
fn choose(client: &Client, link: &Value, password: &str) -> Reply {
    let url = text(&link["url"]);
    let token = url.split_once("token=").unwrap_or_else(|| panic!("no token in {url}")).1;
    client.post("/api/v1/auth/password/reset", &json!({"token": token, "new_password": password}))
}

#[test]
fn an_account_without_a_password_is_entered_by_its_link() {
    let (server, operator) = started();
    let email = address();
    let made = operator.post(ACCOUNTS, &json!({"email": email, "first_name": "Ann", "is_verified": true}));
    let made = made.expect(201).json();
    assert_eq!((&made["account"]["email"], &made["account"]["is_verified"]), (&json!(email), &json!(true)));
    assert_eq!((&made["account"]["first_name"], &made["account"]["is_operator"]), (&json!("Ann"), &json!(false)));
    login(&server.client(), &email, PASSWORD).problem(401, "invalid_credentials");
    choose(&server.client(), &made["link"], "password").invalid_fields();
    choose(&server.client(), &made["link"], PASSWORD).expect(200);
    choose(&server.client(), &made["link"], OTHER).problem(400, "invalid_token");
    login(&server.client(), &email, PASSWORD).expect(200);
    operator.post(ACCOUNTS, &json!({"email": email.to_uppercase()})).problem(409, "email_taken");
    let wrong = json!({"email": "nobody", "password": "short", "last_name": "a\nb"});
    assert_eq!(operator.post(ACCOUNTS, &wrong).invalid_fields(), ["/email", "/password", "/last_name"]);
}

#[test]
fn an_account_with_a_password_signs_in_and_may_operate_if_so_made() {
    let (server, operator) = started();
    let email = address();
    let new = json!({"email": email, "password": PASSWORD, "is_operator": true});
    let made = operator.post(ACCOUNTS, &new).expect(201).json();
    assert_eq!((&made["link"], &made["account"]["is_operator"]), (&Value::Null, &json!(true)));
    let tokens = login(&server.client(), &email, PASSWORD).expect(200).json();
    server.client().bearer(&text(&tokens["access_token"])).get(ACCOUNTS).expect(200);
}

#[test]
fn a_password_that_is_set_ends_sessions_keys_and_links() {
    let (server, operator) = started();
    let account = Account::new(&server);
    let path = format!("{ACCOUNTS}/{}", account.id);
    let keys = format!("/api/v1/workspaces/{}/api-keys", account.workspace());
    let key = || {
        let body = json!({"name": unique("key"), "scopes": ["artifacts:read"]});
        account.client.post(&keys, &body).expect(201).json()
    };
    let (first, artifacts) = (key(), keys.replace("api-keys", "artifacts"));
    let works = |key: &Value, status| server.client().bearer(&text(&key["key"])).get(&artifacts).expect(status);
    works(&first, 200);
    let link = operator.call("POST", &format!("{path}/reset-link")).expect(200).json();
    let weak = operator.put(&format!("{path}/password"), &json!({"new_password": "password"}));
    assert_eq!(weak.invalid_fields(), ["/new_password"]);
    account.client.get("/api/v1/auth/me").expect(200);
    let set = operator.put(&format!("{path}/password"), &json!({"new_password": OTHER})).expect(200).json();
    assert_eq!((&set["api_keys"][0]["id"], &set["api_keys"][0]["revoked"]), (&first["id"], &json!(true)));
    works(&first, 401);
    account.client.get("/api/v1/auth/me").expect(401);
    choose(&server.client(), &link, PASSWORD).problem(400, "invalid_token");
    login(&server.client(), &account.email, PASSWORD).problem(401, "invalid_credentials");
    login(&server.client(), &account.email, OTHER).expect(200);
    let nobody = format!("{ACCOUNTS}/00000000-0000-7000-8000-000000000000/password");
    operator.put(&nobody, &json!({"new_password": OTHER})).problem(404, "user_not_found");
}

#[test]
fn a_link_takes_the_place_of_all_others_and_is_not_for_disabled_accounts() {
    let (server, operator) = started();
    let account = Account::new(&server);
    let path = format!("{ACCOUNTS}/{}", account.id);
    let link = || operator.call("POST", &format!("{path}/reset-link")).expect(200).json();
    let links: Vec<Value> = (0..7).map(|_| link()).collect();
    for link in &links[..6] {
        choose(&server.client(), link, OTHER).problem(400, "invalid_token");
    }
    operator.call("POST", &format!("{path}/disable")).expect(200);
    operator.call("POST", &format!("{path}/reset-link")).problem(409, "account_disabled");
    choose(&server.client(), &links[6], OTHER).problem(400, "invalid_token");
    operator.call("POST", &format!("{path}/enable")).expect(200);
    choose(&server.client(), &link(), OTHER).expect(200);
    login(&server.client(), &account.email, OTHER).expect(200);
}

#[test]
fn s18_an_operator_sees_and_ends_the_sessions_of_an_account() {
    let (server, operator) = started();
    let account = Account::new(&server);
    login(&server.client().with("User-Agent", "phone/1"), &account.email, PASSWORD).expect(200);
    let path = format!("{ACCOUNTS}/{}/sessions", account.id);
    let sessions = operator.get(&path).expect(200).json();
    assert_eq!(sessions.as_array().map(Vec::len), Some(2));
    assert_eq!((&sessions[0]["user_agent"], &sessions[0]["ip"]), (&json!("phone/1"), &json!("127.0.0.1")));
    assert_eq!(operator.delete(&path).expect(200).json()["revoked"], 2);
    account.client.get("/api/v1/auth/me").expect(401);
    assert_eq!(operator.get(&path).expect(200).json(), json!([]));
    login(&server.client(), &account.email, PASSWORD).expect(200);
    for (method, what) in [("GET", "sessions"), ("DELETE", "sessions"), ("GET", "export"), ("POST", "reset-link")] {
        let nobody = format!("{ACCOUNTS}/00000000-0000-7000-8000-000000000000/{what}");
        operator.call(method, &nobody).problem(404, "user_not_found");
    }
}

#[test]
fn an_export_has_what_there_is_about_a_person_and_nobody_else() {
    let (server, operator) = started();
    let (account, other) = (Account::new(&server), Account::new(&server));
    let workspace = account.workspace();
    let keys = format!("/api/v1/workspaces/{workspace}/api-keys");
    let key = account.client.post(&keys, &json!({"name": "robot", "scopes": ["artifacts:read"]})).expect(201).json();
    let member = json!({"email": other.email, "role": "member"});
    account.client.post(&format!("/api/v1/workspaces/{workspace}/members"), &member).expect(201);
    let data = operator.get(&format!("{ACCOUNTS}/{}/export", account.id)).expect(200).json();
    assert_eq!((&data["account"]["email"], &data["workspaces"][0]["id"]), (&json!(account.email), &json!(workspace)));
    assert_eq!((&data["networks"][0]["network"], &data["older_activity"]), (&json!("127.0.0.1"), &json!(0)));
    assert_eq!((&data["api_keys"][0]["id"], &data["api_keys"][0]["workspace_id"]), (&key["id"], &json!(workspace)));
    assert_eq!(data["sessions"].as_array().map(Vec::len), Some(1));
    let actions = |data: &Value| -> Vec<String> {
        // E-mails are written beside the requests.
        let actions = data["activity"].as_array().expect("activity").iter().map(|entry| text(&entry["action"]));
        actions.filter(|action| action != "user.verification_requested").collect()
    };
    let expected = ["member.added", "api_key.created", "workspace.created", "session.opened", "user.registered"];
    assert_eq!(actions(&data), expected);
    assert_eq!(data["activity"][2]["actor"]["ip"], "127.0.0.1");
    assert!(!data.to_string().contains(&other.email) && !data.to_string().contains("hash"), "{data}");
    let others = operator.get(&format!("{ACCOUNTS}/{}/export", other.id)).expect(200).json();
    assert_eq!(actions(&others), ["member.added", "session.opened", "user.registered"]);
}

fn run(setup: &Setup, words: &[&str], input: &str) -> (bool, String, String) {
    let (status, said, errors) = setup.run_with(words, input);
    (status.success(), said, errors)
}

#[test]
fn the_command_line_does_the_same_with_and_without_a_server() {
    let setup = Setup::new();
    let mut server = Some(setup.start());
    for round in 0..2 {
        let email = address();
        let done = |words: &[&str], input: &str| {
            let (is_done, said, errors) = run(&setup, words, input);
            assert!(is_done, "{round} {words:?}: {errors}");
            said
        };
        let made = done(&["user", "create", &email, "--password-stdin", "--verified"], &format!("{PASSWORD}\n"));
        assert!(made.contains(&email) && !made.contains("token="), "{made}");
        let set = done(&["user", "set-password", &email, "--password-stdin"], &format!("{OTHER}\n"));
        assert!(set.contains("another password"), "{set}");
        let linked = done(&["user", "create", &address(), "--link", "--json"], "");
        let linked: Value = serde_json::from_str(&linked).expect("JSON");
        assert!(text(&linked["link"]["url"]).contains("/console/reset-password?token="), "{linked}");
        assert!(done(&["user", "reset-link", &email], "").contains("token="));
        assert_eq!(done(&["user", "sessions", &email], ""), "It is signed in nowhere.\n");
        assert!(done(&["user", "sessions", &email, "--end"], "").starts_with("0 sessions have ended"));
        let exported: Value = serde_json::from_str(&done(&["user", "export", &email], "")).expect("JSON");
        assert_eq!(exported["account"]["email"], email);
        assert_eq!(exported["activity"][0]["action"], "user.sessions_ended");
        assert!(done(&["user", "show", &email], "").contains("active\n"));

        let refused = |words: &[&str], input: &str, why: &str| {
            let (is_done, said, errors) = run(&setup, words, input);
            assert!(!is_done && said.is_empty() && errors.contains(why), "{words:?}: {said} {errors}");
        };
        refused(&["user", "create", &email, "--link"], "", "already exists");
        refused(&["user", "create", &address(), "--password-stdin"], "short\n", "password");
        refused(&["user", "create", &address(), "--password-stdin"], "", "the password is empty");
        refused(&["user", "create", &address()], "", "--password-stdin");
        refused(&["user", "set-password", "nobody@example.com", "--password-stdin"], OTHER, "ghostworks user list");
        match server.take() {
            // The second time around without a server.
            Some(server) => {
                login(&server.client(), &email, OTHER).expect(200);
                server.stop();
            }
            None => drop(login(&setup.start().client(), &email, OTHER).expect(200)),
        }
    }
}
