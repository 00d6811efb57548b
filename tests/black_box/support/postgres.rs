//! Databases on a PostgreSQL of the tests.

use super::unique;

/// The address of a PostgreSQL on which databases can be made, such as `postgres://user:password@localhost/postgres`.
const PLACE: &str = "GHOSTWORKS_TEST_POSTGRES";

/// The address of a database that was made for one test.
pub fn database() -> String {
    let place = std::env::var_os(PLACE).unwrap_or_else(|| panic!("{PLACE} says where a PostgreSQL is"));
    let place = place.into_string().expect("an address");
    let name = format!("test_{}_{}", std::process::id(), unique("nodes").replace('-', "_"));
    let make = format!("CREATE DATABASE {name}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&place, tokio_postgres::NoTls).await.expect("a PostgreSQL");
        tokio::spawn(connection);
        client.batch_execute(&make).await.expect("a database");
    });
    let (server, _) = place.rsplit_once('/').expect("an address");
    format!("{server}/{name}")
}
