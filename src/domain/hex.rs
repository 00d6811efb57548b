//! Hexadecimal, digit by digit: ids are written with every request, and the formatter takes three times as long.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends `bytes` in lower-case hexadecimal.
pub fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_two_digits() {
        let mut text = "0x".to_owned();
        push_hex(&mut text, &[0, 0x0f, 0xa5, 0xff]);
        assert_eq!(text, "0x000fa5ff");
    }
}
