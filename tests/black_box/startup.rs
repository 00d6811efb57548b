//! Starting: what is made and kept, and how it refuses when it can't.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::account::{Account, PASSWORD, login};
use crate::support::server::{Refusal, Setup};

const DATABASE: &str = "ghostworks.redb";

/// Checks that it ended with one line for people, which mentions all of `words`.
#[track_caller]
fn says(refusal: &Refusal, words: &[&str]) {
    assert!(!refusal.status.success());
    let line = refusal.stderr.trim_end();
    assert!(line.starts_with("ghostworks: ") && line.lines().count() == 1, "{line}");
    for word in words {
        assert!(line.contains(word), "{word:?} is not in: {line}");
    }
}

/// The one file of a data directory that is not the database, its name, or space kept for bad days.
fn signing_key(data: &Path) -> PathBuf {
    let files = fs::read_dir(data).expect("the data directory").map(|entry| entry.expect("an entry").path());
    let keys: Vec<PathBuf> = files
        .filter(|path| path.is_file() && ![DATABASE, "installation", "reserve"].iter().any(|name| path.ends_with(name)))
        .collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.into_iter().next().expect("one")
}

fn printable(path: &Path) -> &str {
    path.to_str().expect("a printable path")
}

#[test]
fn it_says_where_everything_is() {
    let setup = Setup::new();
    let server = setup.start();
    let lines = [(); 4].map(|()| server.next_stdout_line().expect("a line"));
    let all = lines.join("\n");
    for place in [&format!("{}/docs", server.url()), &format!("{}/metrics", server.url()), printable(setup.data())] {
        assert!(all.contains(place), "{place} is not in:\n{all}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    says(&Setup::new().listen(&address).start_refused(), &[&address, "in use"]);
}

#[test]
fn a_data_directory_that_is_a_file_is_named_and_left_alone() {
    let setup = Setup::new();
    fs::write(setup.data(), "precious").expect("a file");
    says(&setup.start_refused(), &[printable(setup.data())]);
    assert_eq!(fs::read_to_string(setup.data()).expect("the file"), "precious");
}

#[test]
fn a_data_directory_that_can_not_be_made_is_named() {
    let setup = Setup::new();
    let file = setup.scratch().join("file");
    fs::write(&file, "").expect("a file");
    let below = file.join("data");
    says(&setup.data_dir(&below).start_refused(), &[printable(&below)]);
}

#[test]
fn a_data_directory_in_use_is_named_and_its_user_is_not_disturbed() {
    let setup = Setup::new();
    let first = setup.start();
    let account = Account::new(&first);
    says(&setup.start_refused(), &[printable(setup.data()), "another"]);
    account.client.get("/api/v1/auth/me").expect(200);
    account.workspace();
}

#[test]
fn a_foreign_file_is_refused_and_left_alone() {
    for content in [b"these are the holiday photos".repeat(1000), b"SQLite format 3\0".repeat(4096)] {
        let setup = Setup::new();
        fs::create_dir(setup.data()).expect("a directory");
        let file = setup.data().join(DATABASE);
        fs::write(&file, &content).expect("a file");
        says(&setup.start_refused(), &[printable(&file)]);
        assert!(fs::read(&file).expect("the file") == content, "it was changed");
    }
}

#[test]
fn a_corrupt_database_is_refused_and_left_alone() {
    let setup = Setup::new();
    let server = setup.start();
    Account::new(&server).workspace();
    server.stop();

    let file = setup.data().join(DATABASE);
    let mut content = fs::read(&file).expect("the database");
    // Past the magic number and into both commit slots.
    content[64..320].fill(0xA5);
    fs::write(&file, &content).expect("a corrupt database");
    says(&setup.start_refused(), &[printable(&file)]);
    assert!(fs::read(&file).expect("the file") == content, "it was changed");
}

#[test]
fn a_bad_configuration_is_named_before_anything_is_touched() {
    let setup = Setup::new();
    let file = setup.scratch().join("ghostworks.toml");
    fs::write(&file, "[server]\nlisten_on = \"127.0.0.1:0\"\n").expect("a file");
    says(&setup.clone().env("GHOSTWORKS_CONFIG", printable(&file)).start_refused(), &[printable(&file), "listen_on"]);
    let name = "GHOSTWORKS__SERVER__MAX_CONNECTIONS";
    says(&setup.clone().env(name, "many").start_refused(), &[name]);
    assert!(!setup.data().exists());
}

#[test]
fn the_signing_key_is_private_and_kept() {
    let setup = Setup::new();
    let server = setup.start();
    let account = Account::new(&server);
    server.stop();
    let key = signing_key(setup.data());
    assert_eq!(fs::metadata(&key).expect("the key").permissions().mode() & 0o777, 0o600);
    let content = fs::read(&key).expect("the key");

    let server = setup.start();
    server.client().bearer(&account.access).get("/api/v1/auth/me").expect(200);
    login(&server.client(), &account.email, PASSWORD).expect(200);
    server.stop();
    assert_eq!(fs::read(&key).expect("the key"), content);
}

#[test]
fn a_signing_key_that_others_can_read_is_refused() {
    let setup = Setup::new();
    setup.start().stop();
    let key = signing_key(setup.data());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("our own file");
    says(&setup.start_refused(), &[printable(&key), "chmod 600"]);
}

#[test]
fn a_truncated_signing_key_is_refused_and_left_alone() {
    for length in [0, 7] {
        let setup = Setup::new();
        setup.start().stop();
        let key = signing_key(setup.data());
        let short = fs::read(&key).expect("the key")[..length].to_vec();
        fs::write(&key, &short).expect("our own file");
        says(&setup.start_refused(), &[printable(&key)]);
        assert_eq!(fs::read(&key).expect("the key"), short);
    }
}

#[test]
fn s25_production_refuses_a_short_or_default_signing_key() {
    for key in ["short", "changeme", "secret"] {
        let setup = Setup::new().real_hashing().env("ENVIRONMENT", "production");
        let refusal = setup.env("GHOSTWORKS__AUTH__SIGNING_KEY", key).start_refused();
        says(&refusal, &["signing_key"]);
        assert!(!refusal.stderr.contains(&format!("{key:?}")), "it is a secret: {}", refusal.stderr);
    }
    let setup = Setup::new().real_hashing().env("ENVIRONMENT", "production");
    setup.start().stop();
    assert_eq!(fs::metadata(signing_key(setup.data())).expect("the key").permissions().mode() & 0o777, 0o600);
}
