//! The lease on what one of several nodes does for all, and that nobody writes under one that is lost.

use std::sync::Arc;

use ghostworks::domain::{Actor, InstallationId, Stamp, SystemEntropy, Timestamp};
use ghostworks::store::postgres::{Options, PostgresStore};
use ghostworks::store::{LeaseHolder, NoObserver, Store, StoreError};

use crate::postgres;
use crate::world::World;

/// Nodes of one database, and what asks it beside them.
struct Nodes {
    options: Options,
}

impl Nodes {
    fn open(&self) -> (Arc<dyn Store>, LeaseHolder) {
        let store: Arc<dyn Store> = Arc::new(PostgresStore::open(self.options.clone(), Arc::new(NoObserver)).unwrap());
        let holder = LeaseHolder::new(InstallationId::random(&SystemEntropy), "here".to_owned(), &SystemEntropy);
        (store, holder)
    }

    async fn run(&self, statement: &str) {
        let (client, connection) = self.options.address.connect().await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(statement).await.unwrap();
    }

    async fn let_it_run_out(&self) {
        self.run("UPDATE ghostworks_leases SET until = clock_timestamp() - interval '1 second'").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a PostgreSQL, at GHOSTWORKS_TEST_POSTGRES"]
async fn who_has_lost_the_lease_writes_nothing_on_postgres() {
    let nodes = Nodes { options: postgres::options() };
    let ((one, first), (other, second)) = (nodes.open(), nodes.open());
    let (leases, others) = (one.leases().unwrap(), other.leases().unwrap());
    let lease = leases.hold(&first, true).await.unwrap();
    assert!(lease.is_own && lease.held.is_some());
    let looked = others.hold(&second, true).await.unwrap();
    assert!(!looked.is_own);
    assert_eq!((looked.term, looked.held.unwrap().0.as_str()), (lease.term, "here"));
    assert_eq!(leases.hold(&first, true).await.unwrap().term, lease.term, "renewed");

    let fenced = leases.fenced(&first, lease.term);
    let world = World::over(one.clone(), None);
    let user = world.user("ann").await.id;
    let write = |store: Arc<dyn Store>| async move {
        let stamp = Stamp::new(Timestamp::from_second(1_795_000_000).unwrap(), Actor::default());
        let noted = store.note_brought_back(user, stamp).await;
        let trimmed = store.trim_changes(Timestamp::MIN, 10).await.map(drop);
        let scrubbed = store.scrub_changes(Vec::new(), store.newest_change(None).await.unwrap(), 10).await.map(drop);
        [noted, trimmed, scrubbed]
    };
    assert_eq!(write(fenced.clone()).await, [Ok(()), Ok(()), Ok(())]);
    // It runs out, and nobody has taken it yet.
    nodes.let_it_run_out().await;
    let lost = [(); 3].map(|()| Err(StoreError::LeaseLost));
    assert_eq!(write(fenced.clone()).await, lost);
    let taken = others.hold(&second, true).await.unwrap();
    assert!(taken.is_own && taken.term > lease.term);
    assert_eq!(write(fenced.clone()).await, lost);
    assert_eq!(write(one.clone()).await, [Ok(()), Ok(()), Ok(())], "what needs no lease goes on");
    let before = world.store.newest_change(None).await.unwrap();
    assert_eq!(write(fenced.clone()).await, lost);
    assert_eq!(world.store.newest_change(None).await.unwrap(), before, "nothing is left of it");
    // Taken again, it is another term: what was begun in the one before stays undone.
    others.release(&second).await.unwrap();
    let again = leases.hold(&first, true).await.unwrap();
    assert!(again.is_own && again.term > taken.term);
    assert_eq!(write(fenced).await, lost);
    assert_eq!(write(leases.fenced(&first, again.term)).await, [Ok(()), Ok(()), Ok(())]);
    one.close().await.unwrap();
    other.close().await.unwrap();
}
