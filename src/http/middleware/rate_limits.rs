//! Rate limits by the client's address, and what answers say of rate limits.

use futures_util::TryFutureExt as _;
use futures_util::future::Either;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use super::pass::pass;
use crate::http::allowance::{announce, note};
use crate::http::cookies;
use crate::http::forwarded::ClientOrigin;
use crate::http::operators::may_operate;
use crate::http::problem::Problem;
use crate::http::routes::operation_of;
use crate::http::server::Crowded;
use crate::http::state::State;
use crate::operations::RateClass;
use crate::service::{Allowances, Error};

/// Sends what is left of the limits. Outside the place where errors are answered, for errors have it too.
pub(in crate::http) struct AnnounceLimits;

impl<E: Endpoint> Middleware<E> for AnnounceLimits {
    type Output = Announcing<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Announcing(inner)
    }
}

pub(in crate::http) struct Announcing<E>(E);

impl<E: Endpoint> Endpoint for Announcing<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let allowances = Allowances::default();
        request.set_data(allowances.clone());
        self.0.call(request).map_ok(move |response| {
            let mut response = response.into_response();
            if let Some(allowance) = allowances.least() {
                announce(&allowance, response.headers_mut());
            }
            response
        })
    }
}

/// Whether the use case counts a request, because it depends on what is presented if it does: a refresh token that was
/// spent a moment ago, or a device that is known.
fn is_counted_later(class: RateClass, request: &Request) -> bool {
    match class {
        RateClass::Refresh => true,
        RateClass::Login => cookies::device(request.headers()).is_some(),
        RateClass::Register | RateClass::WorkspaceCreate | RateClass::Mail => false,
    }
}

/// Refuses those who ask too often from one address. Operators may register as many as they like.
pub(in crate::http) struct RateLimited;

impl<E: Endpoint> Middleware<E> for RateLimited {
    type Output = Limiting<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Limiting(inner)
    }
}

pub(in crate::http) struct Limiting<E>(E);

impl<E: Endpoint> Endpoint for Limiting<E> {
    type Output = E::Output;

    fn call(&self, request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        let class = operation_of(&request).and_then(|operation| operation.row().rate);
        match class {
            // Few requests are counted here, and the future of the others has no room for it.
            Some(class) if !is_counted_later(class, &request) => Either::Left(Box::pin(self.counted(class, request))),
            _ => {
                let may_pass = not_crowded(&request);
                Either::Right(pass(&self.0, request, may_pass))
            }
        }
    }
}

impl<E: Endpoint> Limiting<E> {
    async fn counted(&self, class: RateClass, request: Request) -> Result<E::Output> {
        not_crowded(&request)?;
        if let Some(limits) = State::of(&request)?.service.rate_limits.load_full()
            && let Some(address) = ClientOrigin::of(&request).client
            && !(class == RateClass::Register && may_operate(&request).await)
        {
            let allowance = limits.count_from(address, class).map_err(|error| Problem::from(error).before_body())?;
            note(&request, allowance);
        }
        self.0.call(request).await
    }
}

/// Refuses a request that there is no place for.
fn not_crowded(request: &Request) -> Result<(), Problem> {
    match request.data::<Crowded>() {
        Some(Crowded) => Err(Problem::from(Error::Overloaded).before_body()),
        None => Ok(()),
    }
}
