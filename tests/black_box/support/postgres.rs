//! Databases on a PostgreSQL of the tests.

use super::unique;

/// The address of a PostgreSQL on which databases can be made, such as `postgres://user:password@localhost/postgres`.
const PLACE: &str = "GHOSTWORKS_TEST_POSTGRES";

/// Says that every server of the tests has its database there.
const FOR_ALL: &str = "GHOSTWORKS_TEST_ON_POSTGRES";

/// The address of a database for a server that asks for none, when all are to have theirs on PostgreSQL.
pub fn for_all() -> Option<String> {
    std::env::var_os(FOR_ALL).is_some().then(database)
}

/// The address of a database that was made for one test.
pub fn database() -> String {
    let name = format!("test_{}_{}", std::process::id(), unique("nodes").replace('-', "_"));
    run_elsewhere(&format!("CREATE DATABASE {name}"));
    let place = place();
    let (server, _) = place.rsplit_once('/').expect("an address");
    format!("{server}/{name}")
}

fn place() -> String {
    let place = std::env::var_os(PLACE).unwrap_or_else(|| panic!("{PLACE} says where a PostgreSQL is"));
    place.into_string().expect("an address")
}

/// Carries statements out in a database that no server uses.
pub fn run_elsewhere(statements: &str) {
    run_in(&place(), statements);
}

/// Carries statements out in a database.
pub fn run_in(url: &str, statements: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("a PostgreSQL");
        tokio::spawn(connection);
        client.batch_execute(statements).await.expect("it is carried out");
    });
}
