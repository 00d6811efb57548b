//! Device tokens: by which a browser that was signed in to an account is known again.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::key_ring::KeyRing;
use super::signing_key::SigningKey;
use super::signing_keys::SigningKeys;
use crate::domain::{Clock, Entropy, Timestamp, UserId};

/// What the key is derived for.
const PURPOSE: &[u8] = b"ghostworks devices";
const ID_LEN: usize = 16;

/// Which device of an account it is: random.
pub type DeviceId = [u8; ID_LEN];

/// Makes device tokens, and reads those that it made. They let nobody in: who has one gets a limit of its own when it signs
/// in to the account. So nothing is stored of them; on the wire they are the base64url of account, device and signature.
#[derive(Clone)]
pub struct DeviceTokens(KeyRing<Hmac<Sha256>>);

impl DeviceTokens {
    /// Those of these signing keys.
    pub fn new(keys: &SigningKeys, clock: Arc<dyn Clock>) -> Self {
        let former = keys.former.iter().map(|known| (known.key.derive(PURPOSE), known.until));
        Self(KeyRing::new(keys.current.derive(PURPOSE), former.collect(), clock))
    }

    /// Has these keys hold, and no others.
    pub fn replace(&self, keys: &SigningKeys) {
        let former = keys.former.iter().map(|known| (known.key.derive(PURPOSE), known.until));
        self.0.replace(keys.current.derive(PURPOSE), former.collect());
    }

    /// Has another key sign. The one before is believed until `until`; a browser that was not used meanwhile is not known again
    /// before it has signed in.
    pub fn rotate(&self, key: &SigningKey, until: Timestamp) {
        self.0.rotate(key.derive(PURPOSE), until);
    }

    /// A token for another device of an account.
    pub fn issue(&self, user: UserId, entropy: &dyn Entropy) -> String {
        self.token(&[user.to_bytes(), entropy.bytes()].concat())
    }

    /// A token for a known device, signed with the current key.
    pub fn renew(&self, user: UserId, device: DeviceId) -> String {
        self.token(&[user.to_bytes(), device].concat())
    }

    fn token(&self, message: &[u8]) -> String {
        let signature = Hmac::clone(&self.0.current()).chain_update(message).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([message, &signature].concat())
    }

    /// Which device of this account a token is of; none if it is another one's, or was not made here.
    pub fn read(&self, text: &str, user: UserId) -> Option<DeviceId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (message, signature) = bytes.split_at_checked(2 * ID_LEN)?;
        let (owner, device) = message.split_first_chunk::<ID_LEN>()?;
        let is_by = |key: &Hmac<Sha256>| key.clone().chain_update(message).verify_slice(signature).ok();
        let is_genuine = self.0.find(is_by).is_some();
        device.try_into().ok().filter(|_| is_genuine && *owner == user.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::key_ring::tests::{SetClock, at};
    use crate::domain::SystemEntropy;

    #[test]
    fn a_token_is_of_one_account_and_one_server() {
        let clock = Arc::new(SetClock::default());
        let key = |byte| SigningKey::from_bytes(vec![byte; 32]);
        let [ours, theirs] = [1, 2].map(|byte| DeviceTokens::new(&SigningKeys::only(key(byte)), clock.clone()));
        let (ann, bob) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        let token = ours.issue(ann, &SystemEntropy);
        let device = ours.read(&token, ann).expect("a device");
        assert_eq!(ours.read(&token, ann), Some(device), "the same again");
        assert_ne!(ours.read(&ours.issue(ann, &SystemEntropy), ann), Some(device));
        assert_eq!(ours.read(&token, bob), None);
        assert_eq!(theirs.read(&token, ann), None);
        for text in ["", "x", &token[1..], &format!("{token}AA")] {
            assert_eq!(ours.read(text, ann), None, "{text}");
        }
        ours.rotate(&key(3), at(10));
        assert_eq!(ours.read(&token, ann), Some(device));
        let renewed = ours.renew(ann, device);
        clock.set(10);
        assert_eq!((ours.read(&token, ann), ours.read(&renewed, ann)), (None, Some(device)));
    }
}
