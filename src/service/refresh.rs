//! Staying signed in, and signing out: what becomes of the tokens that a client presents.

use std::collections::HashSet;

use super::{Client, Error, RefreshFailure, Service, TokenPair};
use crate::auth::{ApiKeyToken, ConsoleToken, RefreshToken};
use crate::domain::{SessionId, Timestamp, UserId};
use crate::store::{Renewal, Rotation, Standing};
use crate::telemetry::{Operation, Subject, annotate_subject};

/// The tokens that someone who signs out presents: whatever of the pair there is.
#[derive(Default)]
pub struct SignOut {
    /// What may be access tokens.
    pub access: Vec<String>,
    /// What may be refresh tokens.
    pub refresh: Vec<String>,
    /// What may be tokens of the console.
    pub console: Vec<String>,
    /// Whether it is enough that something was presented: cookies that nobody knows are to be cleared, and a refresh token that
    /// nobody knows is as dead as was asked for (RFC 7009, section 2.2).
    pub is_enough: bool,
}

impl Service {
    /// Exchanges a refresh token for a new pair. It is looked for in `places`: the first counts that has anything which
    /// can be one. If there are several, the current one counts, or else one that was spent a moment ago: it leads to the
    /// current one. One that was spent before ends its session.
    pub async fn refresh(&self, places: &[Vec<String>], client: &Client) -> Result<TokenPair, Error> {
        self.telemetry
            .observe(Operation::AuthRefresh, Subject::default(), async {
                let refused = |failure| Error::InvalidRefreshToken(failure);
                let best = self.best_of(places).await?;
                self.count_refresh(best.as_ref(), client)?;
                let (presented, _) = best.ok_or(refused(RefreshFailure::Unknown))?;
                let RefreshToken { user, session, secret } = presented;
                annotate_subject(Subject::user(user));
                let stamp = self.stamp(client, Some(user));
                let rotation = self.store.rotate_refresh_token(user, session, secret, self.renewal(), stamp).await?;
                let (session, secret) = match rotation {
                    Rotation::Rotated(session, secret) | Rotation::Repeated(session, secret) => (session, secret),
                    Rotation::Reused => return Err(refused(RefreshFailure::Reused)),
                    Rotation::Unknown => return Err(refused(RefreshFailure::Unknown)),
                };
                let user = self.store.user(user).await?.ok_or(refused(RefreshFailure::Unknown))?;
                if !user.is_active {
                    return Err(refused(RefreshFailure::Inactive));
                }
                let token = RefreshToken { user: user.id, session: session.id, secret };
                self.token_pair(&user, &session, &token).await
            })
            .await
    }

    /// The token that counts: the first of those that stand best. One that is unknown does not count: nothing proves that
    /// it is the user's.
    async fn best_of(&self, places: &[Vec<String>]) -> Result<Option<(RefreshToken, Standing)>, Error> {
        let (now, mut best) = (self.clock.now(), None);
        let tokens =
            |place: &Vec<String>| place.iter().filter_map(|text| RefreshToken::parse(text)).collect::<Vec<_>>();
        let candidates = places.iter().map(tokens).find(|tokens| !tokens.is_empty());
        for token in candidates.into_iter().flatten() {
            let standing = self.store.refresh_standing(token.user, token.session, token.secret, now).await?;
            let worst = best.as_ref().map_or(Standing::Unknown, |(_, standing)| *standing);
            if standing > worst {
                best = Some((token, standing));
            }
        }
        Ok(best)
    }

    /// Counts a refresh. To present again what was spent a moment ago is not counted.
    fn count_refresh(&self, best: Option<&(RefreshToken, Standing)>, client: &Client) -> Result<(), Error> {
        let spends = match best {
            Some((_, Standing::Repeatable)) => return Ok(()),
            Some((token, Standing::Current)) => Some(token.secret.digest()),
            Some((_, Standing::Spent | Standing::Unknown)) | None => None,
        };
        if let (Some(limits), Some(address)) = (&*self.rate_limits.load(), client.ip) {
            client.allowances.note(limits.count_refresh(address, spends.as_ref())?);
        }
        Ok(())
    }

    fn renewal(&self) -> Renewal {
        Renewal {
            salt: self.entropy.bytes(),
            repeatable_until: match self.sessions.grace_seconds {
                // Not even at the same moment.
                0 => Timestamp::MIN,
                seconds => self.clock.after_seconds(seconds),
            },
            idle_until: self.clock.after_seconds(self.sessions.idle_seconds),
        }
    }

    /// Signs out: each session that a token of is presented ends, and its access and refresh tokens with it. It does not
    /// matter if a token is over, or the session: who holds one that we made wants to be signed out, and is. A bearer that can't
    /// be ours is refused, as everywhere.
    pub async fn logout(&self, presented: &SignOut, client: &Client) -> Result<(), Error> {
        self.telemetry
            .observe(Operation::AuthLogout, Subject::default(), async {
                let (mut is_known, mut sessions) = (presented.is_enough, Vec::new());
                for text in &presented.access {
                    if text.starts_with(ApiKeyToken::PREFIX) {
                        self.authenticate(text, client.clone()).await?;
                        return Err(Error::ApiKeyNotAllowed);
                    }
                    if let Ok(identity) = self.signatures.access_tokens.genuine(text) {
                        sessions.push((identity.sub, identity.sid));
                    }
                }
                is_known |= !sessions.is_empty();
                for token in presented.refresh.iter().filter_map(|text| RefreshToken::parse(text)) {
                    is_known = true;
                    let now = self.clock.now();
                    let standing = self.store.refresh_standing(token.user, token.session, token.secret, now).await?;
                    if standing != Standing::Unknown {
                        sessions.push((token.user, token.session));
                    }
                }
                for token in presented.console.iter().filter_map(|text| ConsoleToken::parse(text)) {
                    is_known = true;
                    if self.session_of(&token).await?.is_some() {
                        sessions.push((token.user, token.session));
                    }
                }
                let mut ended = HashSet::new();
                for (user, session) in sessions.into_iter().filter(|session| ended.insert(*session)) {
                    self.end_session(user, session, client).await?;
                }
                if is_known { Ok(()) } else { Err(Error::NotAuthenticated) }
            })
            .await
    }

    async fn end_session(&self, user: UserId, session: SessionId, client: &Client) -> Result<(), Error> {
        annotate_subject(Subject::user(user));
        Ok(self.store.close_session(user, session, self.stamp(client, Some(user))).await?)
    }
}
