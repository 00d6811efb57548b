//! Accounts and sessions.

use super::{Admission, Caller, Client, Devices, Error, LoginFailure, NewAccount, Operator, Service, TokenPair, Via};
use crate::auth::{Compared, RefreshToken, Verdict, is_common};
use crate::domain::{
    ConsoleDigest, Credentials, Email, Invited, Password, PasswordPolicy, PersonName, Purpose, RefreshLine, Session,
    SessionId, User, UserId, Violations, WorkspaceView,
};
use crate::store::{Missing, Opening, StoreError};
use crate::telemetry::{Operation, Subject, annotate_subject};

/// A new account as it was sent, unchecked.
pub struct Registration {
    /// See [`Email`].
    pub email: String,
    /// See [`PasswordPolicy`].
    pub password: Password,
    /// See [`PersonName`].
    pub first_name: Option<String>,
    /// See [`PersonName`].
    pub last_name: Option<String>,
    /// The token of the invitation by which they come, if by one.
    pub invitation: Option<String>,
}

/// A new account.
pub struct Registered {
    /// Its id.
    pub user: UserId,
    /// Its normalised address.
    pub email: Email,
    /// Whether the address was proved to be theirs, by an invitation that was sent there.
    pub is_verified: bool,
}

/// What proves who one is, unchecked.
pub struct SignIn {
    /// The account's address.
    pub email: String,
    /// Its password.
    pub password: Password,
}

/// What someone who signs in gets.
pub struct SignedIn {
    /// The tokens of the session.
    pub tokens: TokenPair,
    /// By what the device is known to the account from now on.
    pub device: String,
}

/// What a session is proved by after its password was.
pub(super) enum SessionProof {
    /// Refresh tokens, which give access tokens.
    Line(RefreshLine),
    /// A cookie of the console.
    Console(ConsoleDigest),
}

/// An account as its owner sees it.
pub struct Profile {
    /// The account.
    pub user: User,
    /// The workspace it is taken to.
    pub current_workspace: Option<WorkspaceView>,
}

impl From<Registration> for NewAccount {
    fn from(registration: Registration) -> Self {
        let Registration { email, password, first_name, last_name, invitation: _ } = registration;
        Self { email, password: Some(password), first_name, last_name, is_verified: false, is_operator: false }
    }
}

impl Service {
    /// Whether there is anybody who may make themselves an account without being invited.
    pub fn admits_somebody(&self) -> bool {
        !matches!(self.accounts.load().admission, Admission::Closed | Admission::Invite)
    }

    /// Whether there is anybody who may make themselves an account when they are invited.
    pub fn admits_invited(&self) -> bool {
        self.accounts.load().admission != Admission::Closed
    }

    /// Registers an account: an operator anybody, others themselves if they are admitted. With an invitation it is a member
    /// of that workspace at once.
    pub async fn register(
        &self,
        registration: Registration,
        by: Option<&Operator>,
        client: &Client,
    ) -> Result<Registered, Error> {
        self.telemetry
            .observe(Operation::AuthRegister, Subject::default(), async {
                let invitation = registration.invitation.clone();
                let invited = self.check_invitation(&registration, by.is_some()).await?;
                let password = registration.password.clone();
                let user = self.check_new_user(&registration.into()).await?;
                let is_verified = invited.is_some_and(|invited| invited.invitation.proves_address());
                let registered = Registered { user: user.id, email: user.email.clone(), is_verified };
                let hash = self.hasher.hash(password, self.devices.asker(&registered.email, client)).await?;
                let stamp = by.map_or_else(|| self.stamp(client, Some(registered.user)), |by| self.stamp_by(by));
                self.create_user(user, hash, invitation.as_deref(), stamp).await?;
                if by.is_none() {
                    self.devices.note(&registered.email, client);
                }
                annotate_subject(Subject::user(registered.user));
                self.telemetry.metrics().user_registered();
                self.send_verification(&registered, client);
                Ok(registered)
            })
            .await
    }

    /// The invitation by which somebody comes. Refuses those who may not come.
    async fn check_invitation(&self, registration: &Registration, by_operator: bool) -> Result<Option<Invited>, Error> {
        let invited = match &registration.invitation {
            Some(token) => self.invited(token).await?,
            None => None,
        };
        if !by_operator {
            self.accounts.load().admission.admit(&registration.email, invited.is_some())?;
        }
        match invited {
            None if registration.invitation.is_some() => Err(Error::InvalidOneTimeToken),
            invited => Ok(invited),
        }
    }

    /// Has the e-mail sent that verifies a new address. The account is there; the e-mail can be asked for again.
    fn send_verification(&self, registered: &Registered, client: &Client) {
        if registered.is_verified {
            return;
        }
        if let Err(error) = self.ask_for_mail(registered.email.clone(), Purpose::VerifyEmail, client)
            && error != Error::MailNotConfigured
        {
            tracing::warn!(user.id = %registered.user, "no e-mail to verify the address: {error}");
        }
    }

    /// Whether there is an account from before addresses were composed that has this address as it was typed.
    async fn has_older_account(&self, typed: &Email) -> Result<bool, Error> {
        Ok(*typed != typed.composed() && self.store.credentials(typed).await?.is_some())
    }

    /// The account that is to be made, if it may be.
    pub(super) async fn check_new_user(&self, new: &NewAccount) -> Result<User, Error> {
        let name = |text: Option<&str>| text.map_or(Ok(None), PersonName::parse);
        let now = self.clock.now();
        let user = Violations::check(|check| {
            let email = check.field("/email", Email::parse(&new.email));
            let policy = &self.accounts.load().password_policy;
            let password = new.password.as_ref().map(|password| policy.check(password, email.as_ref(), is_common));
            let password = check.field("/password", password.unwrap_or(Ok(())));
            let first_name = check.field("/first_name", name(new.first_name.as_deref()));
            let last_name = check.field("/last_name", name(new.last_name.as_deref()));
            password?;
            Some(User {
                id: self.ids.next(now),
                email: email?,
                first_name: first_name?,
                last_name: last_name?,
                is_verified: new.is_verified,
                is_active: true,
                is_operator: new.is_operator,
                created_at: now,
                updated_at: now,
            })
        })?;
        if self.has_older_account(&user.email).await? {
            return Err(Error::EmailTaken);
        }
        Ok(User { email: user.email.composed(), ..user })
    }

    /// Signs in. Fails alike, and after as long, for an unknown address, a wrong password, and an account that is disabled
    /// or has to be verified.
    pub async fn login(&self, sign_in: SignIn, client: &Client) -> Result<SignedIn, Error> {
        self.telemetry
            .observe(Operation::AuthLogin, Subject::default(), async {
                let proof = |session: &Session| {
                    let refresh = RefreshToken::generate(session.user, session.id, &*self.entropy);
                    let line = RefreshLine::new(refresh.secret.digest(), session.created_at);
                    (SessionProof::Line(line), refresh)
                };
                let (user, session, refresh) = self.sign_in(&sign_in, client, proof).await?;
                let tokens = self.token_pair(&user, &session, &refresh).await?;
                Ok(SignedIn { tokens, device: self.device_token(user.id, client) })
            })
            .await
    }

    /// Opens a session for the holder of the password, to be proved from then on by what `proof` makes.
    pub(super) async fn sign_in<T>(
        &self,
        sign_in: &SignIn,
        client: &Client,
        proof: impl Fn(&Session) -> (SessionProof, T),
    ) -> Result<(User, Session, T), Error> {
        let (user, hash) = self.check_password(sign_in, client).await?;
        if let Some((session, made)) = self.open_session(&user, hash, client, &proof).await? {
            return Ok((user, session, made));
        }
        // The hash was replaced meanwhile: by one of another password, or renewed by another login.
        let (user, hash) = self.check_password(sign_in, client).await?;
        let opened = self.open_session(&user, hash, client, &proof).await?;
        let (session, made) = opened.ok_or(Error::InvalidCredentials(LoginFailure::WrongPassword))?;
        Ok((user, session, made))
    }

    /// Whose password this is, and the hash that says so.
    async fn check_password(&self, sign_in: &SignIn, client: &Client) -> Result<(User, String), Error> {
        if sign_in.password.is_too_long() {
            let detail = format!("must be at most {} characters long", PasswordPolicy::MAX_CHARS);
            return Err(Violations::one("/password", detail).into());
        }
        let mut asker = Devices::nobody(client);
        let credentials = match Email::parse(&sign_in.email) {
            Ok(email) => {
                asker = self.devices.asker(&email, client);
                let is_admitted = self.accounts.load().admit_demo || !email.is_demo();
                let credentials = self.store.credentials(&email).await?;
                asker.is_known |= self.count_login(Some(&email), credentials.as_ref(), client)?;
                credentials.map(|it| Credentials { is_active: it.is_active && is_admitted, ..it })
            }
            Err(_) => {
                self.count_login(None, None, client)?;
                None
            }
        };
        let compared = Compared {
            stored: credentials.as_ref().map(|credentials| credentials.password_hash.clone()),
            slowest_older: self.store.slowest_older_hash().await?,
            is_admitted: credentials.as_ref().is_some_and(|credentials| self.refusal(credentials).is_none()),
        };
        let verdict = self.hasher.compare(sign_in.password.clone(), compared, asker).await?;
        let user = credentials.as_ref().map(|credentials| credentials.user);
        if let Some(user) = user {
            annotate_subject(Subject::user(user));
        }
        let credentials = match self.judge(credentials, &verdict) {
            Ok(credentials) => credentials,
            Err(failure) => {
                // For each kind of failure, and waited for: so that they can't be distinguished by their time.
                self.store.note_failed_login(user, self.stamp(client, user)).await?;
                return Err(Error::InvalidCredentials(failure));
            }
        };
        let user = credentials.user;
        let hash = match verdict {
            Verdict::RightButOutdated(renewed) => self.renew_hash(credentials, renewed, client).await,
            Verdict::Right | Verdict::Wrong => credentials.password_hash,
        };
        let user = self.store.user(user).await?.ok_or(Error::InvalidCredentials(LoginFailure::UnknownUser))?;
        Ok((user, hash))
    }

    /// The credentials, if they let someone in who has this verdict on their password.
    fn judge(&self, credentials: Option<Credentials>, verdict: &Verdict) -> Result<Credentials, LoginFailure> {
        let credentials = credentials.ok_or(LoginFailure::UnknownUser)?;
        if *verdict == Verdict::Wrong {
            return Err(LoginFailure::WrongPassword);
        }
        match self.refusal(&credentials) {
            Some(failure) => Err(failure),
            None => Ok(credentials),
        }
    }

    /// Why an account is refused even with the right password.
    fn refusal(&self, credentials: &Credentials) -> Option<LoginFailure> {
        let is_unverified = self.accounts.load().require_verified_email && !credentials.is_verified;
        match credentials.is_active {
            false => Some(LoginFailure::Inactive),
            true => is_unverified.then_some(LoginFailure::Unverified),
        }
    }

    /// Keeps a password's renewed hash, and returns the one that counts. The old one is good until the next login, so
    /// that no login fails for it.
    async fn renew_hash(&self, outdated: Credentials, renewed: String, client: &Client) -> String {
        let Credentials { user, password_hash: outdated, .. } = outdated;
        let stamp = self.stamp(client, Some(user));
        match self.store.replace_password_hash(user, outdated.clone(), renewed.clone(), stamp).await {
            Ok(true) => renewed,
            Ok(false) => outdated,
            Err(error) => {
                tracing::warn!(user.id = %user, "the renewed password hash was not kept: {error}");
                outdated
            }
        }
    }

    /// Opens a session after a password was verified; none if its hash is no longer `verified`.
    async fn open_session<T>(
        &self,
        user: &User,
        verified: String,
        client: &Client,
        proof: impl Fn(&Session) -> (SessionProof, T),
    ) -> Result<Option<(Session, T)>, Error> {
        let now = self.clock.now();
        let id: SessionId = self.ids.next(now);
        let mut session = Session {
            id,
            user: user.id,
            created_at: now,
            refreshed_at: now,
            idle_until: self.clock.after_seconds(self.sessions.idle_seconds),
            expires_at: self.clock.after_seconds(self.sessions.absolute_seconds),
            ip: client.ip.map(|ip| ip.to_string()),
            user_agent: client.user_agent.clone(),
            workspace: None,
            lines: Vec::new(),
            console: None,
        };
        let (proof, made) = proof(&session);
        match proof {
            SessionProof::Line(line) => session.lines.push(line),
            SessionProof::Console(digest) => session.console = Some(digest),
        }
        let opening = Opening { verified, most: self.sessions.per_account, from: client.network() };
        match self.store.open_session(session.clone(), opening, self.stamp(client, Some(user.id))).await {
            Ok(true) => {
                self.devices.note(&user.email, client);
                Ok(Some((session, made)))
            }
            Ok(false) => Ok(None),
            Err(StoreError::NotFound(Missing::User)) => Err(Error::InvalidCredentials(LoginFailure::Inactive)),
            Err(error) => Err(error.into()),
        }
    }

    /// The caller's account.
    pub async fn me(&self, caller: &Caller) -> Result<Profile, Error> {
        self.telemetry
            .observe(Operation::AuthMe, Subject::user(caller.user), async {
                let user = self.store.user(caller.user).await?.ok_or(Error::NotAuthenticated)?;
                self.profile(caller, user).await
            })
            .await
    }

    /// The caller's account as they see it.
    pub(super) async fn profile(&self, caller: &Caller, user: User) -> Result<Profile, Error> {
        let preferred = match caller.via {
            Via::Session(id) => self.store.session(caller.user, id).await?.and_then(|it| it.workspace),
            Via::ApiKey { tenant, .. } => Some(tenant),
        };
        Ok(Profile { user, current_workspace: self.current_workspace(caller.user, preferred).await? })
    }
}
