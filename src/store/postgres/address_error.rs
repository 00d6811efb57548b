//! Why an address is of no use.

use thiserror::Error;

/// Why an address is of no use. No password is in it.
#[derive(Debug, Error)]
pub enum AddressError {
    /// What should be an address is none.
    #[error("the address makes no sense: {0}; it is like postgres://user@host:5432/name?sslmode=verify-full")]
    Address(String),
    /// The certificate that the database is to be shown can't be used, or its key.
    #[error("{setting}={path}: {cause}")]
    ClientCertificate {
        /// What names the file.
        setting: &'static str,
        /// The file.
        path: String,
        /// What is wrong.
        cause: String,
    },
    /// The certificates of the authority can't be used.
    #[error("sslrootcert={path}: {cause}")]
    RootCertificate {
        /// The file.
        path: String,
        /// What is wrong.
        cause: String,
    },
}
