//! How secrets are shown: not at all.

use secrecy::SecretString;
use serde::{Serialize, Serializer};

/// What stands for a secret in any configuration that is shown.
pub(super) const MASK: &str = "***";

/// Serializes only that there is a secret.
pub(super) fn masked<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| MASK).serialize(serializer)
}
