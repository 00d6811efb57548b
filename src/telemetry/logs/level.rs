//! The level of the log, which can change while the process runs.

use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::config::LogLevel;

/// Whose lines stay here, by how their targets begin: what carries lines away must not write any that would be carried
/// away in turn, and the links that are shown for want of a mail server are for people at the terminal.
const STAY: [&str; 7] = ["opentelemetry", "tonic", "tower", "h2", "hyper", "rustls", "ghostworks::mail"];

/// The log of this process.
static LEVEL: OnceLock<Level> = OnceLock::new();

struct Level {
    now: Mutex<LogLevel>,
    change: Box<dyn Fn(LogLevel) + Send + Sync>,
}

/// Notes the level that the log begins with, and how to change it.
pub(super) fn remember(level: LogLevel, change: impl Fn(LogLevel) + Send + Sync + 'static) {
    // There is one log in a process: the first counts.
    let _ = LEVEL.set(Level { now: Mutex::new(level), change: Box::new(change) });
}

/// The least important lines that are written now.
pub fn level() -> LogLevel {
    LEVEL.get().map(|level| *level.now.lock().unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
}

/// Has lines written from this level on.
pub fn set_level(to: LogLevel) {
    let Some(level) = LEVEL.get() else { return };
    let mut now = level.now.lock().unwrap_or_else(PoisonError::into_inner);
    (level.change)(to);
    *now = to;
}

/// Which lines are written: libraries speak only of what is wrong.
pub(super) fn written(level: LogLevel) -> Targets {
    let level = least(level);
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("ghostworks", level)
}

/// Which of them are carried away.
pub(super) fn carried(level: LogLevel) -> Targets {
    let all = Targets::new().with_default(least(level));
    STAY.into_iter().fold(all, |targets, target| targets.with_target(target, LevelFilter::OFF))
}

fn least(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
