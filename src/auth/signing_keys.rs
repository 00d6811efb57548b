//! The signing keys in a data directory: the one that signs, and former ones that are believed for a while.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;

use super::key_file;
use super::signing_key::SigningKey;
use super::signing_key_error::SigningKeyError;
use crate::domain::{Entropy, Timestamp};

/// The file of the former keys, in the directory: a line for each, its end and the base64url of its bytes.
const FORMER: &str = "signing.key.former";

/// The key that signs, and former ones.
pub struct SigningKeys {
    /// The one that signs.
    pub current: SigningKey,
    /// Those that signed before.
    pub former: Vec<FormerKey>,
}

/// A key that signed before.
pub struct FormerKey {
    /// The key.
    pub key: SigningKey,
    /// From when on it is believed no longer.
    pub until: Timestamp,
}

impl SigningKeys {
    /// One key, which was always the one.
    pub fn only(current: SigningKey) -> Self {
        Self { current, former: Vec::new() }
    }
}

/// The files of the signing keys in a data directory.
#[derive(Clone, Debug)]
pub struct KeyFiles(PathBuf);

impl KeyFiles {
    /// Those in this directory.
    pub fn of(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    /// The keys that are there, made if there is none.
    pub fn load(&self, entropy: &dyn Entropy) -> Result<SigningKeys, SigningKeyError> {
        let current = SigningKey::load_or_generate(&self.0, entropy)?;
        Ok(SigningKeys { current, former: self.former()? })
    }

    /// Makes another key that signs. The one before is kept with its end, in a file of its own that is there first: a crash in
    /// between leaves the key that signed, which is then believed as a former one, too.
    pub fn rotate(
        &self,
        now: Timestamp,
        until: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<SigningKey, SigningKeyError> {
        let SigningKeys { current, former } = self.load(entropy)?;
        let is_kept = |known: &FormerKey| now < known.until && known.key.as_bytes() != current.as_bytes();
        let mut former: Vec<FormerKey> = former.into_iter().filter(is_kept).collect();
        former.push(FormerKey { key: current, until });
        let lines = Zeroizing::new(former.iter().map(FormerKey::line).collect::<String>());
        key_file::write(&self.0.join(FORMER), lines.as_bytes())?;
        SigningKey::generate(&self.0, entropy)
    }

    fn former(&self) -> Result<Vec<FormerKey>, SigningKeyError> {
        let path = self.0.join(FORMER);
        let Some(bytes) = key_file::read(&path)? else { return Ok(Vec::new()) };
        let text = std::str::from_utf8(&bytes).ok();
        let keys = text.and_then(|text| text.lines().map(FormerKey::parse).collect());
        keys.ok_or(SigningKeyError::FormerDamaged { path })
    }
}

impl FormerKey {
    fn line(&self) -> String {
        format!("{} {}\n", self.until, URL_SAFE_NO_PAD.encode(self.key.as_bytes()))
    }

    fn parse(line: &str) -> Option<Self> {
        let (until, key) = line.split_once(' ')?;
        let key = SigningKey::from_bytes(URL_SAFE_NO_PAD.decode(key).ok()?);
        Some(Self { key, until: until.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::auth::key_ring::tests::at;
    use crate::domain::SystemEntropy;

    fn ends(keys: &SigningKeys) -> Vec<(&[u8], Timestamp)> {
        keys.former.iter().map(|known| (known.key.as_bytes(), known.until)).collect()
    }

    #[test]
    fn a_rotation_keeps_the_former_key_to_its_end() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = KeyFiles::of(directory.path());
        let first = files.load(&SystemEntropy).expect("a key").current;
        let second = files.rotate(at(0), at(10), &SystemEntropy).expect("another key");
        let third = files.rotate(at(5), at(15), &SystemEntropy).expect("a third");
        let keys = files.load(&SystemEntropy).expect("all keys");
        assert_eq!(keys.current.as_bytes(), third.as_bytes());
        assert_eq!(ends(&keys), [(first.as_bytes(), at(10)), (second.as_bytes(), at(15))]);
        files.rotate(at(10), at(20), &SystemEntropy).expect("a fourth");
        let keys = files.load(&SystemEntropy).expect("all keys");
        assert_eq!(ends(&keys), [(second.as_bytes(), at(15)), (third.as_bytes(), at(20))], "the first has ended");
    }

    #[test]
    fn a_crash_before_the_new_key_leaves_the_one_that_signed() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = KeyFiles::of(directory.path());
        let first = files.load(&SystemEntropy).expect("a key").current;
        files.rotate(at(0), at(10), &SystemEntropy).expect("another key");
        // As if the second file had not been written.
        fs::write(directory.path().join("signing.key"), first.as_bytes()).expect("a file");
        fs::write(directory.path().join("signing.key.partial"), b"half").expect("a file");
        let keys = files.load(&SystemEntropy).expect("all keys");
        assert_eq!(keys.current.as_bytes(), first.as_bytes());
        files.rotate(at(5), at(15), &SystemEntropy).expect("another key");
        let keys = files.load(&SystemEntropy).expect("all keys");
        assert_eq!(ends(&keys), [(first.as_bytes(), at(15))], "once, with the later end");
    }

    #[test]
    fn former_keys_that_cannot_be_read_are_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = KeyFiles::of(directory.path());
        files.rotate(at(0), at(10), &SystemEntropy).expect("another key");
        let path = directory.path().join(FORMER);
        let lines = fs::read_to_string(&path).expect("a file");
        fs::write(&path, &lines[..lines.len() / 4]).expect("a file");
        let refused = files.load(&SystemEntropy).err().expect("a refusal").to_string();
        assert!(refused.contains("signing.key.former"), "{refused}");
    }
}
