//! How people come into accounts, as operators see to it: making one, its password, a link to choose one, its sessions.

use super::{AccountDetails, Error, Operator, Service};
use crate::auth::OneTimeSecret;
use crate::domain::{ApiKey, OneTimeToken, Password, Purpose, Session, Timestamp, User, UserId};
use crate::store::PasswordReset;
use crate::telemetry::{Operation, Subject, annotate_subject};

/// An account that is to be made, unchecked.
pub struct NewAccount {
    /// See [`crate::domain::Email`].
    pub email: String,
    /// See [`crate::domain::PasswordPolicy`]. Without one, nobody can sign in until a link was used to choose one.
    pub password: Option<Password>,
    /// See [`crate::domain::PersonName`].
    pub first_name: Option<String>,
    /// See [`crate::domain::PersonName`].
    pub last_name: Option<String>,
    /// Whether the address is known to belong to the person.
    pub is_verified: bool,
    /// Whether its sessions may operate the server.
    pub is_operator: bool,
}

/// An account that was made.
pub struct CreatedAccount {
    /// The account.
    pub details: AccountDetails,
    /// Where its password is chosen, if it has none.
    pub link: Option<ResetLink>,
}

/// A link that lets someone choose another password, once.
pub struct ResetLink {
    /// The link.
    pub url: String,
    /// When it is no longer good.
    pub expires_at: Timestamp,
}

impl Service {
    /// Makes an account for somebody. Without a password, there is a link with which they choose one.
    pub async fn create_account(&self, new: NewAccount, operator: &Operator) -> Result<CreatedAccount, Error> {
        self.telemetry
            .observe(Operation::AccountCreate, Subject::default(), async {
                let user = self.check_new_user(&new).await?;
                let (id, has_password) = (user.id, new.password.is_some());
                let password = new.password.unwrap_or_else(|| self.nobodys_password());
                let asker = self.devices.asker(&user.email, &operator.client);
                let hash = self.hasher.hash(password, asker).await?;
                self.store.create_user(user, hash, self.stamp_by(operator)).await?;
                annotate_subject(Subject::user(id));
                self.telemetry.metrics().user_registered();
                let link = if has_password { None } else { Some(self.reset_link_of(id, operator).await?) };
                Ok(CreatedAccount { details: self.account_details(id).await?, link })
            })
            .await
    }

    /// Sets another password for somebody. All sessions end, and the API keys of the account if so wished; returns these.
    pub async fn set_account_password(
        &self,
        id: UserId,
        new: Password,
        revoke_api_keys: bool,
        operator: &Operator,
    ) -> Result<Vec<ApiKey>, Error> {
        self.telemetry
            .observe(Operation::AccountPassword, Subject::user(id), async {
                let user = self.known_account(id).await?;
                self.check_new_password(&new, &user.email)?;
                let hash = self.hasher.hash(new, self.devices.asker(&user.email, &operator.client)).await?;
                let reset = PasswordReset { hash, revoke_api_keys, from: None };
                let set = self.store.set_password(id, reset, self.stamp_by(operator)).await;
                set.map_err(Error::of_somebody_else)
            })
            .await
    }

    /// Makes a link with which somebody chooses another password, in place of those that they were sent.
    pub async fn make_reset_link(&self, id: UserId, operator: &Operator) -> Result<ResetLink, Error> {
        self.telemetry
            .observe(Operation::AccountPassword, Subject::user(id), async {
                if !self.known_account(id).await?.is_active {
                    return Err(Error::AccountDisabled);
                }
                self.reset_link_of(id, operator).await
            })
            .await
    }

    /// The sessions of an account that live, newest first.
    pub async fn account_sessions(&self, id: UserId) -> Result<Vec<Session>, Error> {
        self.telemetry
            .observe(Operation::AccountSessionList, Subject::user(id), async {
                self.known_account(id).await?;
                self.live_sessions(id).await
            })
            .await
    }

    /// Ends all sessions of an account. Returns how many lived.
    pub async fn end_account_sessions(&self, id: UserId, operator: &Operator) -> Result<usize, Error> {
        self.telemetry
            .observe(Operation::AccountSessionRevoke, Subject::user(id), async {
                let ended = self.store.end_sessions(id, self.stamp_by(operator)).await;
                ended.map_err(Error::of_somebody_else)
            })
            .await
    }

    /// An account that an operator names.
    pub(super) async fn known_account(&self, id: UserId) -> Result<User, Error> {
        self.store.user(id).await?.ok_or(Error::UserNotFound)
    }

    async fn reset_link_of(&self, id: UserId, operator: &Operator) -> Result<ResetLink, Error> {
        let accounts = self.accounts.load();
        let secret = OneTimeSecret::generate(id, &*self.entropy);
        let expires_at = self.clock.after_seconds(accounts.reset_token_seconds);
        let token = OneTimeToken { digest: secret.digest(), expires_at };
        let issued = self.store.replace_reset_tokens(id, token, self.stamp_by(operator)).await;
        issued.map_err(Error::of_somebody_else)?;
        Ok(ResetLink { url: accounts.links.to(Purpose::ResetPassword, &secret.encode()), expires_at })
    }

    /// A password that nobody knows.
    fn nobodys_password(&self) -> Password {
        let bits: [u8; 32] = self.entropy.bytes();
        Password::from(bits.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}
