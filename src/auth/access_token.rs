//! Access tokens: JWTs (RFC 7519) signed with HMAC-SHA256, the only algorithm that is compiled in.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use signature::{Signer, Verifier};
use thiserror::Error;

use super::key_ring::KeyRing;
use super::signing_key::SigningKey;
use super::signing_keys::SigningKeys;
use crate::domain::{Clock, Role, SessionId, TenantId, Timestamp, UserId};

/// What an access token says. Times are seconds since the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// The account.
    pub sub: UserId,
    /// Its address, for clients that show it.
    pub email: String,
    /// The workspace that was current when the token was made. Nothing is granted by it.
    pub tenant_id: Option<TenantId>,
    /// The role in that workspace. Nothing is granted by it: roles are looked up with each request.
    pub role: Option<Role>,
    /// Always [`TokenType::Access`].
    pub token_type: TokenType,
    /// When it ends.
    pub exp: i64,
    /// When it begins, if later than it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// When it was made.
    pub iat: i64,
    /// The token's own id.
    pub jti: uuid::Uuid,
    /// The session it belongs to, and ends with.
    pub sid: SessionId,
    /// Who made it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
}

/// Whom a token identifies, and when it is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub sub: UserId,
    /// The session it belongs to.
    pub sid: SessionId,
    exp: i64,
    nbf: Option<i64>,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// Calls to the API.
    Access,
}

/// A token that proves nothing: forged, expired, or made for someone else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the access token is not valid")]
pub struct InvalidToken;

/// How many genuine tokens are remembered.
const REMEMBERED: usize = 10_000;

/// Signs and verifies access tokens.
#[derive(Clone)]
pub struct AccessTokens {
    keys: KeyRing<TokenKey>,
    header: Header,
    validation: Validation,
}

/// A key, as tokens need it.
struct TokenKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// Tokens that were found genuine: that never changes, and to find it out is the dearest part of a small request.
    /// Whether they are still good is asked every time.
    genuine: Cache<Box<str>, Identity>,
}

impl AccessTokens {
    /// Tokens of one issuer for one audience.
    pub fn new(keys: &SigningKeys, issuer: &str, audience: &str, clock: Arc<dyn Clock>) -> Self {
        // The second finds the same provider installed.
        let _ = PROVIDER.install_default();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are compared below with the clock that was passed in.
        validation.validate_exp = false;
        let former = keys.former.iter().map(|known| (TokenKey::of(&known.key), known.until));
        let keys = KeyRing::new(TokenKey::of(&keys.current), former.collect(), clock);
        Self { keys, header: Header::new(Algorithm::HS256), validation }
    }

    /// Has these keys hold, and no others.
    pub fn replace(&self, keys: &SigningKeys) {
        let former = keys.former.iter().map(|known| (TokenKey::of(&known.key), known.until));
        self.keys.replace(TokenKey::of(&keys.current), former.collect());
    }

    /// Has another key sign. The one before is believed until `until`.
    pub fn rotate(&self, key: &SigningKey, until: Timestamp) {
        self.keys.rotate(TokenKey::of(key), until);
    }

    /// A signed token.
    pub fn sign(&self, claims: &Claims) -> Result<String, JwtError> {
        jsonwebtoken::encode(&self.header, claims, &self.keys.current().encoding)
    }

    /// Whom a token identifies that is genuine and valid at `now`. Its header decides nothing: a `kid`, `jku` or `jwk`
    /// is ignored and any other algorithm refused.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, InvalidToken> {
        let identity = self.genuine(token)?;
        let now = now.as_second();
        if now < identity.exp && identity.nbf.is_none_or(|nbf| nbf <= now) { Ok(identity) } else { Err(InvalidToken) }
    }

    /// Whom a token identifies that we made with a key that is believed, whatever the time.
    pub fn genuine(&self, token: &str) -> Result<Identity, InvalidToken> {
        self.keys.find(|key| key.genuine(token, &self.validation)).ok_or(InvalidToken)
    }
}

impl TokenKey {
    fn of(key: &SigningKey) -> Self {
        Self {
            encoding: EncodingKey::from_secret(key.as_bytes()),
            decoding: DecodingKey::from_secret(key.as_bytes()),
            genuine: Cache::new(REMEMBERED),
        }
    }

    /// Whom a token identifies that was signed with this key.
    fn genuine(&self, token: &str, validation: &Validation) -> Option<Identity> {
        if let Some(identity) = self.genuine.get(token) {
            return Some(identity);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, validation);
        let Claims { sub, sid, exp, nbf, .. } = decoded.ok()?.claims;
        let identity = Identity { sub, sid, exp, nbf };
        self.genuine.insert(token.into(), identity);
        Some(identity)
    }
}

/// HMAC-SHA256 and nothing else: what is not there can't be asked for by a forged header.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::new(key.as_bytes())?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(key: &[u8]) -> Result<Self, JwtError> {
        Hmac::new_from_slice(key).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::auth::FormerKey;
    use crate::auth::key_ring::tests::{SetClock, at};

    fn tokens(key: &[u8; 32], issuer: &str) -> AccessTokens {
        let keys = SigningKeys::only(SigningKey::from_bytes(key.to_vec()));
        AccessTokens::new(&keys, issuer, "api", Arc::new(SetClock::default()))
    }

    fn claims() -> Claims {
        Claims {
            sub: UserId::from_bytes([1; 16]),
            email: "ann@example.com".to_owned(),
            tenant_id: None,
            role: None,
            token_type: TokenType::Access,
            exp: 1_000,
            nbf: None,
            iat: 100,
            jti: uuid::Uuid::nil(),
            sid: SessionId::from_bytes([2; 16]),
            iss: "me".to_owned(),
            aud: "api".to_owned(),
        }
    }

    #[test]
    fn s23_a_genuine_token_is_valid_until_it_expires() {
        let tokens = tokens(&[7; 32], "me");
        let token = tokens.sign(&claims()).expect("a token");
        let identity = Identity { sub: claims().sub, sid: claims().sid, exp: 1_000, nbf: None };
        assert_eq!(tokens.verify(&token, at(999)), Ok(identity));
        assert_eq!(tokens.verify(&token, at(999)), Ok(identity), "remembered, it is the same");
        assert_eq!(tokens.verify(&token, at(1_000)), Err(InvalidToken), "remembered, it expires all the same");
    }

    #[test]
    fn s23_a_token_for_later_or_for_others_is_invalid() {
        let tokens = tokens(&[7; 32], "me");
        let later = tokens.sign(&Claims { nbf: Some(600), ..claims() }).expect("a token");
        assert_eq!(tokens.verify(&later, at(500)), Err(InvalidToken));
        assert!(tokens.verify(&later, at(600)).is_ok());
        for other in [Claims { iss: "you".to_owned(), ..claims() }, Claims { aud: "web".to_owned(), ..claims() }] {
            let token = tokens.sign(&other).expect("a token");
            assert_eq!(tokens.verify(&token, at(500)), Err(InvalidToken));
        }
    }

    #[test]
    fn s21_forged_tokens_are_invalid() {
        let genuine = tokens(&[7; 32], "me");
        let token = genuine.sign(&claims()).expect("a token");
        let other_key = tokens(&[8; 32], "me").sign(&claims()).expect("a token");
        let (_, payload_and_signature) = token.split_once('.').expect("three parts");
        let (payload, signature) = payload_and_signature.split_once('.').expect("three parts");
        let header = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let forged = [
            other_key,
            String::new(),
            "a.b.c".to_owned(),
            format!("{}.{payload}.", header(r#"{"alg":"none","typ":"JWT"}"#)),
            format!("{}.{payload}.{signature}", header(r#"{"alg":"HS512","typ":"JWT"}"#)),
            format!("{}.{payload}.{signature}", header(r#"{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}"#)),
            format!("{token}x"),
        ];
        for token in forged {
            assert_eq!(genuine.verify(&token, at(500)), Err(InvalidToken), "{token}");
        }
    }

    #[test]
    fn s21_a_former_key_is_believed_until_it_ends_and_whatever_a_token_says_of_it() {
        let clock = Arc::new(SetClock::default());
        let key = |byte| SigningKey::from_bytes(vec![byte; 32]);
        let tokens = AccessTokens::new(&SigningKeys::only(key(1)), "me", "api", clock.clone());
        let forever = Claims { exp: i64::MAX, ..claims() };
        let first = tokens.sign(&forever).expect("a token");
        let unseen = tokens.sign(&Claims { iat: 101, ..forever.clone() }).expect("a token");
        assert!(tokens.verify(&first, at(0)).is_ok());
        tokens.rotate(&key(2), at(500));
        let second = tokens.sign(&forever).expect("a token");
        assert_ne!(first, second);
        tokens.rotate(&key(3), at(700));
        let header = Header { kid: Some("1".to_owned()), ..Header::new(Algorithm::HS256) };
        let foreign = EncodingKey::from_secret(&[4; 32]);
        let foreign = jsonwebtoken::encode(&header, &forever, &foreign).expect("a token");
        assert_eq!(tokens.verify(&foreign, at(499)), Err(InvalidToken));
        clock.set(499);
        assert!([&first, &unseen, &second].iter().all(|token| tokens.verify(token, at(499)).is_ok()));
        clock.set(500);
        assert_eq!(tokens.verify(&first, at(500)), Err(InvalidToken), "remembered, it ends all the same");
        assert_eq!(tokens.verify(&unseen, at(500)), Err(InvalidToken));
        assert!(tokens.verify(&second, at(500)).is_ok());

        let former = vec![FormerKey { key: key(2), until: at(700) }];
        let restarted = AccessTokens::new(&SigningKeys { current: key(3), former }, "me", "api", clock.clone());
        assert!(restarted.verify(&second, at(500)).is_ok());
        clock.set(700);
        assert_eq!(restarted.verify(&second, at(700)), Err(InvalidToken));
    }
}
