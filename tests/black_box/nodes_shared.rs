//! What servers before one database share besides, and what each has to have right: clocks, certificates, who was deleted.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::nodes::{node, two_at};
use crate::support::account::{Account, PASSWORD, login};
use crate::support::postgres;
use crate::support::server::Setup;

/// Names a directory with the certificate of an authority, and one of it with its key for the user `certified`.
const CERTIFICATES: &str = "GHOSTWORKS_TEST_POSTGRES_CERTIFICATES";

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn who_was_deleted_at_one_server_stays_deleted_whoever_restores() {
    let url = postgres::database();
    let [one, other] = two_at(&url);
    let (ann, bob) = (Account::new(&one), Account::new(&one));
    let third = node(&url);
    let file = third.scratch().join("before.backup");
    let file = file.to_str().expect("a path");
    let (status, _, errors) = third.run(&["backup", file]);
    assert!(status.success(), "{errors}");
    let deleted = bob.client.post("/api/v1/auth/me/delete", &json!({"current_password": PASSWORD}));
    deleted.expect(200);
    one.stop();
    other.stop();
    let (status, said, errors) = third.run(&["restore", "--force", file]);
    assert!(status.success(), "{said}{errors}");
    let server = third.start();
    assert_eq!(login(&server.client(), &ann.email, PASSWORD).status, 200);
    login(&server.client(), &bob.email, PASSWORD).problem(401, "invalid_credentials");
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_server_whose_clock_is_off_says_so() {
    let url = postgres::database();
    let server = node(&url).start();
    let database = || server.client().get("/health/detailed").expect(200).json()["services"]["database"].clone();
    assert_eq!(database()["status"], "healthy");
    assert_eq!(database()["replication"]["synchronous"], false);
    server.stop();
    let (_, name) = url.rsplit_once('/').expect("a name");
    // As far as this database is concerned, it is ten seconds later.
    postgres::run_in(
        &url,
        &format!(
            "CREATE SCHEMA shifted; \
             CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
                 $$SELECT pg_catalog.clock_timestamp() + interval '10 seconds'$$; \
             ALTER DATABASE {name} SET search_path = public, shifted, pg_catalog"
        ),
    );
    let server = node(&url).start();
    assert!(server.stderr().contains("the clock of this machine differs"), "{}", server.stderr());
    let health = server.client().get("/health/detailed").expect(200).json();
    assert_eq!(health["services"]["database"]["status"], "degraded", "{health}");
    let ahead = health["services"]["database"]["clock_ahead_ms"].as_f64().expect("a number");
    assert!((-10_000.0..-8_000.0).contains(&ahead), "{ahead}");
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_check_sees_rows_that_nobody_knows() {
    let url = postgres::database();
    let setup = node(&url);
    setup.start().stop();
    let (status, said, errors) = setup.run(&["check"]);
    assert!(status.success(), "{said}{errors}");
    postgres::run_in(&url, "INSERT INTO ghostworks_rows VALUES (99, '\\x00', '\\x00'), (99, '\\x01', '\\x00')");
    let (status, said, errors) = setup.run(&["check"]);
    assert!(!status.success() && said.contains("section 99: 2 rows"), "{said}{errors}");
}

#[test]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
fn a_certificate_is_shown_to_a_database_that_asks_for_one() {
    let directory = PathBuf::from(std::env::var_os(CERTIFICATES).expect("where the certificates are"));
    let of = |name: &str| directory.join(name).display().to_string();
    let url = postgres::database();
    let (_, place) = url.rsplit_once('@').expect("a user");
    let (address, name) = place.split_once('/').expect("a name");
    postgres::run_elsewhere(&format!("ALTER DATABASE {name} OWNER TO certified"));
    let (_, port) = address.rsplit_once(':').expect("a port");
    let plain =
        format!("postgres://certified@localhost:{port}/{name}?sslmode=verify-full&sslrootcert={}", of("authority.crt"));
    let start = |url: &str, home: Option<&Path>| {
        let setup = node(url);
        home.map_or(setup.clone(), |home| setup.env("HOME", home.display().to_string()))
    };
    let refused = start(&plain, None).start_refused();
    assert!(refused.stderr.contains("certificate"), "{}", refused.stderr);
    let named = format!("{plain}&sslcert={}&sslkey={}", of("client.crt"), of("client.key"));
    Account::new(&start(&named, None).start()).artifacts();

    // Where libpq has them, unless others may read the key.
    let home = Setup::new();
    let libpq = home.scratch().join(".postgresql");
    fs::create_dir(&libpq).expect("a directory");
    for kind in ["crt", "key"] {
        fs::copy(directory.join(format!("client.{kind}")), libpq.join(format!("postgresql.{kind}"))).expect("a copy");
    }
    let key = libpq.join("postgresql.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("a mode");
    let refused = start(&plain, Some(home.scratch())).start_refused();
    assert!(refused.stderr.contains("sslkey=") && refused.stderr.contains("chmod 600"), "{}", refused.stderr);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
    Account::new(&start(&plain, Some(home.scratch())).start()).artifacts();
}
