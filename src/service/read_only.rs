//! Read-only: an operator has all writes refused for a while, and everything else goes on.

use super::{Error, Operator, Service};
use crate::telemetry::{Operation, Subject};

impl Service {
    /// Whether writes are refused, for the health report.
    pub fn refuses_writes(&self) -> bool {
        self.read_only.is_on()
    }

    /// Whether writes are refused.
    pub async fn read_only(&self, _: &Operator) -> Result<bool, Error> {
        let is_on = async { Ok(self.refuses_writes()) };
        self.telemetry.observe(Operation::SystemReadOnly, Subject::default(), is_on).await
    }

    /// Has writes refused, or allowed, from now on: until it is said otherwise, or the server starts again.
    pub async fn set_read_only(&self, is_on: bool, operator: &Operator) -> Result<bool, Error> {
        self.telemetry
            .observe(Operation::SystemReadOnly, Subject::default(), async {
                self.read_only.set(is_on);
                let account = operator.account.map(|account| account.to_string());
                if is_on {
                    tracing::warn!(user.id = account, "an operator made the server read-only: writes are refused");
                } else {
                    tracing::info!(
                        user.id = account,
                        "an operator ended that the server is read-only: it takes writes"
                    );
                }
                Ok(self.refuses_writes())
            })
            .await
    }
}
