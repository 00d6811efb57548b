//! Hashes of passwords as another service made them, with bcrypt. They are good until their owners sign in.

/// The most that one may cost to be taken over, as a power of two: it is computed again for each sign-in that is refused.
pub const MAX_OLDER_COST: u32 = 16;
/// The least that bcrypt knows.
pub const MIN_OLDER_COST: u32 = 4;

/// What a bcrypt hash costs, as a power of two; nothing if it is none.
pub fn older_cost(hash: &str) -> Option<u32> {
    let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| hash.strip_prefix(prefix))?;
    let (cost, rest) = rest.split_once('$')?;
    let is_whole = cost.len() == 2 && rest.len() == 53 && rest.bytes().all(is_digit);
    cost.parse().ok().filter(|cost| is_whole && (MIN_OLDER_COST..=31).contains(cost))
}

/// Whether a byte is a digit of bcrypt's own base 64.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_says_what_it_costs() {
        let rest = "L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u";
        for (prefix, cost) in [("$2a$04$", 4), ("$2b$12$", 12), ("$2y$31$", 31)] {
            assert_eq!(older_cost(&format!("{prefix}{rest}")), Some(cost));
        }
        for other in ["$2x$12$", "$2$12$", "$2b$03$", "$2b$32$", "$2b$012$", "$argon2id$12$", ""] {
            assert_eq!(older_cost(&format!("{other}{rest}")), None, "{other}");
        }
        assert_eq!(older_cost(&format!("$2b$12$.{rest}")), None);
        assert_eq!(older_cost("$2b$12$short"), None);
    }
}
