//! The most used passwords, which nobody may choose.

/// One password a line: at least 8 characters, lower case, sorted by bytes. `NOTICE` says where it is from.
const LIST: &str = include_str!("common_passwords.txt");

/// Whether a lower-cased password is among the most used ones.
pub fn is_common(lower: &str) -> bool {
    let list = LIST.as_bytes();
    let line_start = |at: usize| list[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let start = line_start(low + (high - low) / 2);
        let line = list[start..].split(|&byte| byte == b'\n').next().unwrap_or_default();
        match line.cmp(lower.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = start + line.len() + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.len() > 1000, "the list is not the real one");
        assert!(lines.is_sorted(), "the search needs a sorted list");
        for line in &lines {
            assert!(line.chars().count() >= 8, "{line} can't be chosen anyway");
            assert!(is_common(line), "{line}");
        }
        for other in ["", "a", "zzzzzzzzzzzzzzzzzz", "correct horse battery staple", "passwor"] {
            assert!(!is_common(other), "{other}");
        }
    }
}
