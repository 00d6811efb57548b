//! Comparing passwords with hashes that another service made with bcrypt, and taking as long without one.

use std::hint::black_box;

/// Whether a hash is that of a password. Like the service that made it, it looks at the first 72 bytes alone, and at none
/// that has a zero in it.
pub(super) fn verifies(password: &[u8], hash: &str) -> bool {
    let is_same = bcrypt::verify(password, hash).unwrap_or_default();
    is_same && !password.contains(&0)
}

/// Takes as long as a comparison that costs `most` still would after one that cost `done`, or none. (A cost is a power of
/// two, and each is as much as all below it together, and the least once more.)
pub(super) fn fill_up(password: &[u8], done: Option<u32>, most: u32) {
    let costs = done.map_or(most..most + 1, |done| done..most);
    for cost in costs {
        // It is only wrong for a cost that bcrypt does not know.
        let _ = black_box(bcrypt::hash_with_salt(password, cost, [0; 16]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the test vectors of the crypt_blowfish library and of passlib.
    #[test]
    fn a_hash_of_any_prefix_is_that_of_its_password() {
        for (password, hash) in [
            (&b"U*U"[..], "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            (
                b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
                "$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
            ),
            (b"U*U*", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ] {
            assert!(verifies(password, hash), "{hash}");
            assert!(!verifies(b"U*U*U*U", hash), "{hash}");
        }
        assert!(!verifies(b"U*U", "$2a$05$damaged"));
    }

    #[test]
    fn no_more_than_72_bytes_are_compared() {
        let long = [b'a'; 100];
        let hash = bcrypt::hash_with_salt(&long[..72], 4, [7; 16]).expect("a hash").to_string();
        assert!(verifies(&long, &hash));
        assert!(!verifies(&long[..71], &hash));
    }

    #[test]
    fn a_password_with_a_zero_is_none() {
        let hash = bcrypt::hash_with_salt(b"a\0b", 4, [7; 16]).expect("a hash").to_string();
        assert!(!verifies(b"a\0b", &hash));
    }
}
