//! The two cookies that browsers get: each holds `Bearer <token>`.

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use poem::http::{HeaderMap, HeaderValue, header};

use crate::service::TokenPair;

/// The access token's cookie, sent with every request.
pub(super) const ACCESS_TOKEN: &str = "access_token";
const REFRESH_TOKEN: &str = "refresh_token";
const REFRESH_PATH: &str = "/api/v1/auth/refresh";

/// The access token a browser sends.
pub(super) fn access_token(headers: &HeaderMap) -> Option<String> {
    read(headers, ACCESS_TOKEN)
}

/// The refresh token a browser sends.
pub(super) fn refresh_token(headers: &HeaderMap) -> Option<String> {
    read(headers, REFRESH_TOKEN)
}

/// `Set-Cookie` values that hold a pair; `secure` keeps them off plain HTTP.
pub(super) fn set(tokens: &TokenPair, secure: bool) -> [HeaderValue; 2] {
    [
        write(ACCESS_TOKEN, &tokens.access_token, "/", tokens.expires_in, secure),
        write(REFRESH_TOKEN, &tokens.refresh_token, REFRESH_PATH, tokens.refresh_expires_in, secure),
    ]
}

/// `Set-Cookie` values that remove both.
pub(super) fn clear(secure: bool) -> [HeaderValue; 2] {
    [write(ACCESS_TOKEN, "", "/", 0, secure), write(REFRESH_TOKEN, "", REFRESH_PATH, 0, secure)]
}

fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .and_then(|cookie| Some(cookie.value_trimmed().strip_prefix("Bearer ")?.to_owned()))
}

fn write(name: &'static str, token: &str, path: &'static str, max_age: u64, secure: bool) -> HeaderValue {
    let cookie = Cookie::build((name, format!("\"Bearer {token}\"")))
        .path(path)
        .max_age(Duration::seconds(i64::try_from(max_age).unwrap_or(i64::MAX)))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .build();
    // Tokens are base64url with dots: nothing in them needs escaping.
    HeaderValue::from_str(&cookie.to_string()).unwrap_or(HeaderValue::from_static(""))
}
