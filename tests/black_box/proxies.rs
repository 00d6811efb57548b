//! Where a request comes from: the peer, or what a proxy of ours says.

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::client::Client;
use crate::support::otlp::Collector;
use crate::support::server::{Server, Setup};
use serde_json::json;

const FORGED: &str = "203.0.113.99";

/// How many logins from ever new pretended addresses are let through, of twenty.
fn logins_let_through(server: &Server) -> usize {
    let attempts = 0..20;
    let statuses = attempts.map(|number| {
        let client = server.client().with("X-Forwarded-For", &format!("203.0.113.{number}"));
        let client = client.with("Forwarded", &format!("for=203.0.113.{number}"));
        let client = client.with("X-Real-IP", &format!("203.0.113.{number}"));
        login(&client, &format!("nobody-{number}@example.com"), PASSWORD).status
    });
    statuses.filter(|status| *status == 401).count()
}

#[test]
fn s11_an_address_is_believed_of_a_configured_proxy_alone() {
    assert_eq!(logins_let_through(&Setup::new().rate_limited().start()), 5, "no proxy is configured");
    let elsewhere = Setup::new().rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8");
    assert_eq!(logins_let_through(&elsewhere.start()), 5, "the peer is not the proxy");
    let here = Setup::new().rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1/32");
    assert_eq!(logins_let_through(&here.start()), 20, "the peer is the proxy");
}

#[test]
fn s11_what_a_client_sent_to_the_proxy_is_passed_over() {
    let setup = Setup::new().rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8");
    let server = setup.start();
    for number in 0..6 {
        let chain = format!("203.0.113.{number}, 198.51.100.7, 10.0.0.2");
        let reply = login(&server.client().with("X-Forwarded-For", &chain), "nobody@example.com", PASSWORD);
        assert_eq!(reply.status, if number < 5 { 401 } else { 429 });
    }
}

#[test]
fn s41_hsts_is_sent_to_who_came_by_tls() {
    let behind = Setup::new().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start();
    let by_tls = behind.client().with("X-Forwarded-Proto", "https");
    for path in ["/health", "/nowhere", "/docs"] {
        assert_eq!(by_tls.get(path).header("strict-transport-security"), Some("max-age=31536000"), "{path}");
        assert_eq!(behind.client().get(path).header("strict-transport-security"), None, "{path}");
    }
    let alone = Setup::new().start();
    let pretended = alone.client().with("X-Forwarded-Proto", "https").get("/health");
    assert_eq!(pretended.header("strict-transport-security"), None);
}

#[test]
fn the_trace_tells_the_clients_address_and_scheme() {
    let collector = Collector::start();
    let setup = Setup::new().traces_to(&collector.endpoint());
    let server = setup.env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8").start();
    let client = server.client().with("X-Forwarded-For", FORGED).with("X-Forwarded-Proto", "https");
    let reply = client.post("/api/v1/auth/logout", &json!({})).expect(401);
    let trace = reply.header("traceresponse").and_then(|ids| ids.split('-').nth(1)).expect("a trace id");
    let span = collector.span(trace, "POST /api/v1/auth/logout");
    assert_eq!(span.attribute("client.address"), FORGED);
    assert_eq!(span.attribute("url.scheme"), "https");
}

/// Checks that everything that clients read leads to what is below `/gw`, and that the document names `at`.
fn is_served_below_gw(server: &Server, client: &Client, at: &str) {
    let browser = client.with("Accept", "text/html").get("/").expect(303);
    assert_eq!(browser.header("location"), Some("/gw/console"));
    let page = client.get("/console").expect(200).body;
    assert!(page.contains(" action=\"/gw/console/sign-in\"") && page.contains(" href=\"/gw/console/assets/"), "{page}");
    assert_eq!(client.get("/").expect(200).json()["docs"], "/gw/docs");
    assert_eq!(client.get("/openapi.json").expect(200).json()["servers"][0]["url"], at);
    assert!(client.get("/openapi.yaml").expect(200).body.contains(&format!("url: {at}\n")));

    let owner = Account::new(server);
    let tokens = login(client, &owner.email, PASSWORD).expect(200);
    assert!(tokens.set_cookie("access_token").contains("; Path=/gw/;"), "{:?}", tokens.headers);
    assert!(tokens.set_cookie("refresh_token").contains("; Path=/gw/api/v1/auth;"), "{:?}", tokens.headers);
    let client = client.bearer(&owner.access);
    let made: Vec<_> =
        (0..2).map(|_| client.post("/api/v1/workspaces", &json!({"name": "Below"})).expect(201)).collect();
    let workspace = format!("/api/v1/workspaces/{}", text(&made[0].json()["id"]));
    assert_eq!(made[0].header("location"), Some(format!("/gw{workspace}").as_str()));
    let page = client.get("/api/v1/workspaces?limit=1").expect(200);
    assert!(page.header("link").is_some_and(|link| link.starts_with("</gw/api/v1/workspaces?")), "{:?}", page.headers);
    let refused = client.get(&format!("{workspace}/artifacts?limit=x")).expect(400).json();
    assert_eq!(text(&refused["instance"]), format!("/gw{workspace}/artifacts"));
    let artifact = client.post(&format!("{workspace}/artifacts"), &json!({"name": "Anvil"})).expect(201);
    assert!(artifact.header("location").is_some_and(|it| it.starts_with("/gw/api/v1/")), "{:?}", artifact.headers);
}

#[test]
fn a_path_of_the_configured_public_url_is_in_all_that_clients_read() {
    let server = Setup::new().env("GHOSTWORKS__SERVER__PUBLIC_URL", "https://example.com/gw").start();
    is_served_below_gw(&server, &server.client(), "https://example.com/gw");
    let forged = server.client().with("X-Forwarded-Prefix", "/other");
    is_served_below_gw(&server, &forged, "https://example.com/gw");
    let registered = Account::new(&server);
    let link = "https://example.com/gw/console/verify-email?token=";
    server.until("writes the link", || server.stderr().contains(link));
    drop(registered);
}

#[test]
fn a_trusted_proxy_says_at_which_path_it_serves() {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8");
    let server = setup.start();
    is_served_below_gw(&server, &server.client().with("X-Forwarded-Prefix", "/gw"), "/gw");
    let plain = server.client().get("/").expect(200).json();
    assert_eq!(plain["docs"], "/docs");
    for prefix in ["//evil.example", "https://evil.example", "/a b", ".."] {
        assert_eq!(server.client().with("X-Forwarded-Prefix", prefix).get("/").expect(200).json()["docs"], "/docs");
    }
    let stranger = Setup::new().start();
    let pretended = stranger.client().with("X-Forwarded-Prefix", "/gw").get("/").expect(200).json();
    assert_eq!(pretended["docs"], "/docs");
}

#[test]
fn a_proxy_may_keep_the_path_that_it_serves_at() {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8");
    let (behind, public) =
        (setup.start(), Setup::new().env("GHOSTWORKS__SERVER__PUBLIC_URL", "https://example.com/gw").start());
    let told = behind.client().with("X-Forwarded-Prefix", "/gw");
    for client in [&told, &public.client()] {
        assert_eq!(client.get("/gw").expect(200).json()["docs"], "/gw/docs");
        assert_eq!(client.get("/gw/").expect(200).json()["docs"], "/gw/docs");
        for path in ["/gw/health", "/gw/docs", "/gw/openapi.json", "/gw/console", "/health"] {
            client.get(path).expect(200);
        }
        for path in ["/gw/gw/health", "/gwx/health", "/gw/nowhere"] {
            client.get(path).expect(404);
        }
    }
    behind.client().get("/gw/health").expect(404);
    let owner = Account::new(&public);
    let made = owner.client.post("/gw/api/v1/workspaces?x=/gw", &json!({"name": "Kept"})).expect(201);
    assert!(made.header("location").is_some_and(|it| it.starts_with("/gw/api/v1/workspaces/")), "{:?}", made.headers);
    // A path that begins like the place of the server is a path all the same.
    let api = Setup::new().env("GHOSTWORKS__SERVER__PUBLIC_URL", "https://example.com/api").start();
    for path in ["/api/v1/health", "/api/api/v1/health", "/api/health"] {
        api.client().get(path).expect(200);
    }
}

#[test]
fn a_page_is_of_the_host_that_the_proxy_was_asked_for() {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.0/8");
    let (behind, alone) = (setup.start(), Setup::new().start());
    let logout = |server: &Server, name: &str, value: &str| {
        let access = Account::new(server).access;
        let client = server.client().with("Cookie", &format!("access_token=\"Bearer {access}\""));
        let client = client.with("Origin", "https://example.com").with(name, value);
        client.post("/api/v1/workspaces", &json!({"name": "By cookie"})).status
    };
    for (name, value) in
        [("X-Forwarded-Host", "example.com"), ("Forwarded", "for=192.0.2.1;host=example.com;proto=https")]
    {
        assert_eq!(logout(&behind, name, value), 201, "{name}");
        assert_eq!(logout(&alone, name, value), 403, "{name}");
    }
    assert_eq!(logout(&behind, "X-Forwarded-Host", "example.org"), 403);
    assert_eq!(logout(&behind, "X-Forwarded-Host", "example.com:8443"), 403);
    let access = Account::new(&behind).access;
    let at_port = |origin: &str, port: &str| {
        let client =
            behind.client().with("Cookie", &format!("access_token=\"Bearer {access}\"")).with("Origin", origin);
        let client = client.with("X-Forwarded-Host", "example.com").with("X-Forwarded-Port", port);
        client.post("/api/v1/workspaces", &json!({"name": "By cookie"})).status
    };
    for (origin, port, status) in [
        ("https://example.com:8443", "8443", 201),
        ("https://example.com", "443", 201),
        ("https://example.com", "8443", 403),
        ("https://example.com:8443", "443", 403),
        ("https://example.com", "nonsense", 201),
    ] {
        assert_eq!(at_port(origin, port), status, "{origin} {port}");
    }
    let public = Setup::new().env("GHOSTWORKS__SERVER__PUBLIC_URL", "https://example.com").start();
    assert_eq!(logout(&public, "X-Forwarded-Host", "example.org"), 201);
}

#[test]
fn what_forwarded_says_of_the_client_counts() {
    let here = Setup::new().rate_limited().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.1/32").start();
    for number in 0..20 {
        let client = here.client().with("Forwarded", &format!("for=203.0.113.{number};proto=https"));
        assert_eq!(login(&client, &format!("nobody-{number}@example.com"), PASSWORD).status, 401, "{number}");
    }
}
