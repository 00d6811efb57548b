//! E-mails: asked for by a request, written and sent behind it. So an answer never waits for a mail server, and neither
//! it nor its time reveals whether the address has an account.

use std::future;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc::{Permit, Receiver, Sender, channel};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::{Caller, Client, Error, Service};
use crate::auth::OneTimeSecret;
use crate::domain::{Email, OneTimeToken, Purpose, Stamp, TenantId, UserId};
use crate::followers::{Failure, Task};
use crate::mail::{Content, Mail, Notice};
use crate::operations::RateClass;

/// E-mails that may wait to be written; one more is refused as overload.
const QUEUE: usize = 1000;
/// How long the e-mails that wait when the server stops may take. The rest can be asked for again.
const LAST: Duration = Duration::from_secs(5);

/// What an invitation is called in log lines.
const INVITATION: &str = "invitation";

/// Where requests leave what is to be written.
pub struct Outbox(Sender<MailRequest>);

/// The other end of an [`Outbox`].
pub struct MailRequests(Receiver<MailRequest>);

/// An e-mail to be written.
enum MailRequest {
    /// With a token for the account that has the address, if one has.
    ToAccount { to: Email, purpose: Purpose, stamp: Stamp },
    /// With a token that makes the address that of an account, unless one has it.
    ToNewAddress { to: Email, user: UserId, stamp: Stamp },
    /// With an invitation to a workspace, if the holder of the address may come.
    Invitation { to: Email, tenant: TenantId, token: String },
    /// With something to know.
    Notice { to: Email, notice: Notice },
}

impl MailRequest {
    /// Whom it is for.
    fn recipient(&self) -> &Email {
        match self {
            Self::ToAccount { to, .. }
            | Self::ToNewAddress { to, .. }
            | Self::Invitation { to, .. }
            | Self::Notice { to, .. } => to,
        }
    }

    /// What it is called in log lines.
    fn purpose(&self) -> &'static str {
        match self {
            Self::ToAccount { purpose, .. } => purpose.as_str(),
            Self::ToNewAddress { .. } => Purpose::ChangeEmail.as_str(),
            Self::Invitation { .. } => INVITATION,
            Self::Notice { notice, .. } => notice.as_str(),
        }
    }
}

/// Room for an e-mail with an invitation that is to be made.
pub(super) struct RoomForInvitation<'a>(Permit<'a, MailRequest>);

impl RoomForInvitation<'_> {
    /// Has the e-mail sent.
    pub(super) fn ask(self, to: Email, tenant: TenantId, token: String) {
        self.0.send(MailRequest::Invitation { to, tenant, token });
    }
}

impl Outbox {
    /// An empty one, and the end that [`Mailing`] takes.
    pub fn new() -> (Self, MailRequests) {
        let (sender, receiver) = channel(QUEUE);
        (Self(sender), MailRequests(receiver))
    }
}

/// The background task that writes and sends what was asked for, one e-mail after the other.
pub struct Mailing {
    service: Arc<Service>,
    /// Held while an e-mail is sent.
    requests: Arc<Mutex<Receiver<MailRequest>>>,
}

impl Mailing {
    /// The task that takes the requests of an [`Outbox`].
    pub fn new(service: Arc<Service>, requests: MailRequests) -> Self {
        Self { service, requests: Arc::new(Mutex::new(requests.0)) }
    }

    /// Writes and sends one e-mail, even if the caller stops waiting.
    async fn send(&self, request: MailRequest, turn: OwnedMutexGuard<Receiver<MailRequest>>) -> Result<(), Failure> {
        let service = self.service.clone();
        let sent = tokio::spawn(async move {
            let sent = service.send_mail(request).await;
            drop(turn);
            sent
        });
        sent.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => Err(Failure::new("an e-mail was not sent", error)),
        })
    }

    async fn send_waiting(&self) -> Result<(), Failure> {
        loop {
            let mut requests = self.requests.clone().lock_owned().await;
            let Ok(request) = requests.try_recv() else { return Ok(()) };
            // One that is not sent was logged, and keeps no other from it.
            drop(self.send(request, requests).await);
        }
    }
}

#[async_trait]
impl Task for Mailing {
    fn name(&self) -> &'static str {
        "mail"
    }

    async fn turn(&self) -> Result<(), Failure> {
        let mut requests = self.requests.clone().lock_owned().await;
        match requests.recv().await {
            Some(request) => self.send(request, requests).await,
            None => future::pending().await,
        }
    }

    async fn finish(&self) -> Result<(), Failure> {
        timeout(LAST, self.send_waiting()).await.unwrap_or_else(|late| {
            Err(Failure::new("the last e-mails were not sent; they can be asked for again", late))
        })
    }

    /// Each e-mail is tried once, and the next may be for another address.
    fn longest_pause(&self) -> Duration {
        Duration::ZERO
    }
}

impl Service {
    async fn send_mail(&self, request: MailRequest) -> Result<(), Failure> {
        let purpose = request.purpose();
        // There is one, or nobody could have asked; unless it was taken away since.
        let Some(mailer) = self.mailer.load_full() else { return Ok(()) };
        let message = match self.write(request).await {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::warn!(purpose, "an e-mail was not written: {error}");
                return Err(Failure::new("an e-mail was not written", error));
            }
        };
        mailer.send(&message).await.map_err(|error| {
            tracing::warn!(purpose, "an e-mail was not sent: {error}");
            Failure::new("an e-mail was not sent", error)
        })
    }

    /// Whether e-mails can be sent.
    pub fn can_send_mail(&self) -> bool {
        self.mailer.load().is_some()
    }

    /// Has an e-mail sent to `to`, should an account have this address.
    pub(super) fn ask_for_mail(&self, to: Email, purpose: Purpose, client: &Client) -> Result<(), Error> {
        self.ask_for(MailRequest::ToAccount { to, purpose, stamp: self.stamp(client, None) })
    }

    /// Has an e-mail sent to another address of the caller's, should no account have it.
    pub(super) fn ask_to_prove(&self, to: Email, caller: &Caller) -> Result<(), Error> {
        self.ask_for(MailRequest::ToNewAddress { to, user: caller.user, stamp: self.stamp_of(caller) })
    }

    fn ask_for(&self, request: MailRequest) -> Result<(), Error> {
        let room = self.room_for_mail(request.recipient(), request.purpose())?;
        room.send(request);
        Ok(())
    }

    /// Room for one more e-mail, which counts as asked for.
    fn room_for_mail(&self, to: &Email, purpose: &'static str) -> Result<Permit<'_, MailRequest>, Error> {
        if !self.can_send_mail() {
            return Err(Error::MailNotConfigured);
        }
        // Its token is written.
        self.read_only.admit()?;
        if let Some(limits) = &*self.rate_limits.load() {
            limits.count_mail(to, purpose)?;
        }
        self.outbox.0.try_reserve().map_err(|_| Error::Overloaded)
    }

    /// Room for an e-mail with an invitation. It counts as well as one that was asked for from the client's address.
    pub(super) fn room_for_invitation(&self, to: &Email, client: &Client) -> Result<RoomForInvitation<'_>, Error> {
        if let (Some(limits), Some(ip)) = (&*self.rate_limits.load(), client.ip) {
            limits.count_from(ip, RateClass::Mail)?;
        }
        self.room_for_mail(to, INVITATION).map(RoomForInvitation)
    }

    /// Has somebody told something, if mail can be sent.
    pub(super) fn tell(&self, to: Email, notice: Notice) {
        let purpose = notice.as_str();
        if self.can_send_mail() && self.outbox.0.try_send(MailRequest::Notice { to, notice }).is_err() {
            tracing::warn!(purpose, "an e-mail was not sent: too many are waiting");
        }
    }

    /// The e-mail; none if nobody is to get one.
    async fn write(&self, request: MailRequest) -> Result<Option<Mail>, Error> {
        match request {
            MailRequest::ToAccount { to, purpose, stamp } => self.write_to_account(to, purpose, stamp).await,
            MailRequest::ToNewAddress { to, user, stamp } => self.write_to_new_address(to, user, stamp).await,
            MailRequest::Invitation { to, tenant, token } => self.write_invitation(to, tenant, token).await,
            MailRequest::Notice { to, notice } => Ok(Some(Mail { to, content: Content::Notice(notice) })),
        }
    }

    /// The e-mail with an invitation; none if the address has no account and may not register.
    async fn write_invitation(&self, to: Email, tenant: TenantId, token: String) -> Result<Option<Mail>, Error> {
        let may_come = self.accounts.load().admission.may_bring(&to) || self.store.credentials(&to).await?.is_some();
        let name = self.store.workspace_name(tenant).await?.filter(|_| may_come);
        Ok(name.map(|name| Mail { to, content: Content::Invitation { workspace: name.into_string(), token } }))
    }

    /// The e-mail that proves another address; none if an account has it.
    async fn write_to_new_address(&self, to: Email, user: UserId, stamp: Stamp) -> Result<Option<Mail>, Error> {
        if self.store.credentials(&to).await?.is_some() {
            return Ok(None);
        }
        let secret = OneTimeSecret::for_address(user, to.clone(), &*self.entropy);
        let expires_at = self.clock.after_seconds(self.accounts.load().verification_token_seconds);
        let token = OneTimeToken { digest: secret.digest(), expires_at };
        let purpose = Purpose::ChangeEmail;
        let is_issued = self.store.issue_one_time_token(user, purpose, token, stamp).await?;
        Ok(is_issued.then(|| Mail { to, content: Content::Link { purpose, token: secret.encode() } }))
    }

    /// The e-mail with a new token; none if the address has no account, or one with as many tokens as it may have.
    async fn write_to_account(&self, to: Email, purpose: Purpose, stamp: Stamp) -> Result<Option<Mail>, Error> {
        let Some(credentials) = self.store.credentials(&to).await? else { return Ok(None) };
        let is_done = purpose == Purpose::VerifyEmail && credentials.is_verified;
        if !credentials.is_active || is_done {
            return Ok(None);
        }
        let lifetime = match purpose {
            Purpose::VerifyEmail | Purpose::ChangeEmail => self.accounts.load().verification_token_seconds,
            Purpose::ResetPassword => self.accounts.load().reset_token_seconds,
        };
        let secret = OneTimeSecret::generate(credentials.user, &*self.entropy);
        let token = OneTimeToken { digest: secret.digest(), expires_at: self.clock.after_seconds(lifetime) };
        // Never what was typed: another form of the address may be somebody else's mailbox.
        let Some(user) = self.store.user(credentials.user).await? else { return Ok(None) };
        let is_issued = self.store.issue_one_time_token(credentials.user, purpose, token, stamp).await?;
        Ok(is_issued.then(|| Mail { to: user.email, content: Content::Link { purpose, token: secret.encode() } }))
    }
}
