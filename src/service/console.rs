//! Sessions of the console: a browser has one cookie, which is good for as long as the session is.

use super::auth::SessionProof;
use super::{Caller, Client, Error, Service, SignIn, Via};
use crate::auth::ConsoleToken;
use crate::domain::Session;
use crate::store::{Missing, StoreError};
use crate::telemetry::{self, Operation, Subject};

/// A session in use is prolonged once in this part of the time that it may rest: not with each request, which would be a write.
const PROLONGED_AFTER: i64 = 24;

/// What a browser gets that signs in to the console.
pub struct ConsoleSignedIn {
    /// For its cookie.
    pub token: String,
    /// How long the cookie is of any use, in seconds: the session may end before.
    pub seconds: u64,
    /// By what the device is known to the account from now on.
    pub device: String,
    /// Whose session it is.
    pub caller: Caller,
    /// What forms of the session carry.
    pub form_token: String,
}

/// Someone who uses the console.
pub struct ConsoleCaller {
    /// Who.
    pub caller: Caller,
    /// What forms of the session carry.
    pub form_token: String,
}

impl Service {
    /// Signs in to the console: all that holds for a login holds for this.
    pub async fn login_to_console(&self, sign_in: SignIn, client: &Client) -> Result<ConsoleSignedIn, Error> {
        self.telemetry
            .observe(Operation::AuthLogin, Subject::default(), async {
                let proof = |session: &Session| {
                    let token = ConsoleToken::generate(session.user, session.id, &*self.entropy);
                    (SessionProof::Console(token.digest()), token)
                };
                let (user, session, token) = self.sign_in(&sign_in, client, proof).await?;
                Ok(ConsoleSignedIn {
                    token: token.encode(),
                    seconds: self.sessions.absolute_seconds,
                    device: self.device_token(user.id, client),
                    caller: Caller { user: user.id, via: Via::Session(session.id), client: client.clone() },
                    form_token: token.form_token(),
                })
            })
            .await
    }

    /// Who holds this token of the console. Its session must be open, and is prolonged by being used.
    pub async fn authenticate_console(&self, token: &str, client: Client) -> Result<ConsoleCaller, Error> {
        let token = ConsoleToken::parse(token).ok_or(Error::NotAuthenticated)?;
        let session = self.session_of(&token).await?.filter(|session| session.is_live(self.clock.now()));
        let session = session.ok_or(Error::NotAuthenticated)?;
        let caller = Caller { user: session.user, via: Via::Session(session.id), client };
        self.prolong(&session, &caller).await?;
        telemetry::annotate_subject(Subject::user(session.user));
        Ok(ConsoleCaller { caller, form_token: token.form_token() })
    }

    /// The session that a token proves, open or not.
    pub(super) async fn session_of(&self, token: &ConsoleToken) -> Result<Option<Session>, Error> {
        let session = self.store.session(token.user, token.session).await?;
        Ok(session.filter(|session| session.console.is_some_and(|digest| token.is_known_by(&digest))))
    }

    /// Moves the end of a session that is in use, from time to time. One that can't be written to now ends a little sooner.
    async fn prolong(&self, session: &Session, caller: &Caller) -> Result<(), Error> {
        let rested = self.clock.now().duration_since(session.refreshed_at).as_secs();
        let idle = i64::try_from(self.sessions.idle_seconds).unwrap_or(i64::MAX);
        if rested < (idle / PROLONGED_AFTER).max(1) || self.refuses_writes() {
            return Ok(());
        }
        let until = self.clock.after_seconds(self.sessions.idle_seconds);
        let stamp = self.stamp(&caller.client, Some(session.user));
        match self.store.prolong_session(session.user, session.id, until, stamp).await {
            Err(StoreError::NotFound(Missing::Session)) => Err(Error::NotAuthenticated),
            Err(error) => {
                tracing::warn!("a session was not prolonged: {error}");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
