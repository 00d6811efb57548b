//! A place of backups belongs to one installation: nobody else removes anything there, by whatever accident.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};

const OWNER: &str = "ghostworks.owner";

/// A setup with a backup every second, of which this number is kept, in this place.
fn backing_up(place: &Path, keep: usize) -> Setup {
    let to = place.display().to_string();
    Setup::new()
        .env("GHOSTWORKS__BACKUPS__TO", to)
        .env("GHOSTWORKS__BACKUPS__EVERY_SECONDS", "1")
        .env("GHOSTWORKS__BACKUPS__CHANGES_EVERY_SECONDS", "1")
        .env("GHOSTWORKS__BACKUPS__KEEP", keep.to_string())
}

/// A place in the scratch directory of a setup that lasts as long.
fn place() -> (Setup, PathBuf) {
    let setup = Setup::new();
    let place = setup.scratch().join("backups");
    (setup, place)
}

fn names(place: &Path) -> Vec<String> {
    let entries = fs::read_dir(place).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn backups(place: &Path) -> Vec<String> {
    if !place.exists() {
        return Vec::new();
    }
    names(place).into_iter().filter(|name| name.ends_with(".backup")).collect()
}

fn health(server: &Server) -> Value {
    server.client().get("/health/detailed").expect(200).json()["services"]["backups"].clone()
}

/// Someone's only artifact, by which a database is known.
struct Known {
    email: String,
    artifacts: String,
}

impl Known {
    fn made_in(server: &Server) -> Self {
        let owner = Account::new(server);
        let artifacts = owner.artifacts();
        owner.artifact(&artifacts, &json!({"name": "Anvil"}));
        Self { email: owner.email, artifacts }
    }

    /// Restores from a place into a new directory, and looks whether it is there.
    fn is_restored_from(&self, place: &Path, more: &[&str]) {
        let setup = Setup::new();
        let words = [&["restore", "--from", place.to_str().unwrap()], more].concat();
        let (status, said, errors) = setup.run(&words);
        assert!(status.success() && said.contains("ghostworks-20"), "{said}{errors}");
        let server = setup.start();
        let tokens = login(&server.client(), &self.email, PASSWORD).expect(200).json();
        let client = server.client().bearer(&text(&tokens["access_token"]));
        let list = client.get(&self.artifacts).expect(200).json();
        assert_eq!((&list["total"], &list["items"][0]["name"]), (&json!(1), &json!("Anvil")));
    }
}

/// A server that has made its backups in a place, and was stopped: it, what it knows, and what is in the place.
fn backed_up(place: &Path, keep: usize) -> (Setup, Known, Vec<String>) {
    let setup = backing_up(place, keep);
    let server = setup.start();
    let known = Known::made_in(&server);
    let before = backups(place).pop();
    server.until("a backup of it", || backups(place).pop() > before && health(&server)["status"] == "healthy");
    server.stop();
    (setup, known, names(place))
}

/// Waits until a server says that the place is not its own, and goes on serving.
fn is_refused(server: &Server) {
    server.until("degraded", || health(server)["status"] == "degraded");
    let told = health(server);
    assert!(text(&told["trouble"]).contains("ghostworks backups adopt"), "{told}");
    assert!(server.stderr().contains("`ghostworks backups adopt`"), "{}", server.stderr());
    server.client().get("/readyz").expect(200);
    Account::new(server);
}

#[test]
fn s53_an_empty_data_directory_started_seven_times_removes_nothing() {
    let (_scratch, place) = place();
    let (setup, known, there) = backed_up(&place, 7);
    for _ in 0..7 {
        fs::remove_dir_all(setup.data()).unwrap();
        let server = setup.start();
        is_refused(&server);
        assert!(server.stderr().contains("it belongs to another installation"), "{}", server.stderr());
        server.stop();
        assert_eq!(names(&place), there);
    }
    known.is_restored_from(&place, &[]);
}

#[test]
fn s53_a_copied_configuration_on_another_host_removes_nothing() {
    let (_scratch, place) = place();
    let (setup, known, there) = backed_up(&place, 3);
    let copy = backing_up(&place, 1).start();
    is_refused(&copy);
    let (status, _, errors) = backing_up(&place, 1).run(&["backups", "prune"]);
    assert!(!status.success() && errors.contains("no installation"), "{errors}");
    assert_eq!(names(&place), there);

    // The owner is not disturbed.
    let server = setup.start();
    server
        .until("another backup", || backups(&place).pop() > there.iter().rfind(|it| it.ends_with(".backup")).cloned());
    assert_eq!(health(&server)["status"], "healthy");
    server.stop();
    copy.stop();
    known.is_restored_from(&place, &[]);
}

#[test]
fn s53_a_new_database_leaves_the_last_state_of_the_one_before() {
    let (_scratch, place) = place();
    let (setup, known, there) = backed_up(&place, 1);
    let last = there.iter().rfind(|name| name.ends_with(".backup")).unwrap();
    for _ in 0..2 {
        fs::remove_file(setup.data().join("ghostworks.redb")).unwrap();
        let server = setup.start_with(&["--new"]);
        let begun = backups(&place);
        server.until("another", || backups(&place).iter().filter(|name| !begun.contains(name)).count() > 0);
        let first = backups(&place).pop();
        server.until("the first of them gone", || !backups(&place).contains(first.as_ref().unwrap()));
        server.stop();
        assert!(backups(&place).contains(last), "{:?}", backups(&place));
    }
    assert_eq!(backups(&place).len(), 3, "one for each history");
    let file = place.join(last);
    let elsewhere = Setup::new();
    assert!(elsewhere.run(&["restore", file.to_str().unwrap()]).0.success());
    // And by its time, with the changes since.
    let (_, list, _) = setup.run(&["backups", "list", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    let points = list["restore_points"].as_array().unwrap();
    let point = points.iter().find(|point| point["name"] == *last).unwrap();
    known.is_restored_from(&place, &["--to", &text(&point["until"])]);
}

#[test]
fn a_restore_in_place_keeps_the_place() {
    let (_scratch, place) = place();
    let (setup, known, there) = backed_up(&place, 2);
    let (status, said, errors) = setup.run(&["restore", "--force"]);
    assert!(status.success() && said.contains(" of the installation "), "{said}{errors}");
    let server = setup.start();
    server.until("a backup of the new history", || {
        backups(&place).iter().any(|name| !there.contains(name)) && health(&server)["status"] == "healthy"
    });
    server.stop();
    known.is_restored_from(&place, &[]);
}

#[test]
fn who_restores_on_another_machine_adopts_the_place() {
    let (_scratch, place) = place();
    let (_lost, known, there) = backed_up(&place, 1);
    let setup = backing_up(&place, 1);
    assert!(setup.run(&["restore"]).0.success());
    let server = setup.start();
    is_refused(&server);
    assert_eq!(names(&place), there);
    let (status, said, errors) = setup.run(&["backups", "adopt"]);
    assert!(status.success() && said.contains("before, it belonged to the installation "), "{said}{errors}");
    server.until("healthy", || health(&server)["status"] == "healthy");
    assert!(health(&server)["trouble"].is_null());
    server.until("a backup of its own", || backups(&place).iter().any(|name| !there.contains(name)));
    server.stop();
    known.is_restored_from(&place, &[]);
}

/// Renames what is in a place as earlier versions named it, and takes its owner from it.
fn as_before(place: &Path) {
    for name in names(place) {
        if name == OWNER {
            fs::remove_file(place.join(&name)).unwrap();
            continue;
        }
        let parts: Vec<&str> = name.split('-').collect();
        let earlier = [&parts[..2], &parts[3..]].concat().join("-");
        fs::rename(place.join(&name), place.join(earlier)).unwrap();
    }
}

#[test]
fn a_place_from_before_is_taken_by_the_database_that_goes_on_from_it() {
    let (_scratch, place) = place();
    let (setup, known, _) = backed_up(&place, 2);
    as_before(&place);
    let there = names(&place);
    let stranger = backing_up(&place, 1);
    for _ in 0..2 {
        let server = stranger.start();
        is_refused(&server);
        server.stop();
        assert_eq!(names(&place), there);
    }
    known.is_restored_from(&place, &[]);

    let server = setup.start();
    server.until("taken", || place.join(OWNER).exists() && health(&server)["status"] == "healthy");
    let old = |name: &String| there.contains(name) && name.ends_with(".backup");
    server
        .until("what is old removed but for the last", || backups(&place).iter().filter(|name| old(name)).count() == 1);
    server.stop();
    assert!(backups(&place).iter().any(|name| !old(name)), "there is one of its own");
    known.is_restored_from(&place, &[]);
}

#[test]
fn what_others_leave_in_ones_place_stays() {
    let (_scratch, place) = place();
    let (setup, ..) = backed_up(&place, 1);
    let theirs = [
        "ghostworks-20200101T000000Z.backup",
        "ghostworks-20200101T000000.000Z-7.00c0ffee.backup",
        "ghostworks-20200101T000000.000Z-0a1b2c3d.00000007-7.00c0ffee.backup",
        "ghostworks-20200101T000000.000Z-7.00c0ffee-8.00c0ffee.changes",
        "notes",
    ];
    theirs.iter().for_each(|name| fs::write(place.join(name), "theirs").unwrap());
    let server = setup.start();
    let newest = backups(&place).pop().unwrap();
    server.until("its own is removed", || !backups(&place).contains(&newest));
    server.stop();
    let left = names(&place);
    assert!(theirs.iter().all(|name| left.iter().any(|there| there == name)), "{left:?}");
}

#[test]
fn what_was_removed_is_seen_and_made_again() {
    let (_scratch, place) = place();
    let setup = backing_up(&place, 7).env("GHOSTWORKS__BACKUPS__EVERY_SECONDS", "3600");
    let server = setup.start();
    server.until("a backup", || health(&server)["last_backup"].is_string());
    for name in names(&place) {
        fs::remove_file(place.join(name)).unwrap();
    }
    let known = Known::made_in(&server);
    server.until("another", || backups(&place).len() == 1 && place.join(OWNER).exists());
    server.until("healthy", || health(&server)["status"] == "healthy");
    server.stop();
    known.is_restored_from(&place, &[]);
}

#[test]
fn a_place_is_listed_verified_and_pruned() {
    let (_scratch, place) = place();
    let (setup, ..) = backed_up(&place, 3);
    let (status, list, errors) = setup.run(&["backups", "list"]);
    assert!(status.success() && list.contains("The place belongs to this installation"), "{list}{errors}");
    assert!(backups(&place).iter().all(|name| list.contains(name)) && list.contains("this installation's"), "{list}");
    let elsewhere = backing_up(&place, 3);
    let (_, list, _) = elsewhere.run(&["backups", "list", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["owner"]["is_this"], false);
    let points = list["restore_points"].as_array().unwrap();
    assert_eq!(points.len(), backups(&place).len());
    assert!(points.iter().all(|point| point["bytes"].as_u64() > Some(0) && point["whose"] == "the owner's"), "{list}");

    let (status, said, errors) = setup.run(&["backups", "verify", "--all"]);
    assert!(status.success() && said.matches("  whole").count() > points.len(), "{said}{errors}");
    let newest = place.join(backups(&place).pop().unwrap());
    let whole = fs::read(&newest).unwrap();
    fs::write(&newest, &whole[..whole.len() - 1]).unwrap();
    let (status, said, errors) = setup.run(&["backups", "verify"]);
    assert!(!status.success() && said.contains("DAMAGED") && said.contains(newest.to_str().unwrap()), "{said}{errors}");
    let (status, said, _) = setup.run(&["backups", "verify", &backups(&place)[0]]);
    assert!(status.success(), "{said}");

    let there = names(&place);
    let fewer = setup.clone().env("GHOSTWORKS__BACKUPS__KEEP", "1");
    let (status, said, errors) = fewer.run(&["backups", "prune", "--dry-run"]);
    assert!(
        status.success() && said.contains("would be removed") && said.contains(&backups(&place)[0]),
        "{said}{errors}"
    );
    assert_eq!(names(&place), there);
    let (status, _, errors) = elsewhere.run(&["backups", "prune"]);
    assert!(!status.success() && errors.contains("no installation"), "{errors}");
    assert!(fewer.run(&["backups", "prune"]).0.success());
    assert_eq!(backups(&place).len(), 1);
}
