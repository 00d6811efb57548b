//! Who may do what in the console: every page, tried by everyone there is. A page without a row fails.

use crate::support::account::{Account, PASSWORD};
use crate::support::browser::Browser;
use crate::support::client::Reply;
use crate::support::server::Server;
use crate::support::tour::setup;
use serde_json::json;

use super::operate::operate;

/// Who a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Anyone,
    SignedIn,
    Members,
    Admins,
    Owners,
    Operators,
}

/// Every page of the console.
const MATRIX: &[(&str, For)] = &[
    ("GET /console", For::Anyone),
    ("POST /console/sign-in", For::Anyone),
    ("GET /console/register", For::Anyone),
    ("POST /console/register", For::Anyone),
    ("GET /console/verify-email", For::Anyone),
    ("POST /console/verify-email", For::Anyone),
    ("GET /console/forgot-password", For::Anyone),
    ("POST /console/forgot-password", For::Anyone),
    ("GET /console/reset-password", For::Anyone),
    ("POST /console/reset-password", For::Anyone),
    ("GET /console/invitation", For::Anyone),
    ("POST /console/invitation", For::SignedIn),
    ("GET /console/setup", For::Anyone),
    ("POST /console/setup", For::Anyone),
    ("POST /console/sign-out", For::SignedIn),
    ("GET /console/account", For::SignedIn),
    ("POST /console/account/password", For::SignedIn),
    ("POST /console/account/names", For::SignedIn),
    ("POST /console/account/address", For::SignedIn),
    ("POST /console/account/export", For::SignedIn),
    ("POST /console/account/delete", For::SignedIn),
    ("POST /console/account/end-others", For::SignedIn),
    ("POST /console/account/sessions/{session_id}/end", For::SignedIn),
    ("GET /console/find", For::SignedIn),
    ("GET /console/operate", For::Operators),
    ("GET /console/operate/traces", For::Operators),
    ("GET /console/operate/traces/{trace_id}", For::Operators),
    ("GET /console/operate/traces/{trace_id}/otlp", For::Operators),
    ("GET /console/operate/accounts", For::Operators),
    ("GET /console/operate/accounts/{user_id}", For::Operators),
    ("POST /console/operate/accounts/{user_id}/disable", For::Operators),
    ("POST /console/operate/accounts/{user_id}/enable", For::Operators),
    ("POST /console/operate/accounts/{user_id}/grant-operator", For::Operators),
    ("POST /console/operate/accounts/{user_id}/revoke-operator", For::Operators),
    ("GET /console/operate/storage", For::Operators),
    ("GET /console/operate/workspaces", For::Operators),
    ("GET /console/operate/workspaces/{workspace_id}", For::Operators),
    ("POST /console/operate/workspaces/{workspace_id}/suspend", For::Operators),
    ("POST /console/operate/workspaces/{workspace_id}/resume", For::Operators),
    ("POST /console/operate/workspaces/{workspace_id}/quotas", For::Operators),
    ("POST /console/operate/workspaces/{workspace_id}/delete", For::Operators),
    ("GET /console/operate/configuration", For::Operators),
    ("POST /console/operate/configuration/reload", For::Operators),
    ("GET /console/operate/log", For::Operators),
    ("POST /console/operate/log/level", For::Operators),
    ("GET /console/workspaces", For::SignedIn),
    ("POST /console/workspaces", For::SignedIn),
    ("GET /console/workspaces/{workspace_id}", For::Members),
    ("GET /console/workspaces/{workspace_id}/home", For::Members),
    ("GET /console/workspaces/{workspace_id}/settings", For::Admins),
    ("POST /console/workspaces/{workspace_id}/settings", For::Admins),
    ("POST /console/workspaces/{workspace_id}/delete", For::Owners),
    ("POST /console/workspaces/{workspace_id}/selection", For::Members),
    ("GET /console/workspaces/{workspace_id}/import", For::Members),
    ("POST /console/workspaces/{workspace_id}/import", For::Members),
    ("GET /console/workspaces/{workspace_id}/export", For::Members),
    ("GET /console/workspaces/{workspace_id}/tags", For::Members),
    ("GET /console/workspaces/{workspace_id}/trash", For::Members),
    ("GET /console/workspaces/{workspace_id}/members", For::Members),
    ("POST /console/workspaces/{workspace_id}/members", For::Admins),
    ("POST /console/workspaces/{workspace_id}/members/{user_id}/role", For::Owners),
    ("POST /console/workspaces/{workspace_id}/members/{user_id}/remove", For::Owners),
    ("POST /console/workspaces/{workspace_id}/invitations", For::Admins),
    ("POST /console/workspaces/{workspace_id}/invitations/{invitation_id}/revoke", For::Admins),
    ("POST /console/workspaces/{workspace_id}/leave", For::Members),
    ("POST /console/workspaces/{workspace_id}/transfer", For::Owners),
    ("GET /console/workspaces/{workspace_id}/api-keys", For::Admins),
    ("POST /console/workspaces/{workspace_id}/api-keys", For::Admins),
    ("POST /console/workspaces/{workspace_id}/api-keys/{key_id}/revoke", For::Admins),
    ("GET /console/workspaces/{workspace_id}/audit", For::Admins),
    ("GET /console/workspaces/{workspace_id}/traces", For::Admins),
    ("GET /console/workspaces/{workspace_id}/traces/{trace_id}", For::Admins),
    ("GET /console/workspaces/{workspace_id}/new", For::Members),
    ("POST /console/workspaces/{workspace_id}/new", For::Members),
    ("GET /console/workspaces/{workspace_id}/artifacts/{artifact_id}", For::Members),
    ("GET /console/workspaces/{workspace_id}/artifacts/{artifact_id}/edit", For::Members),
    ("POST /console/workspaces/{workspace_id}/artifacts/{artifact_id}/edit", For::Members),
    ("GET /console/workspaces/{workspace_id}/artifacts/{artifact_id}/history", For::Members),
    ("POST /console/workspaces/{workspace_id}/artifacts/{artifact_id}/history", For::Members),
    ("POST /console/workspaces/{workspace_id}/artifacts/{artifact_id}/delete", For::Members),
    ("POST /console/workspaces/{workspace_id}/artifacts/{artifact_id}/restore", For::Members),
    ("POST /console/workspaces/{workspace_id}/artifacts/{artifact_id}/purge", For::Admins),
];

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    Stranger,
    Member,
    Admin,
    Owner,
    /// An operator of the server, and a stranger to the workspace.
    Operator,
}

/// An id that nothing has.
const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

struct World {
    owner: Account,
    /// A member whom things are done to.
    victim: Account,
    /// An account that is nobody's.
    spare: Account,
    browser: Browser,
    workspace: String,
    artifact: String,
    /// The token of an invitation for anybody.
    invitation: String,
}

impl World {
    fn new(server: &Server, who: Who) -> Self {
        let (owner, other) = (Account::new(server), Account::new(server));
        let (victim, spare) = (Account::new(server), Account::new(server));
        let workspace = owner.workspace();
        let role = match who {
            Who::Member => Some("member"),
            Who::Admin => Some("admin"),
            Who::Nobody | Who::Stranger | Who::Owner | Who::Operator => None,
        };
        for (account, role) in [(&other, role), (&victim, Some("member"))] {
            let Some(role) = role else { continue };
            let members = format!("/api/v1/workspaces/{workspace}/members");
            owner.client.post(&members, &json!({"email": account.email, "role": role})).expect(201);
        }
        let artifacts = format!("/api/v1/workspaces/{workspace}/artifacts");
        let artifact = owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"].as_str().expect("an id").to_owned();
        let invitations = format!("/api/v1/workspaces/{workspace}/invitations");
        let invited = owner.client.post(&invitations, &json!({"role": "member"})).expect(201).json();
        let invitation = invited["token"].as_str().expect("a token").to_owned();
        if who == Who::Operator {
            operate(server, &other);
        }
        let browser = match who {
            Who::Nobody => Browser::of_nobody(&server.client()),
            Who::Owner => Browser::of(server, &owner),
            Who::Stranger | Who::Member | Who::Admin | Who::Operator => Browser::of(server, &other),
        };
        Self { owner, victim, spare, browser, workspace, artifact, invitation }
    }

    /// A trace of a request in the workspace.
    fn trace(&self) -> String {
        let path = format!("/api/v1/workspaces/{}/artifacts/{}", self.workspace, self.artifact);
        let reply = self.owner.client.get(&path).expect(200);
        reply.header("traceresponse").and_then(|ids| ids.split('-').nth(1)).expect("a trace").to_owned()
    }

    fn attempt(&self, row: &str) -> Reply {
        let (method, pattern) = row.split_once(' ').expect("a method and a path");
        let path = pattern.replace("{workspace_id}", &self.workspace).replace("{artifact_id}", &self.artifact);
        let path = path.replace("{trace_id}", &self.trace()).replace("{user_id}", &self.victim.id);
        let path = path.replace("{key_id}", NOWHERE).replace("{session_id}", NOWHERE);
        let path = path.replace("{invitation_id}", NOWHERE);
        if method == "GET" {
            return self.browser.get(&path);
        }
        let page = self.browser.get("/console/workspaces");
        let token = page.body.split_once("name=\"form_token\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        let token = token.map_or("none", |(token, _)| token);
        let selected = format!("{}.1", self.artifact);
        let fields = [
            ("form_token", token),
            ("form_key", "1"),
            ("name", "Bellows"),
            ("version", "1"),
            ("current", "1"),
            ("email", &self.spare.email),
            ("role", "member"),
            ("scope", "artifacts:read"),
            ("current_password", PASSWORD),
            ("new_password", "Another-horse-8"),
            ("selected", &selected),
            ("do", "tag"),
            ("tag", "forged"),
            ("confirmed", "A workspace"),
            ("token", &self.invitation),
            ("user_id", &self.victim.id),
            ("transfer_to", &self.victim.email),
            ("new_email", "another@example.com"),
        ];
        if pattern.ends_with("/import") {
            let field = |name: &str, value: &str| {
                format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            let file =
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{\"name\": \"Anvil\"}\r\n";
            let body = field("form_token", token) + &field("form_key", "1") + file + "--x--\r\n";
            return self.browser.client().send("POST", &path, "multipart/form-data; boundary=x", body);
        }
        self.browser.send(&path, &fields)
    }
}

/// The statuses that say no, if it is one.
fn refusals(whom: For, who: Who) -> Option<&'static [u16]> {
    match (whom, who) {
        (For::Anyone, _) => None,
        (_, Who::Nobody) => Some(&[303, 401]),
        (For::Operators, Who::Operator) => None,
        (For::Operators, _) => Some(&[403]),
        (For::Members | For::Admins | For::Owners, Who::Stranger | Who::Operator) => Some(&[404]),
        (For::Admins | For::Owners, Who::Member) | (For::Owners, Who::Admin) => Some(&[403]),
        _ => None,
    }
}

#[test]
fn s27_every_page_is_for_whom_the_matrix_says() {
    let server = setup().start();
    let pages = ghostworks::console::routes();
    let missing: Vec<&String> = pages.iter().filter(|page| !MATRIX.iter().any(|(row, _)| row == page)).collect();
    assert!(missing.is_empty(), "no row says whom these are for: {missing:?}");
    assert_eq!(pages.len(), MATRIX.len(), "the matrix has rows for pages that are not there");
    std::thread::scope(|scope| {
        for rows in MATRIX.chunks(MATRIX.len().div_ceil(4)) {
            let server = &server;
            scope.spawn(move || rows.iter().for_each(|(row, whom)| check(server, row, *whom)));
        }
    });
}

/// Tries a page as everyone, each in a world of their own.
fn check(server: &Server, row: &str, whom: For) {
    for who in [Who::Nobody, Who::Stranger, Who::Member, Who::Admin, Who::Owner, Who::Operator] {
        let reply = World::new(server, who).attempt(row);
        let name = format!("{row} as {who:?}: {} {}", reply.status, reply.body);
        match refusals(whom, who) {
            Some(statuses) => {
                assert!(statuses.contains(&reply.status), "{name}");
                let is_sent_in = reply.header("location").is_none_or(|place| place.starts_with("/console"));
                assert!(is_sent_in, "{name}");
            }
            // What is not good is refused for what it is.
            None if whom == For::Anyone => assert!([200, 303, 400, 401, 422].contains(&reply.status), "{name}"),
            None => assert!([200, 303].contains(&reply.status), "{name}"),
        }
    }
}
