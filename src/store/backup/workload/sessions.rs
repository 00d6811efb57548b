//! What is done with sessions.

use super::{FIRST, Player, after, hash};
use crate::domain::{Network, RefreshLine, RefreshSecret, Session, SessionId, Stamp, Timestamp, UserId};
use crate::store::{Opening, Renewal, Rotation, Sessions as _, StoreError, Users as _, Workspaces as _};

impl Player<'_> {
    pub(super) async fn open(&mut self, user: UserId, at: Timestamp, stamp: Stamp) -> Result<(), StoreError> {
        let session = Session {
            id: SessionId::from_bytes(self.id()),
            user,
            created_at: at,
            refreshed_at: at,
            idle_until: after(self.made + 40),
            expires_at: after(1_000_000),
            ip: None,
            user_agent: None,
            workspace: None,
            lines: vec![RefreshLine::new(FIRST.digest(), at)],
            console: None,
        };
        self.sessions.push((user, session.id));
        self.store
            .open_session(
                session,
                Opening { verified: hash(), most: 3, from: Some(Network::from_bytes([user.to_bytes()[0]; 8])) },
                stamp,
            )
            .await
            .map(drop)
    }

    /// With the newest token, or with the first, which is spent soon; now and then by two tabs at once.
    pub(super) async fn rotate(&mut self, which: u8, other: u8, first: bool) -> Result<(), StoreError> {
        let (user, id) = self.session(which);
        let newest = self.tokens.get(&id).copied().unwrap_or(FIRST);
        let presented = if first { FIRST } else { newest };
        let grace = if other.is_multiple_of(2) { 20 } else { 0 };
        for tab in 0..1 + u8::from(which.is_multiple_of(4)) {
            let (mut stamp, salt) = (self.stamp(user, other), self.id());
            stamp.actor.ip = Some(format!("192.0.2.{tab}"));
            let repeatable_until = after(self.made + grace);
            let renewal = Renewal { salt, repeatable_until, idle_until: after(self.made + 40) };
            if let Rotation::Rotated(_, token) =
                self.store.rotate_refresh_token(user, id, presented, renewal, stamp).await?
            {
                self.tokens.insert(id, token);
            }
        }
        Ok(())
    }

    /// Points a session at a workspace, ends it or others, or changes the password with it.
    pub(super) async fn end(&mut self, what: u8, which: u8, other: u8) -> Result<(), StoreError> {
        let (user, id) = self.session(which);
        let stamp = self.stamp(user, other);
        match what {
            7 => {
                let (first, token) = (self.store.first_workspace_of(user).await?, self.id());
                let token = RefreshSecret::from_bytes([token; 2].concat().try_into().unwrap()).digest();
                let idle_until = after(self.made + 40);
                let tenant = first.map_or(self.tenant(other), |view| view.workspace.id);
                self.store.switch_session(user, id, tenant, token, idle_until, stamp).await.map(drop)
            }
            8 if other.is_multiple_of(2) => self.store.close_session(user, id, stamp).await,
            8 => self.store.revoke_session(user, id, stamp).await,
            9 => self.store.revoke_other_sessions(user, id, stamp).await.map(drop),
            _ => self.store.change_password(user, hash(), hash(), id, stamp).await.map(drop),
        }
    }
}
