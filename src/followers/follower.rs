//! What follows the change log: the search index, the shipping of changes, and whatever else is derived from writes.

use std::time::Duration;

use async_trait::async_trait;

use super::task::LONGEST_PAUSE;
use super::{Failure, Task};

/// Takes in what has changed, in the order of the change log, and remembers how far it is.
#[async_trait]
pub trait Follower: Send + Sync {
    /// How far it is. Means something to the store alone.
    type Position: Send + Sync;
    /// What has changed after a position.
    type Batch: Send;

    /// Its name; see [`Task::name`].
    fn name(&self) -> &'static str;

    /// Waits until it should catch up.
    async fn due(&self);

    /// Goes back to what it last completed, whatever was half done since, and returns how far that is. None when it has to
    /// start again from nothing.
    async fn position(&self) -> Result<Option<Self::Position>, Failure>;

    /// What comes after a position.
    async fn read(&self, after: Self::Position) -> Result<Next<Self::Batch>, Failure>;

    /// Takes a batch in, and returns the position that there is more after; none at the end. It is completed at the end,
    /// and may be before.
    async fn apply(&self, batch: Self::Batch) -> Result<Option<Self::Position>, Failure>;

    /// Starts again from nothing.
    async fn start_again(&self) -> Result<(), Failure>;

    /// What remains to be done when the server stops; see [`Task::finish`].
    async fn finish(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// The longest pause after failures; see [`Task::longest_pause`].
    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }
}

/// What comes after a position.
pub enum Next<B> {
    /// Nothing.
    Nothing,
    /// These changes.
    Batch(B),
    /// The change log does not go back so far any more, or has another history.
    Unknown,
}

/// The task of a follower: each turn, it catches up with the change log.
pub struct Following<F>(F);

impl<F: Follower> Following<F> {
    /// The task of this follower.
    pub fn new(follower: F) -> Self {
        Self(follower)
    }
}

/// Brings a follower up to date. After an error, or when this is dropped, the next one begins where the follower last
/// completed something.
pub async fn catch_up<F: Follower>(follower: &F) -> Result<(), Failure> {
    let mut position = follower.position().await?;
    if position.is_none() {
        return follower.start_again().await;
    }
    while let Some(after) = position {
        position = match follower.read(after).await? {
            Next::Nothing => None,
            Next::Batch(batch) => follower.apply(batch).await?,
            Next::Unknown => return follower.start_again().await,
        };
    }
    Ok(())
}

#[async_trait]
impl<F: Follower + 'static> Task for Following<F> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn turn(&self) -> Result<(), Failure> {
        self.0.due().await;
        catch_up(&self.0).await
    }

    async fn finish(&self) -> Result<(), Failure> {
        self.0.finish().await
    }

    fn longest_pause(&self) -> Duration {
        self.0.longest_pause()
    }
}
