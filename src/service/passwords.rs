//! Choosing another password: by the current one, or by an e-mail.

use super::{Caller, Client, Error, Service};
use crate::auth::{OneTimeSecret, Verdict, is_common};
use crate::domain::{ApiKey, Email, Password, Purpose, User, Violations};
use crate::store::PasswordReset;
use crate::telemetry::{Operation, Subject, annotate_subject};

/// A password that was reset.
pub struct WasReset {
    /// The API keys that the account had made in its workspaces.
    pub api_keys: Vec<ApiKey>,
    /// By what the device is known to the account from now on.
    pub device: String,
}

impl Service {
    /// Replaces the caller's password, who must know the current one. All other sessions end.
    pub async fn change_password(&self, caller: &Caller, current: Password, new: Password) -> Result<(), Error> {
        self.telemetry
            .observe(Operation::AuthPasswordChange, Subject::user(caller.user), async {
                let session = caller.session()?;
                let user = self.store.user(caller.user).await?.ok_or(Error::NotAuthenticated)?;
                self.check_new_password(&new, &user.email)?;
                let expected = self.require_password(caller, &user, current).await?;
                let asker = self.devices.asker(&user.email, &caller.client);
                let hash = self.hasher.hash(new, asker).await?;
                let stamp = self.stamp_of(caller);
                // Someone was quicker: the password that was checked is no longer the current one.
                match self.store.change_password(caller.user, expected, hash, session, stamp).await? {
                    true => Ok(()),
                    false => Err(not_current().into()),
                }
            })
            .await
    }

    /// Refuses a caller who does not know the current password of their account. Returns its hash. Who has a session and guesses
    /// is as slow as who has none: each attempt counts as one to sign in.
    pub(super) async fn require_password(
        &self,
        caller: &Caller,
        user: &User,
        current: Password,
    ) -> Result<String, Error> {
        caller.session()?;
        let credentials = self.store.credentials(&user.email).await?.ok_or(Error::NotAuthenticated)?;
        if current.is_too_long() {
            return Err(not_current().into());
        }
        self.count_login(Some(&user.email), Some(&credentials), &caller.client)?;
        let (expected, asker) = (credentials.password_hash, self.devices.asker(&user.email, &caller.client));
        match self.hasher.verify(current, Some(expected.clone()), asker).await? {
            Verdict::Wrong => Err(not_current().into()),
            Verdict::Right | Verdict::RightButOutdated(_) => Ok(expected),
        }
    }

    /// Has an e-mail sent that lets someone choose another password. Ends alike, and as soon, whether or not there is an
    /// account.
    pub async fn forgot_password(&self, email: &str, client: &Client) -> Result<(), Error> {
        self.telemetry
            .observe(Operation::AuthPasswordForgot, Subject::default(), async {
                let email = Email::parse(email).map_err(|detail| Violations::one("/email", detail))?;
                self.ask_for_mail(email, Purpose::ResetPassword, client)
            })
            .await
    }

    /// Replaces the password of the account that a token was sent to. The token is used up, and all sessions end, and the
    /// API keys of the account if so wished.
    pub async fn reset_password(
        &self,
        token: &str,
        new: Password,
        revoke_api_keys: bool,
        client: &Client,
    ) -> Result<WasReset, Error> {
        self.telemetry
            .observe(Operation::AuthPasswordReset, Subject::default(), async {
                let presented = OneTimeSecret::parse(token).ok_or(Error::InvalidOneTimeToken)?;
                let (user, digest) = (presented.user, presented.digest());
                // Who has no good token does not get as far as the hashing.
                let stored = self.store.one_time_tokens(user, Purpose::ResetPassword).await?;
                let is_good = stored.iter().any(|stored| stored.is_proved_by(digest, self.clock.now()));
                let account = self.store.user(user).await?.filter(|_| is_good).ok_or(Error::InvalidOneTimeToken)?;
                annotate_subject(Subject::user(user));
                self.check_new_password(&new, &account.email)?;
                let hash = self.hasher.hash(new, self.devices.asker(&account.email, client)).await?;
                let stamp = self.stamp(client, Some(user));
                let reset = PasswordReset { hash, revoke_api_keys, from: client.network() };
                let api_keys = self.store.reset_password(user, digest, reset, stamp).await?;
                Ok(WasReset { api_keys, device: self.device_token(user, client) })
            })
            .await
    }

    /// Refuses a new password that is against the rules.
    pub(super) fn check_new_password(&self, password: &Password, email: &Email) -> Result<(), Violations> {
        let checked = self.accounts.load().password_policy.check(password, Some(email), is_common);
        checked.map_err(|detail| Violations::one("/new_password", detail))
    }
}

fn not_current() -> Violations {
    Violations::one("/current_password", "is not the current password")
}
