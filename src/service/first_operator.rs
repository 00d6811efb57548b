//! The first operator: while there is none, who has the link of this start makes an account that is one.

use tokio::sync::{Mutex, Notify};

use super::{Client, Error, NewAccount, Service};
use crate::auth::OneTimeSecret;
use crate::domain::{Email, OneTimeToken, User, UserId};
use crate::telemetry::{Operation, Subject, annotate_subject};

/// How long a link is good, in seconds.
const GOOD_FOR: u64 = 3600;
/// How many accounts are looked at together.
const BATCH: usize = 1000;

/// The link of this start, for as long as it is good.
#[derive(Default)]
pub struct SetupDesk {
    token: Mutex<Option<OneTimeToken>>,
    over: Notify,
}

impl SetupDesk {
    /// Resolves when the link was used.
    pub async fn over(&self) {
        self.over.notified().await;
    }
}

impl Service {
    /// The token with which the first operator is made, in place of the one before; none when there is an operator.
    pub async fn begin_setup(&self) -> Result<Option<String>, Error> {
        let mut desk = self.setup.token.lock().await;
        *desk = None;
        if self.has_operator().await? {
            return Ok(None);
        }
        // It is nobody's.
        let secret = OneTimeSecret::generate(UserId::from_bytes([0; 16]), &*self.entropy);
        let expires_at = self.clock.after_seconds(GOOD_FOR);
        *desk = Some(OneTimeToken { digest: secret.digest(), expires_at });
        Ok(Some(secret.encode()))
    }

    /// Seconds for which a link is good.
    pub const fn setup_seconds() -> u64 {
        GOOD_FOR
    }

    /// Whether a token makes the first operator.
    pub async fn is_setup_token(&self, token: &str) -> Result<bool, Error> {
        Ok(self.is_good(*self.setup.token.lock().await, token) && !self.has_operator().await?)
    }

    /// Makes the first operator. The token is used up when the account is there.
    pub async fn set_up(&self, token: &str, new: NewAccount, client: &Client) -> Result<Email, Error> {
        self.telemetry
            .observe(Operation::AuthSetup, Subject::default(), async {
                // Held to the end: of two at once, the second comes too late.
                let mut desk = self.setup.token.lock().await;
                if !self.is_good(*desk, token) || self.has_operator().await? {
                    return Err(Error::InvalidOneTimeToken);
                }
                let new = NewAccount { is_verified: true, is_operator: true, ..new };
                let user = self.check_new_user(&new).await?;
                let (id, email) = (user.id, user.email.clone());
                let password = new.password.ok_or_else(|| Error::Internal("a first operator has a password".into()))?;
                let hash = self.hasher.hash(password, self.devices.asker(&email, client)).await?;
                self.store.create_user(user, hash, self.stamp(client, Some(id))).await?;
                *desk = None;
                self.setup.over.notify_one();
                annotate_subject(Subject::user(id));
                self.telemetry.metrics().user_registered();
                tracing::info!(user.id = %id, "the first operator was made with the link of this start");
                Ok(email)
            })
            .await
    }

    fn is_good(&self, known: Option<OneTimeToken>, token: &str) -> bool {
        let presented = OneTimeSecret::parse(token).map(|secret| secret.digest());
        known.zip(presented).is_some_and(|(known, presented)| known.is_proved_by(presented, self.clock.now()))
    }

    /// Whether an account may operate the server.
    async fn has_operator(&self) -> Result<bool, Error> {
        let mut after = None;
        loop {
            let batch: Vec<User> = self.store.users_after(after, BATCH).await?;
            if batch.iter().any(|user| user.is_operator) {
                return Ok(true);
            }
            match batch.last() {
                Some(last) => after = Some(last.id),
                None => return Ok(false),
            }
        }
    }
}
