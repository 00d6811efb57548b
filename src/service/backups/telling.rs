//! Operators are told by mail when the backups begin to fail, and when they work again.

use crate::backups::PlaceError;
use crate::domain::Email;
use crate::mail::Notice;
use crate::service::Service;
use crate::store::StoreResult;

/// Accounts that are read at once.
const BATCH: usize = 1000;

impl Service {
    /// Tells all operators that the backups of the server there fail.
    pub(super) async fn tell_that_backups_fail(&self, whereabouts: &str, error: &PlaceError) {
        let cause = error.to_string();
        self.tell_operators(Notice::BackupsFail { server: whereabouts.to_owned(), cause }).await;
    }

    /// Tells all operators that they work again.
    pub(super) async fn tell_that_backups_work(&self, whereabouts: &str) {
        self.tell_operators(Notice::BackupsWork { server: whereabouts.to_owned() }).await;
    }

    /// Has a notice sent to every account that may operate, if mail can be sent.
    async fn tell_operators(&self, notice: Notice) {
        if !self.can_send_mail() {
            return;
        }
        match self.operators().await {
            Ok(operators) => operators.into_iter().for_each(|to| self.tell(to, notice.clone())),
            Err(error) => tracing::warn!(%error, purpose = notice.as_str(), "operators were not told by mail"),
        }
    }

    /// The addresses of those who may operate.
    async fn operators(&self) -> StoreResult<Vec<Email>> {
        let (mut operators, mut after) = (Vec::new(), None);
        loop {
            let batch = self.store.users_after(after, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(operators) };
            after = Some(last.id);
            let are_operators = batch.into_iter().filter(|user| user.is_operator && user.is_active);
            operators.extend(are_operators.map(|user| user.email));
        }
    }
}
