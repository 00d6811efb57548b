//! Secrets from files.

use std::fs;

use secrecy::ExposeSecret as _;

use super::tests::{load, refusal};
use super::*;

/// A file with a secret, which lives as long as what is returned.
fn secret_file(content: &[u8]) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    fs::write(&path, content).unwrap();
    let path = path.display().to_string();
    (directory, path)
}

#[test]
fn a_secret_is_read_from_the_file_that_its_twin_names() {
    let secret = |config: Config| config.server.operator_token.unwrap().expose_secret().to_owned();
    for content in ["0123456789abcdef", "0123456789abcdef\n", "0123456789abcdef\r\n", "\u{feff}0123456789abcdef\n"] {
        let (_directory, path) = secret_file(content.as_bytes());
        let file = format!("[server]\noperator_token_file = '{path}'\n");
        assert_eq!(secret(load(&file, &[]).unwrap()), "0123456789abcdef", "{content:?}");
        let variable = [("GHOSTWORKS__SERVER__OPERATOR_TOKEN_FILE", path.as_str())];
        let weaker = "[server]\noperator_token = 'weaker-weaker-weaker'\n";
        assert_eq!(secret(load(weaker, &variable).unwrap()), "0123456789abcdef", "the environment is stronger");
    }
    let missing = "[server]\noperator_token_file = '/nowhere'\n";
    let stronger = [("GHOSTWORKS__SERVER__OPERATOR_TOKEN", "stronger-stronger")];
    assert_eq!(secret(load(missing, &stronger).unwrap()), "stronger-stronger", "the file that loses is not read");
}

#[test]
fn every_secret_of_the_configuration_has_a_twin() {
    let (_directory, path) = secret_file(b"0123456789abcdef0123456789abcdef=value");
    for (section, key) in [
        ("server", "operator_token"),
        ("auth", "signing_key"),
        ("backups", "s3_access_key_id"),
        ("backups", "s3_secret_access_key"),
        ("remote", "token"),
        ("telemetry", "metrics_token"),
        ("telemetry.otlp", "headers"),
        ("telemetry.otlp_traces", "headers"),
        ("telemetry.otlp_metrics", "headers"),
        ("telemetry.otlp_logs", "headers"),
    ] {
        let file = format!("[{section}]\n{key}_file = '{path}'\n");
        assert!(load(&file, &[]).is_ok(), "{section}.{key}: {:?}", load(&file, &[]).err());
    }
    let (_directory, path) = secret_file(b"smtp://mail.example.com:25\n");
    assert!(load(&format!("[mail]\nsmtp_url_file = '{path}'\n"), &[]).is_ok());
}

#[test]
fn a_secret_file_that_will_not_do_is_refused_with_its_path() {
    let (_directory, empty) = secret_file(b"\n");
    let (_other, binary) = secret_file(&[0xff, 0xfe]);
    for (path, problem) in [
        ("/nowhere/at-all", "/nowhere/at-all: can't be read"),
        (empty.as_str(), "is empty"),
        (binary.as_str(), "is not UTF-8 text"),
    ] {
        let refusal = refusal(&format!("[remote]\ntoken_file = '{path}'\n"), &[]);
        assert!(refusal.starts_with("remote.token_file (test.toml): ") && refusal.contains(problem), "{refusal}");
    }
    let both = "[remote]\ntoken = 'gwk_key'\ntoken_file = '/nowhere'\n";
    assert_eq!(refusal(both, &[]), "remote.token (test.toml): set this or remote.token_file, not both");
    let names = ["GHOSTWORKS__REMOTE__TOKEN", "GHOSTWORKS__REMOTE__TOKEN_FILE"];
    let refusal = refusal("", &[(names[0], "gwk_key"), (names[1], "/nowhere")]);
    assert_eq!(refusal, "remote.token (GHOSTWORKS__REMOTE__TOKEN): set this or remote.token_file, not both");
}

#[test]
fn the_effective_configuration_names_the_file_of_a_secret_and_not_its_content() {
    let (directory, path) = secret_file(b"0123456789abcdef\n");
    let config = directory.path().join("test.toml");
    fs::write(&config, format!("[server]\noperator_token_file = '{path}'\n")).unwrap();
    let sources = Sources { file: Some(config), ..Sources::default() };
    let shown = Effective::load_in(&sources, []).unwrap().to_toml();
    assert!(shown.contains(&format!("operator_token = \"***\"  # {path} ")), "{shown}");
    assert!(!shown.contains("0123456789abcdef"), "{shown}");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let file = "[log]\nlevel = \"loud\"\n[server]\nmax_conections = 1\n[sever]\n";
    let unfit = [("GHOSTWORKS__LIMITS__LOGIN_PER_MINUTE", "0"), ("GHOSTWORKS__MAIL__SMTP_URL_FILE", "/nowhere")];
    let refusal = load(file, &unfit).unwrap_err();
    let (first, rest) = refusal.split_once('\n').unwrap();
    assert_eq!(first, "5 settings won't do:");
    for key in ["log.level", "server.max_conections", "sever", "limits.login_per_minute", "mail.smtp_url_file"] {
        assert_eq!(rest.lines().filter(|line| line.trim_start().starts_with(key)).count(), 1, "{key}: {refusal}");
    }
}
