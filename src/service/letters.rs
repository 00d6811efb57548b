//! Letters: asked for by a request, written and sent behind it. So an answer never waits for a mail server, and neither
//! it nor its time tells whether there was anyone to write to.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Client, Error, Service};
use crate::auth::OneTimeSecret;
use crate::domain::{Email, OneTimeToken, Purpose, Stamp};
use crate::mail::{Letter, Mailer};

/// Letters that may wait to be written; one more is refused as overload.
const QUEUE: usize = 1000;

/// Where requests leave what is to be written.
pub struct Outbox(mpsc::Sender<Option<Errand>>);

/// The other end of an [`Outbox`].
pub struct Errands(mpsc::Receiver<Option<Errand>>);

/// A letter to be written, if the address has an account.
struct Errand {
    to: Email,
    purpose: Purpose,
    stamp: Stamp,
}

impl Outbox {
    /// An empty one, and the end that [`Service::deliver`] takes.
    pub fn new() -> (Self, Errands) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), Errands(receiver))
    }

    /// Lets [`Service::deliver`] end when it has sent what is waiting.
    pub async fn close(&self) {
        // Refused means that it has ended already.
        let _ = self.0.send(None).await;
    }
}

impl Service {
    /// Whether letters can be sent.
    pub fn can_send_letters(&self) -> bool {
        self.outbox.is_some()
    }

    /// Has a letter sent to `to`, should an account have this address.
    pub(super) fn ask_for_letter(&self, to: Email, purpose: Purpose, client: &Client) -> Result<(), Error> {
        let outbox = self.outbox.as_ref().ok_or(Error::MailNotConfigured)?;
        let errand = Errand { to, purpose, stamp: self.stamp(client, None) };
        outbox.0.try_send(Some(errand)).map_err(|_| Error::Overloaded)
    }

    /// Writes and sends what was asked for, one after the other, until the outbox is closed.
    pub async fn deliver(self: Arc<Self>, mut errands: Errands, mailer: Mailer) {
        while let Some(Some(errand)) = errands.0.recv().await {
            let purpose = errand.purpose.as_str();
            match self.write(errand).await {
                Ok(Some(letter)) => {
                    if let Err(error) = mailer.send(&letter).await {
                        tracing::warn!(purpose, "a letter was not sent: {error}");
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(purpose, "a letter was not written: {error}"),
            }
        }
    }

    /// The letter with a new token, which takes the place of the one before.
    async fn write(&self, errand: Errand) -> Result<Option<Letter>, Error> {
        let Errand { to, purpose, stamp } = errand;
        let Some(credentials) = self.store.credentials(&to).await? else { return Ok(None) };
        let is_done = purpose == Purpose::VerifyEmail && credentials.is_verified;
        if !credentials.is_active || is_done {
            return Ok(None);
        }
        let lifetime = match purpose {
            Purpose::VerifyEmail => self.accounts.verification_token_seconds,
            Purpose::ResetPassword => self.accounts.reset_token_seconds,
        };
        let secret = OneTimeSecret::generate(credentials.user, &*self.entropy);
        let token = OneTimeToken { digest: secret.digest(), expires_at: self.clock.after_seconds(lifetime) };
        self.store.issue_one_time_token(credentials.user, purpose, token, stamp).await?;
        Ok(Some(Letter { to, purpose, token: secret.encode() }))
    }
}
