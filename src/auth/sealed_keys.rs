//! Signing keys that nodes share in a database: sealed with a key that each node is given, so that who reads the database can
//! sign nothing. Each signs from a time of its own, so that all nodes know it by then.

use std::collections::BTreeMap;

use hmac::Mac as _;
use jiff::SignedDuration;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::zeroize::Zeroizing;

use super::signing_key::SigningKey;
use super::signing_key_error::{KEY_LEN, SigningKeyError};
use super::signing_keys::{FormerKey, SigningKeys};
use crate::domain::{Entropy, Timestamp};

/// What the sealing key is derived for.
const PURPOSE: &[u8] = b"ghostworks sealed signing keys";
/// How a sealed key is written; a later form has another number.
const VERSION: u8 = 1;
/// How much longer a former key is believed than what it signed: nodes turn to the next one a little late, and by clocks
/// that differ a little.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Sealed keys, by their numbers.
pub type SealedRows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What seals signing keys and opens them.
pub struct SealedKeys {
    sealing: LessSafeKey,
    /// How long what a key signs is good.
    lifetime: SignedDuration,
}

/// A signing key that was opened.
struct Opened {
    number: Vec<u8>,
    signs_from: Timestamp,
    key: SigningKey,
}

/// Which keys there are, and which of them signs: what differs when something has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyNumbers {
    all: Vec<Vec<u8>>,
    current: Option<Vec<u8>>,
}

impl SealedKeys {
    /// Those sealed with a key that is given, of which each signs what is good for so many seconds.
    pub fn new(given: &SigningKey, lifetime_seconds: u64) -> Result<Self, SigningKeyError> {
        let bytes = Zeroizing::new(<[u8; KEY_LEN]>::from(given.derive(PURPOSE).finalize().into_bytes()));
        let key = UnboundKey::new(&CHACHA20_POLY1305, bytes.as_slice()).map_err(|_| SigningKeyError::NotSealed)?;
        let lifetime = SignedDuration::from_secs(i64::try_from(lifetime_seconds).unwrap_or(i64::MAX));
        Ok(Self { sealing: LessSafeKey::new(key), lifetime })
    }

    /// Begins with a key, if there is none: it signs at once.
    pub fn begin(&self, rows: &mut SealedRows, key: &SigningKey, entropy: &dyn Entropy) -> Result<(), SigningKeyError> {
        if rows.is_empty() { self.add(rows, key, Timestamp::UNIX_EPOCH, entropy) } else { Ok(()) }
    }

    /// Adds a random key that signs from a time on, and removes those that are not believed any more.
    pub fn rotate(
        &self,
        rows: &mut SealedRows,
        now: Timestamp,
        signs_from: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), SigningKeyError> {
        let opened = self.opened(rows)?;
        let ends = self.ends(&opened);
        let ended = opened.iter().zip(ends).filter(|(_, end)| *end <= now).map(|(key, _)| key.number.clone());
        ended.for_each(|number| drop(rows.remove(&number)));
        let key = SigningKey::from_bytes(entropy.bytes::<KEY_LEN>().to_vec());
        self.add(rows, &key, signs_from, entropy)
    }

    /// Seals everything with another key than before.
    pub fn reseal(&self, rows: &mut SealedRows, before: &Self, entropy: &dyn Entropy) -> Result<(), SigningKeyError> {
        let mut sealed = SealedRows::new();
        for Opened { number, signs_from, key } in before.opened(rows)? {
            let row = self.seal(&number, &key, signs_from, entropy)?;
            sealed.insert(number, row);
        }
        *rows = sealed;
        Ok(())
    }

    /// The keys as of a moment: the one that signs, and all others that are believed.
    pub fn keys(&self, rows: &SealedRows, now: Timestamp) -> Result<(SigningKeys, KeyNumbers), SigningKeyError> {
        let mut opened = self.opened(rows)?;
        let ends = self.ends(&opened);
        let at = opened.iter().rposition(|it| it.signs_from <= now).unwrap_or(0);
        let numbers = KeyNumbers {
            all: opened.iter().map(|it| it.number.clone()).collect(),
            current: opened.get(at).map(|it| it.number.clone()),
        };
        if opened.is_empty() {
            return Err(SigningKeyError::NoSharedKey);
        }
        let current = opened.remove(at).key;
        let others = opened.into_iter().zip(ends.into_iter().enumerate().filter(|(n, _)| *n != at));
        let former = others.map(|(it, (_, until))| FormerKey { key: it.key, until }).collect();
        Ok((SigningKeys { current, former }, numbers))
    }

    /// Until when each is believed: those that do not sign yet, too.
    fn ends(&self, opened: &[Opened]) -> Vec<Timestamp> {
        let after = |next: &Opened| {
            let end = next.signs_from.checked_add(self.lifetime).and_then(|end| end.checked_add(MARGIN));
            end.unwrap_or(Timestamp::MAX)
        };
        let nexts = opened.iter().skip(1).map(Some).chain([None]);
        nexts.take(opened.len()).map(|next| next.map_or(Timestamp::MAX, after)).collect()
    }

    /// All of them, in the order in which they sign.
    fn opened(&self, rows: &SealedRows) -> Result<Vec<Opened>, SigningKeyError> {
        let mut opened: Vec<Opened> =
            rows.iter().map(|(number, row)| self.open(number, row)).collect::<Result<_, _>>()?;
        opened.sort_by_key(|it| it.signs_from);
        Ok(opened)
    }

    fn add(
        &self,
        rows: &mut SealedRows,
        key: &SigningKey,
        signs_from: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), SigningKeyError> {
        let last =
            rows.keys().next_back().and_then(|number| number.as_slice().try_into().ok()).map_or(0, u64::from_be_bytes);
        let number = (last + 1).to_be_bytes().to_vec();
        let row = self.seal(&number, key, signs_from, entropy)?;
        rows.insert(number, row);
        Ok(())
    }

    fn seal(
        &self,
        number: &[u8],
        key: &SigningKey,
        signs_from: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SigningKeyError> {
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut sealed = Zeroizing::new([&signs_from.as_microsecond().to_be_bytes(), key.as_bytes()].concat());
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(number), &mut *sealed)
            .map_err(|_| SigningKeyError::NotSealed)?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    fn open(&self, number: &[u8], row: &[u8]) -> Result<Opened, SigningKeyError> {
        let (version, rest) = row.split_first().ok_or(SigningKeyError::OtherSealing)?;
        if *version != VERSION {
            return Err(SigningKeyError::LaterSealing);
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SigningKeyError::OtherSealing)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let opened = self.sealing.open_in_place(Nonce::assume_unique_for_key(*nonce), aad(number), &mut sealed);
        let opened = opened.map_err(|_| SigningKeyError::OtherSealing)?;
        let (micros, key) = opened.split_first_chunk::<8>().ok_or(SigningKeyError::OtherSealing)?;
        let signs_from = Timestamp::from_microsecond(i64::from_be_bytes(*micros)).unwrap_or_default();
        Ok(Opened { number: number.to_vec(), signs_from, key: SigningKey::from_bytes(key.to_vec()) })
    }
}

/// One sealed key can't be put in the place of another.
fn aad(number: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([PURPOSE, number].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::key_ring::tests::at;
    use crate::domain::SystemEntropy;

    fn given(byte: u8) -> SigningKey {
        SigningKey::from_bytes(vec![byte; 40])
    }

    fn sealed(byte: u8) -> SealedKeys {
        SealedKeys::new(&given(byte), 900).expect("a key")
    }

    #[test]
    fn a_rotated_key_is_believed_at_once_signs_later_and_the_former_one_ends() {
        let (keys, mut rows) = (sealed(1), SealedRows::new());
        keys.begin(&mut rows, &given(1), &SystemEntropy).expect("begun");
        keys.begin(&mut rows, &given(2), &SystemEntropy).expect("there is one");
        keys.rotate(&mut rows, at(100), at(130), &SystemEntropy).expect("rotated");
        let (before, numbers) = keys.keys(&rows, at(129)).expect("keys");
        assert_eq!(before.current.as_bytes(), given(1).as_bytes());
        assert_eq!(before.former.iter().map(|it| it.until).collect::<Vec<_>>(), [Timestamp::MAX]);
        let (after, later) = keys.keys(&rows, at(130)).expect("keys");
        assert_eq!(after.current.as_bytes(), before.former[0].key.as_bytes());
        assert_eq!(after.former.iter().map(|it| it.until).collect::<Vec<_>>(), [at(130 + 900 + 60)]);
        assert_ne!(numbers, later);
        keys.rotate(&mut rows, at(5000), at(5030), &SystemEntropy).expect("rotated");
        assert_eq!(rows.len(), 2, "the first has ended");
    }

    #[test]
    fn who_was_given_another_key_opens_none_and_none_can_take_the_place_of_another() {
        let (keys, mut rows) = (sealed(1), SealedRows::new());
        keys.begin(&mut rows, &given(1), &SystemEntropy).expect("begun");
        keys.rotate(&mut rows, at(1), at(2), &SystemEntropy).expect("rotated");
        let all: Vec<u8> = rows.values().flatten().copied().collect();
        assert!(!all.windows(40).any(|window| window == given(1).as_bytes()), "nobody can read it");
        assert!(matches!(sealed(2).keys(&rows, at(9)), Err(SigningKeyError::OtherSealing)));
        let mut swapped = rows.clone();
        let values: Vec<Vec<u8>> = rows.values().rev().cloned().collect();
        swapped.values_mut().zip(values).for_each(|(row, other)| *row = other);
        assert!(keys.keys(&swapped, at(9)).is_err());
        let before = keys.keys(&rows, at(9)).expect("keys").0;
        sealed(2).reseal(&mut rows, &keys, &SystemEntropy).expect("sealed again");
        assert!(keys.keys(&rows, at(9)).is_err());
        assert_eq!(sealed(2).keys(&rows, at(9)).expect("keys").0.current.as_bytes(), before.current.as_bytes());
    }
}
