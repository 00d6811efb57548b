//! What the server listens on: Unix sockets, sockets of systemd's, and an address for operators alone.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::PATIENCE;
use crate::support::client::Client;
use crate::support::raw::Raw;
use crate::support::server::{Server, Setup};

const OPERATOR: &str = "0123456789abcdefoperator";
const HALF_A_HEAD: &str = "GET /livez HTTP/1.1\r\nHost: ";

/// A server without an address, from when it is ready. Killed when dropped.
struct Started(Child);

impl Started {
    /// Runs a program that becomes the server, and waits for the line that says where it is ready.
    fn when_ready(command: &mut Command, listen: &str, data: &Path) -> (Self, String) {
        let command = command.args(["serve", "--listen", listen, "--data-dir"]).arg(data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("it is piped")).read_line(&mut line).expect("a line");
        (Self(child), line.trim().to_owned())
    }

    fn stop(mut self) {
        let status = Command::new("kill").arg(self.0.id().to_string()).status().expect("kill");
        assert!(status.success());
        assert!(self.0.wait().expect("it ends").success());
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ghostworks() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ghostworks"));
    command.env_clear().env("OTEL_TRACES_EXPORTER", "none");
    command
}

/// As systemd does it: the socket is descriptor 3 of a process whose id is in the environment.
fn with_socket(socket: impl Into<OwnedFd>) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_ghostworks"))
        .env("OTEL_TRACES_EXPORTER", "none")
        .stdin(Stdio::from(socket.into()));
    command
}

/// The status of the answer to a request.
fn status(mut stream: impl Read + Write, path: &str, headers: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).expect("the connection is open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_unix_socket_is_for_a_proxy_whose_headers_are_believed() {
    let setup = Setup::new();
    let path = setup.scratch().join("http.sock");
    let listen = format!("unix:{}", path.display());
    let (server, line) = Started::when_ready(ghostworks().env("ENVIRONMENT", "production"), &listen, setup.data());
    assert_eq!(line, format!("ghostworks ready on {listen}"));
    assert_eq!(fs::metadata(&path).expect("a socket").permissions().mode() & 0o777, 0o660);
    let asked = |path_of_url: &str, headers: &str| {
        let stream = UnixStream::connect(&path).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
        status(stream, path_of_url, headers)
    };
    assert_eq!(asked("/livez", ""), "200");
    assert_eq!(asked("/metrics", "X-Forwarded-For: 127.0.0.9\r\n"), "200");
    assert_eq!(asked("/metrics", "X-Forwarded-For: 203.0.113.7\r\n"), "401");
    assert_eq!(asked("/metrics", ""), "401", "who asks is not known");

    let second = setup.clone().data_dir(setup.scratch().join("second")).listen(&listen).start_refused();
    assert!(second.stderr.contains("can't listen on unix:"), "{}", second.stderr);
    assert_eq!(asked("/livez", ""), "200", "the first has its socket still");
    server.stop();
    assert!(!path.exists(), "the socket was left behind");
}

#[test]
fn a_socket_that_was_left_behind_is_replaced_and_a_file_is_not() {
    let setup = Setup::new();
    let path = setup.scratch().join("http.sock");
    drop(UnixListener::bind(&path).expect("a socket"));
    let listen = format!("unix:{}", path.display());
    let (server, _) = Started::when_ready(&mut ghostworks(), &listen, setup.data());
    assert_eq!(status(UnixStream::connect(&path).expect("the server accepts"), "/livez", ""), "200");
    server.stop();
    fs::write(&path, "a file").expect("a file");
    let refusal = setup.clone().listen(&listen).start_refused();
    assert!(refusal.stderr.contains("no socket"), "{}", refusal.stderr);
    assert_eq!(fs::read_to_string(&path).expect("a file"), "a file");
}

#[test]
fn sockets_that_systemd_hands_over_are_listened_on() {
    let setup = Setup::new();
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("an address");
    let address = tcp.local_addr().expect("an address");
    let (server, line) = Started::when_ready(&mut with_socket(tcp), "systemd", setup.data());
    assert_eq!(line, format!("ghostworks ready on http://{address}"));
    assert_eq!(status(TcpStream::connect(address).expect("the server accepts"), "/livez", ""), "200");
    server.stop();

    let path = setup.scratch().join("systemd.sock");
    let unix = UnixListener::bind(&path).expect("a socket");
    let (server, line) = Started::when_ready(&mut with_socket(unix), "systemd", setup.data());
    assert_eq!(line, "ghostworks ready on systemd");
    assert_eq!(status(UnixStream::connect(&path).expect("the server accepts"), "/livez", ""), "200");
    server.stop();
    assert!(path.exists(), "who made the socket removes it");

    let refusal = setup.listen("systemd").start_refused();
    assert!(refusal.stderr.contains("systemd handed over no such socket"), "{}", refusal.stderr);
}

/// A server with an address for operators, and a client of that.
fn with_operators(setup: &Setup) -> (Server, Client) {
    let server = setup
        .clone()
        .env("GHOSTWORKS__SERVER__OPERATOR_LISTEN", "127.0.0.1:0")
        .env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR)
        .start();
    let line = std::iter::from_fn(|| server.next_stdout_line())
        .find_map(|line| line.trim().strip_prefix("operator").map(|rest| rest.trim().to_owned()));
    let client = Client::new(&line.expect("where operators ask"));
    (server, client)
}

#[test]
fn s61_to_reach_the_operators_address_is_no_permission() {
    let (server, client) = with_operators(&Setup::new());
    for path in ["/livez", "/readyz", "/metrics"] {
        client.get(path).expect(200);
        client.with("Host", "rebound.example:8001").get(path).problem(421, "invalid_request");
    }
    for path in ["/health/detailed", "/api/v1/system/stats"] {
        client.get(path).problem(401, "not_authenticated");
        client.bearer("0123456789abcdefnobody").get(path).problem(401, "not_authenticated");
        client.bearer(OPERATOR).get(path).expect(200);
        client.bearer(OPERATOR).with("Host", "rebound.example").get(path).problem(421, "invalid_request");
    }
    client.call("POST", "/api/v1/system/backup").problem(401, "not_authenticated");
    let (status, backup) = client.bearer(OPERATOR).download("/api/v1/system/backup");
    assert!(status == 200 && !backup.is_empty());
    for path in ["/", "/docs", "/openapi.json", "/api/v1/auth/me", "/api/v1/workspaces"] {
        client.bearer(OPERATOR).get(path).problem(404, "not_found");
    }
    server.stop();
    let named = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_HOSTS", "ghostworks.internal");
    let (_named, client) = with_operators(&named);
    client.with("Host", "ghostworks.internal:8001").get("/livez").expect(200);
}

#[test]
fn s48_operators_are_answered_when_everybody_elses_connections_are_taken() {
    let setup = Setup::new()
        .env("GHOSTWORKS__SERVER__MAX_CONNECTIONS", "64")
        .env("GHOSTWORKS__SERVER__HEADER_TIMEOUT_SECONDS", "300");
    let (server, client) = with_operators(&setup);
    let _taken: Vec<Raw> = (0..300_u32)
        .map(|number| {
            let source = Ipv4Addr::new(127, 0, 1, 1 + (number % 100) as u8);
            let mut raw = Raw::connect_from(source, server.address());
            raw.try_send(HALF_A_HEAD);
            raw
        })
        .collect();
    for _ in 0..100 {
        client.get("/livez").expect(200);
    }
    client.bearer(OPERATOR).get("/health/detailed").expect(200);
    client.get("/metrics").expect(200);
}
