//! Labels of metrics are only for what exists: no client makes series.

use std::collections::BTreeSet;

use crate::support::account::Account;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};

const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "MADE-UP"];

/// The labels of the series that count requests.
fn series(server: &Server) -> BTreeSet<String> {
    let metrics = server.client().get("/metrics").expect(200).body;
    let counts = metrics.lines().filter_map(|line| line.strip_prefix("http_requests_total"));
    counts.filter_map(|rest| rest.rsplit_once(' ')).map(|(labels, _)| labels.to_owned()).collect()
}

fn ask(server: &Server, method: &str, path: &str) {
    let mut raw = Raw::connect(server.address());
    raw.send(format!("{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    raw.read_head();
}

#[test]
fn s55_routes_methods_and_unknown_paths_make_no_series() {
    let server = Setup::new().start();
    let account = Account::new(&server);
    account.client.get("/api/v1/auth/me").expect(200);
    let document = server.client().get("/openapi.json").expect(200).json();
    let paths = document["paths"].as_object().expect("paths");
    // What nothing answers to, once: it has a label of its own.
    for method in METHODS {
        ask(&server, method, "/nowhere");
        ask(&server, method, "/livez");
        ask(&server, method, "/api/v1/auth/refresh");
    }
    series(&server);
    let before = series(&server);
    for (path, operations) in paths {
        let exists = |method: &str| {
            let method = if method == "HEAD" { "GET" } else { method };
            operations.get(method.to_lowercase()).is_some()
        };
        let path = path.replace(['{', '}'], "");
        for method in METHODS.into_iter().filter(|method| !exists(method)) {
            ask(&server, method, &path);
            ask(&server, method, &format!("{path}/"));
        }
    }
    for number in 0..200 {
        ask(&server, "GET", &format!("/nowhere/{number}"));
        ask(&server, &format!("METHOD{number}"), "/");
    }
    let after = series(&server);
    let more: Vec<&String> = after.difference(&before).collect();
    assert!(more.is_empty(), "{more:#?}");
}
