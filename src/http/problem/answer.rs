//! The answer that a problem becomes: a document, or a page for people.

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::Problem;
use super::body::{ProblemBody, ProblemFacts};
use crate::domain::Timestamp;
use crate::http::allowance::announce;
use crate::http::types::Time;
use crate::telemetry;

impl Problem {
    /// The answer, at `now`, to a request for `instance`. Logs the cause, if there is one: this is where an error is
    /// handled.
    pub(in crate::http) fn respond(
        mut self,
        instance: &str,
        request_id: &str,
        now: Timestamp,
        page: Option<fn(&ProblemFacts) -> Response>,
    ) -> Response {
        if let Some(cause) = &self.cause {
            let (code, status) = (self.code.as_str(), self.status.as_u16());
            tracing::error!(code, status, request_id, cause, "request failed");
        }
        telemetry::refused(self.code.error_type());
        let mut response = match page {
            Some(page) => page(&self.facts(request_id)),
            None => self.document(instance, request_id, now),
        };
        response.set_status(self.status);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED && page.is_none() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allowance) = &self.allowance {
            announce(allowance, headers);
        }
        if let Some(allow) = self.allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// What a page says of it.
    fn facts(&self, request_id: &str) -> ProblemFacts {
        ProblemFacts {
            status: self.status,
            detail: self.detail.clone(),
            errors: self.errors.iter().map(|error| error.detail.clone()).collect(),
            request_id: request_id.to_owned(),
            retry_after: self.retry_after,
            trace: telemetry::current_trace_id(),
        }
    }

    fn document(&mut self, instance: &str, request_id: &str, now: Timestamp) -> Response {
        let body = ProblemBody {
            kind: format!("urn:ghostworks:problem:{}", self.code.as_str()),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            message: self.detail.clone(),
            detail: std::mem::take(&mut self.detail),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            code: self.code,
            errors: std::mem::take(&mut self.errors),
            id: self.made.take(),
            error: self.code.older().to_owned(),
            timestamp: Time(now),
            retry_after: self.retry_after,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        Response::builder().content_type("application/problem+json").body(body)
    }
}
