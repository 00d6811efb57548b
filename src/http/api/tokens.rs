//! Answers that set cookies: pairs of tokens, and their end.

use poem::http::{HeaderValue, header};
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Object};
use serde::Serialize;

use crate::http::cookies;
use crate::http::json::Json;
use crate::http::state::State;
use crate::service::TokenPair;

/// A JSON body with `Set-Cookie` headers. Nobody on the way may keep it.
pub(super) struct WithCookies<T> {
    body: T,
    cookies: Vec<HeaderValue>,
}

impl<T> WithCookies<T> {
    /// A body, and the pair of tokens as cookies.
    pub fn set(body: T, tokens: &TokenPair, state: &State) -> Self {
        Self { body, cookies: cookies::set(tokens, state.secure_cookies()) }
    }

    /// The same, and a cookie by which the device is known from now on.
    pub fn knowing(mut self, device: &str, state: &State) -> Self {
        self.cookies.push(cookies::know_device(device, state.secure_cookies()));
        self
    }

    /// A body without a cookie.
    pub fn none(body: T) -> Self {
        Self { body, cookies: Vec::new() }
    }

    /// A body, and the pair of tokens as cookies in the place of those that were sent.
    pub fn replace(body: T, tokens: &TokenPair, state: &State) -> Self {
        Self { body, cookies: cookies::replace(tokens, state.secure_cookies()) }
    }

    /// A body, and both cookies cleared.
    pub fn clear(body: T, state: &State) -> Self {
        Self { body, cookies: cookies::clear(state.secure_cookies()) }
    }
}

impl<T: Serialize + Send> IntoResponse for WithCookies<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl<T: Type> ApiResponse for WithCookies<T> {
    fn meta() -> MetaResponses {
        Json::<T>::meta()
    }

    fn register(registry: &mut Registry) {
        Json::<T>::register(registry);
    }
}

/// What every pair of tokens is called.
pub(super) const TOKEN_TYPE: &str = "bearer";

/// A pair of tokens.
#[derive(Serialize, Object)]
#[oai(rename = "Tokens")]
pub(super) struct TokenBody {
    /// Send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// Exchange it for a new pair before the access token ends.
    pub refresh_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// How long the access token lasts, in seconds.
    pub expires_in: u64,
}

impl TokenBody {
    /// The pair in JSON.
    pub fn new(tokens: &TokenPair) -> Self {
        Self {
            access_token: tokens.access_token.clone(),
            refresh_token: tokens.refresh_token.clone(),
            token_type: TOKEN_TYPE.to_owned(),
            expires_in: tokens.expires_in,
        }
    }
}

/// A sentence.
#[derive(Serialize, Object)]
#[oai(rename = "Message")]
pub(super) struct MessageBody {
    /// What happened.
    pub message: String,
}

impl MessageBody {
    /// A sentence without a full stop.
    pub fn new(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}
