//! The deadline of each operation, from its row. A streamed answer only has to begin in time.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::Either;
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

    fn call(&self, request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        let deadline = operation_of(&request).map(|operation| operation.row().deadline);
        let work = self.0.call(request);
        match deadline {
            Some(deadline) => Either::Left(within(deadline, work)),
            None => Either::Right(work),
        }
    }
}

/// The outcome of `work`, unless that takes too long.
fn within<T>(deadline: Duration, work: impl Future<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    let exceeded = move |_| Err(Problem::deadline_exceeded(deadline.as_secs()).into());
    timeout(deadline, work).map(move |done| done.unwrap_or_else(exceeded))
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
