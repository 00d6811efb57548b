//! The trace of a request: server span, business span, storage span, with the names and attributes of the contract.

use crate::support::account::{Account, PASSWORD, text};
use crate::support::client::{Client, Reply};
use crate::support::otlp::{Collector, Span};
use crate::support::server::{Server, Setup};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";
/// The span of the caller, in the requests that bring one.
const CALLER: &str = "b7ad6b7169203331";
const ARTIFACTS: &str = "/api/v1/workspaces/{workspace_id}/artifacts";
const ARTIFACT: &str = "/api/v1/workspaces/{workspace_id}/artifacts/{artifact_id}";

/// A server with a collector of its own.
struct Traced {
    collector: Collector,
    server: Server,
}

/// The three floors of a request's trace.
struct Floors {
    reply: Reply,
    server: Span,
    business: Span,
    storage: Vec<Span>,
}

impl Traced {
    fn start() -> Self {
        let collector = Collector::start();
        let server = Setup::new().traces_to(&collector.endpoint()).start();
        Self { collector, server }
    }

    /// Makes a call that continues a trace of its own, and waits for what is expected of that trace.
    fn floors(&self, client: &Client, route: &str, business: &str, call: impl FnOnce(&Client) -> Reply) -> Floors {
        let trace = format!("{:032x}", 0x0af7_6519_16cd_43dd_u128 << 64 | u128::from(fresh()));
        let reply = call(&client.with("traceparent", &format!("00-{trace}-{CALLER}-01")));
        assert!(reply.header("traceresponse").is_some_and(|it| it.contains(&trace)), "the caller is told the trace");
        let server = self.collector.span(&trace, route);
        let business = self.collector.span(&trace, business);
        let spans = self.collector.spans();
        let storage = spans.into_iter().filter(|span| span.trace == trace && span.parent == business.id).collect();
        Floors { reply, server, business, storage }
    }
}

/// A number that was not given before.
fn fresh() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

impl Floors {
    /// Checks how the floors stand on each other.
    #[track_caller]
    fn stand(&self) -> &Self {
        assert_eq!(self.server.kind, SpanKind::Server);
        assert_eq!(self.server.parent, CALLER, "the caller's trace is continued");
        assert_eq!(self.business.kind, SpanKind::Internal);
        assert_eq!(self.business.parent, self.server.id);
        for span in &self.storage {
            let (operation, table) = (span.attribute("db.operation.name"), span.attribute("db.collection.name"));
            assert_eq!(span.name, format!("{} {}", text(operation), text(table)));
            assert_eq!(span.kind, SpanKind::Internal, "{}", span.name);
            let system = if operation == "search" { "tantivy" } else { "redb" };
            assert_eq!(span.attribute("db.system.name"), system);
        }
        self
    }

    /// Checks that the business succeeded, for this caller in this workspace, and touched this table.
    #[track_caller]
    fn succeeded(&self, user: Option<&str>, tenant: Option<&str>, storage: &str) {
        self.stand();
        assert_eq!(self.business.attribute("operation.success"), true);
        assert!(!self.business.is_error && !self.server.is_error);
        assert_eq!(self.business.attribute("user.id"), &json!(user), "{}", self.business.name);
        assert_eq!(self.business.attribute("tenant.id"), &json!(tenant), "{}", self.business.name);
        let touched: Vec<&str> = self.storage.iter().map(|span| span.name.as_str()).collect();
        assert!(touched.contains(&storage), "{storage} is not among {touched:?}");
    }

    /// Checks that the business failed and says why, while the server is not to blame.
    #[track_caller]
    fn failed(&self) {
        self.stand();
        assert_eq!(self.business.attribute("operation.success"), false);
        assert!(self.business.is_error && !self.server.is_error);
        assert!(!text(self.business.attribute("error.message")).is_empty());
        assert_eq!(self.business.status_message, text(self.business.attribute("error.message")));
    }
}

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

#[test]
fn signing_up_and_in_is_traced() {
    let traced = Traced::start();
    let client = traced.server.client();
    let email = "ann@example.com";
    let floors = traced.floors(&client, "POST /api/v1/auth/register", "auth.register", |client| {
        client.post("/api/v1/auth/register", &credentials(email, PASSWORD)).expect(201)
    });
    let user = text(&floors.reply.json()["user_id"]);
    floors.succeeded(Some(&user), None, "insert users");

    let floors = traced.floors(&client, "POST /api/v1/auth/login", "auth.login", |client| {
        client.post("/api/v1/auth/login", &credentials(email, PASSWORD)).expect(200)
    });
    floors.succeeded(Some(&user), None, "insert sessions");
    assert_eq!(floors.business.attribute("auth.method"), "password");

    let refresh = json!({"refresh_token": floors.reply.json()["refresh_token"]});
    let floors = traced.floors(&client, "POST /api/v1/auth/refresh", "auth.refresh", |client| {
        client.post("/api/v1/auth/refresh", &refresh).expect(200)
    });
    floors.succeeded(Some(&user), None, "update sessions");
    assert_eq!(floors.business.attribute("auth.method"), "refresh");

    let client = client.bearer(&text(&floors.reply.json()["access_token"]));
    traced
        .floors(&client, "POST /api/v1/auth/logout", "auth.logout", |client| {
            client.call("POST", "/api/v1/auth/logout").expect(200)
        })
        .succeeded(Some(&user), None, "delete sessions");
}

#[test]
fn failing_to_sign_up_or_in_is_traced_with_its_kind() {
    let traced = Traced::start();
    let account = Account::new(&traced.server);
    let client = traced.server.client();
    for (password, email, kind) in
        [("Wrong-horse-7", account.email.as_str(), "wrong_password"), (PASSWORD, "nobody@example.com", "unknown_user")]
    {
        let floors = traced.floors(&client, "POST /api/v1/auth/login", "auth.login", |client| {
            client.post("/api/v1/auth/login", &credentials(email, password)).expect(401)
        });
        floors.failed();
        assert_eq!(floors.business.attribute("error.type"), kind);
    }
    let floors = traced.floors(&client, "POST /api/v1/auth/register", "auth.register", |client| {
        client.post("/api/v1/auth/register", &credentials(&account.email, PASSWORD)).expect(409)
    });
    floors.failed();
    let floors = traced.floors(&client, "POST /api/v1/auth/register", "auth.register", |client| {
        client.post("/api/v1/auth/register", &credentials("other@example.com", "weak")).expect(422)
    });
    floors.failed();
    let floors = traced.floors(&client, "POST /api/v1/auth/refresh", "auth.refresh", |client| {
        client.post("/api/v1/auth/refresh", &json!({"refresh_token": "garbage"})).expect(401)
    });
    floors.failed();
}

#[test]
fn workspaces_are_traced() {
    let traced = Traced::start();
    let owner = Account::new(&traced.server);
    let path = "/api/v1/workspaces";
    let floors = traced.floors(&owner.client, &format!("POST {path}"), "workspace.create", |client| {
        client.post(path, &json!({"name": "Acme", "slug": "acme"})).expect(201)
    });
    let tenant = text(&floors.reply.json()["id"]);
    floors.succeeded(Some(&owner.id), Some(&tenant), "insert workspaces");
    traced
        .floors(&owner.client, &format!("GET {path}"), "workspace.list", |client| client.get(path).expect(200))
        .succeeded(Some(&owner.id), None, "list workspaces");
    traced
        .floors(&owner.client, &format!("GET {path}/{{workspace_id}}"), "workspace.get", |client| {
            client.get(&format!("{path}/{tenant}")).expect(200)
        })
        .succeeded(Some(&owner.id), Some(&tenant), "get workspaces");
    traced
        .floors(&owner.client, &format!("POST {path}"), "workspace.create", |client| {
            client.post(path, &json!({"name": "Acme", "slug": "acme"})).expect(409)
        })
        .failed();
    traced
        .floors(&owner.client, &format!("GET {path}/{{workspace_id}}"), "workspace.get", |client| {
            client.get(&format!("{path}/{NOWHERE}")).expect(404)
        })
        .failed();
}

#[test]
fn artifacts_are_traced() {
    let traced = Traced::start();
    let owner = Account::new(&traced.server);
    let tenant = owner.workspace();
    let artifacts = format!("/api/v1/workspaces/{tenant}/artifacts");
    let (user, workspace) = (Some(owner.id.as_str()), Some(tenant.as_str()));
    let call = |method: &str, business: &str, call: &dyn Fn(&Client) -> Reply| {
        let route = if ["artifact.create", "artifact.list"].contains(&business) { ARTIFACTS } else { ARTIFACT };
        traced.floors(&owner.client, &format!("{method} {route}"), business, call)
    };
    let create = call("POST", "artifact.create", &|client| client.post(&artifacts, &json!({"name": "n"})).expect(201));
    create.succeeded(user, workspace, "insert artifacts");
    let write = create.storage.iter().find(|span| span.name == "insert artifacts").expect("checked");
    for figure in ["queue_seconds", "commit_seconds", "group_size"] {
        let attribute = write.attribute(&format!("ghostworks.storage.{figure}"));
        assert!(attribute.as_f64().is_some_and(|it| it >= 0.0), "{figure}: {attribute}");
    }

    let id = text(&create.reply.json()["id"]);
    let path = format!("{artifacts}/{id}");
    call("GET", "artifact.get", &|client| client.get(&path).expect(200)).succeeded(user, workspace, "get artifacts");
    call("PUT", "artifact.update", &|client| client.put(&path, &json!({"name": "m"})).expect(200)).succeeded(
        user,
        workspace,
        "update artifacts",
    );
    call("PATCH", "artifact.update", &|client| client.patch(&path, &json!({"name": "o"})).expect(200)).succeeded(
        user,
        workspace,
        "update artifacts",
    );
    call("DELETE", "artifact.delete", &|client| client.delete(&path).expect(204)).succeeded(
        user,
        workspace,
        "delete artifacts",
    );

    call("GET", "artifact.get", &|client| client.get(&path).expect(404)).failed();
    call("PATCH", "artifact.update", &|client| client.patch(&path, &json!({"name": "m"})).expect(404)).failed();
    call("DELETE", "artifact.delete", &|client| client.delete(&path).expect(404)).failed();
    call("POST", "artifact.create", &|client| client.post(&artifacts, &json!({"name": "<"})).expect(422)).failed();
    let foreign = format!("/api/v1/workspaces/{NOWHERE}/artifacts");
    call("GET", "artifact.list", &|client| client.get(&foreign).expect(404)).failed();
}

#[test]
fn a_listing_tells_what_was_asked_for_but_not_its_words() {
    let traced = Traced::start();
    let owner = Account::new(&traced.server);
    let tenant = owner.workspace();
    let artifacts = format!("/api/v1/workspaces/{tenant}/artifacts");
    for name in ["budget one", "budget two", "else"] {
        owner.artifact(&artifacts, &json!({"name": name, "tags": ["red"]}));
    }
    let floors = traced.floors(&owner.client, &format!("GET {ARTIFACTS}"), "artifact.search", |client| {
        client.get(&format!("{artifacts}?q=budget&tags=red,blue&limit=1&offset=1")).expect(200)
    });
    floors.succeeded(Some(&owner.id), Some(&tenant), "search artifacts");
    floors.succeeded(Some(&owner.id), Some(&tenant), "get artifacts");
    let list = &floors.business;
    for (attribute, value) in [
        ("artifact.query.present", json!(true)),
        ("artifact.query.length", json!(6)),
        ("artifact.tag_count", json!(2)),
        ("artifact.sort", json!("relevance")),
        ("artifact.limit", json!(1)),
        ("artifact.offset", json!(1)),
        ("artifact.result_count", json!(1)),
        ("artifact.total", json!(2)),
    ] {
        assert_eq!(list.attribute(attribute), &value, "{attribute}");
    }
    assert!(!format!("{:?}", [&floors.server, list]).contains("budget"), "the words stay private");
    let rows = floors.storage.iter().find(|span| span.name == "get artifacts").expect("checked");
    assert_eq!(rows.attribute("db.response.returned_rows"), 1);
}

#[test]
fn the_server_span_follows_the_conventions() {
    let traced = Traced::start();
    let client = traced.server.client().with("User-Agent", "tests/1.0");
    let floors = traced.floors(&client, "POST /api/v1/auth/login", "auth.login", |client| {
        client.post("/api/v1/auth/login?x=secret-query", &credentials("nobody@example.com", PASSWORD)).expect(401)
    });
    for (attribute, value) in [
        ("http.request.method", json!("POST")),
        ("url.path", json!("/api/v1/auth/login")),
        ("url.scheme", json!("http")),
        ("http.route", json!("/api/v1/auth/login")),
        ("http.response.status_code", json!(401)),
        ("server.address", json!("127.0.0.1")),
        ("server.port", json!(traced.server.address().port())),
        ("client.address", json!("127.0.0.1")),
        ("network.protocol.version", json!("1.1")),
        ("user_agent.original", json!("tests/1.0")),
    ] {
        assert_eq!(floors.server.attribute(attribute), &value, "{attribute}");
    }
    assert!(!floors.server.is_error, "a 4xx is the caller's");
}

#[test]
fn requests_without_a_route_are_traced_too() {
    let traced = Traced::start();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let client = traced.server.client().with("traceparent", &format!("00-{trace}-{CALLER}-01"));
    client.call("BREW", "/nowhere/at/all").expect(404);
    let span = traced.collector.wait_for("its span", |spans| spans.iter().find(|span| span.trace == trace).cloned());
    assert_eq!(span.name, "HTTP", "neither a path nor an unknown method is a name");
    assert_eq!(span.attribute("http.request.method"), "_OTHER");
    assert_eq!(span.attribute("http.route"), &Value::Null);
    assert_eq!(span.attribute("http.response.status_code"), 404);
}

#[test]
fn a_request_without_a_caller_starts_a_trace() {
    let traced = Traced::start();
    for nonsense in [None, Some("00-00000000000000000000000000000000-0000000000000000-01"), Some("nonsense")] {
        let client = traced.server.client();
        let client = nonsense.map_or(client.clone(), |header| client.with("traceparent", header));
        let reply = client.get("/api/v1/auth/me").expect(401);
        let told = reply.header("traceresponse").expect("a trace").to_owned();
        let span = traced.collector.span(told.split('-').nth(1).expect("an id"), "GET /api/v1/auth/me");
        assert_eq!(span.parent, "");
    }
}

#[test]
fn the_resource_says_who_sends() {
    let collector = Collector::start();
    let server = Setup::new()
        .traces_to(&collector.endpoint())
        .env("ENVIRONMENT", "staging")
        .env("OTEL_RESOURCE_ATTRIBUTES", "team=catalog,rack=7")
        .real_hashing()
        .start();
    server.client().get("/livez").expect(200);
    let span = collector.wait_for("any span", |spans| spans.first().cloned());
    for (attribute, value) in [
        ("service.name", "ghostworks-api"),
        ("service.namespace", "ghostworks"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("deployment.environment.name", "staging"),
        ("deployment.environment", "staging"),
        ("telemetry.sdk.language", "rust"),
        ("team", "catalog"),
        ("rack", "7"),
    ] {
        assert_eq!(span.resource.get(attribute), Some(&json!(value)), "{attribute}");
    }
    for attribute in ["service.instance.id", "host.name", "process.pid", "telemetry.sdk.version"] {
        assert!(span.resource.contains_key(attribute), "{attribute}");
    }
}

#[test]
fn s42_no_span_and_no_log_line_has_a_secret() {
    let traced = Traced::start();
    let account = Account::new(&traced.server);
    account.artifacts();
    let refresh = json!({"refresh_token": account.refresh});
    let tokens = traced.server.client().post("/api/v1/auth/refresh", &refresh).expect(200).json();
    traced.server.client().post("/api/v1/auth/register", &credentials(&account.email, PASSWORD)).expect(409);
    traced.server.client().post("/api/v1/auth/login", &credentials(&account.email, "Wrong-horse-7")).expect(401);
    account.client.call("POST", "/api/v1/auth/logout").expect(200);
    traced.collector.wait_for("auth.logout", |spans| spans.iter().find(|span| span.name == "auth.logout").map(drop));

    let exported = format!("{:?}", traced.collector.spans());
    let logged = traced.server.stderr();
    let new = [text(&tokens["access_token"]), text(&tokens["refresh_token"])];
    let secrets = [&account.email, &account.access, &account.refresh, &new[0], &new[1]];
    for secret in secrets.into_iter().map(String::as_str).chain([PASSWORD, "Wrong-horse-7", "@example.com"]) {
        assert!(!exported.contains(secret), "{secret} in a span");
        assert!(!logged.contains(secret), "{secret} in the log");
    }
    assert!(exported.contains(&account.id), "ids are no secret");
}

#[test]
fn nothing_the_exporter_does_is_traced() {
    let traced = Traced::start();
    for _ in 0..3 {
        traced.server.client().get("/livez").expect(200);
        let Traced { collector, .. } = &traced;
        let seen = collector.spans().len();
        collector.wait_for("another export", |spans| (spans.len() > seen).then_some(()));
    }
    let foreign: Vec<String> =
        traced.collector.spans().into_iter().map(|span| span.name).filter(|name| name != "GET /livez").collect();
    assert_eq!(foreign, Vec::<String>::new());
}

#[test]
fn a_line_of_the_log_names_its_trace_in_either_format() {
    for format in ["json", "pretty"] {
        let server = Setup::new().env("GHOSTWORKS__LOG__FORMAT", format).start();
        let told = server.client().get("/livez").expect(200).header("traceresponse").expect("a trace").to_owned();
        let ids: Vec<&str> = told.split('-').collect();
        let deadline = std::time::Instant::now() + crate::support::PATIENCE;
        let line = loop {
            if let Some(line) = server.stderr().lines().find(|line| line.contains(ids[1])) {
                break line.to_owned();
            }
            assert!(std::time::Instant::now() < deadline, "{format}: {}", server.stderr());
        };
        assert!(line.contains("/livez") && line.contains(ids[2]), "{format}: {line}");
    }
}
