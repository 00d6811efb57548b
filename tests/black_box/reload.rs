//! What changes while the server runs: by signals, by the command line, and by operators over HTTP.

use std::fs;

use crate::support::account::{Account, register, text};
use crate::support::server::{Server, Setup};
use crate::support::unique;
use serde_json::{Value, json};

const CONSOLE: &str = "https://console.example.com";
const TOKEN: &str = "0123456789abcdefoperator";
const READ_AGAIN: &str = "the configuration was read again";

/// A server with a file for its configuration.
struct Configured {
    setup: Setup,
    server: Server,
}

impl Configured {
    fn start(file: &str) -> Self {
        let setup = Setup::new();
        let path = setup.scratch().join("ghostworks.toml");
        fs::write(&path, file).expect("a file");
        let setup = setup.env("GHOSTWORKS_CONFIG", path.to_str().expect("a printable path"));
        let server = setup.start();
        Self { setup, server }
    }

    fn write(&self, file: &str) {
        fs::write(self.setup.scratch().join("ghostworks.toml"), file).expect("a file");
    }

    /// Writes another file and has it read: what the command line says.
    fn reload(&self, file: &str) -> String {
        self.write(file);
        let (status, output, errors) = self.setup.run(&["reload"]);
        assert!(status.success(), "{errors}");
        output
    }

    /// Has a file read that won't do: what the command line says.
    fn refused(&self, file: &str) -> String {
        self.write(file);
        let (status, output, errors) = self.setup.run(&["reload"]);
        assert_eq!((status.code(), output.as_str()), (Some(1), ""));
        errors
    }
}

fn email() -> String {
    format!("{}@example.com", unique("person"))
}

#[test]
fn what_can_change_does_and_the_rest_is_said() {
    let it = Configured::start("[log]\nlevel = \"info\"\n");
    let said = it.reload(
        "[log]\nlevel = \"debug\"\n[limits]\nrate_limits = \"on\"\n[auth]\nregistration = \"closed\"\n\
         [server]\nmax_connections = 100\ncors_origins = [\"https://console.example.com\"]\n",
    );
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "Changed: auth.registration, log.level, server.cors_origins.",
            "Different, but takes a restart: server.max_connections.",
            "Without effect: limits.rate_limits, for GHOSTWORKS__LIMITS__RATE_LIMITS is stronger than the file.",
        ]
    );
    register(&it.server.client(), &email()).problem(403, "registration_closed");
    let page = it.server.client().with("Origin", CONSOLE).get("/livez").expect(200);
    assert_eq!(page.header("access-control-allow-origin"), Some(CONSOLE));
    // What takes a restart is still said, and what was changed is not.
    let (_, again, _) = it.setup.run(&["reload"]);
    assert_eq!(again, "Nothing has changed.\nDifferent, but takes a restart: server.max_connections.\n");
    assert!(it.server.stderr().contains(READ_AGAIN));
    // Of what is in the file and not in force, the server knows nothing.
    let (_, shown, errors) = it.setup.run(&["config", "show"]);
    assert!(shown.contains("\n[auth]\n") && shown.contains("registration = \"closed\"  # "), "{shown}{errors}");
    assert!(!shown.contains("max_connections = 100 "), "{shown}");
}

#[test]
fn a_configuration_that_is_refused_changes_nothing_and_all_of_it_is_said() {
    let it = Configured::start(&format!("[auth]\nregistration = \"closed\"\n[server]\noperator_token = \"{TOKEN}\"\n"));
    let operator = it.server.client().bearer(TOKEN);
    let reload = || operator.send("POST", "/api/v1/operator/reload", "application/json", "");
    let errors = it.refused("[auth]\nregistration = \"open\"\n[log]\nlevel = \"loud\"\n[sever]\nx = 1\n");
    assert!(errors.contains("log.level") && errors.contains("sever"), "{errors}");
    let refused = reload().problem(409, "configuration_refused");
    let detail = text(&refused["detail"]);
    assert!(detail.contains("Nothing was changed") && detail.contains("log.level"), "{detail}");
    assert!(detail.contains("sever"), "{detail}");
    register(&it.server.client(), &email()).problem(403, "registration_closed");
    it.write("[auth]\nregistration = \"open\"\n[mail]\nsmtp_url = \"ftp://example.com\"\nfrom = \"nobody\"\n");
    let refused = reload().problem(409, "configuration_refused");
    assert!(text(&refused["detail"]).contains("mail"), "{refused}");
    register(&it.server.client(), &email()).problem(403, "registration_closed");
    assert!(it.server.stderr().contains("the one before it stays"));
    it.write("[auth]\nregistration = \"open\"\n");
    assert!(it.setup.run(&["reload"]).0.success());
    register(&it.server.client(), &email()).expect(201);
}

#[test]
fn hangup_reads_again_and_other_signals_do_no_harm() {
    let it = Configured::start("");
    for name in ["USR1", "USR2", "ALRM"] {
        it.server.signal(name);
    }
    it.write("[auth]\nregistration = \"closed\"\n");
    it.server.signal("HUP");
    it.server.until("it is read again", || it.server.stderr().contains(READ_AGAIN));
    register(&it.server.client(), &email()).problem(403, "registration_closed");
    it.server.stop();
}

#[test]
fn the_level_of_the_log_changes_until_the_next_reload() {
    let it = Configured::start("");
    let level = |words: &[&str]| it.setup.run(&[&["log-level"], words].concat()).1;
    assert_eq!(level(&[]), "info\n");
    assert!(level(&["error"]).contains("from error on"));
    let quiet = it.server.stderr().len();
    it.server.client().get("/health").expect(200);
    assert_eq!(level(&[]), "error\n");
    assert_eq!(it.server.stderr().len(), quiet, "{}", it.server.stderr());
    assert!(it.setup.run(&["reload"]).0.success());
    assert_eq!(level(&[]), "info\n");
    assert_eq!(it.setup.run(&["log-level", "loud"]).0.code(), Some(2));
}

#[test]
fn quotas_and_limits_change_for_those_who_are_signed_in() {
    let it = Configured::start("");
    let owner = Account::new(&it.server);
    let artifacts = owner.artifacts();
    owner.artifact(&artifacts, &json!({"name": "Anvil"}));
    assert_eq!(it.reload("[quotas]\nartifacts = 1\n"), "Changed: quotas.artifacts.\n");
    owner.client.post(&artifacts, &json!({"name": "Bellows"})).problem(409, "quota_exceeded");
    let stats = owner.client.get(&format!("{artifacts}/stats")).expect(200).json();
    assert_eq!(stats["usage"]["artifacts"]["limit"], 1, "{stats}");
    assert_eq!(it.reload(""), "Changed: quotas.artifacts.\n");
    owner.artifact(&artifacts, &json!({"name": "Bellows"}));
}

#[test]
fn secrets_are_read_from_their_files_again() {
    let setup = Setup::new();
    let file = setup.scratch().join("token");
    fs::write(&file, format!("{TOKEN}1\n")).expect("a file");
    let setup = setup.env("GHOSTWORKS__SERVER__OPERATOR_TOKEN_FILE", file.to_str().expect("a printable path"));
    let server = setup.start();
    let answered = |token: &str| server.client().bearer(token).get("/api/v1/operator/log-level").status;
    assert_eq!((answered(&format!("{TOKEN}1")), answered(&format!("{TOKEN}2"))), (200, 401));
    fs::write(&file, format!("{TOKEN}2\n")).expect("a file");
    let (_, said, errors) = setup.run(&["reload", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{errors}"));
    assert_eq!(said["changed"], json!(["server.operator_token"]));
    assert!(!said.to_string().contains(TOKEN));
    assert_eq!((answered(&format!("{TOKEN}1")), answered(&format!("{TOKEN}2"))), (401, 200));
}

#[test]
fn operators_reload_over_http() {
    let setup = Setup::new().env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", TOKEN);
    let server = setup.start();
    let operator = server.client().bearer(TOKEN);
    let reloaded = operator.send("POST", "/api/v1/operator/reload", "application/json", "").expect(200).json();
    assert_eq!(reloaded, json!({"changed": [], "needs_restart": [], "pinned": []}));
    let level = operator.put("/api/v1/operator/log-level", &json!({"level": "warn"})).expect(200).json();
    assert_eq!(text(&level["level"]), "warn");
    operator.put("/api/v1/operator/log-level", &json!({"level": "loud"})).problem(422, "validation_failed");
}
