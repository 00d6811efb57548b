//! What clients of PostgreSQL read from the environment.

use secrecy::SecretString;

/// The password for a database that is named without one, as libpq reads it.
pub fn postgres_password() -> Option<SecretString> {
    let password = std::env::var_os("PGPASSWORD")?.into_string().ok()?;
    Some(password).filter(|password| !password.is_empty()).map(SecretString::from)
}
