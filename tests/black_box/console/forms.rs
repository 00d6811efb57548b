//! Forms: from here alone, once, and with nothing lost.

use super::led_to;
use crate::support::account::{Account, PASSWORD, text};
use crate::support::browser::{Browser, FORM, hidden_fields};
use crate::support::server::Server;
use serde_json::json;

#[test]
fn s64_a_form_must_come_from_a_page_of_this_server() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let signed_in = Browser::of_nobody(&server.client()).sign_in(&ann.email, PASSWORD);
    let cookie = signed_in.set_cookie("console").split(';').next().expect("a pair").to_owned();
    let host = server.address().to_string();
    let client = server.client().with("Cookie", &cookie);
    let token = {
        let page = client.get("/console/workspaces").expect(200);
        hidden_fields(&page, "/console/sign-out")[0].1.clone()
    };
    let create = |headers: &[(&str, &str)], token: &str| {
        let client = headers.iter().fold(client.clone(), |client, (name, value)| client.with(name, value));
        client.send("POST", "/console/workspaces", FORM, format!("name=Acme&form_token={token}&form_key=1")).status
    };
    for headers in [
        &[][..],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", "null")],
        &[("Origin", "https://evil.example")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", &format!("http://{host}"))],
    ] {
        assert_eq!(create(headers, &token), 403, "{headers:?}");
    }
    let own = [("Sec-Fetch-Site", "same-origin")];
    for wrong in ["", "x", &token[1..], &format!("{token}A")] {
        assert_eq!(create(&own, wrong), 403, "{wrong}");
    }
    let another = Browser::of(&server, &ann).get("/console/workspaces");
    assert_eq!(create(&own, &hidden_fields(&another, "/console/sign-out")[0].1), 403, "the token of another session");
    assert_eq!(ann.client.get("/api/v1/workspaces").expect(200).json(), json!([]), "nothing was done");

    assert_eq!(create(&own, &token), 303);
    assert_eq!(create(&[("Origin", &format!("http://{host}"))], &token), 303, "an older browser");
    for headers in [&[][..], &[("Origin", "https://evil.example")]] {
        let client = headers.iter().fold(server.client(), |client, (name, value)| client.with(name, value));
        let body = format!("email={}&password={PASSWORD}", ann.email.replace('@', "%40"));
        assert_eq!(client.send("POST", "/console/sign-in", FORM, body).status, 403, "{headers:?}");
    }
}

#[test]
fn what_is_no_form_is_refused() {
    let server = Server::shared();
    let browser = Browser::of(&server, &Account::new(&server));
    let reply = browser.client().send("POST", "/console/workspaces", "application/json", "{}").expect(415);
    assert!(reply.body.contains("<h1>"), "{}", reply.body);
}

#[test]
fn a_form_that_is_sent_twice_is_done_once() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let browser = Browser::of(&server, &ann);
    let page = browser.get("/console/workspaces").expect(200);
    let create = |name: &str| led_to(&browser.submit(&page, "/console/workspaces", &[("name", name)]));
    let first = create("Acme");
    assert_eq!(create("Acme"), first, "a page that was loaded again");
    assert_ne!(create("Other"), first, "gone back, and changed");

    let new = format!("{first}/new");
    let page = browser.get(&new).expect(200);
    let places: Vec<String> = std::thread::scope(|scope| {
        let send = || led_to(&browser.submit(&page, &new, &[("name", "Anvil")]));
        let clicks: Vec<_> = (0..4).map(|_| scope.spawn(send)).collect();
        clicks.into_iter().map(|click| click.join().expect("an answer")).collect()
    });
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    let workspace = first.rsplit('/').next().expect("an id");
    let list = ann.client.get(&format!("/api/v1/workspaces/{workspace}/artifacts")).expect(200).json();
    assert_eq!(list["total"], 1);
}

#[test]
fn a_session_that_ends_in_the_middle_loses_no_text() {
    let server = Server::shared();
    let ann = Account::new(&server);
    let browser = Browser::of(&server, &ann);
    let (workspace, typed) = (ann.workspace(), "Two lines,\n<b>and</b> \"quotes\" & more");
    let new = format!("/console/workspaces/{workspace}/new");
    let page = browser.get(&new).expect(200);
    ann.client.delete("/api/v1/auth/sessions").expect(200);

    let fields = [("name", "Anvil"), ("description", typed), ("tags", "a, b")];
    let entry = browser.submit(&page, &new, &fields).expect(401);
    assert!(entry.body.contains("Your session has ended"), "{}", entry.body);
    let nobody = Browser::of_nobody(&server.client());
    let again = [("email", ann.email.as_str()), ("password", "Wrong-horse-7")];
    let entry = nobody.submit(&entry, "/console/sign-in", &again).expect(401);
    let again = [("email", ann.email.as_str()), ("password", PASSWORD)];
    let waiting = nobody.submit(&entry, "/console/sign-in", &again).expect(200);
    assert!(waiting.body.contains("Send it now"), "{}", waiting.body);
    let place = led_to(&nobody.with_cookie(&waiting).submit(&waiting, &new, &[]));
    let id = place.rsplit('/').next().expect("an id");
    let artifact = ann.client.get(&format!("/api/v1/workspaces/{workspace}/artifacts/{id}")).expect(200).json();
    assert_eq!((text(&artifact["description"]).as_str(), &artifact["tags"]), (typed, &json!(["a", "b"])));
}
