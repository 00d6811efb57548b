//! Backups that are made by themselves: when they are due, whole, for the owner's eyes, and as many as are wanted.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::exposition::Exposition;
use crate::support::mail::MailServer;
use crate::support::server::{Server, Setup};
use serde_json::json;

/// A setup with a backup each time the last one is so old.
fn every(seconds: u64, keep: usize) -> (Setup, PathBuf) {
    let setup = Setup::new();
    let place = setup.scratch().join("made/backups");
    let setup = setup
        .env("GHOSTWORKS__BACKUPS__TO", place.display().to_string())
        .env("GHOSTWORKS__BACKUPS__EVERY_SECONDS", seconds.to_string())
        .env("GHOSTWORKS__BACKUPS__KEEP", keep.to_string());
    (setup, place)
}

/// What is in a directory, in order.
fn names(place: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The names of the whole backups.
fn backups(place: &Path) -> Vec<String> {
    names(place).into_iter().filter(|name| name.ends_with(".backup")).collect()
}

fn value(server: &Server, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    Exposition::parse(&server.client().get("/metrics").expect(200).body).sum(name, labels)
}

#[test]
fn there_is_one_at_once_and_it_can_be_restored() {
    let (setup, place) = every(3600, 7);
    let server = setup.clone().env("GHOSTWORKS__BACKUPS__TO", "").start();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let artifact = text(&owner.artifact(&artifacts, &json!({"name": "Anvil"}))["id"]);
    assert!(server.client().get("/health/detailed").expect(200).json()["services"]["backups"].is_null());
    server.stop();

    let server = setup.start();
    server.until("a backup", || backups(&place).len() == 1);
    server.until("counted", || value(&server, "storage_backups_total", &[("success", "true")]) == Some(1.0));
    let health = server.client().get("/health/detailed").expect(200).json();
    assert_eq!(health["services"]["backups"]["status"], "healthy");
    assert!(health["services"]["backups"]["last_backup"].is_string(), "{health}");
    server.stop();

    let file = place.join(&backups(&place)[0]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
    let elsewhere = Setup::new();
    let (status, _, errors) = elsewhere.run(&["restore", file.to_str().unwrap()]);
    assert!(status.success(), "{errors}");
    let server = elsewhere.start();
    let tokens = login(&server.client(), &owner.email, PASSWORD).expect(200).json();
    let client = server.client().bearer(&text(&tokens["access_token"]));
    client.get(&format!("{artifacts}/{artifact}")).expect(200);
}

#[test]
fn a_restart_makes_none_before_it_is_due() {
    let (setup, place) = every(3600, 7);
    let server = setup.start();
    server.until("a backup", || backups(&place).len() == 1);
    let made = value(&server, "storage_last_backup_timestamp_seconds", &[]);
    server.stop();
    let server = setup.start();
    let told = || value(&server, "storage_last_backup_timestamp_seconds", &[]);
    server.until("told of the one there is", || told() == made);
    assert_eq!(value(&server, "storage_backups_total", &[]), Some(0.0));
    assert_eq!(backups(&place).len(), 1);
}

#[test]
fn the_oldest_go_and_what_is_not_ours_stays() {
    let (setup, place) = every(1, 2);
    fs::create_dir_all(&place).unwrap();
    let theirs = ["notes", "ghostworks-20200101T000000Z.backup.txt", "ghostworks-by-hand.partial"];
    let left = "ghostworks.backup.partial";
    for name in theirs.iter().chain([&left]) {
        fs::write(place.join(name), "old").unwrap();
    }
    let server = setup.start();
    server.until("three backups", || value(&server, "storage_backups_total", &[("success", "true")]) >= Some(3.0));
    let ours = |name: &String| name.starts_with("ghostworks-2") && name.ends_with(".backup");
    server.until("two kept", || names(&place).iter().filter(|name| ours(name)).count() == 2);
    server.stop();
    let names = names(&place);
    assert!(theirs.iter().all(|name| names.iter().any(|there| there == name)), "{names:?}");
    assert!(!names.iter().any(|name| name == left), "{names:?}");
}

#[test]
fn a_place_that_can_not_be_used_is_told_and_used_when_it_can() {
    let (setup, place) = every(1, 2);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, "in the way").unwrap();
    let server = setup.start();
    server.until("a failure", || value(&server, "storage_backups_total", &[("success", "false")]) >= Some(1.0));
    let health = server.client().get("/health/detailed").expect(200).json();
    assert_eq!(health["services"]["backups"]["status"], "degraded", "{health}");
    assert!(server.stderr().contains("there was no backup"), "{}", server.stderr());
    server.client().get("/readyz").expect(200);
    Account::new(&server);

    fs::remove_file(&place).unwrap();
    server.until("a backup", || !backups(&place).is_empty());
    server.until("healthy again", || {
        server.client().get("/health/detailed").expect(200).json()["services"]["backups"]["status"] == "healthy"
    });
}

#[test]
fn a_bucket_needs_a_key() {
    let refusal = Setup::new().env("GHOSTWORKS__BACKUPS__TO", "s3://bucket/here").start_refused();
    assert!(refusal.stderr.contains("backups.s3_access_key_id"), "{}", refusal.stderr);
    let refusal = Setup::new().env("GHOSTWORKS__BACKUPS__TO", "ftp://there").start_refused();
    assert!(refusal.stderr.contains("backups.to"), "{}", refusal.stderr);
}

#[test]
fn operators_are_told_once_that_backups_fail_and_once_that_they_work_again() {
    let (setup, place) = every(1, 7);
    let mail = MailServer::start();
    let server = setup.clone().env("GHOSTWORKS__MAIL__SMTP_URL", mail.url()).start();
    let (operator, other) = (Account::new(&server), Account::new(&server));
    for account in [&operator, &other] {
        assert_eq!(mail.next().to, account.email, "a verification");
    }
    let (status, _, errors) = setup.run(&["user", "grant-operator", &operator.email]);
    assert!(status.success(), "{errors}");
    server.until("a backup", || !backups(&place).is_empty());
    let moved = place.with_file_name("moved");
    fs::rename(&place, &moved).unwrap();
    fs::write(&place, "in the way").unwrap();
    let told = mail.next();
    assert_eq!(
        (told.to.as_str(), told.line("Subject:")),
        (operator.email.as_str(), "Subject: The scheduled backups fail")
    );
    assert!(told.content.contains("could not make the backup that was due"), "{told:?}");
    let failures = || value(&server, "storage_backups_total", &[("success", "false")]);
    server.until("it failed again", || failures() >= Some(3.0));

    fs::remove_file(&place).unwrap();
    fs::rename(&moved, &place).unwrap();
    assert_eq!(mail.next().line("Subject:"), "Subject: The scheduled backups work again");
    server.stop();
    assert!(!mail.has_more(), "each once, and to operators alone");
}
