//! Accounts, as operators see and change them.

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::Client;
use crate::support::server::{Server, Setup};
use serde_json::Value;

const OPERATOR: &str = "0123456789abcdefoperator";
const ACCOUNTS: &str = "/api/v1/operator/accounts";

fn started() -> Server {
    Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR).start()
}

fn done(operator: &Client, account: &Account, what: &str) -> Value {
    operator.send("POST", &format!("{ACCOUNTS}/{}/{what}", account.id), "application/json", "").expect(200).json()
}

#[test]
fn operators_page_through_all_accounts_and_find_one_by_its_address() {
    let server = started();
    let operator = server.client().bearer(OPERATOR);
    let accounts: Vec<Account> = (0..5).map(|_| Account::new(&server)).collect();
    let ids: Vec<String> = operator.pages(ACCOUNTS, 2).iter().map(|item| text(&item["id"])).collect();
    assert_eq!(ids, accounts.iter().map(|account| account.id.clone()).collect::<Vec<_>>());

    let email = accounts[3].email.to_uppercase();
    let found = operator.get(&format!("{ACCOUNTS}?email={email}")).expect(200).json();
    assert_eq!(found["items"][0]["id"], accounts[3].id);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["next_cursor"], Value::Null);
    let none = operator.get(&format!("{ACCOUNTS}?email=nobody@example.com")).expect(200).json();
    assert_eq!(none["items"].as_array().map(Vec::len), Some(0));
    let id = format!("cursor={}", accounts[0].id);
    let wrong = [("email=nobody", "/email"), ("cursor=nonsense", "/cursor"), (&*id, "/cursor"), ("limit=0", "/limit")];
    for (query, pointer) in wrong {
        assert_eq!(operator.get(&format!("{ACCOUNTS}?{query}")).invalid_fields(), [pointer]);
    }
}

#[test]
fn an_operator_sees_what_an_account_has() {
    let server = started();
    let operator = server.client().bearer(OPERATOR);
    let account = Account::new(&server);
    let workspace = account.workspace();
    login(&server.client(), &account.email, PASSWORD).expect(200);
    let details = operator.get(&format!("{ACCOUNTS}/{}", account.id)).expect(200).json();
    assert_eq!(details["account"]["email"], account.email);
    assert_eq!(details["sessions"], 2);
    assert_eq!(
        (&details["workspaces"][0]["id"], &details["workspaces"][0]["role"]),
        (&workspace.into(), &"owner".into())
    );
    operator.get(&format!("{ACCOUNTS}/00000000-0000-7000-8000-000000000000")).problem(404, "user_not_found");
}

#[test]
fn a_disabled_account_is_out_at_once_until_it_is_enabled() {
    let server = started();
    let operator = server.client().bearer(OPERATOR);
    let account = Account::new(&server);
    let details = done(&operator, &account, "disable");
    assert_eq!((&details["account"]["is_active"], &details["sessions"]), (&Value::Bool(false), &0.into()));
    account.client.get("/api/v1/auth/me").expect(401);
    login(&server.client(), &account.email, PASSWORD).problem(401, "invalid_credentials");
    assert_eq!(done(&operator, &account, "disable")["account"]["is_active"], false, "again");
    assert_eq!(done(&operator, &account, "enable")["account"]["is_active"], true);
    login(&server.client(), &account.email, PASSWORD).expect(200);
}

#[test]
fn accounts_are_for_operators_alone() {
    let server = started();
    let account = Account::new(&server);
    server.client().get(ACCOUNTS).problem(401, "not_authenticated");
    account.client.get(&format!("{ACCOUNTS}/{}", account.id)).problem(403, "forbidden");
    let disable = format!("{ACCOUNTS}/{}/disable", account.id);
    account.client.send("POST", &disable, "application/json", "").problem(403, "forbidden");
    account.client.get("/api/v1/auth/me").expect(200);
}

#[test]
fn the_command_line_asks_the_running_server_or_the_files() {
    let setup = Setup::new();
    let mut server = Some(setup.start());
    let account = Account::new(server.as_ref().expect("it runs"));
    let workspace = account.workspace();
    let run = |words: &[&str]| {
        let (status, output, errors) = setup.run(words);
        assert!(status.success(), "{words:?}: {errors}");
        output
    };
    for _ in 0..2 {
        let listed = run(&["user", "list"]);
        assert!(listed.starts_with("address") && listed.contains(&account.email), "{listed}");
        let shown = run(&["user", "show", &account.email.to_uppercase()]);
        assert!(shown.contains("active") && shown.contains("owner"), "{shown}");
        let shown: Value = serde_json::from_str(&run(&["user", "show", "--json", &account.email])).expect("JSON");
        assert_eq!((&shown["account"]["id"], &shown["sessions"]), (&account.id.clone().into(), &1.into()));
        assert_eq!(shown["workspaces"][0]["id"], workspace);
        let (status, output, errors) = setup.run(&["user", "show", "nobody@example.com"]);
        assert_eq!((status.code(), output.as_str()), (Some(1), ""));
        assert!(errors.contains("nobody@example.com") && errors.contains("ghostworks user list"), "{errors}");
        // The second time around without a server.
        if let Some(server) = server.take() {
            server.stop();
        }
    }
    let server = setup.start();
    for word in ["is disabled", "is already disabled"] {
        assert_eq!(run(&["user", "disable", &account.email]), format!("The account {} {word}.\n", account.email));
    }
    server.client().bearer(&account.access).get("/api/v1/auth/me").expect(401);
    run(&["user", "enable", &account.email]);
    login(&server.client(), &account.email, PASSWORD).expect(200);
}
