//! Where long computations of requests happen: off the runtime's threads, which others need to be answered, and as many at
//! a time as there are processors.

use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// One for each processor: more at a time would only share them.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, usize::from)));

/// Computes something off the runtime's threads, once it is its turn. The work is not interrupted when this is dropped, and
/// keeps its turn until it ends.
pub async fn offload<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    // The semaphore is never closed.
    let turn = TURNS.acquire().await.ok();
    let done = spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    match done.await {
        Ok(done) => done,
        // The runtime is shutting down, or it panicked.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_happens_on_another_thread() {
        let here = std::thread::current().id();
        assert_ne!(offload(move || std::thread::current().id()).await, here);
    }

    #[tokio::test]
    #[should_panic(expected = "the work")]
    async fn a_panic_is_the_callers() {
        offload(|| panic!("the work")).await;
    }
}
