//! Connections to a database.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config, Error};

use super::Address;
use super::address::patience;
use super::address_error::AddressError;
use super::causes::with_causes;
use super::layout::{ARE_ALL_THERE, ARE_THERE};
use crate::store::{Cause, StoreError, StoreResult};

/// How long a statement may take, on connections for reads.
const STATEMENT: Duration = Duration::from_secs(10);
/// How long an answer may take, until the connection is taken for lost: longer than the statement.
const ANSWER: Duration = Duration::from_secs(15);
/// How long a commit waits for its turn.
const TURN: Duration = Duration::from_secs(10);
/// How long a transaction may hold the head while its node says nothing: one that hangs keeps no other from writing.
const PAUSE: Duration = Duration::from_secs(10);
/// That PostgreSQL notices in a minute that a node is gone, and not in two hours.
const KEEPALIVES: &str = "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 4";
/// How long one who changes the schema waits for another, or for a commit.
const SCHEMA_TURN: Duration = Duration::from_secs(60);

/// A connection, and whether the server has said that a commit is not on its standby.
pub(super) struct Connection {
    /// What is asked through it.
    pub client: Client,
    is_doubted: Arc<AtomicBool>,
    /// Whether an answer is owed.
    is_asked: AtomicBool,
}

impl Connection {
    /// Connects, for reads.
    pub async fn for_reads(address: &Address) -> StoreResult<Self> {
        Self::open(address, &format!("SET statement_timeout = {}", STATEMENT.as_millis())).await
    }

    /// Connects, for reads of everything there is.
    pub async fn for_all(address: &Address) -> StoreResult<Self> {
        Self::open(address, "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0").await
    }

    /// Connects, to make tables or fill them: others may be at it.
    pub async fn for_schema(address: &Address) -> StoreResult<Self> {
        let settings = format!("SET statement_timeout = 0; SET lock_timeout = {}", SCHEMA_TURN.as_millis());
        Self::open(address, &settings).await
    }

    /// Connects, for writes. How long a commit waits for a standby is for the one who waits to say.
    pub async fn for_writes(address: &Address) -> StoreResult<Self> {
        let (turn, pause) = (TURN.as_millis(), PAUSE.as_millis());
        let settings = format!(
            "SET statement_timeout = 0; SET lock_timeout = {turn}; SET idle_in_transaction_session_timeout = {pause}; {KEEPALIVES}"
        );
        Self::open(address, &settings).await
    }

    /// The first host that answers and is no standby, which may be behind.
    async fn open(address: &Address, settings: &str) -> StoreResult<Self> {
        let mut failure = Failed::Silent;
        for host in &address.hosts {
            match timeout(patience(host), Self::open_one(host, address, settings)).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = Failed::Silent,
            }
        }
        Err(match failure {
            Failed::Database(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) => StoreError::Overloaded,
            failure => StoreError::unavailable(failure),
        })
    }

    async fn open_one(host: &Config, address: &Address, settings: &str) -> Result<Self, Failed> {
        let (client, mut connection) = host.connect(address.trust.connector()?).await?;
        let is_doubted = Arc::new(AtomicBool::new(false));
        let doubted = is_doubted.clone();
        tokio::spawn(async move {
            // What it ends with, the next question is answered with as well.
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                // A commit whose wait for the standby was cut short is answered like any other, but for this warning.
                if let AsyncMessage::Notice(notice) = message
                    && *notice.code() == SqlState::WARNING
                {
                    doubted.store(true, Ordering::SeqCst);
                }
            }
        });
        client.batch_execute(settings).await?;
        let found = client.query_typed("SELECT pg_is_in_recovery()", &[]).await?;
        let is_standby: bool = found.first().map_or(Ok(false), |row| row.try_get(0))?;
        if is_standby {
            Err(Failed::Standby)
        } else {
            Ok(Self { client, is_doubted, is_asked: AtomicBool::new(false) })
        }
    }

    /// Has something asked, for [`ANSWER`] at most. A connection that owes an answer is not given away again.
    pub async fn ask<T>(&self, what: impl Future<Output = Result<T, Error>>) -> StoreResult<T> {
        self.is_asked.store(true, Ordering::Relaxed);
        let answer = timeout(ANSWER, what).await;
        let answer = answer
            .map_err(|_| StoreError::unavailable(format!("the database did not answer for {} s", ANSWER.as_secs())))?;
        self.is_asked.store(false, Ordering::Relaxed);
        answer.map_err(failed)
    }

    /// Whether somebody has made the tables in the database.
    pub async fn has_tables(&self) -> StoreResult<bool> {
        self.says(ARE_THERE).await
    }

    /// Whether it has all of them: those of a later version, too.
    pub async fn has_all_tables(&self) -> StoreResult<bool> {
        self.says(ARE_ALL_THERE).await
    }

    async fn says(&self, query: &str) -> StoreResult<bool> {
        let found = self.ask(self.client.query_typed(query, &[])).await?;
        found.first().map_or(Ok(false), |row| row.try_get(0)).map_err(failed)
    }

    /// Whether nothing is owed, and more can be asked.
    pub fn is_good(&self) -> bool {
        !self.client.is_closed() && !self.is_asked.load(Ordering::Relaxed)
    }

    /// Whether there was a warning since the last look.
    pub fn was_doubted(&self) -> bool {
        self.is_doubted.swap(false, Ordering::SeqCst)
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("can't connect: {}", with_causes(.0))]
    Database(#[from] Error),
    #[error("can't connect: it did not answer in time")]
    Silent,
    #[error("it is a standby: name the primary, or all of them")]
    Standby,
}

/// What an answer of the database says that is none.
#[expect(clippy::needless_pass_by_value, reason = "it is what becomes of an error")]
pub(super) fn failed(error: Error) -> StoreError {
    match error.code() {
        Some(&(SqlState::DISK_FULL | SqlState::OUT_OF_MEMORY)) => {
            StoreError::StorageFull(Cause::new(with_causes(&error)))
        }
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => StoreError::ReadOnly,
        Some(&(SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE | SqlState::TOO_MANY_CONNECTIONS)) => {
            StoreError::Overloaded
        }
        _ => StoreError::unavailable(with_causes(&error)),
    }
}
