//! Who may register.

use crate::support::account::{PASSWORD, login, register};
use crate::support::server::Setup;
use crate::support::unique;

const OPERATOR: &str = "0123456789abcdefoperator";

fn registration(mode: &str) -> Setup {
    Setup::new().env("GHOSTWORKS__AUTH__REGISTRATION", mode).env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR)
}

fn address(domain: &str) -> String {
    format!("{}@{domain}", unique("someone"))
}

#[test]
fn where_registration_is_closed_only_operators_make_accounts() {
    let server = registration("closed").start();
    let problem = register(&server.client(), &address("example.com")).problem(403, "registration_closed");
    assert!(problem["detail"].as_str().expect("a sentence").contains("ask the operator"), "{problem}");
    let stranger = server.client().bearer("0123456789abcdefnobody");
    register(&stranger, &address("example.com")).problem(403, "registration_closed");
    let unfit = serde_json::json!({"email": "nobody", "password": "short"});
    server.client().post("/api/v1/auth/register", &unfit).problem(403, "registration_closed");
    let email = address("example.com");
    register(&server.client().bearer(OPERATOR), &email).expect(201);
    login(&server.client(), &email, PASSWORD).expect(200);
    // Whether an address has an account is nobody's business.
    register(&server.client(), &email).problem(403, "registration_closed");
}

#[test]
fn where_registration_is_for_domains_other_addresses_are_refused_with_the_domains() {
    let server =
        registration("domains").env("GHOSTWORKS__AUTH__REGISTRATION_DOMAINS", "Example.com, bücher.example").start();
    for domain in ["example.com", "EXAMPLE.com", "xn--bcher-kva.example"] {
        register(&server.client(), &address(domain)).expect(201);
    }
    for domain in ["example.org", "sub.example.com"] {
        let problem = register(&server.client(), &address(domain)).problem(403, "registration_closed");
        assert!(problem["detail"].as_str().expect("a sentence").contains("example.com"), "{problem}");
    }
    register(&server.client().bearer(OPERATOR), &address("example.org")).expect(201);
}

#[test]
fn who_may_register_is_configured_whole() {
    let refusal = registration("domains").start_refused();
    assert!(refusal.stderr.contains("auth.registration_domains"), "{}", refusal.stderr);
    let unused = registration("open").env("GHOSTWORKS__AUTH__REGISTRATION_DOMAINS", "example.com").start_refused();
    assert!(unused.stderr.contains("auth.registration_domains"), "{}", unused.stderr);
    let unknown = registration("nobody").start_refused();
    assert!(unknown.stderr.contains("closed"), "{}", unknown.stderr);
}

#[test]
fn a_server_that_anyone_may_register_at_says_so_outside_development() {
    let said = "anyone may register here";
    let production = |mode| registration(mode).real_hashing().env("ENVIRONMENT", "production").start();
    let (open, closed) = (production("open"), production("closed"));
    open.until("the line is written", || open.stderr().contains(said));
    assert!(!closed.stderr().contains(said), "{}", closed.stderr());
}
