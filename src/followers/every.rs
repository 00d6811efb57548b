//! When a task that works at a fixed rate is due.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// A fixed rate. Late turns are not made up for.
pub struct Every(Mutex<Interval>);

impl Every {
    /// At once, and then every `period`. Must be made on a runtime.
    pub fn new(period: Duration) -> Self {
        let mut interval = interval(period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(Mutex::new(interval))
    }

    /// Resolves when the next turn is due.
    pub async fn due(&self) {
        self.0.lock().await.tick().await;
    }
}
