//! How a page ends: with an answer, also where something is in the way.

use poem::Response;
use poem::http::{StatusCode, header};

use crate::http::pages::Problem;
use crate::service::Error;

/// Why a page is not what was asked for.
pub(super) enum Outcome {
    /// What went wrong is said by the error page.
    Problem(Box<Problem>),
    /// Another page is in its place.
    Instead(Box<Response>),
}

impl Outcome {
    /// Another page in the place of the one that was asked for.
    pub fn instead(response: Response) -> Self {
        Self::Instead(Box::new(response))
    }

    /// What is answered.
    pub fn finish(result: Result<Response, Self>) -> Result<Response, Problem> {
        match result {
            Ok(response) => Ok(response),
            Err(Self::Instead(response)) => Ok(*response),
            Err(Self::Problem(problem)) => Err(*problem),
        }
    }
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

/// Leads to another page, to be asked for with `GET`.
pub(super) fn see(location: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, location).finish()
}
