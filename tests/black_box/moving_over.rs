//! What comes from an older service: passwords go on working, and what can't be reached is said without them. The other
//! database itself is for `.ci/moving`.

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;

use ghostworks::domain::{Actor, Email, SharedQuotas, Stamp, SystemEntropy, Timestamp, User};
use ghostworks::store::redb::{Location, Options, RedbStore};
use ghostworks::store::{Adoption as _, NoObserver, ReadOnly, Store as _, Users as _};

use crate::support::account::login;
use crate::support::server::Setup;

const PASSWORD: &str = "Secret-of-the-older-1";

/// Of passlib's own tests, with the cost 5.
const HASHES: [(&str, &str); 3] = [
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    (
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
        "$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
    ("U*U*", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
];

fn open(setup: &Setup) -> RedbStore {
    let options = Options {
        location: Location::Directory(setup.data().to_owned()),
        cache_bytes: 8 << 20,
        queue: 16,
        group_max: 16,
        min_free_bytes: 0,
        backup_before_upgrade: false,
        quotas: SharedQuotas::default(),
        read_only: ReadOnly::default(),
        entropy: Arc::new(SystemEntropy),
        on_repair: Arc::new(|_| {}),
    };
    RedbStore::open(options, Arc::new(NoObserver)).expect("a database")
}

fn address(number: usize) -> String {
    format!("older{number}@example.com")
}

/// Does something with the database while no server runs.
fn with_store<T>(setup: &Setup, work: impl AsyncFnOnce(&RedbStore) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = open(setup);
        let done = work(&store).await;
        store.close().await.expect("closed");
        done
    })
}

fn adopt_users(setup: &Setup) {
    with_store(setup, async |store| {
        for (number, (_, hash)) in HASHES.iter().enumerate() {
            let at = Timestamp::UNIX_EPOCH;
            let user = User {
                id: uuid::Uuid::from_u128(1 + number as u128).into(),
                email: Email::parse(&address(number)).expect("an address"),
                first_name: None,
                last_name: None,
                is_verified: true,
                is_active: true,
                is_operator: false,
                created_at: at,
                updated_at: at,
            };
            let stamp = Stamp::new(at, Actor::default());
            store.adopt_user(user, Some((*hash).to_owned()), stamp).await.expect("taken over");
        }
    });
}

#[test]
fn s02_a_hash_of_bcrypt_is_good_until_its_owner_signs_in() {
    let setup = Setup::new();
    adopt_users(&setup);
    assert_eq!(with_store(&setup, async |store| store.slowest_older_hash().await), Ok(Some(5)));
    let server = setup.start();
    for (number, (password, _)) in HASHES.iter().enumerate() {
        login(&server.client(), &address(number), "U*U*U*U").problem(401, "invalid_credentials");
        login(&server.client(), &address(number), password).expect(200);
        login(&server.client(), &address(number), password).expect(200);
        login(&server.client(), &address(number), "U*U*U*U").problem(401, "invalid_credentials");
    }
    login(&server.client(), "nobody@example.com", "U*U").problem(401, "invalid_credentials");
    server.stop();
    let left = with_store(&setup, async |store| {
        let email = Email::parse(&address(0)).expect("an address");
        let hash = store.credentials(&email).await.expect("a look").expect("an account").password_hash;
        (store.slowest_older_hash().await, hash.starts_with("$argon2id$"))
    });
    assert_eq!(left, (Ok(None), true));
    let (status, output, _) = setup.run(&["check"]);
    assert!(status.success() && output.contains("Everything agrees"), "{output}");
}

#[test]
fn what_can_not_be_reached_is_said_without_the_password() {
    let setup = Setup::new();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let url = format!("postgres://ann:{PASSWORD}@127.0.0.1:{free}/older");
    let file = setup.scratch().join("older.url");
    fs::write(&file, format!("{url}\n")).expect("a file");
    let from_file = ["--from-file", file.to_str().expect("a path")];
    for words in [&["migrate-from", &url][..], &["migrate-from", from_file[0], from_file[1]]] {
        let (status, output, error) = setup.run(&[words, &["--dry-run"]].concat());
        assert_eq!((status.code(), output.as_str()), (Some(1), ""), "{error}");
        assert!(error.contains(&format!("can't connect to the database older at 127.0.0.1:{free}")), "{error}");
        assert!(!error.contains(PASSWORD), "{error}");
        assert_eq!(error.contains("others on this machine"), words.len() == 2, "{error}");
    }
    assert!(!setup.data().exists(), "a dry run makes nothing");
    let (status, _, error) = setup.run(&["migrate-from", "mysql://ann@127.0.0.1/older"]);
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("instead of postgres://"), "{error}");
}

#[test]
fn a_server_that_runs_is_left_alone() {
    let setup = Setup::new();
    let _server = setup.start();
    let (status, _, error) = setup.run(&["migrate-from", "postgres://ann@127.0.0.1:1/older"]);
    assert_eq!(status.code(), Some(3), "{error}");
}
