//! Password hashing with argon2id (RFC 9106), on a bounded number of threads that let others go first.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::ExposeSecret as _;
use thiserror::Error;
use tokio::sync::oneshot;

use super::hashing_queue::{Asker, HashingFigures, HashingQueue, QueueFull};
use super::older_password;
use crate::domain::{Entropy, Password, older_cost};
use crate::priority::Work;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

/// Why there is no hash or verdict.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HashingError {
    /// Too many are waiting; trying again shortly helps.
    #[error("too many passwords are waiting to be hashed")]
    Overloaded,
    /// The cost is not one argon2 accepts, or a stored hash is damaged.
    #[error("password hashing failed: {0}")]
    Failed(String),
}

/// Whether a password is the one that was hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not.
    Wrong,
    /// It is.
    Right,
    /// It is, and its hash was made with other costs or of another form than today's: this one should replace it.
    RightButOutdated(String),
}

/// What a password is compared with.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The stored hash; none where there is no account.
    pub stored: Option<String>,
    /// The most that a hash of any account costs which another service made, if there is one: who is refused waits for as
    /// long as for such a hash and for one of today's.
    pub slowest_older: Option<u32>,
    /// Whether the right password lets somebody in.
    pub is_admitted: bool,
}

/// Called with how long each hash took, on the thread that made it.
pub type OnHashed = Arc<dyn Fn(Duration) + Send + Sync>;

/// Hashes and verifies. Each hash takes tens of milliseconds and megabytes, so at most `concurrency` run at once, off
/// the runtime's threads, and at most `queue` wait; of more, those are refused whose address or account has the most
/// waiting.
pub struct PasswordHasher {
    argon2: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
    queue: HashingQueue,
    on_hashed: OnHashed,
    /// Verified against when there is no account, so that an unknown address takes as long as a wrong password.
    decoy: String,
}

impl PasswordHasher {
    /// A hasher of this cost.
    pub fn new(
        cost: HashCost,
        concurrency: usize,
        queue: usize,
        entropy: Arc<dyn Entropy>,
        on_hashed: OnHashed,
    ) -> Result<Self, HashingError> {
        let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None).map_err(failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = decoy(&argon2, &*entropy);
        Ok(Self { argon2, entropy, queue: HashingQueue::new(concurrency, queue), on_hashed, decoy })
    }

    /// The hash of a new password, as a PHC string with a salt of its own.
    pub async fn hash(&self, password: Password, asker: Asker) -> Result<String, HashingError> {
        let (argon2, entropy) = (self.argon2.clone(), self.entropy.clone());
        self.run(asker, move || hash(&argon2, &*entropy, &password)).await
    }

    /// Compares a password with a stored hash, in each form that it may have been hashed in; without a hash, takes as long and
    /// finds it wrong.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
        asker: Asker,
    ) -> Result<Verdict, HashingError> {
        self.compare(password, Compared { stored, slowest_older: None, is_admitted: true }, asker).await
    }

    /// The same; a refusal takes as long whatever the account has.
    pub async fn compare(&self, password: Password, compared: Compared, asker: Asker) -> Result<Verdict, HashingError> {
        let comparison = Comparison { compared, argon2: self.argon2.clone(), decoy: self.decoy.clone() };
        let entropy = self.entropy.clone();
        self.run(asker, move || match comparison.run(&password)? {
            Verdict::RightButOutdated(_) => {
                Ok(Verdict::RightButOutdated(hash(&comparison.argon2, &*entropy, &password)?))
            }
            verdict => Ok(verdict),
        })
        .await
    }

    /// A hash that no password has, for an account whose password has to be chosen first.
    pub fn unusable(&self) -> String {
        decoy(&self.argon2, &*self.entropy)
    }

    /// How busy it is.
    pub fn figures(&self) -> HashingFigures {
        self.queue.figures()
    }

    async fn run<T: Send + 'static>(
        &self,
        asker: Asker,
        work: impl FnOnce() -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let turn = self.queue.take(asker).await?;
        let (send, done) = oneshot::channel();
        let on_hashed = self.on_hashed.clone();
        // A thread of its own, for its priority is for life. The turn goes with the work: a client that leaves frees its
        // place in the queue, but a hash that has begun runs to its end and must be counted until then.
        let hashing = thread::Builder::new().name("hashing".to_owned()).spawn(move || {
            Work::Hashing.lower_priority();
            let began = Instant::now();
            let result = work();
            on_hashed(began.elapsed());
            drop(turn);
            // Nobody may be waiting any more.
            let _ = send.send(result);
        });
        hashing.map_err(failed)?;
        done.await.map_err(failed)?
    }
}

impl From<QueueFull> for HashingError {
    fn from(_: QueueFull) -> Self {
        Self::Overloaded
    }
}

/// A comparison of a password, under way.
struct Comparison {
    compared: Compared,
    argon2: Argon2<'static>,
    decoy: String,
}

impl Comparison {
    /// Tries every form until one lets somebody in; each of the others takes as long, whatever the hash is. A hash that is
    /// outdated is still to be made.
    fn run(&self, password: &Password) -> Result<Verdict, HashingError> {
        let mut right = None;
        for (number, form) in password.forms().enumerate() {
            let form = form.expose_secret().as_bytes();
            let is_right = self.verifies(form)?;
            if is_right {
                right = right.or(Some(number));
            }
            if is_right && self.compared.is_admitted {
                break;
            }
            self.fill_up(form)?;
        }
        Ok(match right {
            None => Verdict::Wrong,
            Some(number) if self.compared.is_admitted && (number > 0 || self.is_outdated()) => {
                Verdict::RightButOutdated(String::new())
            }
            Some(_) => Verdict::Right,
        })
    }

    fn verifies(&self, form: &[u8]) -> Result<bool, HashingError> {
        match &self.compared.stored {
            Some(stored) if older_cost(stored).is_some() => Ok(older_password::verifies(form, stored)),
            Some(stored) => self.verifies_today(form, stored),
            None => self.verifies_today(form, &self.decoy).map(|_| false),
        }
    }

    fn verifies_today(&self, form: &[u8], stored: &str) -> Result<bool, HashingError> {
        let parsed = PasswordHash::new(stored).map_err(failed)?;
        Ok(self.argon2.verify_password(form, &parsed).is_ok())
    }

    /// Does what the comparison with a hash of another kind would have taken.
    fn fill_up(&self, form: &[u8]) -> Result<(), HashingError> {
        let Some(slowest) = self.compared.slowest_older else { return Ok(()) };
        let done = self.compared.stored.as_deref().and_then(older_cost);
        if done.is_some() {
            self.verifies_today(form, &self.decoy)?;
        }
        older_password::fill_up(form, done, slowest);
        Ok(())
    }

    /// Whether the stored hash was made with other costs than today's, or by another service.
    fn is_outdated(&self) -> bool {
        let parsed = self.compared.stored.as_deref().and_then(|stored| PasswordHash::new(stored).ok());
        let params = parsed.and_then(|parsed| Params::try_from(&parsed).ok());
        !params.is_some_and(|params| is_same_cost(&params, self.argon2.params()))
    }
}

fn hash(argon2: &Argon2<'_>, entropy: &dyn Entropy, password: &Password) -> Result<String, HashingError> {
    let salt: [u8; 16] = entropy.bytes();
    let hash = argon2.hash_password_with_salt(password.form().expose_secret().as_bytes(), &salt).map_err(failed)?;
    Ok(hash.to_string())
}

/// A hash of today's cost that no password has: at random. Not made by hashing one, which would take its memory at the
/// start.
fn decoy(argon2: &Argon2<'_>, entropy: &dyn Entropy) -> String {
    let params = argon2.params();
    let cost = format!("m={},t={},p={}", params.m_cost(), params.t_cost(), params.p_cost());
    let (salt, hash): ([u8; 16], [u8; 32]) = (entropy.bytes(), entropy.bytes());
    let [salt, hash] = [&salt[..], &hash].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    format!("$argon2id$v=19${cost}${salt}${hash}")
}

fn is_same_cost(a: &Params, b: &Params) -> bool {
    (a.m_cost(), a.t_cost(), a.p_cost()) == (b.m_cost(), b.t_cost(), b.p_cost())
}

fn failed(error: impl std::fmt::Display) -> HashingError {
    HashingError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SystemEntropy;

    const CHEAP: HashCost = HashCost { memory_kib: 64, iterations: 1, parallelism: 1 };

    fn hasher(cost: HashCost, concurrency: usize, queue: usize) -> PasswordHasher {
        PasswordHasher::new(cost, concurrency, queue, Arc::new(SystemEntropy), Arc::new(|_| {})).expect("a valid cost")
    }

    #[tokio::test]
    async fn a_password_is_right_or_wrong() {
        let hasher = hasher(CHEAP, 1, 1);
        let stored = hasher.hash("Correct-horse-7".into(), Asker::default()).await.expect("a hash");
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert_eq!(
            hasher.verify("Correct-horse-7".into(), Some(stored.clone()), Asker::default()).await,
            Ok(Verdict::Right)
        );
        assert_eq!(hasher.verify("correct-horse-7".into(), Some(stored), Asker::default()).await, Ok(Verdict::Wrong));
        assert_eq!(hasher.verify("Correct-horse-7".into(), None, Asker::default()).await, Ok(Verdict::Wrong));
    }

    #[test]
    fn the_decoy_costs_what_a_hash_costs() {
        let hasher = hasher(CHEAP, 1, 1);
        let decoy = PasswordHash::new(&hasher.decoy).expect("a hash");
        let params = Params::try_from(&decoy).expect("parameters");
        assert!(is_same_cost(&params, hasher.argon2.params()));
        assert_eq!(decoy.hash.map(|hash| hash.as_bytes().len()), Some(32));
    }

    #[tokio::test]
    async fn s01_a_salt_is_used_once() {
        let hasher = hasher(CHEAP, 1, 1);
        assert_ne!(
            hasher.hash("Correct-horse-7".into(), Asker::default()).await,
            hasher.hash("Correct-horse-7".into(), Asker::default()).await
        );
    }

    #[tokio::test]
    async fn s02_a_hash_of_another_cost_is_accepted_and_renewed() {
        let stored = hasher(CHEAP, 1, 1).hash("Correct-horse-7".into(), Asker::default()).await.expect("a hash");
        let today = hasher(HashCost { iterations: 2, ..CHEAP }, 1, 1);
        let Ok(Verdict::RightButOutdated(renewed)) =
            today.verify("Correct-horse-7".into(), Some(stored), Asker::default()).await
        else {
            panic!("the password is right");
        };
        assert_eq!(today.verify("Correct-horse-7".into(), Some(renewed), Asker::default()).await, Ok(Verdict::Right));
    }

    #[tokio::test]
    async fn a_password_is_the_same_composed_or_not_and_older_hashes_are_renewed() {
        let hasher = hasher(CHEAP, 1, 1);
        let (composed, typed) = ("Caf\u{e9}-horse-7", "Cafe\u{301}-horse-7");
        let stored = hasher.hash(typed.into(), Asker::default()).await.expect("a hash");
        for password in [composed, typed] {
            let verdict = hasher.verify(password.into(), Some(stored.clone()), Asker::default()).await;
            assert_eq!(verdict, Ok(Verdict::Right), "{password}");
        }
        // As versions made it that knew of no form.
        let salt = [7; 16];
        let older = hasher.argon2.hash_password_with_salt(typed.as_bytes(), &salt).expect("a hash").to_string();
        let verdict = hasher.verify(typed.into(), Some(older), Asker::default()).await;
        let Ok(Verdict::RightButOutdated(renewed)) = verdict else { panic!("{verdict:?}") };
        let verdict = hasher.verify(composed.into(), Some(renewed), Asker::default()).await;
        assert_eq!(verdict, Ok(Verdict::Right));
    }

    #[tokio::test]
    async fn a_hash_of_another_service_is_accepted_and_renewed_and_costs_others_as_much() {
        let hasher = hasher(CHEAP, 1, 1);
        let older = bcrypt::hash_with_salt("Correct-horse-7", 4, [7; 16]).expect("a hash").to_string();
        let compare = async |password: &str, stored: Option<&String>, is_admitted| {
            let compared = Compared { stored: stored.cloned(), slowest_older: Some(5), is_admitted };
            hasher.compare(password.into(), compared, Asker::default()).await.expect("a verdict")
        };
        let Verdict::RightButOutdated(renewed) = compare("Correct-horse-7", Some(&older), true).await else {
            panic!("the password is right");
        };
        assert!(renewed.starts_with("$argon2id$"));
        assert_eq!(compare("Correct-horse-7", Some(&renewed), true).await, Verdict::Right);
        assert_eq!(compare("Correct-horse-7", Some(&older), false).await, Verdict::Right, "nothing is renewed in vain");
        for stored in [Some(&older), Some(&renewed), None] {
            assert_eq!(compare("wrong", stored, true).await, Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn nobody_knows_the_password_of_an_unusable_hash() {
        let hasher = hasher(CHEAP, 1, 1);
        assert_eq!(hasher.verify("".into(), Some(hasher.unusable()), Asker::default()).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn s03_who_finds_the_queue_full_is_refused_at_once() {
        let hasher = hasher(CHEAP, 1, 1);
        let held = hasher.queue.take(Asker::default()).await.expect("a turn");
        let mut waiting = Box::pin(hasher.hash("Correct-horse-7".into(), Asker::default()));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let refused = hasher.hash("Correct-horse-7".into(), Asker::default()).await;
        assert_eq!(refused, Err(HashingError::Overloaded));
        drop(held);
        assert!(waiting.await.is_ok(), "who waited gets its turn");
        assert!(hasher.hash("Correct-horse-7".into(), Asker::default()).await.is_ok(), "and the places are free again");
    }
}
