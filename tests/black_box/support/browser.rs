//! A browser without a script: it keeps the console's cookie, and sends forms as the pages have them.

use super::account::{Account, PASSWORD};
use super::client::{Client, Reply};
use super::server::Server;

/// The type of forms.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A browser that someone is signed in with.
#[derive(Clone)]
pub struct Browser {
    client: Client,
}

impl Browser {
    /// One that nobody is signed in with.
    pub fn of_nobody(client: &Client) -> Self {
        Self { client: client.with("Accept", "text/html,*/*;q=0.8").with("Sec-Fetch-Site", "same-origin") }
    }

    /// Signs in to the console as an account.
    pub fn of(server: &Server, account: &Account) -> Self {
        let nobody = Self::of_nobody(&server.client());
        let reply = nobody.sign_in(&account.email, PASSWORD).expect(303);
        nobody.with_cookie(&reply)
    }

    /// Tries to sign in.
    pub fn sign_in(&self, email: &str, password: &str) -> Reply {
        self.send("/console/sign-in", &[("email", email), ("password", password)])
    }

    /// The same with the cookie that an answer sets.
    pub fn with_cookie(&self, reply: &Reply) -> Self {
        let pair = reply.set_cookie("console").split(';').next().expect("a pair").to_owned();
        Self { client: self.client.with("Cookie", &pair) }
    }

    /// What it sends requests with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A page.
    pub fn get(&self, path: &str) -> Reply {
        self.client.get(path)
    }

    /// Sends these fields.
    pub fn send(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.client.send("POST", path, FORM, encode(fields))
    }

    /// Fills in the form of a page that goes to `action`, and sends it: its hidden fields, and these.
    #[track_caller]
    pub fn submit(&self, page: &Reply, action: &str, fields: &[(&str, &str)]) -> Reply {
        let hidden = hidden_fields(page, action);
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        self.send(action, &all)
    }
}

/// The hidden fields of the form in a page that goes to `action`.
#[track_caller]
pub fn hidden_fields(page: &Reply, action: &str) -> Vec<(String, String)> {
    let (_, rest) = page.body.split_once(&format!(" action=\"{action}\"")).unwrap_or_else(|| {
        panic!("no form goes to {action}: {}", page.body);
    });
    let (form, _) = rest.split_once("</form>").expect("the end of the form");
    let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |input: &str| {
        let (name, rest) = input.split_once("\" value=\"").expect("a value");
        let (value, _) = rest.split_once('"').expect("its end");
        (unescape(name), unescape(value))
    };
    inputs.map(pair).collect()
}

/// The text of an attribute.
pub fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&amp;", "&")
}

fn encode(fields: &[(&str, &str)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A text as it is in a form, or in the query of a URL.
pub fn escape(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escaped).collect()
}
