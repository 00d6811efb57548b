//! Exports and imports that break off.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::support::server::Server;
use crate::workspace_transfer::{Workspace, lines, names, piped, repeated};

/// Answers one request with these bytes, and closes the connection.
fn answer_once(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.is_empty()), "the request has no end");
        (&stream).write_all(answer.as_bytes()).unwrap();
    });
    url
}

/// The beginning of an export.
const HALF: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n\
                    1b\r\n{\"name\": \"a\"}\n{\"name\": \"b\"\n\r\n";

#[test]
fn an_export_that_breaks_off_leaves_nothing_behind() {
    let server = Server::shared();
    let workspace = Workspace::new(&server);
    let file = workspace.cli.scratch().join("half");
    let run = |url: &str| workspace.run("export", &file, url, &[]).unwrap_err();
    let broken = run(&answer_once(HALF));
    assert!(broken.contains("broke off") && broken.contains("not whole; begin again"), "{broken}");
    let other = run(&answer_once("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"));
    assert!(other.contains("answered text/html, which is not from a ghostworks server"), "{other}");
    let other = run(&answer_once("HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n\r\n"));
    assert!(other.contains("answered 301 Moved Permanently, which is not from a ghostworks server"), "{other}");
    // The near end of a connection: the port is taken, and nobody listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let nobody = run(&format!("http://{}", near.local_addr().unwrap()));
    assert!(nobody.contains("can't connect to") && nobody.contains("is the server running"), "{nobody}");
    assert_eq!(names(workspace.cli.scratch()), [""; 0]);
}

#[test]
fn half_an_export_in_a_pipe_is_not_imported() {
    let server = Server::shared();
    let there = Workspace::new(&server);
    let token = there.file("token", &there.owner.access);
    let token = ["--token-file", token.to_str().unwrap()];
    let half = HALF.replace("\"b\"\n", "\"b\"}").leak();
    let url = answer_once(half);
    let export = [&["export", &there.id, "-", "--server", &url], &token[..]].concat();
    let import = [&["import", &there.id, "-", "--server", &there.url], &token[..]].concat();
    let (exported, imported, said) = piped(&export, &import);
    assert!(!exported && !imported && said.contains("line 3: is not valid JSON"), "{said}");
    assert_eq!(there.total(), 0);
}

/// A way to a server that takes one connection, and is cut when the server gives its second answer.
fn cut_at_second_answer(server: SocketAddr) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(server).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        // It ends when either side does, by an error or not.
        thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
        let (mut answers, mut piece) = (0, [0; 1 << 16]);
        loop {
            let read = (&server).read(&mut piece).unwrap();
            answers += usize::from(piece[..read].starts_with(b"HTTP/1.1 "));
            if answers == 2 || read == 0 {
                break;
            }
            (&client).write_all(&piece[..read]).unwrap();
        }
        client.shutdown(Shutdown::Both).unwrap();
    });
    url
}

#[test]
fn an_import_that_broke_off_goes_on_when_it_is_repeated() {
    let server = Server::shared();
    let workspace = Workspace::new(&server);
    let file = workspace.file("many", &lines(3500));
    let broken = workspace.run("import", &file, &cut_at_second_answer(server.address()), &[]).unwrap_err();
    assert!(
        broken.contains("broke off") && broken.contains("1000 artifacts were imported before that: import the same"),
        "{broken}"
    );
    assert_eq!(workspace.total(), 2000);
    let said = workspace.import(&file, &[]).unwrap();
    assert_eq!(said, repeated(1500, 2000));
    assert_eq!(workspace.total(), 3500);
}
