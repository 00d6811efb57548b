//! Connections to a database.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Error};

use super::Address;
use super::causes::with_causes;
use crate::store::{Cause, StoreError, StoreResult};

/// How long a statement may take, on connections for reads.
const STATEMENT: Duration = Duration::from_secs(30);
/// How long a commit waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// A connection, and whether the server has said that a commit is not on its standby.
pub(super) struct Connection {
    /// What is asked through it.
    pub client: Client,
    is_doubted: Arc<AtomicBool>,
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

    /// Connects, for writes. How long a commit waits for a standby is for the one who waits to say.
    pub async fn for_writes(address: &Address) -> StoreResult<Self> {
        let settings = format!("SET statement_timeout = 0; SET lock_timeout = {}", TURN.as_millis());
        Self::open(address, &settings).await
    }

    async fn open(address: &Address, settings: &str) -> StoreResult<Self> {
        let connector = address.trust.connector().map_err(StoreError::unavailable)?;
        let (client, mut connection) = address.config.connect(connector).await.map_err(|error| {
            let cause = Cause::new(Unreachable { database: address.to_string(), cause: with_causes(&error) });
            StoreError::Unavailable(cause)
        })?;
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
        client.batch_execute(settings).await.map_err(failed)?;
        Ok(Self { client, is_doubted })
    }

    /// Whether there was a warning since the last look.
    pub fn was_doubted(&self) -> bool {
        self.is_doubted.swap(false, Ordering::SeqCst)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("can't connect to {database}: {cause}")]
struct Unreachable {
    database: String,
    cause: String,
}

/// What an answer of the database says that is none.
#[expect(clippy::needless_pass_by_value, reason = "it is what becomes of an error")]
pub(super) fn failed(error: Error) -> StoreError {
    match error.code() {
        Some(&(SqlState::DISK_FULL | SqlState::OUT_OF_MEMORY)) => {
            StoreError::StorageFull(Cause::new(with_causes(&error)))
        }
        Some(&(SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE | SqlState::TOO_MANY_CONNECTIONS)) => {
            StoreError::Overloaded
        }
        _ => StoreError::unavailable(with_causes(&error)),
    }
}
