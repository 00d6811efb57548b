//! Production without care: what strangers learn of the server, and who may read its files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::support::account::Account;
use crate::support::client::Client;
use crate::support::server::Setup;

const METRICS: &str = "/metrics";
const HEALTH: &str = "/health/detailed";
const STATS: &str = "/api/v1/system/stats";
const SCRAPER: &str = "0123456789abcdefscraper";
const OPERATOR: &str = "0123456789abcdefoperator";
/// An address that is on no internal network.
const STRANGER: &str = "203.0.113.7";

fn production() -> Setup {
    Setup::new()
        .real_hashing()
        .env("ENVIRONMENT", "production")
        .env("GHOSTWORKS__TELEMETRY__METRICS_TOKEN", SCRAPER)
        .env("GHOSTWORKS__SERVER__OPERATOR_TOKEN", OPERATOR)
}

#[test]
fn metrics_are_for_the_internal_networks_and_for_the_token() {
    let server = production().start();
    let client = server.client();
    client.get(METRICS).expect(200);
    for header in ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"] {
        let sent_on = client.with(header, "127.0.0.1");
        sent_on.get(METRICS).problem(401, "not_authenticated");
        sent_on.bearer(SCRAPER).get(METRICS).expect(200);
        sent_on.bearer(OPERATOR).get(METRICS).expect(200);
        sent_on.bearer("0123456789abcdefnobody").get(METRICS).problem(401, "not_authenticated");
    }
}

#[test]
fn who_is_internal_is_judged_by_the_client_that_a_trusted_proxy_names() {
    let server = production().env("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "127.0.0.1/32").start();
    let client = server.client();
    client.with("X-Forwarded-For", STRANGER).get(METRICS).problem(401, "not_authenticated");
    client.with("X-Forwarded-For", &format!("127.0.0.1, {STRANGER}")).get(METRICS).problem(401, "not_authenticated");
    client.with("X-Forwarded-For", "127.0.0.9").get(METRICS).expect(200);
    client.with("Forwarded", &format!("for={STRANGER}")).get(METRICS).problem(401, "not_authenticated");
    client.get(METRICS).expect(200);

    let elsewhere = production().env("GHOSTWORKS__SERVER__INTERNAL_NETWORKS", "192.0.2.0/24").start();
    elsewhere.client().get(METRICS).problem(401, "not_authenticated");
}

#[test]
fn metrics_at_an_address_of_their_own_are_for_the_same_clients() {
    let setup = production().env("GHOSTWORKS__TELEMETRY__METRICS_LISTEN", "127.0.0.1:0");
    let server = setup.start();
    let lines = [(); 4].map(|()| server.next_stdout_line().expect("a line"));
    let address = lines[2].trim().strip_prefix("metrics").expect("where the metrics are").trim();
    let scraper = Client::new(address.strip_suffix(METRICS).expect("a path"));
    scraper.get(METRICS).expect(200);
    scraper.with("X-Forwarded-For", STRANGER).get(METRICS).problem(401, "not_authenticated");
}

#[test]
fn outsiders_learn_only_how_the_whole_is() {
    let server = production().start();
    let outsider = server.client().with("X-Forwarded-For", STRANGER);
    let health = outsider.get(HEALTH).expect(200).json();
    let mut members: Vec<&String> = health.as_object().expect("an object").keys().collect();
    members.sort();
    assert_eq!(members, ["status", "timestamp"], "{health}");
    assert_eq!(outsider.get("/readyz?verbose").expect(200).body, "ok\n");
    for insider in [server.client(), outsider.bearer(OPERATOR)] {
        assert!(insider.get("/readyz?verbose").expect(200).body.contains("[+]storage ok\n"));
        let health = insider.get(HEALTH).expect(200).json();
        assert_eq!(health["services"]["database"]["status"], "healthy");
        assert_eq!(health["environment"], "production");
    }
}

#[test]
fn figures_are_for_accounts_and_operators() {
    let server = production().start();
    server.client().get(STATS).problem(401, "not_authenticated");
    server.client().bearer(OPERATOR).get(STATS).expect(200);
    let account = Account::new(&server);
    let stats = account.client.get(STATS).expect(200);
    assert_eq!(stats.json()["users"], 1);
    assert!(
        stats.header("cache-control").is_some_and(|it| it.contains("private")),
        "{:?}",
        stats.header("cache-control")
    );
}

#[test]
fn in_development_anyone_sees_everything() {
    let server = Setup::new().start();
    let stranger = server.client().with("X-Forwarded-For", STRANGER);
    stranger.get(METRICS).expect(200);
    stranger.get(STATS).expect(200);
    assert!(stranger.get(HEALTH).expect(200).json()["services"].is_object());
}

#[test]
fn the_data_directory_is_the_servers_own_whoever_made_it() {
    let setup = Setup::new();
    fs::create_dir(setup.data()).expect("a directory");
    fs::set_permissions(setup.data(), Permissions::from_mode(0o755)).expect("a mode");
    let server = setup.start();
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(setup.data().to_owned()), 0o700);
    assert_eq!(mode(setup.data().join("ghostworks.redb")), 0o600);
    server.stop();
}

#[test]
fn s25_a_signing_key_that_repeats_itself_is_refused() {
    let setup = Setup::new();
    setup.start().stop();
    let key = setup.data().join("signing.key");
    for weak in [[0; 32], [*b"0123456789abcdef"; 2].concat().try_into().expect("32 bytes")] {
        fs::write(&key, weak).expect("a key");
        let refusal = setup.start_refused();
        assert!(refusal.stderr.contains("signing.key") && refusal.stderr.contains("guessed"), "{}", refusal.stderr);
    }
}
