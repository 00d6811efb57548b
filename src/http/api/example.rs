//! Who the examples of the document are about.

/// An address that is nobody's.
pub(super) const EMAIL: &str = "ada@example.com";
/// A password that the rules let through.
pub(super) const PASSWORD: &str = "Uncommon-Passphrase-1";
/// Another one.
pub(super) const ANOTHER_PASSWORD: &str = "Uncommon-Passphrase-2";
