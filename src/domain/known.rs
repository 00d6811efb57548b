//! The networks that an account was signed in to from before.

use super::{Network, Timestamp};

/// How many networks an account knows. Of more, the one seen longest ago is forgotten.
const MOST: usize = 8;
/// Seconds after which it is worth a write that a network was seen again.
const WORTH_NOTING: i64 = 86_400;

/// The networks that an account was signed in to from, each with when it was last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNetworks(Vec<(Network, Timestamp)>);

impl KnownNetworks {
    /// Those that were stored.
    pub fn from_stored(networks: Vec<(Network, Timestamp)>) -> Self {
        Self(networks)
    }

    /// Each network, and when it was last seen.
    pub fn iter(&self) -> impl Iterator<Item = &(Network, Timestamp)> {
        self.0.iter()
    }

    /// Whether the account was signed in to from this one.
    pub fn has(&self, network: Network) -> bool {
        self.0.iter().any(|(known, _)| *known == network)
    }

    /// Notes that the account was signed in to from a network. Returns whether that is worth a write.
    pub fn note(&mut self, network: Network, now: Timestamp) -> bool {
        let known = self.0.iter_mut().find(|(known, _)| *known == network);
        if let Some((_, seen_at)) = known {
            let is_worth_it = now.as_second() - seen_at.as_second() >= WORTH_NOTING;
            if is_worth_it {
                *seen_at = now;
            }
            return is_worth_it;
        }
        self.0.push((network, now));
        self.0.sort_by_key(|(_, seen_at)| *seen_at);
        self.0.drain(..self.0.len().saturating_sub(MOST));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_networks_seen_last_are_known() {
        let network = |number: u8| Network::from_bytes([number; 8]);
        let at = |second| Timestamp::from_second(second).expect("a time");
        let mut known = KnownNetworks::default();
        for number in 0..8 {
            assert!(known.note(network(number), at(i64::from(number))));
        }
        assert!(!known.note(network(0), at(100)), "it was seen today");
        assert!(known.note(network(0), at(WORTH_NOTING)));
        assert!(known.note(network(8), at(WORTH_NOTING + 1)));
        let there: Vec<bool> = (0..9).map(|number| known.has(network(number))).collect();
        assert_eq!(there, [true, false, true, true, true, true, true, true, true]);
    }
}
