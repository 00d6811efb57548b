//! Who may scrape the metrics, and where.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::shared_token::SharedToken;

/// Who may scrape the metrics, and where.
pub struct MetricsAccess {
    /// Whether they have an address of their own, and so are not with everything else.
    pub(super) is_elsewhere: bool,
    /// What a scraper must send.
    token: ArcSwapOption<SharedToken>,
    /// Held by the one scrape that is being rendered.
    pub(super) turn: Arc<Mutex<()>>,
}

impl MetricsAccess {
    /// Metrics at an address of their own or not, and the token for them if there is one.
    pub fn new(is_elsewhere: bool, token: Option<&SecretString>) -> Self {
        Self { is_elsewhere, token: ArcSwapOption::new(shared(token)), turn: Arc::default() }
    }

    /// What a scraper must send.
    pub(super) fn token(&self) -> Option<Arc<SharedToken>> {
        self.token.load_full()
    }

    /// Has scrapers send another token from now on.
    pub fn set_token(&self, token: Option<&SecretString>) {
        self.token.store(shared(token));
    }
}

fn shared(token: Option<&SecretString>) -> Option<Arc<SharedToken>> {
    token.map(SharedToken::new).map(Arc::new)
}
