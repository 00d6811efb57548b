//! A certificate from an authority (ACME, RFC 8555): asked for, proved, kept in the data directory, and renewed.
//!
//! Owns the account at the authority, the certificate with its key, and when the authority may be asked again. Knows nothing of
//! listeners: they answer what [`Challenges`] has, and show the certificate that the file has.

mod account;
mod attempts;
mod authority;
mod challenges;
mod error;
mod folder;
mod kind;
mod order;
mod progress;
mod renewal;
mod validity;

pub use authority::Authority;
pub use challenges::Challenges;
pub use error::AcmeError;
pub use folder::Folder;
pub use kind::Kind;
pub use progress::Progress;
pub use renewal::{Renewal, Wanted};
pub use validity::Validity;
