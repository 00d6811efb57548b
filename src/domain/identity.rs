//! Which installation this is, and which history of a database: random, and compared with nothing but their like.

use std::fmt;
use std::str::FromStr;

use super::{Entropy, push_hex};

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new one, unlike any other.
            pub fn random(entropy: &dyn Entropy) -> Self {
                Self(entropy.bytes())
            }

            /// The one whose [`Self::to_bytes`] are `bytes`.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its 16 bytes.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0
            }

            /// Enough of it to distinguish it from others in names and tags.
            pub const fn short(self) -> ShortId {
                let [a, b, c, d, ..] = self.0;
                ShortId(u32::from_be_bytes([a, b, c, d]))
            }
        }

        /// All of it, as 32 hexadecimal digits.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = String::with_capacity(32);
                push_hex(&mut text, &self.0);
                f.write_str(&text)
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                let number = u128::from_str_radix(text, 16).map_err(drop)?;
                let id = Self(number.to_be_bytes());
                if id.to_string() == text { Ok(id) } else { Err(()) }
            }
        }
    };
}

identity!(
    /// Identifies a data directory. It is never in a backup; what belongs to the place of a machine names it.
    InstallationId
);
identity!(
    /// Identifies the history of a database: made with it, and again by each restore. What is derived from a database
    /// names it, for after a restore the same positions and versions may stand for something else.
    HistoryId
);

/// The first 32 bits of an identity, written as 8 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortId(u32);

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(8);
        push_hex(&mut text, &self.0.to_be_bytes());
        f.write_str(&text)
    }
}

impl FromStr for ShortId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = Self(u32::from_str_radix(text, 16).map_err(drop)?);
        if id.to_string() == text { Ok(id) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_as_it_is_written() {
        let id = HistoryId::from_bytes([0, 0x1c, 0xab, 0xff, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(
            (id.to_string().as_str(), id.short().to_string().as_str()),
            ("001cabff0405060708090a0b0c0d0e0f", "001cabff")
        );
        assert_eq!((id.to_string().parse(), id.short().to_string().parse()), (Ok(id), Ok(id.short())));
        for other in ["", "1cabff", "001CABFF", "+01cabff", "001cabff0", "001cabfg"] {
            assert_eq!(other.parse::<ShortId>(), Err(()), "{other}");
        }
        for other in ["", "001cabff", "001CABFF0405060708090A0B0C0D0E0F", "001cabff0405060708090a0b0c0d0e0f0"] {
            assert_eq!(other.parse::<HistoryId>(), Err(()), "{other}");
        }
    }
}
