//! What is done under idempotency keys.

use jiff::SignedDuration;

use super::{Caller, Error, Service};
use crate::domain::{Answer, Noted, Reservation, TenantId, UserId};

impl Service {
    /// A reservation for a request of somebody's, in a workspace if it is made in one. Its key and fingerprint are digests.
    pub fn reservation(
        &self,
        owner: UserId,
        tenant: Option<TenantId>,
        key: [u8; 32],
        fingerprint: [u8; 32],
    ) -> Reservation {
        // By when it expires, it is told from that of another request at the same moment, at another server.
        let mut random = [0; 2];
        self.entropy.fill(&mut random);
        let own = SignedDuration::from_micros(i64::from(u16::from_be_bytes(random)));
        let expires_at = self.clock.after_seconds(self.idempotency_seconds);
        let expires_at = expires_at.checked_add(own).unwrap_or(expires_at);
        Reservation { owner, tenant, key, fingerprint, expires_at }
    }

    /// What is known of an earlier request with the same key. If that was made in a workspace, the caller must still be
    /// a member to learn of it.
    pub async fn noted(&self, caller: &Caller, reservation: &Reservation) -> Result<Option<Noted>, Error> {
        let noted = self.noted_by_operator(reservation).await?;
        if let Some(tenant) = reservation.tenant.filter(|_| noted.is_some()) {
            self.membership(caller, tenant).await?;
        }
        Ok(noted)
    }

    /// What is known of an earlier request of an operator with the same key.
    pub async fn noted_by_operator(&self, reservation: &Reservation) -> Result<Option<Noted>, Error> {
        Ok(self.store.answer(*reservation, self.clock.now()).await?)
    }

    /// Refuses a key that was not used before when its owner's keys take as much space as they may.
    pub async fn require_space_for_key(&self, owner: UserId) -> Result<(), Error> {
        self.kept_answers.require_space(&*self.store, owner).await
    }

    /// Keeps the answer for when the request comes again, or the `brief` one instead if the account stores as much as it
    /// may. That it can't be kept changes nothing about what was done, so it is only logged.
    pub async fn remember_answer(&self, reservation: Reservation, whole: Option<Answer>, brief: Answer) {
        let whole = whole.unwrap_or_else(|| brief.clone());
        let answer = self.kept_answers.add(&*self.store, reservation.owner, whole, brief).await;
        if let Err(error) = self.store.remember_answer(reservation, Some(answer)).await {
            tracing::warn!("the answer to a request with an idempotency key was not kept: {error}");
        }
    }
}
