//! The driver: repeats every background task until the server stops.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::health::{Outcome, TaskStatus};
use super::{Failure, Task, TaskRegistry};
use crate::domain::Clock;

/// The pause after a first failure. It doubles with each that follows.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Runs background tasks. Dropped, it ends them in the middle.
pub struct Driver {
    registry: Arc<TaskRegistry>,
    clock: Arc<dyn Clock>,
    running: Vec<(Arc<dyn Task>, JoinHandle<()>)>,
    stop: watch::Sender<bool>,
}

impl Driver {
    /// A driver that notes in `registry` how its tasks do.
    pub fn new(registry: Arc<TaskRegistry>, clock: Arc<dyn Clock>) -> Self {
        Self { registry, clock, running: Vec::new(), stop: watch::Sender::new(false) }
    }

    /// Runs a task from now on.
    pub fn start(&mut self, task: impl Task) {
        let task: Arc<dyn Task> = Arc::new(task);
        let turns = Turns {
            task: task.clone(),
            status: self.registry.add(task.name()),
            clock: self.clock.clone(),
            failures: 0,
        };
        let handle = tokio::spawn(turns.repeat(self.stop.subscribe()));
        self.running.push((task, handle));
    }

    /// Ends the turns of all tasks, and then lets each finish, in the order in which they were started. A task whose disk
    /// or network does not answer is given up after `deadline`.
    pub async fn stop(self, deadline: Duration) {
        self.stop.send_replace(true);
        let mut stopped = Vec::new();
        for (task, handle) in self.running {
            // It ends at its next await; a panic was noted.
            if timeout(deadline, handle).await.is_ok() {
                stopped.push(task);
            } else {
                tracing::warn!(task = task.name(), "a background task did not end in time");
            }
        }
        for task in stopped {
            match timeout(deadline, caught(task.finish())).await {
                Ok(Outcome::Done) => {}
                Ok(Outcome::Failed(error)) => {
                    tracing::warn!(task = task.name(), %error, "a background task did not finish");
                }
                Ok(Outcome::Panicked) => {
                    tracing::error!(task = task.name(), "a background task panicked as it finished");
                }
                Err(_) => tracing::warn!(task = task.name(), "a background task did not finish in time"),
            }
        }
    }
}

/// One task, while it runs.
struct Turns {
    task: Arc<dyn Task>,
    status: Arc<TaskStatus>,
    clock: Arc<dyn Clock>,
    /// Turns that have failed since the last that ended well.
    failures: u32,
}

impl Turns {
    async fn repeat(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            // An error means that the driver is gone.
            _ = stop.wait_for(|stop| *stop) => {}
            () = async { loop { self.turn().await } } => {}
        }
    }

    async fn turn(&mut self) {
        let outcome = caught(self.task.turn()).await;
        self.note(&outcome);
        if !matches!(outcome, Outcome::Done) {
            sleep(pause(self.failures, self.task.longest_pause())).await;
            self.failures += 1;
        }
    }

    /// Notes how a turn ended, and logs it when that is news: a task that fails may be tried every few seconds.
    fn note(&mut self, outcome: &Outcome) {
        let was_failing = self.status.note(outcome, self.clock.now());
        let task = self.task.name();
        match outcome {
            Outcome::Done => {
                self.failures = 0;
                if was_failing {
                    tracing::info!(task, "a background task works again");
                }
            }
            Outcome::Failed(error) if was_failing => tracing::debug!(task, %error, "a background task fails still"),
            Outcome::Failed(error) => tracing::error!(task, %error, "a background task failed; it is tried again"),
            Outcome::Panicked => tracing::error!(task, "a background task panicked; it is restarted"),
        }
    }
}

/// The pause after a failure that `failures` others came before, one after the other.
fn pause(failures: u32, longest: Duration) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(longest)
}

/// Ends with the outcome of `work`, also when it panics.
async fn caught(work: impl Future<Output = Result<(), Failure>>) -> Outcome {
    // What a task shares with others is behind locks, which are not poisoned for good.
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(failure)) => Outcome::Failed(failure),
        Err(_) => Outcome::Panicked,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use tokio::sync::Notify;

    use super::*;
    use crate::domain::SystemClock;

    /// Fails, panics, works, and then waits for ever.
    #[derive(Default)]
    struct Stumbling {
        turns: AtomicU32,
        is_done: Arc<Notify>,
    }

    #[async_trait]
    impl Task for Stumbling {
        fn name(&self) -> &'static str {
            "stumbling"
        }

        async fn turn(&self) -> Result<(), Failure> {
            match self.turns.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Failure::new("the first turn failed", "a secret path")),
                1 => panic!("the second turn"),
                2 => Ok(()),
                _ => {
                    self.is_done.notify_one();
                    std::future::pending().await
                }
            }
        }

        fn longest_pause(&self) -> Duration {
            Duration::ZERO
        }
    }

    #[tokio::test]
    async fn a_task_that_fails_and_panics_is_restarted_and_seen() {
        let registry = Arc::new(TaskRegistry::default());
        let mut driver = Driver::new(registry.clone(), Arc::new(SystemClock));
        let task = Stumbling::default();
        let is_done = task.is_done.clone();
        driver.start(task);
        is_done.notified().await;
        let health = registry.health().remove(0);
        assert_eq!((health.successes, health.errors, health.panics), (1, 1, 1));
        assert!(!health.is_failing && health.last_success.is_some());
        assert_eq!(health.last_failure.unwrap().what, "it panicked; the log says where");
        driver.stop(Duration::from_secs(60)).await;
    }

    /// Notes its end, or panics there.
    struct Ending {
        name: &'static str,
        ended: Arc<Mutex<Vec<&'static str>>>,
    }

    #[async_trait]
    impl Task for Ending {
        fn name(&self) -> &'static str {
            self.name
        }

        async fn turn(&self) -> Result<(), Failure> {
            std::future::pending().await
        }

        async fn finish(&self) -> Result<(), Failure> {
            assert_ne!(self.name, "first", "a panic keeps no other from its end");
            self.ended.lock().unwrap().push(self.name);
            Ok(())
        }
    }

    #[tokio::test]
    async fn all_finish_in_order_whatever_one_of_them_does() {
        let ended = Arc::new(Mutex::new(Vec::new()));
        let mut driver = Driver::new(Arc::default(), Arc::new(SystemClock));
        for name in ["first", "second", "third"] {
            driver.start(Ending { name, ended: ended.clone() });
        }
        driver.stop(Duration::from_secs(60)).await;
        assert_eq!(*ended.lock().unwrap(), ["second", "third"]);
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let longest = Duration::from_secs(60);
        let pauses: Vec<_> = [0, 1, 2, 5, 6, 100].iter().map(|failures| pause(*failures, longest).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 32, 60, 60]);
    }
}
