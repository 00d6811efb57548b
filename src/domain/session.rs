//! Sessions: what a signed-in caller holds, and what ends when they sign out.

use super::{RefreshDigest, RefreshLine, SessionId, TenantId, Timestamp, UserId};

/// SHA-256 of the secret in a cookie of the console, which is all that is stored of it: there is nothing to guess in 256 random
/// bits.
pub type ConsoleDigest = [u8; 32];

/// A sign-in, from login to logout or expiry. All its refresh tokens are one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id; the `sid` claim of its access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub refreshed_at: Timestamp,
    /// When it ends unless it is refreshed before.
    pub idle_until: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// The address it was opened from.
    pub ip: Option<String>,
    /// The `User-Agent` it was opened with.
    pub user_agent: Option<String>,
    /// The workspace it was pointed at; without one, the user's first.
    pub workspace: Option<TenantId>,
    /// Its lines of refresh tokens: at most [`Self::LINES_MAX`], and at least one unless it is the console's.
    pub lines: Vec<RefreshLine>,
    /// What its cookie of the console is known by, if it was opened there.
    pub console: Option<ConsoleDigest>,
}

impl Session {
    /// How many lines of refresh tokens it has at most; of more, the one unused longest is dropped.
    pub const LINES_MAX: usize = 8;

    /// When it ends unless it is refreshed before, in any case no later than [`Self::expires_at`].
    pub fn ends_at(&self) -> Timestamp {
        self.idle_until.min(self.expires_at)
    }

    /// Whether it is still usable at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.ends_at()
    }

    /// Whether this is the current token of one of its lines.
    pub fn has_current(&self, digest: RefreshDigest) -> bool {
        self.lines.iter().any(|line| line.digest == digest)
    }

    /// The line whose current token this is.
    pub fn line_of(&mut self, digest: RefreshDigest) -> Option<&mut RefreshLine> {
        self.lines.iter_mut().find(|line| line.digest == digest)
    }

    /// Begins another line.
    pub fn add_line(&mut self, line: RefreshLine) {
        while self.lines.len() >= Self::LINES_MAX {
            let unused_longest = self.lines.iter().enumerate().min_by_key(|(_, line)| line.used_at);
            let Some((index, _)) = unused_longest else { break };
            self.lines.remove(index);
        }
        self.lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_live_until_the_first_of_its_ends() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (idle_until, expires_at) in [(10, 20), (20, 10)] {
            let session = Session {
                id: SessionId::from_bytes([1; 16]),
                user: UserId::from_bytes([2; 16]),
                created_at: at(0),
                refreshed_at: at(0),
                idle_until: at(idle_until),
                expires_at: at(expires_at),
                ip: None,
                user_agent: None,
                workspace: None,
                lines: vec![RefreshLine::new([3; 32], at(0))],
                console: None,
            };
            assert_eq!(session.ends_at(), at(10));
            assert!(session.is_live(at(9)) && !session.is_live(at(10)));
        }
    }
}
