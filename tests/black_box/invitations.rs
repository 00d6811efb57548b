//! Invitations: people come into workspaces by their own consent, and nobody learns who has an account.

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::{Client, Reply};
use crate::support::mail::{Mail, MailServer};
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::{Value, json};

const ACCEPT: &str = "/api/v1/auth/invitations/accept";
const ME: &str = "/api/v1/auth/me";

/// A server where people are asked, with a mail server.
fn asking() -> (MailServer, Setup) {
    let mail = MailServer::start();
    let setup =
        Setup::new().env("GHOSTWORKS__MEMBERS__DIRECT_ADD", "false").env("GHOSTWORKS__MAIL__SMTP_URL", mail.url());
    (mail, setup)
}

fn address() -> String {
    format!("{}@example.com", unique("guest"))
}

fn workspace(owner: &Account) -> String {
    format!("/api/v1/workspaces/{}", owner.workspace())
}

fn add(by: &Account, workspace: &str, email: &str, role: &str) -> Reply {
    by.client.post(&format!("{workspace}/members"), &json!({"email": email, "role": role}))
}

fn invite(by: &Account, workspace: &str, body: &Value) -> Reply {
    by.client.post(&format!("{workspace}/invitations"), body)
}

fn accept(client: &Client, token: &str) -> Reply {
    client.post(ACCEPT, &json!({"token": token}))
}

fn register(client: &Client, email: &str, invitation: &str) -> Reply {
    let body = json!({"email": email, "password": PASSWORD, "invitation": invitation});
    client.post("/api/v1/auth/register", &body)
}

fn members(by: &Account, workspace: &str) -> Vec<Value> {
    by.client.get(&format!("{workspace}/members")).expect(200).json().as_array().expect("members").clone()
}

/// The next e-mail that invites somebody.
fn invited(mail: &MailServer) -> Mail {
    std::iter::repeat_with(|| mail.next())
        .find(|mail| mail.line("Subject:") == "Subject: You are invited to a workspace")
        .expect("an invitation")
}

#[test]
fn s57_adding_somebody_answers_alike_with_an_account_and_without() {
    let (mail, setup) = asking();
    let server = setup.start();
    let (owner, known) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let mut told = Vec::new();
    for email in [known.email.clone(), address()] {
        let reply = add(&owner, &workspace, &email, "admin").expect(201);
        let mut body = reply.json();
        assert_eq!((&body["email"], &body["role"]), (&json!(email), &json!("admin")));
        assert_eq!(body["message"], "Member invited successfully");
        let id = text(&body["user_id"]);
        assert_ne!(id, known.id);
        let listed = members(&owner, &workspace).into_iter().find(|it| it["user_id"] == id).expect("it is listed");
        for (field, value) in [("user_email", json!(email)), ("is_active", json!(false)), ("role", json!("admin"))] {
            assert_eq!(listed[field], value, "{field}");
        }
        let message = invited(&mail);
        assert_eq!(message.to, email);
        let token = message.token();
        let lines = message.content.lines().map(|line| line.replace(&token, "…").replace(&email, "…"));
        let lines: Vec<String> =
            lines.filter(|line| !line.starts_with("Message-ID") && !line.starts_with("Date")).collect();
        for field in ["user_id", "email"] {
            body[field] = Value::Null;
        }
        told.push((reply.status, body, lines));
    }
    assert_eq!(told[0], told[1]);
    // Nothing has happened to the holder of the account.
    known.client.get(&workspace).problem(404, "workspace_not_found");
    assert_eq!(known.client.get("/api/v1/workspaces").expect(200).json(), json!([]));
    add(&owner, &workspace, &owner.email, "member").problem(409, "already_member");
}

#[test]
fn s57_nobody_is_ever_taken_to_a_workspace_that_somebody_else_put_them_into() {
    let server = Setup::new().env("GHOSTWORKS__MEMBERS__DIRECT_ADD", "true").start();
    let (eve, bob) = (Account::new(&server), Account::new(&server));
    let hers = workspace(&eve);
    let current = |client: &Client| client.get(ME).expect(200).json()["current_workspace"]["id"].clone();
    let sign_in = || {
        let tokens = login(&server.client(), &bob.email, PASSWORD).expect(200).json();
        server.client().bearer(&text(&tokens["access_token"]))
    };
    add(&eve, &hers, &bob.email, "owner").expect(201);
    assert_eq!(current(&bob.client), Value::Null);
    assert_eq!(current(&sign_in()), Value::Null);
    // Nor does she see from where he signs in.
    let audit = eve.client.get(&format!("{hers}/audit")).expect(200).json();
    let by_him = audit["items"].as_array().expect("items").iter().filter(|it| it["actor"]["user_id"] == bob.id);
    assert_eq!(by_him.count(), 0, "{audit}");
    let own = bob.workspace();
    assert_eq!(current(&sign_in()), own, "though hers is older");
    // Where he has gone himself, he is taken again.
    bob.client.delete(&format!("/api/v1/workspaces/{own}")).expect(204);
    assert_eq!(current(&sign_in()), Value::Null);
    sign_in().call("POST", &format!("{hers}/switch")).expect(200);
    assert_eq!(json!(hers), json!(format!("/api/v1/workspaces/{}", text(&current(&sign_in())))));
}

#[test]
fn who_accepts_is_a_member_and_the_invitation_goes_on_standing_for_them() {
    let (mail, setup) = asking();
    let server = setup.start();
    let (owner, guest, stranger) = (Account::new(&server), Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let id = text(&add(&owner, &workspace, &guest.email, "member").expect(201).json()["user_id"]);
    let role =
        |who: &Account, role: &str| who.client.put(&format!("{workspace}/members/{id}/role"), &json!({"role": role}));
    let changed = role(&owner, "admin").expect(200).json();
    assert_eq!(
        (&changed["old_role"], &changed["new_role"], &changed["user_id"]),
        (&json!("member"), &json!("admin"), &json!(id))
    );
    let token = invited(&mail).token();
    accept(&server.client(), &token).problem(401, "not_authenticated");
    let refused = accept(&stranger.client, &token).problem(403, "invitation_for_another");
    assert!(!refused.to_string().contains(&guest.email), "whom it is for, a stranger is not told: {refused}");
    assert_eq!(guest.client.get(ME).expect(200).json()["is_verified"], false);

    let joined = accept(&guest.client, &token).expect(200).json();
    assert_eq!((&joined["user_role"], &joined["member_count"]), (&json!("admin"), &json!(2)));
    let me = guest.client.get(ME).expect(200).json();
    assert_eq!((&me["is_verified"], &me["current_workspace"]["id"]), (&json!(true), &joined["id"]), "it came by mail");
    accept(&guest.client, &token).problem(400, "invalid_token");
    accept(&stranger.client, &token).problem(400, "invalid_token");
    let listed: Vec<Value> = members(&owner, &workspace).iter().map(|it| it["user_id"].clone()).collect();
    assert_eq!(listed, [json!(owner.id), json!(guest.id)], "once");

    assert_eq!(role(&owner, "owner").expect(200).json()["old_role"], "admin");
    role(&guest, "member").problem(400, "own_membership");
    guest.client.delete(&format!("{workspace}/members/{id}")).problem(400, "own_membership");
    assert_eq!(owner.client.delete(&format!("{workspace}/members/{id}")).expect(200).json()["user_id"], json!(id));
    guest.client.get(&workspace).problem(404, "workspace_not_found");
    owner.client.delete(&format!("{workspace}/members/{id}")).problem(404, "member_not_found");
    let actions = owner.client.get(&format!("{workspace}/audit")).expect(200).json();
    let actions: Vec<String> =
        actions["items"].as_array().expect("items").iter().map(|it| text(&it["action"])).collect();
    for action in
        ["invitation.made", "invitation.role_changed", "invitation.accepted", "member.added", "member.removed"]
    {
        assert!(actions.iter().any(|it| it == action), "{action}: {actions:?}");
    }
}

#[test]
fn who_was_invited_is_seen_by_admins_and_can_be_removed_by_owners() {
    let (mail, setup) = asking();
    let server = setup.start();
    let (owner, member) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    add(&owner, &workspace, &member.email, "member").expect(201);
    accept(&member.client, &invited(&mail).token()).expect(200);
    let email = address();
    let id = text(&add(&owner, &workspace, &email, "member").expect(201).json()["user_id"]);
    let token = invited(&mail).token();
    assert_eq!(members(&owner, &workspace).len(), 3);
    assert_eq!(members(&member, &workspace).len(), 2, "members see members");
    // Again, it is the same one, of which the newest mail is good.
    assert_eq!(add(&owner, &workspace, &email, "admin").expect(201).json()["user_id"], json!(id));
    let newest = invited(&mail).token();
    register(&server.client(), &email, &token).problem(400, "invalid_token");
    owner.client.delete(&format!("{workspace}/members/{id}")).expect(200);
    register(&server.client(), &email, &newest).problem(400, "invalid_token");
    assert_eq!(members(&owner, &workspace).len(), 2);
}

#[test]
fn s59_an_invitation_is_shown_once_and_never_kept() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let workspace = workspace(&owner);
    let keyed = owner.client.with("Idempotency-Key", &unique("key"));
    let body = json!({"role": "member"});
    let made = keyed.post(&format!("{workspace}/invitations"), &body).expect(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.json();
    let token = text(&made["token"]);
    assert!(text(&made["link"]).ends_with(&format!("/console/invitation?token={token}")), "{made}");
    let again = keyed.post(&format!("{workspace}/invitations"), &body).problem(409, "already_done");
    assert!(again.to_string().contains(&text(&made["id"])) && !again.to_string().contains(&token), "{again}");
    let list = owner.client.get(&format!("{workspace}/invitations")).expect(200).json();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!((&list[0]["id"], &list[0]["invited_by"]), (&made["id"], &json!(owner.id)));
    assert_eq!((&list[0]["email"], &list[0]["role"]), (&Value::Null, &json!("member")));
    assert!(!list.to_string().contains(&token) && text(&list[0]["expires_at"]).ends_with('Z'), "{list}");
}

#[test]
fn a_link_for_anybody_makes_one_member_and_no_more() {
    let server = Server::shared();
    let (owner, one, other) = (Account::new(&server), Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    let refused = invite(&owner, &workspace, &json!({"role": "admin"}));
    assert_eq!(refused.invalid_fields(), ["/role"]);
    let link = |body: &Value| text(&invite(&owner, &workspace, body).expect(201).json()["token"]);
    let token = link(&json!({"role": "member"}));
    accept(&owner.client, &token).problem(409, "already_member");
    let joined = accept(&one.client, &token).expect(200).json();
    assert_eq!(joined["user_role"], "member");
    assert_eq!(one.client.get(ME).expect(200).json()["is_verified"], false, "no mail proved anything");
    accept(&other.client, &token).problem(400, "invalid_token");
    // One that was handed over proves no address either, though it is bound to it.
    let bound = link(&json!({"email": other.email.to_uppercase(), "role": "admin"}));
    assert_eq!(accept(&other.client, &bound).expect(200).json()["user_role"], "admin");
    assert_eq!(other.client.get(ME).expect(200).json()["is_verified"], false);
    for token in ["", "none", &token[1..]] {
        accept(&other.client, token).problem(400, "invalid_token");
    }
}

#[test]
fn only_owners_invite_owners_and_what_somebody_made_ends_with_their_say() {
    let server = Server::shared();
    let (owner, admin, guest) = (Account::new(&server), Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    add(&owner, &workspace, &admin.email, "admin").expect(201);
    invite(&admin, &workspace, &json!({"email": address(), "role": "owner"})).problem(403, "forbidden");
    let email = address();
    let of_owner = invite(&owner, &workspace, &json!({"email": email, "role": "owner"})).expect(201).json();
    invite(&admin, &workspace, &json!({"email": email, "role": "member"})).problem(403, "forbidden");
    let path = format!("{workspace}/invitations/{}", text(&of_owner["id"]));
    admin.client.delete(&path).problem(403, "forbidden");
    owner.client.delete(&path).expect(204);
    owner.client.delete(&path).problem(404, "invitation_not_found");
    register(&server.client(), &email, &text(&of_owner["token"])).problem(400, "invalid_token");

    let of_admin = text(&invite(&admin, &workspace, &json!({"role": "member"})).expect(201).json()["token"]);
    owner.client.put(&format!("{workspace}/members/{}/role", admin.id), &json!({"role": "member"})).expect(200);
    accept(&guest.client, &of_admin).problem(400, "invalid_token");
    assert_eq!(owner.client.get(&format!("{workspace}/invitations")).expect(200).json(), json!([]));
}

#[test]
fn where_registration_is_by_invitation_a_good_one_is_needed() {
    let (mail, setup) = asking();
    let setup = setup
        .env("GHOSTWORKS__AUTH__REGISTRATION", "invite")
        .env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", "0123456789abcdef");
    let server = setup.start();
    let operator = server.client().bearer("0123456789abcdef");
    let founder = address();
    operator.post("/api/v1/auth/register", &json!({"email": founder, "password": PASSWORD})).expect(201);
    let tokens = login(&server.client(), &founder, PASSWORD).expect(200).json();
    let client = server.client().bearer(&text(&tokens["access_token"]));
    let body = json!({"name": "A workspace", "slug": unique("workspace")});
    let workspace =
        format!("/api/v1/workspaces/{}", text(&client.post("/api/v1/workspaces", &body).expect(201).json()["id"]));

    let email = address();
    crate::support::account::register(&server.client(), &email).problem(403, "registration_closed");
    register(&server.client(), &email, "none").problem(403, "registration_closed");
    client.post(&format!("{workspace}/members"), &json!({"email": email, "role": "admin"})).expect(201);
    let token = invited(&mail).token();
    register(&server.client(), &address(), &token).problem(403, "invitation_for_another");
    let registered = register(&server.client(), &email.to_uppercase(), &token).expect(201).json();
    assert_eq!((&registered["email"], &registered["verification_required"]), (&json!(email), &json!(false)));
    register(&server.client(), &address(), &token).problem(403, "registration_closed");
    let tokens = login(&server.client(), &email, PASSWORD).expect(200).json();
    let me = server.client().bearer(&text(&tokens["access_token"])).get(ME).expect(200).json();
    assert_eq!((&me["is_verified"], &me["current_workspace"]["role"]), (&json!(true), &json!("admin")));
    // By a link, for anyone who has it.
    let link = client.post(&format!("{workspace}/invitations"), &json!({"role": "member"})).expect(201).json();
    let registered = register(&server.client(), &address(), &text(&link["token"])).expect(201).json();
    assert_eq!(registered["verification_required"], true);
}

#[test]
fn where_registration_is_closed_an_invitation_brings_nobody_without_an_account() {
    let (mail, setup) = asking();
    let setup = setup.env("GHOSTWORKS__AUTH__REGISTRATION", "open");
    let server = setup.start();
    let (owner, guest) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    server.stop();
    let server = setup.env("GHOSTWORKS__AUTH__REGISTRATION", "closed").start();
    let client = |account: &Account| server.client().bearer(&account.access);
    let link = client(&owner).post(&format!("{workspace}/invitations"), &json!({"role": "member"})).expect(201).json();
    register(&server.client(), &address(), &text(&link["token"])).problem(403, "registration_closed");
    // Who could not come is sent nothing, and nobody is told so: the next mail is another one's.
    for email in [&address(), &guest.email] {
        client(&owner).post(&format!("{workspace}/members"), &json!({"email": email, "role": "member"})).expect(201);
    }
    let message = invited(&mail);
    assert_eq!(message.to, guest.email);
    accept(&client(&guest), &message.token()).expect(200);
}

#[test]
fn without_a_mail_server_people_are_invited_by_links() {
    let server = Setup::new().real_hashing().env("ENVIRONMENT", "production").start();
    let (owner, guest) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    add(&owner, &workspace, &guest.email, "member").problem(503, "mail_not_configured");
    add(&owner, &workspace, &address(), "member").problem(503, "mail_not_configured");
    assert_eq!(members(&owner, &workspace).len(), 1, "nobody waits for a mail that is never sent");
    let link = invite(&owner, &workspace, &json!({"email": guest.email, "role": "member"})).expect(201).json();
    accept(&guest.client, &text(&link["token"])).expect(200);
}

#[test]
fn a_deleted_person_is_invited_no_longer_and_learns_of_invitations_before() {
    let (mail, setup) = asking();
    let server = setup.start();
    let (owner, guest) = (Account::new(&server), Account::new(&server));
    let (first, second) = (workspace(&owner), workspace(&owner));
    for workspace in [&first, &second] {
        add(&owner, workspace, &guest.email, "member").expect(201);
    }
    let token = invited(&mail).token();
    let password = json!({"current_password": PASSWORD});
    let invitations =
        || guest.client.post("/api/v1/auth/me/export", &password).expect(200).json()["invitations"].clone();
    assert_eq!(invitations(), json!([]), "who has not proved the address is told nothing about it");
    accept(&guest.client, &token).expect(200);
    let told = invitations();
    assert_eq!(told.as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(members(&owner, &second).len(), 2);
    guest.client.post("/api/v1/auth/me/delete", &password).expect(200);
    for workspace in [&first, &second] {
        assert_eq!(members(&owner, workspace).len(), 1);
        let list = owner.client.get(&format!("{workspace}/invitations")).expect(200).json();
        assert_eq!(list, json!([]));
    }
}

#[test]
fn an_invitation_accepted_twice_under_a_key_is_accepted_once() {
    let (mail, setup) = asking();
    let server = setup.start();
    let (owner, guest) = (Account::new(&server), Account::new(&server));
    let workspace = workspace(&owner);
    add(&owner, &workspace, &guest.email, "member").expect(201);
    let (client, token) = (guest.client.with("Idempotency-Key", "accept-1"), invited(&mail).token());
    let first = accept(&client, &token).expect(200);
    let again = accept(&client, &token).expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    assert_eq!(members(&owner, &workspace).len(), 2);
}
