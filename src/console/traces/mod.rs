//! What the last requests were like: lists of them, and where the time of one went.

mod distribution;
mod filter;
mod list;
pub(super) mod server;
mod waterfall;
pub(super) mod workspace;

/// The bytes of a trace's id.
fn trace(text: &str) -> Option<[u8; 16]> {
    let is_hex = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|_| is_hex).map(u128::to_be_bytes)
}
