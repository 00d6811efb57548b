//! The signing key rotates: another one signs, and the former one is believed until everything that it signed has ended.

use std::sync::{Arc, Mutex as PlainMutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::{Error, Operator, Service};
use crate::auth::{
    AccessTokens, CursorKey, DeviceTokens, KeyFiles, KeyNumbers, SealedKeys, SigningKey, SigningKeyError, SigningKeys,
};
use crate::domain::{Entropy, Timestamp};
use crate::followers::{Every, Failure, Task};
use crate::store::{Cause, Shared, SharedKind, SharedRows, StoreError};
use crate::telemetry::{Operation, Subject};

/// How often a node looks which keys it shares with others.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// After how long without a look a node may not know a key that signs.
const OLD_AFTER: Duration = Duration::from_secs(20);
/// How long after a rotation the new key signs, where others have to learn of it: a few looks later.
const SIGNS_AFTER: SignedDuration = SignedDuration::from_secs(30);

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

    /// Has these keys hold, and no others.
    fn replace(&self, keys: &SigningKeys) {
        self.access_tokens.replace(keys);
        self.cursor_key.replace(keys);
        self.device_tokens.replace(keys);
    }
}

/// Where the signing key is from: the database that nodes share, or else files of the data directory, or the configuration.
#[derive(Default)]
pub struct KeyPlace {
    files: Arc<Mutex<Option<KeyFiles>>>,
    shared: Option<Arc<SharedSigningKeys>>,
}

impl KeyPlace {
    /// These files; none when the configuration has the key.
    pub fn new(files: Option<KeyFiles>) -> Self {
        Self { files: Arc::new(Mutex::new(files)), shared: None }
    }

    /// The database.
    pub fn shared(keys: SharedSigningKeys) -> Self {
        Self { shared: Some(Arc::new(keys)), ..Self::default() }
    }
}

/// The signing keys that nodes share.
pub struct SharedSigningKeys {
    shared: Arc<dyn Shared>,
    sealed: SealedKeys,
    /// Which are in force, and when it was last looked whether they are.
    known: PlainMutex<(KeyNumbers, Instant)>,
}

/// Why there are no keys to share.
#[derive(Debug, thiserror::Error)]
pub enum SharedKeysError {
    /// They can't be opened.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    /// The database can't be used.
    #[error("the signing keys in the database can't be used: {0}")]
    Store(#[from] StoreError),
}

impl SharedSigningKeys {
    /// Those in a database, sealed with the key that is given; that is the first of them.
    pub async fn open(
        shared: Arc<dyn Shared>,
        given: &SigningKey,
        lifetime_seconds: u64,
        entropy: &dyn Entropy,
    ) -> Result<(Self, SigningKeys), SharedKeysError> {
        let sealed = SealedKeys::new(given, lifetime_seconds)?;
        let (mut rows, now) = shared.shared(SharedKind::SigningKeys).await?;
        if rows.is_empty() {
            rows = changed(&*shared, |rows, _| sealed.begin(rows, given, entropy)).await?;
        }
        let (keys, numbers) = sealed.keys(&rows, now)?;
        Ok((Self { shared, sealed, known: PlainMutex::new((numbers, Instant::now())) }, keys))
    }

    /// The keys that are to hold from now on, when others did until now.
    async fn look(&self) -> Result<Option<SigningKeys>, SharedKeysError> {
        let asked = Instant::now();
        let (rows, now) = self.shared.shared(SharedKind::SigningKeys).await?;
        let (keys, numbers) = self.sealed.keys(&rows, now)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = known.0 != numbers;
        *known = (numbers, asked);
        Ok(is_new.then_some(keys))
    }

    /// Whether there may be keys by now that sign and are not known here: this node was paused, or the database away.
    fn may_be_old(&self) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).1.elapsed() > OLD_AFTER
    }

    /// Adds another key. Returns from when on it signs.
    async fn rotate(&self, entropy: &dyn Entropy) -> Result<Timestamp, SharedKeysError> {
        let mut signs_from = Timestamp::MAX;
        changed(&*self.shared, |rows, now| {
            signs_from = now.checked_add(SIGNS_AFTER).unwrap_or(now);
            self.sealed.rotate(rows, now, signs_from, entropy)
        })
        .await?;
        Ok(signs_from)
    }
}

/// Seals the keys of a database with the key that is given instead of another.
pub async fn reseal_signing_keys(
    shared: &dyn Shared,
    given: &SigningKey,
    before: &SigningKey,
    entropy: &dyn Entropy,
) -> Result<(), SharedKeysError> {
    // How long what they sign is good is of no importance here.
    let (given, before) = (SealedKeys::new(given, 0)?, SealedKeys::new(before, 0)?);
    changed(shared, |rows, _| given.reseal(rows, &before, entropy)).await.map(drop)
}

/// Changes the keys, all or nothing.
async fn changed(
    shared: &dyn Shared,
    change: impl FnOnce(&mut SharedRows, Timestamp) -> Result<(), SigningKeyError> + Send,
) -> Result<SharedRows, SharedKeysError> {
    let mut outcome = Ok(());
    let rows = shared
        .change_shared(
            SharedKind::SigningKeys,
            Box::new(|rows, now| {
                let before = rows.clone();
                outcome = change(rows, now);
                if outcome.is_err() {
                    *rows = before;
                }
            }),
        )
        .await?;
    outcome?;
    Ok(rows)
}

/// The background task that learns which keys other nodes have added, and has each sign when its time has come.
pub struct FollowSigningKeys {
    service: Arc<Service>,
    keys: Arc<SharedSigningKeys>,
    looks: Every,
}

impl FollowSigningKeys {
    /// The task for a service; none for a node alone. Must be made on a runtime.
    pub fn new(service: Arc<Service>) -> Option<Self> {
        let keys = service.keys.shared.clone()?;
        Some(Self { service, keys, looks: Every::new(LOOK_EVERY) })
    }
}

#[async_trait]
impl Task for FollowSigningKeys {
    fn name(&self) -> &'static str {
        "signing_keys"
    }

    async fn turn(&self) -> Result<(), Failure> {
        self.looks.due().await;
        let learnt = self.service.learn_signing_keys(&self.keys).await;
        learnt.map_err(|error| Failure::new("the signing keys were not read", error))
    }

    fn longest_pause(&self) -> Duration {
        LOOK_EVERY
    }
}

/// What came of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// From when on the new key signs.
    pub signs_from: Timestamp,
    /// Until when the former one is believed.
    pub former_until: Timestamp,
}

impl Service {
    /// Makes another key that signs: from now on, or where nodes share it, when all of them know it.
    pub async fn rotate_signing_key(&self, operator: &Operator) -> Result<KeyRotation, Error> {
        self.telemetry
            .observe(Operation::SystemKeyRotate, Subject::default(), async {
                let signs_from = match &self.keys.shared {
                    Some(keys) => {
                        let rotated = keys.rotate(&*self.entropy).await;
                        rotated.map_err(|error| Error::Unavailable(Cause::new(error)))?
                    }
                    None => self.rotate_own_key().await?,
                };
                let former_until = self.former_key_until(signs_from);
                let account = operator.account.map(|account| account.to_string());
                tracing::info!(
                    user.id = account,
                    %signs_from,
                    %former_until,
                    "another key signs access tokens; the former one is believed for as long as what it signed"
                );
                Ok(KeyRotation { signs_from, former_until })
            })
            .await
    }

    /// Makes another key of this node alone, which signs from now on.
    async fn rotate_own_key(&self) -> Result<Timestamp, Error> {
        // Held to the end, also when nobody waits for it: of two at once, one comes after the other.
        let place = self.keys.files.clone().lock_owned().await;
        let files = place.clone().ok_or(Error::SigningKeyConfigured)?;
        let now = self.clock.now();
        let until = self.former_key_until(now);
        let (entropy, signatures): (Arc<dyn Entropy>, _) = (self.entropy.clone(), self.signatures.clone());
        let rotated = spawn_blocking(move || {
            let key = files.rotate(now, until, &*entropy)?;
            signatures.rotate(&key, until);
            drop(place);
            Ok::<_, SigningKeyError>(())
        });
        let rotated = rotated.await.map_err(|error| Error::Internal(error.to_string()))?;
        rotated.map(|()| now).map_err(|error| Error::Unavailable(Cause::new(error)))
    }

    /// Has the keys hold that nodes share by now.
    async fn learn_signing_keys(&self, keys: &SharedSigningKeys) -> Result<(), SharedKeysError> {
        if let Some(keys) = keys.look().await? {
            self.signatures.replace(&keys);
            tracing::info!("the signing keys that nodes share have changed");
        }
        Ok(())
    }

    /// The same, if some may have come that are not known here. Returns whether it was looked.
    pub(super) async fn learn_new_signing_keys(&self) -> Result<bool, Error> {
        let Some(keys) = self.keys.shared.as_ref().filter(|keys| keys.may_be_old()) else { return Ok(false) };
        let learnt = self.learn_signing_keys(keys).await;
        learnt.map(|()| true).map_err(|error| Error::Unavailable(Cause::new(error)))
    }

    /// Has a key of another configuration sign from now on, from these files if it is in some.
    pub async fn adopt_signing_key(&self, key: &SigningKey, files: Option<KeyFiles>) {
        let mut place = self.keys.files.lock().await;
        *place = files;
        self.signatures.rotate(key, self.former_key_until(self.clock.now()));
    }

    /// When the last access token ends that a key has signed until then.
    fn former_key_until(&self, then: Timestamp) -> Timestamp {
        let lifetime = i64::try_from(self.sessions.access_token_seconds).unwrap_or(i64::MAX);
        then.checked_add(SignedDuration::from_secs(lifetime)).unwrap_or(Timestamp::MAX)
    }
}
