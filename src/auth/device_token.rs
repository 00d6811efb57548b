//! Device tokens: by which a browser that was signed in to an account is known again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::cursor_key::keyed;
use crate::domain::{Entropy, UserId};

/// What the key is derived for.
const PURPOSE: &[u8] = b"ghostworks devices";
const ID_LEN: usize = 16;

/// Which device of an account it is: random.
pub type DeviceId = [u8; ID_LEN];

/// Makes device tokens, and reads those that it made. They let nobody in: who has one gets a limit of its own when it signs
/// in to the account. So nothing is stored of them; on the wire they are the base64url of account, device and signature.
pub struct DeviceTokens(Hmac<Sha256>);

impl DeviceTokens {
    /// Those of one signing key.
    pub fn new(signing_key: &[u8]) -> Self {
        Self(keyed(&keyed(signing_key).chain_update(PURPOSE).finalize().into_bytes()))
    }

    /// A token for another device of an account.
    pub fn issue(&self, user: UserId, entropy: &dyn Entropy) -> String {
        let message = [user.to_bytes(), entropy.bytes()].concat();
        let signature = self.0.clone().chain_update(&message).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([&message[..], &signature].concat())
    }

    /// Which device of this account a token is of; none if it is another one's, or was not made here.
    pub fn read(&self, text: &str, user: UserId) -> Option<DeviceId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (message, signature) = bytes.split_at_checked(2 * ID_LEN)?;
        let (owner, device) = message.split_first_chunk::<ID_LEN>()?;
        let is_genuine = self.0.clone().chain_update(message).verify_slice(signature).is_ok();
        device.try_into().ok().filter(|_| is_genuine && *owner == user.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SystemEntropy;

    #[test]
    fn a_token_is_of_one_account_and_one_server() {
        let (ours, theirs) = (DeviceTokens::new(&[1; 32]), DeviceTokens::new(&[2; 32]));
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
    }
}
