//! Questions that mean nothing in the language of searches are taken for words: they never fail.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::questions::encoded;
use crate::support::account::Account;
use crate::support::server::Server;

/// What the language is made of, and what looks as if it were.
const PIECES: &[&str] = &[
    "ledger",
    "é",
    "数",
    "42",
    " ",
    " ",
    "\"",
    "-",
    "*",
    ":",
    "(",
    ")",
    "OR",
    "AND",
    "NOT",
    "name:",
    "tag:",
    "meta.",
    "by:",
    "type:",
    "~",
    "^",
    "[",
    "]",
    "{",
    "}",
    "\\",
    "/",
    "+",
    "?",
    "\0",
    "\u{202e}",
    "👩‍👩‍👧",
    ".",
    "TO",
    "<",
    ">",
    "=",
];

#[test]
fn whatever_is_asked_is_answered() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "Quiet ledger 42", "tags": ["amber"]}));
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let question = prop::collection::vec(select(PIECES), 1..12).prop_map(|pieces| pieces.concat());
    let outcome = TestRunner::new(config).run(&question, |question| {
        let path = format!("{artifacts}?q={}&facets=tags", encoded(&question));
        let reply = owner.client.get(&path);
        prop_assert_eq!(reply.status, 200, "{}: {}", question, reply.body);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn what_does_not_parse_is_taken_for_words() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "Quiet ledger 42"}));
    owner.artifact(&artifacts, &json!({"name": "Loud harbour"}));
    for question in ["\"quiet ledger", "ledger\"", "(ledger", "ledger)", "quiet AND ledger:", "ledger/", "ledger~"] {
        let page = owner.client.get(&format!("{artifacts}?q={}", encoded(question))).expect(200).json();
        let names: Vec<&str> =
            page["items"].as_array().expect("items").iter().filter_map(|it| it["name"].as_str()).collect();
        let expected: &[&str] = if question.contains("AND") { &[] } else { &["Quiet ledger 42"] };
        assert_eq!(names, expected, "{question}");
    }
}
