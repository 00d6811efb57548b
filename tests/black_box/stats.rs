//! `ghostworks stats`: what takes up space, by table and by workspace.

use crate::support::account::{Account, text};
use crate::support::server::Setup;
use serde_json::{Value, json};

/// The words of the line that begins with one.
fn line<'a>(output: &'a str, first: &str) -> Vec<&'a str> {
    let mut lines = output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.find(|words| words.first() == Some(&first)).unwrap_or_else(|| panic!("no line of {first} in\n{output}"))
}

/// Of the running server, or else of the files.
fn are_told(setup: &Setup) {
    let (status, output, errors) = setup.run(&["stats"]);
    assert!(status.success() && output.starts_with("The database has "), "{output}{errors}");
    assert_eq!(line(&output, "artifacts")[1], "4");
    assert_eq!(line(&output, "artifacts_trash")[1], "2");
    assert_eq!(line(&output, "large")[1..5], ["1", "0", "4", "1"]);
    assert_eq!(line(&output, "small")[1..5], ["1", "0", "2", "1"]);
    assert!(output.find("\nlarge") < output.find("\nsmall"), "{output}");
    let (_, output, _) = setup.run(&["stats", "--json"]);
    let stats: Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!((&stats["workspaces"][0]["slug"], &stats["workspaces"][0]["artifacts"]), (&json!("large"), &json!(4)));
    assert!(stats["file_bytes"].as_u64() > stats["unused_bytes"].as_u64(), "{stats}");
}

#[test]
fn tables_and_workspaces_are_told_the_largest_first() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    for (slug, artifacts) in [("small", 1), ("large", 3)] {
        let workspace = owner.client.post("/api/v1/workspaces", &json!({"name": slug})).expect(201).json();
        let path = format!("/api/v1/workspaces/{}/artifacts", text(&workspace["id"]));
        for number in 0..artifacts {
            owner.artifact(&path, &json!({"name": format!("{number}"), "description": "x".repeat(1000)}));
        }
        let trash = text(&owner.artifact(&path, &json!({"name": "trash"}))["id"]);
        owner.client.delete(&format!("{path}/{trash}")).expect(204);
    }
    are_told(&setup);
    server.stop();

    are_told(&setup);
    let (_, output, _) = setup.run(&["stats", "--workspaces", "1"]);
    assert!(!output.contains("\nsmall") && output.contains("and 1 more"), "{output}");
}
