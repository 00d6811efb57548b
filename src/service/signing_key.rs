//! The signing key rotates: another one signs, and the former one is believed until everything that it signed has ended.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::{Error, Operator, Service};
use crate::auth::{AccessTokens, CursorKey, DeviceTokens, KeyFiles, SigningKey, SigningKeyError};
use crate::domain::{Entropy, Timestamp};
use crate::store::Cause;
use crate::telemetry::{Operation, Subject};

/// All that is signed.
#[derive(Clone)]
pub struct Signatures {
    /// Signs and verifies access tokens.
    pub access_tokens: AccessTokens,
    /// Signs and verifies cursors.
    pub cursor_key: CursorKey,
    /// Makes and reads the tokens by which devices are known.
    pub device_tokens: DeviceTokens,
}

impl Signatures {
    /// Has another key sign. The one before is believed until `until`.
    fn rotate(&self, key: &SigningKey, until: Timestamp) {
        self.access_tokens.rotate(key, until);
        self.cursor_key.rotate(key, until);
        self.device_tokens.rotate(key, until);
    }
}

/// Where the signing key is from.
#[derive(Default)]
pub struct KeyPlace(Arc<Mutex<Option<KeyFiles>>>);

impl KeyPlace {
    /// These files; none when the configuration has the key.
    pub fn new(files: Option<KeyFiles>) -> Self {
        Self(Arc::new(Mutex::new(files)))
    }
}

impl Service {
    /// Makes another key that signs from now on. Returns until when the former one is believed.
    pub async fn rotate_signing_key(&self, operator: &Operator) -> Result<Timestamp, Error> {
        self.telemetry
            .observe(Operation::SystemKeyRotate, Subject::default(), async {
                // Held to the end, also when nobody waits for it: of two at once, one comes after the other.
                let place = self.keys.0.clone().lock_owned().await;
                let files = place.clone().ok_or(Error::SigningKeyConfigured)?;
                let (now, until) = (self.clock.now(), self.former_key_until());
                let (entropy, signatures): (Arc<dyn Entropy>, _) = (self.entropy.clone(), self.signatures.clone());
                let rotated = spawn_blocking(move || {
                    let key = files.rotate(now, until, &*entropy)?;
                    signatures.rotate(&key, until);
                    drop(place);
                    Ok::<_, SigningKeyError>(())
                });
                let rotated = rotated.await.map_err(|error| Error::Internal(error.to_string()))?;
                rotated.map_err(|error| Error::Unavailable(Cause::new(error)))?;
                let account = operator.account.map(|account| account.to_string());
                tracing::info!(user.id = account, %until, "another key signs access tokens; the former one is believed until then");
                Ok(until)
            })
            .await
    }

    /// Has a key of another configuration sign from now on, from these files if it is in some.
    pub async fn adopt_signing_key(&self, key: &SigningKey, files: Option<KeyFiles>) {
        let mut place = self.keys.0.lock().await;
        *place = files;
        self.signatures.rotate(key, self.former_key_until());
    }

    /// When the last access token ends that a key has signed until now.
    fn former_key_until(&self) -> Timestamp {
        self.clock.after_seconds(self.sessions.access_token_seconds)
    }
}
