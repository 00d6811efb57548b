//! Who counts as one client, by address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of IPv4, or a network of IPv6: one client there usually has all 2⁶⁴ addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network([u8; 8]);

impl Network {
    /// One that was stored.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// How it is stored.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0
    }

    /// The one that an address is in.
    pub fn of(address: IpAddr) -> Self {
        let mut network = [0; 8];
        match address.to_canonical() {
            // Where IPv6 has the prefix of addresses that stand for IPv4, which are not routed.
            IpAddr::V4(address) => {
                network[..4].copy_from_slice(&[0, 0x64, 0xff, 0x9b]);
                network[4..].copy_from_slice(&address.octets());
            }
            IpAddr::V6(address) => network.copy_from_slice(&address.octets()[..8]),
        }
        Self(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [0, 0x64, 0xff, 0x9b, a, b, c, d] = self.0 {
            return write!(f, "{}", Ipv4Addr::new(a, b, c, d));
        }
        let mut address = [0; 16];
        address[..8].copy_from_slice(&self.0);
        write!(f, "{}/64", Ipv6Addr::from(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_counts_by_network() {
        let network = |text: &str| Network::of(text.parse().expect("an address"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::2"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_eq!(network("192.0.2.1").to_string(), "192.0.2.1");
        assert_eq!(network("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    }
}
