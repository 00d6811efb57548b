//! What clients of PostgreSQL read from the environment.

use std::path::PathBuf;

use secrecy::SecretString;

/// The password for a database that is named without one, as libpq reads it.
pub fn postgres_password() -> Option<SecretString> {
    let password = std::env::var_os("PGPASSWORD")?.into_string().ok()?;
    Some(password).filter(|password| !password.is_empty()).map(SecretString::from)
}

/// Where a user has the certificate that databases are shown, and its key, as libpq does.
pub fn postgres_directory() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    Some(PathBuf::from(home).join(".postgresql"))
}
