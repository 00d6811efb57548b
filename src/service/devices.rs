//! From where accounts were signed in to. Who comes from there again has passwords checked before strangers, so that a flood of
//! guesses keeps no owner out.

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::Client;
use crate::auth::Asker;
use crate::domain::{Email, Network};

/// How many are remembered. Of more, those are forgotten that did not come back.
const REMEMBERED: usize = 50_000;

/// Accounts, and the addresses that they were signed in to from. Kept in memory alone.
pub struct Devices(Cache<([u8; 32], Option<Network>), ()>);

impl Default for Devices {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Devices {
    /// Who asks for a password to be hashed for this account, there or not.
    pub(super) fn asker(&self, account: &Email, client: &Client) -> Asker {
        let key = key(account, client);
        Asker { address: key.1, account: key.0, is_known: self.0.get(&key).is_some() }
    }

    /// Who asks for a password to be hashed, when the address of the account is none.
    pub(super) fn nobody(client: &Client) -> Asker {
        Asker { address: client.ip.map(Network::of), ..Asker::default() }
    }

    /// The account was signed in to from here.
    pub(super) fn note(&self, account: &Email, client: &Client) {
        self.0.insert(key(account, client), ());
    }
}

fn key(account: &Email, client: &Client) -> ([u8; 32], Option<Network>) {
    (Sha256::digest(account.composed().as_str()).into(), client.ip.map(Network::of))
}
