//! Connections for reads, each for one at a time.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, Timeouts};

use tokio_postgres::Error;

use super::Address;
use super::connect::Connection;
use crate::store::{StoreError, StoreResult};

/// How long a read waits for a connection.
const WAIT: Duration = Duration::from_secs(2);

/// Makes such connections.
pub(super) struct Connecting(Arc<Address>);

impl Manager for Connecting {
    type Type = Connection;
    type Error = StoreError;

    async fn create(&self) -> StoreResult<Connection> {
        Connection::for_reads(&self.0).await
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<StoreError> {
        if connection.is_good() { Ok(()) } else { Err(RecycleError::message("it is closed, or owes an answer")) }
    }
}

/// The connections.
#[derive(Clone)]
pub(super) struct Reads(Pool<Connecting>);

impl Reads {
    /// As many at most.
    pub fn new(address: Arc<Address>, connections: usize) -> StoreResult<Self> {
        let timeouts = Timeouts { wait: Some(WAIT), ..Timeouts::default() };
        let pool = Pool::builder(Connecting(address)).max_size(connections).timeouts(timeouts).runtime(Runtime::Tokio1);
        pool.build().map(Self).map_err(StoreError::internal)
    }

    /// One of them, for one who reads.
    pub async fn get(&self) -> StoreResult<Object<Connecting>> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Timeout(_) => StoreError::Overloaded,
            PoolError::Backend(error) => error,
            closed => StoreError::unavailable(closed.to_string()),
        })
    }

    /// How many are in use, and how many there are.
    pub fn in_use(&self) -> (usize, usize) {
        let status = self.0.status();
        (status.size.saturating_sub(status.available), status.size)
    }

    /// How many there may be.
    pub fn most(&self) -> usize {
        self.0.status().max_size
    }

    /// Gives no more away.
    pub fn close(&self) {
        self.0.close();
    }
}

/// A connection that sees the database as of one moment, until it is dropped.
pub(super) struct Moment(Option<Object<Connecting>>);

impl Moment {
    /// Of a connection.
    pub fn of(connection: Object<Connecting>) -> Self {
        Self(Some(connection))
    }

    /// Begins it. What is asked right after, before that is answered, is of this moment already.
    pub async fn begin(&self) -> Result<(), Error> {
        self.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }
}

impl Deref for Moment {
    type Target = Connection;

    #[expect(clippy::expect_used, reason = "it is taken when it is dropped, and not before")]
    fn deref(&self) -> &Connection {
        self.0.as_ref().expect("a connection until it is dropped")
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // Nobody waits for that; one that can't be ended is not given away again.
            runtime.spawn(async move {
                if connection.client.batch_execute("COMMIT").await.is_err() {
                    drop(Object::take(connection));
                }
            });
        }
    }
}
