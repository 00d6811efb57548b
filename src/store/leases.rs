//! The lease on what one node of several does for all, at the storage boundary.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Store, StoreResult};
use crate::domain::{Entropy, InstallationId, Timestamp};

/// How long the lease holds when it is not renewed, by the clock of the database.
pub const LEASE: Duration = Duration::from_secs(15);

/// Who asks for the lease: one start of the server of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseHolder {
    /// The installation.
    pub installation: InstallationId,
    /// Random: a server that is started again is another.
    pub start: [u8; 16],
    /// Where that is, for people.
    pub whereabouts: String,
}

impl LeaseHolder {
    /// This start of an installation.
    pub fn new(installation: InstallationId, whereabouts: String, entropy: &dyn Entropy) -> Self {
        Self { installation, start: entropy.bytes(), whereabouts }
    }

    /// What no other has.
    pub fn key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&self.installation.to_bytes());
        key[16..].copy_from_slice(&self.start);
        key
    }
}

/// The lease as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which of its terms it is. Another one begins whenever it is taken: by another holder, or after it had run out.
    pub term: i64,
    /// Whether the one who asked holds it.
    pub is_own: bool,
    /// Where its holder is, for people, and until when it is held; none when nobody holds it.
    pub held: Option<(String, Timestamp)>,
}

/// A lease that one node at a time holds. It runs out by the clock of the database, so it survives a node that dies.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes it for [`LEASE`], or renews it, unless another holds it. Who does not want it only looks.
    async fn hold(&self, holder: &LeaseHolder, wants: bool) -> StoreResult<Lease>;

    /// Gives it back, if this one holds it.
    async fn release(&self, holder: &LeaseHolder) -> StoreResult<()>;

    /// The same database, whose writes are [`StoreError::LeaseLost`](super::StoreError::LeaseLost) unless, as of their
    /// commit, the holder holds the lease in this term.
    fn fenced(&self, holder: &LeaseHolder, term: i64) -> Arc<dyn Store>;
}
