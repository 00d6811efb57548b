//! A thin HTTP client: every answer is a value, none an error.

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use super::PATIENCE;

/// Speaks to one server, as one caller.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A caller that is not signed in. `base` is a URL without a slash at its end.
    pub fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            // A server may close a connection after any answer, which a request on its way would run into.
            .max_idle_connections(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE));
        Self { agent: config.build().into(), base: base.to_owned(), headers: Vec::new() }
    }

    /// The same, with a header in every request.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same, with a bearer token.
    pub fn bearer(&self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// Sends a request without a body.
    pub fn call(&self, method: &str, path: &str) -> Reply {
        let request = self.request(method, path).body(()).expect("a valid request");
        self.agent.run(request).and_then(|answer| Reply::read(path, answer)).unwrap_or_else(|it| panic!("{path}: {it}"))
    }

    /// Sends a request with a body of the given type.
    pub fn send(&self, method: &str, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.try_send(method, path, content_type, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Like [`Self::send`], to a server that may go away.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Result<Reply, ureq::Error> {
        let request = self.request(method, path).header("Content-Type", content_type).body(body.into());
        self.agent.run(request.expect("a valid request")).and_then(|answer| Reply::read(path, answer))
    }

    /// `POST` without a body, for an answer that is no text: its status and its bytes.
    pub fn download(&self, path: &str) -> (u16, Vec<u8>) {
        let request = self.request("POST", path).body(()).expect("a valid request");
        let mut answer = self.agent.run(request).unwrap_or_else(|error| panic!("{path}: {error}"));
        let bytes = answer.body_mut().read_to_vec().unwrap_or_else(|error| panic!("{path}: {error}"));
        (answer.status().as_u16(), bytes)
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Reply {
        self.call("GET", path)
    }

    /// The items of a list that is read page by page, at most `limit` on each.
    pub fn pages(&self, path: &str, limit: usize) -> Vec<Value> {
        let first = format!("{path}{}limit={limit}", if path.contains('?') { '&' } else { '?' });
        let (mut all, mut next) = (Vec::new(), first.clone());
        loop {
            let page = self.get(&next).expect(200).json();
            let items = page["items"].as_array().expect("items").clone();
            assert!(items.len() <= limit, "{page}");
            all.extend(items);
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("{first}&cursor={cursor}"),
                None => return all,
            }
        }
    }

    /// `DELETE`.
    pub fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path)
    }

    /// `POST` with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, "application/json", body.to_string())
    }

    /// `PATCH` with a JSON body.
    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, "application/json", body.to_string())
    }

    /// `PUT` with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, "application/json", body.to_string())
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The path that was asked for, without its query.
    path: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Reply {
    fn read(path: &str, answer: ureq::http::Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let (head, mut body) = answer.into_parts();
        let body = body.read_to_string()?;
        let path = path.split('?').next().unwrap_or_default().to_owned();
        Ok(Self { path, status: head.status.as_u16(), headers: head.headers, body })
    }

    /// A header's value, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a printable header"))
    }

    /// The `Set-Cookie` header for the cookie called `name`.
    pub fn set_cookie(&self, name: &str) -> &str {
        let cookies =
            self.headers.get_all("set-cookie").into_iter().map(|value| value.to_str().expect("a printable header"));
        cookies.into_iter().find(|cookie| cookie.starts_with(&format!("{name}="))).expect("the cookie is set")
    }

    /// The same, after checking the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.path, self.body);
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.path, self.body))
    }

    /// The body of an error, after checking that it is a whole problem document with this status and code.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.path, self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        let problem = self.json();
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["instance"], self.path, "{problem}");
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"), "{problem}");
        for member in ["type", "title", "detail", "request_id"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {problem}");
        }
        problem
    }

    /// The pointers of a 422, after checking that it is one.
    #[track_caller]
    pub fn invalid_fields(&self) -> Vec<String> {
        let problem = self.problem(422, "validation_failed");
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no `errors` in {problem}"));
        assert!(errors.iter().all(|error| error["detail"].as_str().is_some_and(|it| !it.is_empty())), "{problem}");
        errors.iter().map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect()
    }
}
