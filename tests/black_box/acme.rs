//! A certificate from an authority, as far as none is needed: `.ci/acme` has a real one.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;

use crate::support::PATIENCE;
use crate::support::client::Client;
use crate::support::exposition::Exposition;
use crate::support::server::{Server, Setup};
use crate::support::tls::{Identity, Stream};

const OPERATOR: &str = "0123456789abcdefoperator";
/// Where nothing listens.
const DIRECTORY: &str = "https://127.0.0.1:1/directory";

/// A server for these domains, with an authority that is away, and the terms accepted.
fn setup(domains: &str) -> Setup {
    without_consent(domains).env("GHOSTWORKS__SERVER__ACME_ACCEPT_TERMS", "true")
}

fn without_consent(domains: &str) -> Setup {
    Setup::new()
        .env("ENVIRONMENT", "development")
        .env("GHOSTWORKS__SERVER__ACME_DOMAINS", domains)
        .env("GHOSTWORKS__SERVER__ACME_DIRECTORY", DIRECTORY)
        .env("GHOSTWORKS__SERVER__ACME_HTTP_LISTEN", "127.0.0.1:0")
        .env("GHOSTWORKS__SERVER__OPERATOR_LISTEN", "127.0.0.1:0")
        .env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR)
}

/// Where what is kept of the authority is.
fn kept(setup: &Setup) -> PathBuf {
    setup.data().join("acme/127.0.0.1-1-directory")
}

/// What a server says once it is ready, by the first word of each line.
struct Said(Vec<(String, String)>);

impl Said {
    fn by(server: &Server) -> Self {
        let mut said = Vec::new();
        while let Some(line) = server.next_stdout_line() {
            let (name, rest) = line.trim().split_once(' ').expect("a name and what it has");
            said.push((name.to_owned(), rest.trim().to_owned()));
            if name == "data" {
                break;
            }
        }
        Self(said)
    }

    fn of(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, rest)| rest.as_str())
    }

    fn client(&self, name: &str) -> Client {
        Client::new(self.of(name).expect("it says where"))
    }

    /// How the certificate does.
    fn certificate(&self) -> Value {
        let health = self.client("operator").bearer(OPERATOR).get("/health/detailed").expect(200).json();
        health["services"]["certificate"].clone()
    }
}

#[test]
fn nobody_gets_a_certificate_whose_authoritys_terms_were_not_accepted() {
    let refusal = without_consent("example.com").start_refused();
    for way in ["--accept-terms", "server.acme_accept_terms = true", DIRECTORY] {
        assert!(refusal.stderr.contains(way), "{}", refusal.stderr);
    }
    // Who has an account there has accepted them.
    let setup = without_consent("example.com");
    fs::create_dir_all(kept(&setup)).expect("a directory");
    fs::write(kept(&setup).join("account.json"), "{}").expect("a file");
    setup.start().stop();
}

#[test]
fn what_can_t_be_is_refused_with_the_setting() {
    for (name, value, setting) in [
        ("ACME_DOMAINS", "*.example.com", "server.acme_domains"),
        ("ACME_DIRECTORY", "http://example.com/directory", "server.acme_directory"),
        ("ACME_EMAIL", "nobody", "server.acme_email"),
        ("TLS_CERTIFICATE", "/nowhere/certificate.pem", "server.tls_key"),
        ("ACME_ROOT", "/nowhere/root.pem", "server.acme_root"),
    ] {
        let refusal = setup("example.com").env(&format!("GHOSTWORKS__SERVER__{name}"), value).start_refused();
        assert!(refusal.stderr.contains(setting), "{}", refusal.stderr);
    }
    let both = setup("example.com")
        .env("GHOSTWORKS__SERVER__TLS_CERTIFICATE", "/nowhere/certificate.pem")
        .env("GHOSTWORKS__SERVER__TLS_KEY", "/nowhere/key.pem")
        .start_refused();
    assert!(both.stderr.contains("files or from an authority"), "{}", both.stderr);
    let (status, _, errors) = setup("example.com").run(&["serve", "--domain", "https://example.com"]);
    assert_eq!(status.code(), Some(2), "{errors}");
    assert!(errors.contains("such as example.com"), "{errors}");
}

#[test]
fn who_looks_over_plain_http_is_sent_on_and_who_sends_something_is_not() {
    let setup = setup("example.com,www.example.com").env("GHOSTWORKS__SERVER__PUBLIC_URL", "https://example.com:8443");
    let server = setup.start();
    let plain = Said::by(&server).client("http");
    let asked = |host: &str| plain.with("Host", host);
    for (host, domain) in [
        ("example.com", "example.com"),
        ("WWW.example.com:80", "www.example.com"),
        ("elsewhere.example", "example.com"),
        ("192.0.2.1", "example.com"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = asked(host).call(method, "/api/v1/workspaces/?limit=5").expect(301);
            let place = format!("https://{domain}:8443/api/v1/workspaces/?limit=5");
            assert_eq!(answer.header("location"), Some(place.as_str()));
            assert_eq!(answer.header("strict-transport-security"), None, "that means nothing over plain HTTP");
        }
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = asked("example.com").send(method, "/api/v1/auth/login", "application/json", "{}");
        let problem = answer.problem(403, "https_required");
        assert_eq!(answer.header("location"), None);
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.contains("https://example.com:8443/api/v1/auth/login"), "{detail}");
    }
    asked("example.com").get("/.well-known/acme-challenge/token").problem(404, "not_found");
    server.stop();
}

#[test]
fn a_server_without_a_certificate_runs_and_says_what_it_waits_for() {
    let setup = setup("example.com");
    let server = setup.start();
    let said = Said::by(&server);
    let waits = said.of("waits").expect("it says so");
    assert!(waits.contains("example.com") && waits.contains(DIRECTORY), "{waits}");
    assert!(!Stream::is_trusted(&server, &Identity::new()));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let certificate = said.certificate();
        assert_eq!((&certificate["status"], &certificate["not_after"]), (&"degraded".into(), &Value::Null));
        let remedy = certificate["remedy"].as_str().expect("what to do");
        if remedy.contains("can't be reached") && remedy.contains("server.acme_directory") {
            assert!(certificate["next_attempt"].is_string() || certificate["next_attempt"].is_null());
            break;
        }
        assert!(Instant::now() < deadline, "{certificate}\n{}", server.stderr());
    }
    // Nobody was asked, so nothing keeps the next start from asking.
    assert!(!kept(&setup).join("attempts.json").exists());
    server.stop();
}

#[test]
fn a_certificate_that_is_good_is_used_without_asking_the_authority() {
    let setup = setup("localhost");
    let identity = Identity::new();
    fs::create_dir_all(kept(&setup)).expect("a directory");
    identity.write_whole(&kept(&setup).join("certificate.pem"));
    let server = setup.start();
    let said = Said::by(&server);
    assert_eq!(said.of("waits"), None);
    let mut stream = Stream::connect(&server, &identity, b"http/1.1");
    let answer = stream.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").read_answer();
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let end = Exposition::parse(body).sum("tls_certificate_not_after_timestamp_seconds", &[]);
    assert!(end.is_some_and(|end| end > 6e10), "{end:?}");
    let certificate = said.certificate();
    assert_eq!((&certificate["status"], &certificate["trouble"]), (&"healthy".into(), &Value::Null), "{certificate}");
    assert!(certificate["not_after"].as_str().expect("a time").starts_with("4096-"), "{certificate}");

    // Another is shown as soon as it is there, and no connection ends.
    let next = Identity::new();
    next.write_whole(&kept(&setup).join("certificate.pem"));
    let deadline = Instant::now() + PATIENCE;
    while !Stream::is_trusted(&server, &next) {
        assert!(Instant::now() < deadline, "the new certificate is not shown:\n{}", server.stderr());
    }
    let answer = stream.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").read_answer();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nstrict-transport-security: "), "{answer}");
    assert!(!server.stderr().contains("there is no new certificate"), "{}", server.stderr());
    server.stop();
}

#[test]
fn what_was_ordered_in_vain_is_not_ordered_again_after_a_restart() {
    let setup = setup("example.com");
    fs::create_dir_all(kept(&setup)).expect("a directory");
    let noted = r#"{"failures":3,"next":"2999-01-01T00:00:00Z"}"#;
    fs::write(kept(&setup).join("attempts.json"), noted).expect("a file");
    let server = setup.start();
    let said = Said::by(&server);
    let deadline = Instant::now() + PATIENCE;
    while said.certificate()["next_attempt"] != "2999-01-01T00:00:00Z" {
        assert!(Instant::now() < deadline, "{}", said.certificate());
    }
    assert!(!server.stderr().contains("there is no new certificate"), "{}", server.stderr());
    server.stop();
}
