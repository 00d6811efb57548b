//! How long a connection may take to send a request's head, as a timer for hyper's HTTP/1.
//!
//! hyper starts one sleep when it begins to wait for a head and drops it when the head is there; by itself it makes no
//! difference between a client that rests between requests and one that sends a head byte by byte. This does.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// How many bytes a connection has sent.
#[derive(Clone, Default)]
pub(super) struct Received(Arc<AtomicU64>);

impl Received {
    fn count(&self) -> u64 {
        // Written and read by the one task that serves the connection.
        self.0.load(Ordering::Relaxed)
    }

    /// Adds to the count.
    pub(super) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// The timer of one connection. Its sleeps end at a time of their own, whatever hyper asks for: the first head must
/// come within the head timeout; any later one may begin within the idle timeout and has the head timeout from then on.
pub(super) struct HeadTimer {
    pub head_timeout: Duration,
    pub idle_timeout: Duration,
    pub received: Received,
}

impl Timer for HeadTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        let received = self.received.count();
        let is_first = received == 0;
        let timeout = if is_first { self.head_timeout } else { self.idle_timeout };
        Box::pin(HeadDeadline {
            sleep: Box::pin(tokio::time::sleep(timeout)),
            resting_since: (!is_first).then_some(received),
            head_timeout: self.head_timeout,
            received: self.received.clone(),
        })
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(Duration::ZERO)
    }
}

struct HeadDeadline {
    sleep: Pin<Box<tokio::time::Sleep>>,
    /// While the connection rests: how much had been received when it began to.
    resting_since: Option<u64>,
    head_timeout: Duration,
    received: Received,
}

impl Sleep for HeadDeadline {}

impl Future for HeadDeadline {
    type Output = ();

    /// hyper polls this after it has read all there is, so a head that has begun is noticed here.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.resting_since.is_some_and(|count| count != self.received.count()) {
            self.resting_since = None;
            let deadline = tokio::time::Instant::now() + self.head_timeout;
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx)
    }
}
