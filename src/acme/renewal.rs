//! The background task that gets the first certificate, and renews it a third before its end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{sleep, timeout};

use super::attempts::{Attempts, after};
use super::authority::Authority;
use super::{AcmeError, Challenges, Folder, Kind, Progress, Validity, account, order};
use crate::domain::{Clock, Timestamp};
use crate::followers::{Failure, Task};

/// How long one attempt may take in all.
const DEADLINE: Duration = Duration::from_secs(600);

/// How long to wait for an authority that can't be reached: it counts nothing meanwhile.
const UNREACHABLE_PAUSE: Duration = Duration::from_secs(60);

/// How long to leave an authority alone that was asked too often.
const LIMITED_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The longest sleep before the clock is looked at again: it may be set, and machines may sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(60 * 60);

/// What is wanted of the authority.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The names that the certificate is for.
    pub domains: Vec<String>,
    /// Where the authority may write to.
    pub email: Option<String>,
    /// The proofs that can be given, of which one is tried after the other.
    pub kinds: Vec<Kind>,
}

/// The background task.
pub struct Renewal {
    authority: Authority,
    folder: Folder,
    wanted: Wanted,
    challenges: Arc<Challenges>,
    progress: Arc<Progress>,
    clock: Arc<dyn Clock>,
    /// No attempt before this, though the authority has counted nothing.
    rest_until: Mutex<Timestamp>,
}

impl Renewal {
    /// The task that keeps a certificate for what is `wanted` in the folder, and offers the proofs in `challenges`.
    pub fn new(
        authority: Authority,
        folder: Folder,
        wanted: Wanted,
        challenges: Arc<Challenges>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (progress, rest_until) = (Arc::default(), Mutex::new(Timestamp::MIN));
        Self { authority, folder, wanted, challenges, progress, clock, rest_until }
    }

    /// How it does.
    pub fn progress(&self) -> Arc<Progress> {
        self.progress.clone()
    }

    /// When the authority is to be asked.
    fn due(&self) -> Result<Timestamp, AcmeError> {
        let wanted = self.kept().map_or(Timestamp::MIN, |kept| kept.renew_at());
        let rest_until = *self.rest_until.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(wanted.max(Attempts::read(&self.folder)?.next).max(rest_until))
    }

    /// What the certificate says that is kept, if it is for all that is wanted.
    fn kept(&self) -> Option<Validity> {
        self.folder.validity().filter(|kept| kept.covers(&self.wanted.domains))
    }

    async fn wait(&self) -> Result<(), AcmeError> {
        let due = self.due()?;
        if due > self.clock.now() {
            let domains = self.wanted.domains.join(", ");
            tracing::info!(domains, %due, "the authority is not asked for a certificate before it is due");
        }
        self.progress.waits_until(due);
        while let Some(left) = self.left_until(due) {
            sleep(left.min(LONGEST_SLEEP)).await;
        }
        self.progress.begins();
        Ok(())
    }

    /// How long it is until a moment; none when it is there.
    fn left_until(&self, due: Timestamp) -> Option<Duration> {
        let left = due.duration_since(self.clock.now());
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }

    async fn ask(&self) -> Result<(), AcmeError> {
        self.authority.check().await?;
        let attempts = Attempts::read(&self.folder)?;
        let kind = self.kind(attempts.failures);
        attempts.begin(&self.folder, self.clock.now())?;
        let (authority, domains) = (self.authority.directory(), self.wanted.domains.join(", "));
        tracing::info!(authority, domains, proof = %kind, "the authority is asked for a certificate");
        let certificate = self.order(kind).await?;
        self.folder.write(&self.folder.certificate(), certificate.as_bytes())?;
        // One that is to be renewed at once must not lead to another order at once.
        let given = self.kept().filter(|given| given.renew_at() > self.clock.now()).ok_or(AcmeError::Useless)?;
        Attempts::forget(&self.folder)?;
        tracing::info!(authority, domains, not_after = %given.not_after, "the authority gave a certificate");
        Ok(())
    }

    /// The proof to try after a number of failures.
    fn kind(&self, failures: u32) -> Kind {
        let kinds = &self.wanted.kinds;
        kinds.get(failures as usize % kinds.len().max(1)).copied().unwrap_or(Kind::TlsAlpn01)
    }

    async fn order(&self, kind: Kind) -> Result<String, AcmeError> {
        let Self { authority, folder, challenges, .. } = self;
        let Wanted { domains, email, .. } = &self.wanted;
        let known = account::open(authority, folder, email.as_deref()).await?;
        match order::certificate(&known, domains, challenges, kind).await {
            Err(AcmeError::UnknownAccount) => {
                let new = account::replace(authority, folder, email.as_deref()).await?;
                order::certificate(&new, domains, challenges, kind).await
            }
            ordered => ordered,
        }
    }

    /// Puts the next attempt off for what an error takes.
    fn put_off(&self, error: &AcmeError) -> Result<(), AcmeError> {
        let now = self.clock.now();
        if error.is_before_the_order() {
            *self.rest_until.lock().unwrap_or_else(PoisonError::into_inner) = after(now, UNREACHABLE_PAUSE);
        }
        if matches!(error, AcmeError::Limited(_)) {
            Attempts::read(&self.folder)?.postpone(&self.folder, now, LIMITED_PAUSE)?;
        }
        Ok(())
    }

    /// Says what is in the way, and when it is tried again.
    fn failed(&self, error: AcmeError) -> Failure {
        let due =
            self.put_off(&error).and_then(|()| self.due()).map_or_else(|_| "soon".to_owned(), |due| due.to_string());
        tracing::warn!(cause = %error, due, "there is no new certificate; it is tried again when due");
        self.progress.ended(Some(error.to_string()));
        Failure::new("no certificate was obtained", error)
    }
}

#[async_trait]
impl Task for Renewal {
    fn name(&self) -> &'static str {
        "certificate"
    }

    async fn turn(&self) -> Result<(), Failure> {
        self.wait().await.map_err(|error| self.failed(error))?;
        let asked = timeout(DEADLINE, self.ask()).await.unwrap_or(Err(AcmeError::Late));
        asked.map_err(|error| self.failed(error))?;
        self.progress.ended(None);
        Ok(())
    }
}
