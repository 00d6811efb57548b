//! The harness of the black-box tests: starts the real program, speaks to it over sockets, receives what it exports.
//! It knows the contract and nothing of the program's insides.

pub mod account;
pub mod browser;
pub mod client;
pub mod exposition;
pub mod h2;
pub mod mail;
pub mod otlp;
pub mod postgres;
pub mod raw;
pub mod server;
pub mod tls;
pub mod tour;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long anything that must happen may take before a test gives up. Generous: only a failing test ever waits so
/// long, and a busy machine must not fail one.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// `stem` with a number that no other call in this process gets.
pub fn unique(stem: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("{stem}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A mutex's content, also after a test panicked with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
