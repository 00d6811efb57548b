//! The demonstration data: there to look at, and never in production.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::account::{login, text};
use crate::support::server::Setup;

fn demo(setup: &Setup, environment: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ghostworks"))
        .arg("demo")
        .arg("--data-dir")
        .arg(setup.data())
        .env_clear()
        .env("ENVIRONMENT", environment)
        .output()
        .expect("the program starts")
}

#[test]
fn everyone_of_the_demonstration_sees_their_workspaces() {
    let setup = Setup::new();
    let output = demo(&setup, "development");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("owner@acme.com"));

    let server = setup.start();
    for (email, expected) in [
        ("owner@acme.com", vec![("Acme Corp", "owner", 24), ("Umbrella Inc", "owner", 16)]),
        ("admin@umbrella.com", vec![("Umbrella Inc", "admin", 16)]),
        ("member@acme.com", vec![("Acme Corp", "member", 24)]),
    ] {
        let tokens = login(&server.client(), email, "demo123").expect(200).json();
        let client = server.client().bearer(&text(&tokens["access_token"]));
        let workspaces = client.get("/api/v1/workspaces").expect(200).json();
        let seen: Vec<_> = workspaces
            .as_array()
            .expect("an array")
            .iter()
            .map(|workspace| {
                let artifacts = client.get(&format!("/api/v1/workspaces/{}/artifacts", text(&workspace["id"])));
                let total = artifacts.expect(200).json()["total"].as_u64().expect("a number");
                (text(&workspace["name"]), text(&workspace["user_role"]), total)
            })
            .collect();
        let expected: Vec<_> =
            expected.into_iter().map(|(name, role, n)| (name.to_owned(), role.to_owned(), n)).collect();
        assert_eq!(seen, expected, "{email}");
    }
}

#[test]
fn it_is_written_once() {
    let setup = Setup::new();
    assert!(demo(&setup, "development").status.success());
    let again = demo(&setup, "development");
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("there already"));
}

#[test]
fn production_has_none_of_it() {
    let setup = Setup::new();
    let refused = demo(&setup, "production");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("production"));

    assert!(demo(&setup, "development").status.success());
    let server = setup.real_hashing().env("ENVIRONMENT", "production").start();
    for email in ["owner@acme.com", "admin@umbrella.com", "member@acme.com"] {
        login(&server.client(), email, "demo123").problem(401, "invalid_credentials");
    }
}

#[test]
fn a_server_to_try_out_goes_when_it_stops() {
    let mut server = Setup::new().start_demo();
    let lines: Vec<String> =
        std::iter::from_fn(|| server.next_stdout_line()).take_while(|line| !line.starts_with("Sign in as ")).collect();
    let data = lines.iter().find_map(|line| line.trim().strip_prefix("data ")?.split(',').next()).expect("its data");
    let data = Path::new(data.trim());
    assert!(data.join("ghostworks.redb").exists());
    assert!(!data.join("setup-link").exists(), "there is an operator");

    let tokens = login(&server.client(), "olivia@example.com", "demo123").expect(200).json();
    let owner = server.client().bearer(&text(&tokens["access_token"]));
    owner.get("/api/v1/operator/accounts").expect(200);
    let workspaces = owner.get("/api/v1/workspaces").expect(200).json();
    let members = format!("/api/v1/workspaces/{}/members", text(&workspaces[0]["id"]));
    assert!(owner.get(&members).expect(200).body.contains("@example.com"));

    server.interrupt();
    assert!(server.wait().success(), "{}", server.stderr());
    assert!(!data.exists());
}

#[test]
fn a_server_to_try_out_has_a_directory_of_its_own_and_is_none_for_production() {
    let setup = Setup::new();
    let (status, _, said) = setup.run(&["serve", "--demo"]);
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("--data-dir"), "{said}");
    let refused = Command::new(env!("CARGO_BIN_EXE_ghostworks"))
        .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
        .env_clear()
        .env("ENVIRONMENT", "production")
        .output()
        .expect("the program starts");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("production"));
}
