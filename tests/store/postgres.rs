//! Databases on a PostgreSQL of the tests.

use std::sync::Arc;

use ghostworks::domain::{Entropy as _, SharedQuotas, SystemEntropy};
use ghostworks::store::ReadOnly;
use ghostworks::store::postgres::{Address, Options};

/// The address of a PostgreSQL on which databases can be made, such as `postgres://user:password@localhost/postgres`.
const PLACE: &str = "GHOSTWORKS_TEST_POSTGRES";

/// The address of a database of that name.
fn address(name: &str) -> Address {
    let place = std::env::var_os(PLACE).unwrap_or_else(|| panic!("{PLACE} says where a PostgreSQL is"));
    let place = place.into_string().expect("an address");
    let (server, rest) = place.rsplit_once('/').unwrap();
    let query = rest.split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
    Address::parse(&format!("{server}/{name}{query}"), None, "ghostworks tests").unwrap()
}

/// How to open a database that was made for one test.
pub fn options() -> Options {
    let mut random = [0; 8];
    SystemEntropy.fill(&mut random);
    let name = format!("test_{:016x}", u64::from_be_bytes(random));
    let make = format!("CREATE DATABASE {name}");
    // Where nothing else runs: the tests have runtimes of their own.
    let made = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = address("postgres").connect().await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(&make).await.unwrap();
        });
    });
    made.join().unwrap();
    Options {
        address: Arc::new(address(&name)),
        connections: 4,
        queue: 1024,
        group_max: 64,
        quotas: SharedQuotas::default(),
        read_only: ReadOnly::default(),
        entropy: Arc::new(SystemEntropy),
        held: None,
    }
}
