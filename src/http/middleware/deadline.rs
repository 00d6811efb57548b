//! The deadline of each operation, from its row. A streamed answer only has to begin in time.

use std::pin::pin;
use std::time::Duration;

use poem::{Endpoint, Middleware, Request, Result};
use tokio::time::timeout;

use crate::http::problem::Problem;
use crate::http::routes::operation_of;

/// Ends what takes longer than its operation may.
pub(in crate::http) struct Deadline;

impl<E: Endpoint> Middleware<E> for Deadline {
    type Output = WithDeadline<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithDeadline(inner)
    }
}

pub(in crate::http) struct WithDeadline<E>(E);

impl<E: Endpoint> Endpoint for WithDeadline<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<Self::Output> {
        let deadline = operation_of(&request).map(|operation| operation.row().deadline);
        // It is large: once, in its place, and not moved.
        let work = pin!(self.0.call(request));
        match deadline {
            Some(deadline) => within(deadline, work).await,
            None => work.await,
        }
    }
}

/// The outcome of `work`, unless that takes too long.
async fn within<T>(deadline: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(deadline, work).await.unwrap_or_else(|_| Err(Problem::deadline_exceeded(deadline.as_secs()).into()))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn s33_work_that_does_not_end_is_given_up_at_its_deadline() {
        assert_eq!(within(Duration::ZERO, ready(Ok(1))).await.ok(), Some(1));
        let error = within(Duration::ZERO, pending::<Result<u8>>()).await.unwrap_err();
        assert!(error.downcast_ref::<Problem>().is_some_and(|problem| problem.to_string().contains("deadline")));
    }
}
