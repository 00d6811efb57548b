//! Where a server listens.

use std::fmt::{self, Display};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::check;

/// How a Unix socket is written before its path.
const UNIX: &str = "unix:";
/// How a socket of systemd's is written.
const SYSTEMD: &str = "systemd";

/// What a server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An address; port 0 takes any free one.
    Address(SocketAddr),
    /// A Unix socket at this path, `unix:PATH`, for a proxy on the same machine.
    Unix(PathBuf),
    /// The socket of this number, from 0, that systemd hands over: `systemd` for the first, `systemd:N` for others.
    Systemd(usize),
}

/// What is expected of a text that names something to listen on.
const EXPECTED: &str = "an IP address and a port, such as 127.0.0.1:8000, or unix:/a/path, or systemd";

/// A text that names nothing to listen on.
#[derive(Debug, Error)]
#[error("expected {EXPECTED}")]
pub struct ListenError;

impl Listen {
    /// The address at which it is reached from the same machine; none for what has no address, or one that is not known
    /// before it starts.
    pub fn local_address(&self) -> Option<SocketAddr> {
        let Self::Address(mut address) = *self else { return None };
        if address.ip().is_unspecified() {
            // Every address of IPv6 means those of IPv4, too, which are there where IPv6 is not, as in many containers.
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        (address.port() != 0).then_some(address)
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        if let Some(path) = text.strip_prefix(UNIX).filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.into()));
        }
        match text.strip_prefix(SYSTEMD) {
            Some("") => Ok(Self::Systemd(0)),
            Some(rest) => {
                rest.strip_prefix(':').and_then(|number| number.parse().ok()).map(Self::Systemd).ok_or(ListenError)
            }
            None => text.parse().map(Self::Address).map_err(|_| ListenError),
        }
    }
}

impl Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
            Self::Systemd(0) => f.write_str(SYSTEMD),
            Self::Systemd(number) => write!(f, "{SYSTEMD}:{number}"),
        }
    }
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        check::parse(deserializer, EXPECTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listened_on_is_read_as_it_is_written() {
        for text in ["127.0.0.1:8000", "[::1]:0", "unix:/run/ghostworks.sock", "systemd", "systemd:1"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        assert_eq!("systemd:0".parse::<Listen>().unwrap(), Listen::Systemd(0));
        for text in ["", "8000", "localhost:8000", "unix:", "unix:here", "systemd:", "systemd:one", "systemdx"] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_same_machine_reaches_an_address_with_a_port() {
        let local = |text: &str| text.parse::<Listen>().unwrap().local_address().map(|address| address.to_string());
        assert_eq!(local("0.0.0.0:80").as_deref(), Some("127.0.0.1:80"));
        assert_eq!(local("[::]:80").as_deref(), Some("127.0.0.1:80"));
        assert_eq!(local("192.0.2.1:80").as_deref(), Some("192.0.2.1:80"));
        assert_eq!(local("127.0.0.1:0"), None);
        assert_eq!(local("unix:/run/it"), None);
    }
}
