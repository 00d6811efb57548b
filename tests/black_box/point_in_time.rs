//! Changes are shipped while the server runs: who loses the machine loses nothing that was, and any moment can be had
//! again.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::exposition::Exposition;
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

/// A setup that makes one backup, and ships changes every second.
pub fn shipping() -> (Setup, PathBuf) {
    let setup = Setup::new();
    let place = setup.scratch().join("backups");
    let to = place.display().to_string();
    (setup.env("GHOSTWORKS__BACKUPS__TO", to).env("GHOSTWORKS__BACKUPS__CHANGES_EVERY_SECONDS", "1"), place)
}

/// The names of what is kept, of one kind, in order.
fn kept(place: &Path, kind: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(kind)).collect();
    names.sort();
    names
}

fn health(server: &Server) -> Value {
    server.client().get("/health/detailed").expect(200).json()["services"].clone()
}

/// How far the changes of this name go.
fn end_of(name: &str) -> u64 {
    let (_, end) = name.rsplit_once('-').unwrap();
    end.split('.').next().unwrap().parse().unwrap()
}

/// Waits until everything that was written is in the place, and returns the moment it is of, as `--to` takes it.
pub fn until_shipped(server: &Server, place: &Path) -> String {
    let last = health(server)["database"]["last_change"].as_u64().unwrap();
    let newest = || kept(place, ".changes").pop().filter(|name| end_of(name) >= last);
    server.until("shipped", || newest().is_some());
    let time = time_of(&newest().unwrap());
    // Or a server that is stopped now would ship the same again.
    server.until("noted", || health(server)["backups"]["changes_shipped"].as_str() >= Some(&time));
    time
}

/// The moment that the changes of this name are of.
fn time_of(name: &str) -> String {
    let time = name.strip_prefix("ghostworks-").unwrap().split('-').next().unwrap();
    let (date, time) = time.split_once('T').unwrap();
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    format!("{year}-{month}-{day}T{}:{}:{}", &time[..2], &time[2..4], &time[4..])
}

/// What an owner has.
struct Owner {
    email: String,
    artifacts: String,
}

impl Owner {
    fn new(owner: &Account) -> Self {
        Self { email: owner.email.clone(), artifacts: owner.artifacts() }
    }

    /// All of it, signed in again: artifacts, those in the trash, and the history of each.
    fn sees(&self, setup: &Setup) -> Vec<Value> {
        let server = setup.start();
        let tokens = login(&server.client(), &self.email, PASSWORD).expect(200).json();
        let client = server.client().bearer(&text(&tokens["access_token"]));
        let list = client.get(&format!("{}?include_deleted=true", self.artifacts)).expect(200).json();
        let items = list["items"].as_array().expect("items").clone();
        let of =
            |item: &Value| client.get(&format!("{}/{}/history", self.artifacts, text(&item["id"]))).expect(200).json();
        let seen = items.iter().cloned().chain(items.iter().map(of)).collect();
        server.stop();
        seen
    }
}

/// Restores into a directory of this name, and returns a setup for it that ships nothing. It agrees with itself.
fn restored(setup: &Setup, name: &str, more: &[&str]) -> Setup {
    let elsewhere = setup.clone().data_dir(setup.scratch().join(name));
    let (status, said, errors) = elsewhere.run(&[&["restore"], more].concat());
    assert!(status.success() && said.contains("as of 20"), "{said}{errors}");
    let (status, report, errors) = elsewhere.run(&["check"]);
    assert!(status.success(), "{report}{errors}");
    Setup::new().data_dir(elsewhere.data())
}

#[test]
fn a_lost_machine_loses_nothing_that_was_shipped() {
    let (setup, place) = shipping();
    let server = setup.start();
    let account = Account::new(&server);
    let owner = Owner::new(&account);
    let path = |artifact: &Value| format!("{}/{}", owner.artifacts, text(&artifact["id"]));
    let anvil = account.artifact(&owner.artifacts, &json!({"name": "Anvil"}));
    let bellows = account.artifact(&owner.artifacts, &json!({"name": "Bellows"}));
    let first = until_shipped(&server, &place);
    account.client.patch(&path(&anvil), &json!({"name": "Big anvil"})).expect(200);
    account.client.delete(&path(&bellows)).expect(204);
    account.artifact(&owner.artifacts, &json!({"name": "Tongs"}));
    let second = until_shipped(&server, &place);
    let told = health(&server)["backups"].clone();
    assert!(told["status"] == "healthy" && told["changes_shipped"].is_string(), "{told}");
    server.kill();
    fs::remove_dir_all(setup.data()).unwrap();

    let names = |seen: &[Value]| -> Vec<String> {
        seen.iter().filter(|item| item["name"].is_string()).map(|item| text(&item["name"])).collect()
    };
    let at_first = owner.sees(&restored(&setup, "first", &["--to", &first]));
    assert_eq!(names(&at_first), ["Bellows", "Anvil"]);
    let at_second = owner.sees(&restored(&setup, "second", &["--to", &second]));
    assert_eq!(names(&at_second), ["Tongs", "Bellows", "Big anvil"]);
    let from = place.display().to_string();
    let latest = restored(&setup.clone().env("GHOSTWORKS__BACKUPS__TO", ""), "latest", &["--from", &from]);
    assert_eq!(owner.sees(&latest), at_second);
    assert_eq!(kept(&place, ".backup").len(), 1);
}

#[test]
fn what_was_answered_before_a_shipment_is_in_it_however_much_is_written() {
    let (setup, place) = shipping();
    let server = setup.start();
    let account = Account::new(&server);
    let owner = Owner::new(&account);
    let (answered, is_over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let before = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in (0..1000).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                    let artifact = account.artifact(&owner.artifacts, &json!({"name": "Anvil"}));
                    let path = format!("{}/{}", owner.artifacts, text(&artifact["id"]));
                    account.client.patch(&path, &json!({"name": "Big anvil"})).expect(200);
                    answered.lock().unwrap().push(path);
                }
            });
        }
        server.until("a lot is written", || answered.lock().unwrap().len() >= 200);
        let before = answered.lock().unwrap().clone();
        until_shipped(&server, &place);
        is_over.store(true, Ordering::Relaxed);
        before
    });
    server.kill();

    let server = restored(&setup, "latest", &[]).start();
    let tokens = login(&server.client(), &owner.email, PASSWORD).expect(200).json();
    let client = server.client().bearer(&text(&tokens["access_token"]));
    for path in before {
        assert_eq!(client.get(&path).expect(200).json()["name"], "Big anvil");
    }
}

#[test]
fn a_stop_ships_the_last_changes_and_a_start_goes_on_from_there() {
    let (setup, place) = shipping();
    let setup = setup.env("GHOSTWORKS__BACKUPS__CHANGES_EVERY_SECONDS", "3600");
    let server = setup.start();
    server.until("a backup", || kept(&place, ".backup").len() == 1);
    let owner = Owner::new(&Account::new(&server));
    let last = health(&server)["database"]["last_change"].as_u64().unwrap();
    server.stop();
    let shipped = kept(&place, ".changes");
    assert!(shipped.len() == 1 && end_of(&shipped[0]) == last, "{shipped:?}");

    let server = setup.start();
    server.until("told", || health(&server)["backups"]["changes_shipped"].is_string());
    Account::new(&server);
    server.stop();
    let shipped = kept(&place, ".changes");
    assert!(
        shipped.len() == 2 && shipped[1].contains(&format!("-{last}.")) && end_of(&shipped[1]) > last,
        "{shipped:?}"
    );
    assert_eq!(kept(&place, ".backup").len(), 1);
    assert_eq!(owner.sees(&restored(&setup, "latest", &[])), Vec::<Value>::new());
}

#[test]
fn who_goes_on_from_an_earlier_moment_begins_again() {
    let (setup, place) = shipping();
    let server = setup.start();
    let account = Account::new(&server);
    let owner = Owner::new(&account);
    let first = until_shipped(&server, &place);
    account.artifact(&owner.artifacts, &json!({"name": "Mistake"}));
    let second = until_shipped(&server, &place);
    server.stop();

    assert!(setup.run(&["restore", "--force", "--to", &first]).0.success());
    let server = setup.start();
    server.until("another backup", || kept(&place, ".backup").len() == 2);
    let tokens = login(&server.client(), &owner.email, PASSWORD).expect(200).json();
    let client = server.client().bearer(&text(&tokens["access_token"]));
    client.post(&owner.artifacts, &json!({"name": "Amends"})).expect(201);
    until_shipped(&server, &place);
    server.stop();

    let latest = owner.sees(&restored(&setup, "latest", &[]));
    assert_eq!(latest[0]["name"], "Amends", "{latest:?}");
    let mistaken = owner.sees(&restored(&setup, "mistaken", &["--to", &second]));
    assert_eq!(mistaken[0]["name"], "Mistake", "{mistaken:?}");
}

#[test]
fn changes_that_can_not_be_shipped_are_told_and_shipped_when_they_can() {
    let (setup, place) = shipping();
    let server = setup.start();
    server.until("a backup", || kept(&place, ".backup").len() == 1);
    let aside = setup.scratch().join("aside");
    fs::rename(&place, &aside).unwrap();
    fs::write(&place, "in the way").unwrap();
    let owner = Owner::new(&Account::new(&server));
    let failed = || {
        let scrape = Exposition::parse(&server.client().get("/metrics").expect(200).body);
        scrape.sum("storage_shipments_total", &[("success", "false")])
    };
    server.until("a failure", || failed() >= Some(1.0));
    assert_eq!(health(&server)["backups"]["status"], "degraded");
    server.until("told", || server.stderr().contains("changes were not shipped"));

    fs::remove_file(&place).unwrap();
    fs::rename(&aside, &place).unwrap();
    until_shipped(&server, &place);
    server.until("healthy again", || health(&server)["backups"]["status"] == "healthy");
    server.kill();
    assert_eq!(owner.sees(&restored(&setup, "latest", &[])), Vec::<Value>::new());
}

#[test]
fn what_can_not_be_restored_is_said_and_changes_nothing() {
    let (setup, place) = shipping();
    let elsewhere = setup.clone().data_dir(setup.scratch().join("elsewhere"));
    let refused = |words: &[&str]| {
        let (status, _, errors) = elsewhere.run(&[&["restore"], words].concat());
        assert!(!status.success() && !elsewhere.data().exists(), "{errors}");
        errors
    };
    assert!(refused(&[]).contains("there is no backup"));
    let (status, _, errors) = Setup::new().run(&["restore"]);
    assert!(!status.success() && errors.contains("--from or backups.to"), "{errors}");
    assert!(refused(&["--to", "yesterday"]).contains("there is no backup"));
    assert!(refused(&["--to", "soon"]).contains("yesterday 18:00"));
    assert!(refused(&["--to", "9000-01-01 00:00"]).contains("in the future"));
    assert!(refused(&["a.backup", "--to", "2026-01-01T00:00:00Z"]).contains("cannot be used with"));

    let server = setup.start();
    let account = Account::new(&server);
    until_shipped(&server, &place);
    account.workspace();
    until_shipped(&server, &place);
    account.workspace();
    until_shipped(&server, &place);
    server.stop();
    assert!(refused(&["--to", "2020-01-01T00:00:00Z"]).contains("the earliest is reached by --to"));
    let (status, _, errors) = setup.run(&["restore"]);
    assert!(!status.success() && errors.contains("--force"), "{errors}");

    let shipped = kept(&place, ".changes");
    let third = place.join(&shipped[shipped.len() - 2]);
    let whole = fs::read(&third).unwrap();
    let mut flipped = whole.clone();
    // In its checksum: a length that is wrong in the middle would be a file that ends early.
    flipped[whole.len() - 1] ^= 1;
    fs::write(&third, flipped).unwrap();
    let damaged = refused(&[]);
    assert!(damaged.contains(third.to_str().unwrap()) && damaged.contains("damaged"), "{damaged}");
    fs::remove_file(&third).unwrap();
    // One write may have been shipped in more than one step.
    let before = time_of(&shipped[shipped.len() - 3]);
    // It is told without zeros at its end.
    let told = format!("--to {}Z", before.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.'));
    let gap = refused(&[]);
    assert!(gap.contains("are missing") && gap.contains(&told), "{gap}");
    restored(&setup, "before-the-gap", &["--to", &before]);
}
