//! One's own account in the console: name, address, a copy of everything, and the end.

use crate::support::account::{Account, PASSWORD, login};
use crate::support::browser::Browser;
use crate::support::server::Server;

const ACCOUNT: &str = "/console/account";

fn send(browser: &Browser, what: &str, fields: &[(&str, &str)]) -> crate::support::client::Reply {
    let page = browser.get(ACCOUNT).expect(200);
    browser.submit(&page, &format!("{ACCOUNT}/{what}"), fields)
}

#[test]
fn ones_name_and_address_change_with_the_password() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let browser = Browser::of(&server, &ann);
    let names = |password| [("first_name", "Ada"), ("last_name", "Lovelace"), ("current_password", password)];
    let wrong = send(&browser, "names", &names("Wrong-horse-7")).expect(422);
    assert!(wrong.body.contains("is not the current password"), "{}", wrong.body);
    assert!(send(&browser, "names", &names(PASSWORD)).expect(200).body.contains("Ada Lovelace"));
    assert_eq!(ann.client.get("/api/v1/auth/me").expect(200).json()["full_name"], "Ada Lovelace");

    let address = |new| [("new_email", new), ("current_password", PASSWORD)];
    assert!(send(&browser, "address", &address("nowhere")).expect(422).body.contains("must be an e-mail address"));
    assert!(send(&browser, "address", &address("ada@example.org")).expect(200).body.contains("on its way"));
}

#[test]
fn everything_about_oneself_is_taken_along_and_the_account_deleted() {
    let server = Server::shared();
    let (ann, bob) = (Account::new(&server), Account::new(&server));
    let browser = Browser::of(&server, &ann);
    send(&browser, "export", &[("current_password", "Wrong-horse-7")]).expect(422);
    let copy = send(&browser, "export", &[("current_password", PASSWORD)]).expect(200);
    assert_eq!(copy.header("content-disposition"), Some("attachment; filename=\"account.json\""));
    assert_eq!(copy.header("cache-control"), Some("no-store"));
    assert_eq!(copy.json()["account"]["email"], ann.email.as_str());

    let workspace = format!("/api/v1/workspaces/{}", ann.workspace());
    let delete = |heir| send(&browser, "delete", &[("current_password", PASSWORD), ("transfer_to", heir)]);
    let refused = delete("").expect(422);
    assert!(refused.body.contains("Nobody else owns A workspace"), "{}", refused.body);
    assert!(delete(&bob.email).expect(422).body.contains("must be the address of a member"));
    let member = serde_json::json!({"email": bob.email, "role": "member"});
    ann.client.post(&format!("{workspace}/members"), &member).expect(201);
    let gone = delete(&bob.email).expect(200);
    assert!(gone.body.contains("Your account is deleted") && gone.set_cookie("console").contains("Max-Age=0"));
    browser.get(ACCOUNT).expect(303);
    login(&server.client(), &ann.email, PASSWORD).problem(401, "invalid_credentials");
    assert_eq!(bob.client.get(&workspace).expect(200).json()["user_role"], "owner");
}
