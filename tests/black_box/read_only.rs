//! Read-only: writes are refused for a while, and everything else goes on.

use std::fs;

use serde_json::json;

use crate::support::account::{Account, PASSWORD, login, register, text};
use crate::support::browser::Browser;
use crate::support::client::Client;
use crate::support::server::Setup;

const TOKEN: &str = "0123456789abcdefoperator";
const READ_ONLY: &str = "/api/v1/operator/read-only";

fn command(setup: &Setup, word: &str) -> String {
    let (status, said, errors) = setup.run(&["read-only", word]);
    assert!(status.success(), "{errors}");
    said.trim_end().to_owned()
}

#[test]
fn writes_are_refused_and_everything_else_goes_on() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let workspace = artifacts.trim_end_matches("/artifacts").to_owned();
    let artifact = text(&owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]);
    let robot = json!({"name": "robot", "scopes": ["artifacts:read"]});
    let key = text(&owner.client.post(&format!("{workspace}/api-keys"), &robot).expect(201).json()["key"]);
    let browser = Browser::of(&server, &owner);

    assert_eq!(command(&setup, "status"), "off");
    assert!(command(&setup, "on").contains("Writes are refused"));
    assert_eq!(command(&setup, "status"), "on");

    let anyone = server.client();
    let artifact = format!("{artifacts}/{artifact}");
    let refused = [
        owner.client.post(&artifacts, &json!({"name": "Bellows"})),
        owner.client.patch(&artifact, &json!({"name": "Bellows"})),
        owner.client.delete(&artifact),
        owner.client.delete(&format!("{artifact}?purge=true")),
        owner.client.post("/api/v1/workspaces", &json!({"name": "Another"})),
        owner.client.delete(&workspace),
        login(&anyone, &owner.email, PASSWORD),
        register(&anyone, "newcomer@example.com"),
        anyone.post("/api/v1/auth/refresh", &json!({"refresh_token": owner.refresh})),
        anyone.post("/api/v1/auth/password/forgot", &json!({"email": owner.email})),
        owner.client.call("POST", "/api/v1/auth/logout"),
    ];
    for reply in refused {
        let problem = reply.problem(503, "read_only");
        assert!(text(&problem["detail"]).contains("read-only"), "{problem}");
        assert_eq!(reply.header("retry-after"), Some("60"));
    }
    assert_eq!(owner.client.get(&artifact).expect(200).json()["name"], "Anvil");
    assert_eq!(owner.client.get(&format!("{artifacts}?q=anvil")).expect(200).json()["total"], 1);
    assert_eq!(anyone.bearer(&key).get(&artifacts).expect(200).json()["total"], 1);
    browser.get("/console/workspaces").expect(200);
    owner.client.get("/api/v1/auth/me").expect(200);
    let file = setup.scratch().join("backup");
    assert!(setup.run(&["backup", file.to_str().expect("a printable path")]).0.success());

    assert_eq!(command(&setup, "off"), "Writes are taken.");
    owner.client.patch(&artifact, &json!({"name": "Bellows"})).expect(200);
    login(&anyone, &owner.email, PASSWORD).expect(200);
}

#[test]
fn a_read_only_server_is_ready_and_says_what_it_is() {
    let setup = Setup::new();
    let server = setup.start();
    let client = server.client();
    let health = |client: &Client| client.get("/health/detailed").expect(200).json();
    let gauge = || {
        client
            .get("/metrics")
            .expect(200)
            .body
            .lines()
            .find_map(|line| line.strip_prefix("storage_read_only ").map(str::to_owned))
    };
    assert_eq!(health(&client)["status"], "healthy");
    assert_eq!(gauge().as_deref(), Some("0"));
    command(&setup, "on");
    let report = health(&client);
    let database = &report["services"]["database"];
    assert_eq!((&report["status"], &database["status"]), (&json!("degraded"), &json!("degraded")));
    assert_eq!((&database["read_only"], &database["writable"]), (&json!(true), &json!(true)));
    assert!(client.get("/readyz?verbose").expect(200).body.contains("[ ]read-only: writes are refused"));
    assert_eq!(gauge().as_deref(), Some("1"));
    assert!(server.stderr().contains("an operator made the server read-only"));
    command(&setup, "off");
    assert_eq!(health(&client)["status"], "healthy");
    assert!(!client.get("/readyz?verbose").expect(200).body.contains("read-only"));
}

#[test]
fn it_lasts_as_long_as_the_process_or_as_the_configuration_says() {
    let setup = Setup::new();
    let path = setup.scratch().join("ghostworks.toml");
    let write = |file: &str| fs::write(&path, file).expect("a file");
    write("");
    let setup = setup.env("GHOSTWORKS_CONFIG", path.to_str().expect("a printable path"));
    let server = setup.start();
    Account::new(&server);
    command(&setup, "on");
    // Another setting does not end it.
    write("[log]\nlevel = \"debug\"\n");
    assert!(setup.run(&["reload"]).0.success());
    assert_eq!(command(&setup, "status"), "on");
    server.stop();

    write("[server]\nread_only = true\n");
    let server = setup.start();
    assert_eq!(command(&setup, "status"), "on");
    register(&server.client(), "newcomer@example.com").problem(503, "read_only");
    write("");
    let (_, said, _) = setup.run(&["reload"]);
    assert_eq!(said, "Changed: server.read_only.\n");
    register(&server.client(), "newcomer@example.com").expect(201);
    server.stop();
    let _server = setup.start();
    assert_eq!(command(&setup, "status"), "off");
}

#[test]
fn operators_set_it_over_http_and_nobody_else() {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN);
    let server = setup.start();
    let operator = server.client().bearer(TOKEN);
    assert_eq!(operator.get(READ_ONLY).expect(200).json(), json!({"read_only": false}));
    let account = Account::new(&server);
    account.client.put(READ_ONLY, &json!({"read_only": true})).problem(403, "forbidden");
    assert_eq!(operator.put(READ_ONLY, &json!({"read_only": true})).expect(200).json(), json!({"read_only": true}));
    operator.put(READ_ONLY, &json!({"read_only": "perhaps"})).problem(422, "validation_failed");
    // What operators write is refused, too.
    let disable = format!("/api/v1/operator/accounts/{}/disable", account.id);
    operator.send("POST", &disable, "application/json", "").problem(503, "read_only");
    let (status, _, errors) = setup.run(&["user", "disable", &account.email]);
    assert!(!status.success() && errors.contains("read-only"), "{errors}");
    operator.put(READ_ONLY, &json!({"read_only": false})).expect(200);
    operator.send("POST", &disable, "application/json", "").expect(200);
}

#[test]
fn without_a_server_there_is_nothing_to_make_read_only() {
    let setup = Setup::new();
    setup.start().stop();
    let (status, _, errors) = setup.run(&["read-only", "on"]);
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("no server that uses"), "{errors}");
}
