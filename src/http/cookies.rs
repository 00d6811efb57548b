//! The cookies that browsers get: two that hold `Bearer <token>`, and one by which a device is known again.

use std::str;

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use poem::http::{HeaderMap, HeaderValue, header};

use crate::service::TokenPair;

/// The access token's cookie, sent with every request.
pub(super) const ACCESS_TOKEN: &str = "access_token";
const REFRESH_TOKEN: &str = "refresh_token";
/// By which a device that was signed in to an account is known again.
pub(crate) const DEVICE: &str = "device";
/// How long a device is known after it was last signed in to, in seconds: a year.
const DEVICE_SECONDS: u64 = 365 * 86_400;
/// Where the refresh token is sent to: refreshing and signing out. The device's goes with it.
const AUTH_PATH: &str = "/api/v1/auth";
/// Where earlier versions had it sent to. Browsers keep a cookie of each path.
const OLDER_REFRESH_PATH: &str = "/api/v1/auth/refresh";
/// A browser may have several cookies of one name; of more than this, the rest is ignored.
pub(super) const SAME_NAME_MAX: usize = 8;

/// The access tokens a browser sends, the most particular path first.
pub(super) fn access_tokens(headers: &HeaderMap) -> Vec<String> {
    read(headers, ACCESS_TOKEN)
}

/// The refresh tokens a browser sends, the most particular path first.
pub(super) fn refresh_tokens(headers: &HeaderMap) -> Vec<String> {
    read(headers, REFRESH_TOKEN)
}

/// Whether a browser sends any of the pair, whatever is in it.
pub(super) fn are_there(headers: &HeaderMap) -> bool {
    [ACCESS_TOKEN, REFRESH_TOKEN].into_iter().any(|name| values(headers, name).next().is_some())
}

/// The token by which a browser says to be a device that is known.
pub(super) fn device(headers: &HeaderMap) -> Option<String> {
    values(headers, DEVICE).next()
}

/// A `Set-Cookie` value of another kind, for a part of the site.
pub(crate) fn of_path(name: &'static str, value: &str, path: &'static str, max_age: u64, secure: bool) -> HeaderValue {
    write(name, value, path, max_age, secure)
}

/// A `Set-Cookie` value by which a device is known again where it signs in.
pub(super) fn know_device(token: &str, secure: bool) -> HeaderValue {
    write(DEVICE, token, AUTH_PATH, DEVICE_SECONDS, secure)
}

/// `Set-Cookie` values that hold a pair; `secure` keeps them off plain HTTP.
pub(super) fn set(tokens: &TokenPair, secure: bool) -> Vec<HeaderValue> {
    vec![
        write_token(ACCESS_TOKEN, &tokens.access_token, "/", tokens.expires_in, secure),
        write_token(REFRESH_TOKEN, &tokens.refresh_token, AUTH_PATH, tokens.refresh_expires_in, secure),
    ]
}

/// The same in the place of a pair, which an earlier version may have set.
pub(super) fn replace(tokens: &TokenPair, secure: bool) -> Vec<HeaderValue> {
    let mut cookies = set(tokens, secure);
    cookies.push(write_token(REFRESH_TOKEN, "", OLDER_REFRESH_PATH, 0, secure));
    cookies
}

/// `Set-Cookie` values that remove a pair, which an earlier version may have set.
pub(super) fn clear(secure: bool) -> Vec<HeaderValue> {
    vec![
        write_token(ACCESS_TOKEN, "", "/", 0, secure),
        write_token(REFRESH_TOKEN, "", AUTH_PATH, 0, secure),
        write_token(REFRESH_TOKEN, "", OLDER_REFRESH_PATH, 0, secure),
    ]
}

/// The tokens in all cookies called `name`. Programs that write cookies themselves may escape the space.
fn read(headers: &HeaderMap, name: &'static str) -> Vec<String> {
    let token =
        |value: &str| ["Bearer ", "Bearer%20"].iter().find_map(|start| value.strip_prefix(start).map(str::to_owned));
    values(headers, name).filter_map(|value| token(&value)).take(SAME_NAME_MAX).collect()
}

/// The values of all cookies called `name`. Other cookies may be any bytes (RFC 6265, section 4.2.2), and are passed over.
pub(super) fn values(headers: &HeaderMap, name: &'static str) -> impl Iterator<Item = String> {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let pairs = cookies.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(move |pair| value(pair, name))
}

/// The value of a pair, if it is called `name`.
fn value(pair: &[u8], name: &str) -> Option<String> {
    let value = pair.trim_ascii().strip_prefix(name.as_bytes())?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
    let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    str::from_utf8(value).ok().map(str::to_owned)
}

fn write_token(name: &'static str, token: &str, path: &'static str, max_age: u64, secure: bool) -> HeaderValue {
    write(name, &format!("\"Bearer {token}\""), path, max_age, secure)
}

fn write(name: &'static str, value: &str, path: &'static str, max_age: u64, secure: bool) -> HeaderValue {
    let cookie = Cookie::build((name, value))
        .path(path)
        .max_age(Duration::seconds(i64::try_from(max_age).unwrap_or(i64::MAX)))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .build();
    // Tokens are base64url with dots: nothing in them needs escaping.
    HeaderValue::from_str(&cookie.to_string()).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(cookies: &[&[u8]]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_bytes(cookie).expect("a header"));
        }
        access_tokens(&headers)
    }

    #[test]
    fn our_cookies_are_found_beside_any_others() {
        for (cookies, expected) in [
            (vec![&b"access_token=\"Bearer a.b\""[..]], vec!["a.b"]),
            (vec![b"access_token=Bearer a.b"], vec!["a.b"]),
            (vec![b"access_token=Bearer%20a.b"], vec!["a.b"]),
            (vec!["__utmz=Undersøgelse; access_token=\"Bearer a\"".as_bytes()], vec!["a"]),
            (vec![b"x=\xff\xfe; access_token=\"Bearer a\"; y=\"; z"], vec!["a"]),
            (vec![b"a=b=c;access_token = \"Bearer a\" ;"], vec!["a"]),
            (
                vec![b"access_token=\"Bearer a\"; access_token=\"Bearer b\"", b"access_token=\"Bearer c\""],
                vec!["a", "b", "c"],
            ),
            (vec![b"xaccess_token=\"Bearer a\"; access_token2=\"Bearer a\"; Access_Token=\"Bearer a\""], vec![]),
            (vec![b"access_token=\"Bearer \xff\"; access_token=a; access_token; access_token="], vec![]),
        ] {
            assert_eq!(tokens(&cookies), expected, "{cookies:?}");
        }
    }
}
