//! The primitives of signing in: password hashing, access tokens, refresh tokens, one-time tokens, API keys, the signing
//! keys and how nodes share them, the key of cursors, device tokens, rate limits.
//!
//! Decides nothing: who may do what, and what a failed login answers, is up to `service`.
//!
#![doc = include_str!("README.md")]

mod access_token;
mod api_key;
mod common_passwords;
mod console_token;
mod cursor_key;
mod device_token;
mod hashing_queue;
mod invitation_token;
mod key_file;
mod key_ring;
mod keyed;
mod older_password;
mod one_time_token;
mod password;
mod rate_limit;
mod refresh_token;
mod sealed_keys;
mod signing_key;
mod signing_key_error;
mod signing_keys;

pub use access_token::{AccessTokens, Claims, Identity, InvalidToken, TokenType};
pub use api_key::ApiKeyToken;
pub use common_passwords::is_common;
pub use console_token::ConsoleToken;
pub use cursor_key::CursorKey;
pub use device_token::{DeviceId, DeviceTokens};
pub use hashing_queue::{Asker, HashingFigures};
pub use invitation_token::InvitationToken;
pub use one_time_token::OneTimeSecret;
pub use password::{Compared, HashCost, HashingError, OnHashed, PasswordHasher, Verdict};
pub use rate_limit::{Allowance, Exhausted, RateLimit};
pub use refresh_token::RefreshToken;
pub use sealed_keys::{KeyNumbers, SealedKeys, SealedRows};
pub use signing_key::SigningKey;
pub use signing_key_error::SigningKeyError;
pub use signing_keys::{FormerKey, KeyFiles, SigningKeys};
