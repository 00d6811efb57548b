//! How much longer a read may go on.

use std::sync::{Arc, Weak};
use std::time::Instant;

/// Rows between two looks at the time.
const ROWS_BETWEEN: usize = 256;

/// How much longer a read may go on.
pub(super) struct Budget(Option<(Weak<()>, Instant)>);

impl Budget {
    /// For reads that are short by themselves.
    pub const UNLIMITED: Self = Self(None);

    /// As long as `caller` is there, but not past `deadline`.
    pub fn of(caller: &Arc<()>, deadline: Instant) -> Self {
        Self(Some((Arc::downgrade(caller), deadline)))
    }

    /// Whether the read must end.
    pub fn is_spent(&self) -> bool {
        let spent =
            |(caller, deadline): &(Weak<()>, Instant)| caller.strong_count() == 0 || Instant::now() >= *deadline;
        self.0.as_ref().is_some_and(spent)
    }

    /// Whether it must end after `passed` rows. The time is asked for once in a while.
    pub fn is_over(&self, passed: usize) -> bool {
        passed.is_multiple_of(ROWS_BETWEEN) && self.is_spent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redb::limits::StoreLimits;

    fn passes(budget: &Budget) -> bool {
        (1..10 * ROWS_BETWEEN).all(|passed| !budget.is_over(passed))
    }

    #[test]
    fn s33_rows_pass_until_the_caller_has_gone_or_the_time_is_over() {
        let caller = Arc::new(());
        let far = Instant::now() + StoreLimits::default().scan_deadline * 1000;
        let (patient, late) = (Budget::of(&caller, far), Budget::of(&caller, Instant::now()));
        assert!(passes(&patient) && passes(&Budget::UNLIMITED) && !passes(&late));
        assert!(!late.is_over(1), "one row is no matter");
        drop(caller);
        assert!(!passes(&patient));
    }
}
