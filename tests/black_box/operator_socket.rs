//! The operator socket: who connects to it may operate, without a token.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::support::account::Account;
use crate::support::server::Setup;

const BACKUP: &str = "/api/v1/system/backup";

/// The answer to a request over the socket, as text as far as it is text.
fn ask(socket: &Path, method: &str, path: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("the operator socket");
    let request = format!("{method} {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it takes a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn it_makes_its_user_an_operator_and_nobody_else() {
    let setup = Setup::new();
    let server = setup.start();
    let socket = setup.data().join("operator.sock");
    let file = fs::symlink_metadata(&socket).expect("the socket");
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert!(ask(&socket, "POST", BACKUP).starts_with("HTTP/1.1 200"));
    assert!(ask(&socket, "GET", "/readyz").starts_with("HTTP/1.1 200"));
    assert!(ask(&socket, "GET", "/api/v1/workspaces").starts_with("HTTP/1.1 401"), "an operator has no account");
    server.client().call("POST", BACKUP).problem(401, "not_authenticated");
    Account::new(&server).client.call("POST", BACKUP).problem(403, "forbidden");
    server.stop();
    assert!(!socket.exists(), "it goes with the server");
}

#[test]
fn the_command_line_needs_no_token() {
    let setup = Setup::new();
    let server = setup.start();
    let owner = Account::new(&server);
    owner.workspace();
    let file = setup.scratch().join("backup");
    let (status, said, errors) = setup.run(&["backup", file.to_str().expect("a printable path")]);
    assert!(status.success() && said.contains("rows are in"), "{said}{errors}");
}

#[test]
fn it_fits_below_a_path_that_is_too_long_for_sockets() {
    let setup = Setup::new();
    let setup = setup.clone().data_dir(setup.scratch().join("d".repeat(120)));
    let server = setup.start();
    let file = setup.scratch().join("backup");
    let (status, said, errors) = setup.run(&["backup", file.to_str().expect("a printable path")]);
    assert!(status.success() && said.contains("rows are in"), "{said}{errors}");
    server.stop();
    assert!(!setup.data().join("operator.sock").exists());
}

#[test]
fn it_takes_the_place_of_one_that_was_left_but_of_nothing_else() {
    let setup = Setup::new();
    let socket = setup.data().join("operator.sock");
    setup.start().kill();
    assert!(socket.exists(), "one is left");
    drop(UnixListener::bind(setup.data().join("operator.sock.new")));
    let server = setup.start();
    assert!(ask(&socket, "POST", BACKUP).starts_with("HTTP/1.1 200"));
    server.stop();

    fs::write(&socket, "somebody's").expect("a file");
    let server = setup.start();
    server.until("a warning", || server.stderr().contains("no operator socket"));
    server.stop();
    assert_eq!(fs::read_to_string(&socket).expect("the file"), "somebody's");
}
