//! What servers before one database have to have right: certificates.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::nodes::node;
use crate::support::account::Account;
use crate::support::postgres;
use crate::support::server::Setup;

/// Names a directory with the certificate of an authority, and one of it with its key for the user `certified`.
const CERTIFICATES: &str = "GHOSTWORKS_TEST_POSTGRES_CERTIFICATES";

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
