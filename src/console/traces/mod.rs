//! What the last requests were like: lists of them, and where the time of one went.

mod filter;
mod list;
mod waterfall;
pub(super) mod workspace;

use crate::domain::Timestamp;

/// The bytes of a trace's id.
fn trace(text: &str) -> Option<[u8; 16]> {
    let is_hex = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|_| is_hex).map(u128::to_be_bytes)
}

/// A time in nanoseconds since 1970.
fn moment(nanoseconds: u64) -> Timestamp {
    let micros = i64::try_from(nanoseconds / 1000).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// A length of time, as precise as is of use.
fn lasting(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds as f64 / 1e6;
    match milliseconds {
        ..10.0 => format!("{milliseconds:.2} ms"),
        ..1000.0 => format!("{milliseconds:.1} ms"),
        _ => format!("{:.2} s", milliseconds / 1e3),
    }
}
