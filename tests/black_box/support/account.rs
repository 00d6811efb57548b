//! A registered and signed-in account, and what it makes.

use serde_json::{Value, json};

use super::client::{Client, Reply};
use super::server::Server;
use super::unique;

/// The password of every account the tests make.
pub const PASSWORD: &str = "Correct-horse-7";

/// Someone who is signed in.
pub struct Account {
    /// The account's id.
    pub id: String,
    /// Its address.
    pub email: String,
    /// Its access token.
    pub access: String,
    /// Its refresh token.
    pub refresh: String,
    /// Speaks to the server with the access token.
    pub client: Client,
}

impl Account {
    /// Registers an account with an address of its own, and signs in.
    pub fn new(server: &Server) -> Self {
        let email = format!("{}@example.com", unique("person"));
        let registered = register(&server.client(), &email).expect(201).json();
        let tokens = login(&server.client(), &email, PASSWORD).expect(200).json();
        let (access, refresh) = (text(&tokens["access_token"]), text(&tokens["refresh_token"]));
        let client = server.client().bearer(&access);
        Self { id: text(&registered["user_id"]), email, access, refresh, client }
    }

    /// Makes a workspace and returns its id.
    pub fn workspace(&self) -> String {
        let body = json!({"name": "A workspace", "slug": unique("workspace")});
        text(&self.client.post("/api/v1/workspaces/", &body).expect(201).json()["id"])
    }

    /// Makes a workspace and returns the path of its artifacts.
    pub fn artifacts(&self) -> String {
        format!("/api/v1/workspaces/{}/artifacts", self.workspace())
    }

    /// Makes an artifact and returns it.
    pub fn artifact(&self, artifacts: &str, body: &Value) -> Value {
        self.client.post(artifacts, body).expect(201).json()
    }
}

/// Registers `email` with the usual password.
pub fn register(client: &Client, email: &str) -> Reply {
    client.post("/api/v1/auth/register", &json!({"email": email, "password": PASSWORD}))
}

/// Signs in.
pub fn login(client: &Client, email: &str, password: &str) -> Reply {
    client.post("/api/v1/auth/login", &json!({"email": email, "password": password}))
}

/// The entity tags of these versions of the artifact at `path`, which is there, as an `If-Match` names them.
pub fn tags(client: &Client, path: &str, versions: &[u64]) -> String {
    let reply = client.get(path).expect(200);
    let (history, _) = reply.header("etag").expect("an ETag").split_once('-').expect("a history and a version");
    versions.iter().map(|version| format!("{history}-{version}\"")).collect::<Vec<_>>().join(", ")
}

/// A JSON string's text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}
