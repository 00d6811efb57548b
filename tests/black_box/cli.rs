//! The command line, as its users have it: the real program, its output and its exit code.
#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use tempfile::TempDir;

use crate::support::server::Setup;

/// What a run of the program left behind.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    /// Standard output of a run that went well.
    fn output(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// The one line that a failed run gives as its reason.
    fn reason(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(1), ""), "{self:?}");
        let reason = self.stderr.strip_prefix("ghostworks: ").and_then(|line| line.strip_suffix('\n'));
        let reason = reason.unwrap_or_else(|| panic!("{self:?}"));
        assert!(!reason.contains(['\n', '\x1b']), "{self:?}");
        reason.to_owned()
    }
}

/// Runs the program in an environment of `variables` alone.
fn run_in(variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ghostworks"));
    let output = program.args(arguments).env_clear().envs(variables.iter().copied()).output().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(arguments: &[&str]) -> Run {
    run_in(&[], arguments)
}

/// A configuration file, and the directory it goes away with.
fn file(content: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.toml");
    fs::write(&path, content).unwrap();
    (directory, path)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn version_is_one_line() {
    assert_eq!(run(&["--version"]).output(), concat!("ghostworks ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn help_has_commands_flags_examples_and_variables() {
    let help = run(&["--help"]).output();
    for word in ["serve", "config", "openapi", "healthcheck", "--listen", "--data-dir", "--config", "Examples:"] {
        assert!(help.contains(word), "{word} is not in {help}");
    }
    for variable in ["GHOSTWORKS_CONFIG", "GHOSTWORKS__SECTION__KEY", "OTEL_TRACES_SAMPLER", "ENVIRONMENT"] {
        assert!(help.contains(variable), "{variable} is not in {help}");
    }
    assert!(!help.contains('\x1b'), "colours in a pipe: {help:?}");
}

#[test]
fn nonsense_is_a_usage_error() {
    for arguments in [&["--listen", "here"][..], &["hunt"], &["config"], &["healthcheck", "--url", "ftp://x/"]] {
        let run = run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
    }
}

#[test]
fn check_says_ok() {
    assert_eq!(run(&["config", "check"]).output(), "The configuration is ok.\n");
}

#[test]
fn the_shipped_file_is_ok() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/config/ghostworks.toml");
    run(&["config", "check", "--config", shipped]).output();
}

#[test]
fn show_can_be_used_as_a_file_and_tells_origins() {
    let shown = run_in(&[("OTEL_SERVICE_NAME", "a \"b\" # c")], &["config", "show"]).output();
    assert!(shown.contains("\nlisten = \"127.0.0.1:8000\"  # default\n"), "{shown}");
    assert!(shown.contains("  # OTEL_SERVICE_NAME\n"), "{shown}");
    let (_directory, path) = file(&shown);
    let again = run(&["config", "show", "--config", text(&path)]).output();
    let values = |shown: &str| shown.parse::<toml::Table>().unwrap();
    assert_eq!(values(&again), values(&shown));
}

#[test]
fn flags_beat_the_environment_which_beats_the_file() {
    let (_directory, path) = file("[server]\nlisten = '127.0.0.1:1'\nmax_connections = 1\nmax_body_bytes = 1\n");
    let variables = [
        ("GHOSTWORKS_CONFIG", text(&path)),
        ("GHOSTWORKS__SERVER__LISTEN", "127.0.0.1:2"),
        ("GHOSTWORKS__SERVER__MAX_CONNECTIONS", "2"),
    ];
    let shown = run_in(&variables, &["config", "show", "--listen", "127.0.0.1:3"]).output();
    let from_file = format!("max_body_bytes = 1  # {}", path.display());
    for line in [
        "listen = \"127.0.0.1:3\"  # --listen",
        "max_connections = 2  # GHOSTWORKS__SERVER__MAX_CONNECTIONS",
        from_file.as_str(),
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in {shown}");
    }
}

#[test]
fn flags_may_come_before_the_command() {
    let shown = run(&["--data-dir", "/elsewhere", "config", "show"]).output();
    assert!(shown.contains("data_dir = \"/elsewhere\"  # --data-dir\n"), "{shown}");
}

#[test]
fn the_flag_s_file_is_read_instead_of_the_variable_s() {
    let (_directory, path) = file("[log]\nlevel = 'warn'");
    let variables = [("GHOSTWORKS_CONFIG", "/nowhere.toml")];
    let shown = run_in(&variables, &["config", "show", "--config", text(&path)]).output();
    assert!(shown.contains("level = \"warn\""), "{shown}");
}

#[test]
fn secrets_are_masked() {
    let secret = "q3Jm0c5zXo8w1HkTn7VbYg4Rf2LsPd9AeUi6";
    let shown = run_in(&[("GHOSTWORKS__AUTH__SIGNING_KEY", secret)], &["config", "show"]).output();
    assert!(shown.contains("signing_key = \"***\"  # GHOSTWORKS__AUTH__SIGNING_KEY\n"), "{shown}");
    assert!(!shown.contains(secret), "{shown}");
}

#[test]
fn an_unknown_key_is_refused_with_its_file() {
    let (_directory, path) = file("[server]\nmax_conections = 5\n");
    let expected = format!("server.max_conections ({}): unknown key; expected one of listen,", path.display());
    for command in [&["config", "check"][..], &["config", "show"], &["serve"], &[], &["healthcheck"]] {
        let reason = run(&[command, &["--config", text(&path)]].concat()).reason();
        assert!(reason.starts_with(&expected), "{reason}");
    }
}

#[test]
fn a_bad_variable_is_refused_by_its_name() {
    let variables = [("GHOSTWORKS__STORAGE__CACHE_BYTES", "64M")];
    let reason = run_in(&variables, &["config", "check"]).reason();
    assert_eq!(reason, "storage.cache_bytes (GHOSTWORKS__STORAGE__CACHE_BYTES): expected a whole number");
}

#[test]
fn a_file_that_is_not_there_is_refused_with_who_named_it() {
    let reason = run(&["--config", "/nowhere.toml"]).reason();
    assert!(reason.starts_with("can't read the configuration file /nowhere.toml (given by --config): "), "{reason}");
    let reason = run_in(&[("GHOSTWORKS_CONFIG", "/nowhere.toml")], &[]).reason();
    assert!(reason.contains("(given by GHOSTWORKS_CONFIG)"), "{reason}");
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_the_line() {
    let (_directory, path) = file("# fine\n[server\n");
    let reason = run(&["config", "check", "--config", text(&path)]).reason();
    assert!(reason.starts_with(&format!("{}, line 2: ", path.display())), "{reason}");
}

#[test]
fn s25_weak_keys_are_refused_in_production() {
    let variables = [("ENVIRONMENT", "production"), ("GHOSTWORKS__AUTH__SIGNING_KEY", "changeme")];
    let reason = run_in(&variables, &["serve"]).reason();
    assert!(reason.starts_with("auth.signing_key (GHOSTWORKS__AUTH__SIGNING_KEY): expected 32 bytes"), "{reason}");
    assert!(!reason.contains("changeme"), "{reason}");
}

#[test]
fn the_openapi_document_comes_in_two_forms() {
    let json = run(&["openapi"]).output();
    assert!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["openapi"].is_string(), "{json}");
    let yaml = run(&["openapi", "--format", "yaml"]).output();
    assert!(yaml.lines().any(|line| line.starts_with("openapi:")), "{yaml}");
}

/// Answers one request with `response`, and returns the request's first line.
fn answer_once(listener: TcpListener, response: &'static str) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        assert!(lines.any(|line| line.is_empty()), "the request has no end");
        (&stream).write_all(response.as_bytes()).unwrap();
        first
    })
}

#[test]
fn a_ready_server_is_healthy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = listener.local_addr().unwrap().to_string();
    let server = answer_once(listener, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(run_in(&[("GHOSTWORKS__SERVER__LISTEN", &listen)], &["healthcheck"]).output(), "");
    assert_eq!(server.join().unwrap(), "GET /readyz HTTP/1.1");
}

#[test]
fn an_unready_server_is_not_healthy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/readyz?verbose", listener.local_addr().unwrap());
    let server = answer_once(listener, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(run(&["healthcheck", "--url", &url]).reason(), format!("{url} answered 503: not ready"));
    assert_eq!(server.join().unwrap(), "GET /readyz?verbose HTTP/1.1");
}

#[test]
fn a_silent_server_is_not_healthy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/readyz", listener.local_addr().unwrap());
    let reason = run(&["healthcheck", "--timeout", "1", "--url", &url]).reason();
    assert_eq!(reason, format!("{url} did not answer within 1 s"));
}

#[test]
fn a_server_is_found_by_its_data_wherever_it_listens() {
    let setup = Setup::new();
    let server = setup.start();
    let (status, output, errors) = setup.run(&["healthcheck"]);
    assert!(status.success(), "{output}{errors}");
    server.stop();
    let (status, ..) = setup.clone().env("GHOSTWORKS__SERVER__LISTEN", "127.0.0.1:1").run(&["healthcheck"]);
    assert!(!status.success(), "nothing is left to ask");
}

#[test]
fn no_server_is_not_healthy() {
    // The near end of a connection: the port is taken, and nobody listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = client.local_addr().unwrap();
    let reason = run(&["healthcheck", "--listen", &address.to_string()]).reason();
    assert!(reason.starts_with(&format!("http://{address}/readyz did not answer (")), "{reason}");
    assert!(reason.ends_with("is the server running?"), "{reason}");
}

#[test]
fn shells_and_man_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).output().contains("grant-operator"), "{shell}");
    }
    assert_eq!(run(&["completions", "cmd"]).code, Some(2));
    let manual = run(&["man"]).output();
    assert!(
        manual.contains("GHOSTWORKS USER") && manual.contains("revoke") && manual.contains("Exit codes"),
        "{manual}"
    );
}

#[test]
fn scripts_tell_by_the_exit_code_that_a_server_is_in_the_way() {
    let setup = Setup::new();
    let server = setup.start();
    let (status, _, errors) = setup.run(&["migrate"]);
    assert_eq!(status.code(), Some(3), "{errors}");
    server.stop();
    assert_eq!(setup.run(&["migrate"]).0.code(), Some(0));
}
