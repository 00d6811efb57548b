//! Who goes first when there are fewer processors than threads that want one.

/// Work that requests should not have to wait for. A thread that does it goes on, but gets less of a processor that others
/// want, too.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// The writer's: woken by hundreds of writes, it calculates for milliseconds, and reads would wait for it. Somebody
    /// waits for what it does, though.
    Writing,
    /// Merges of the search index.
    Merging,
    /// A backup's, for which nobody waits.
    BackingUp,
    /// Hashing passwords: who signs in can wait a little longer, and a flood of them must not slow down all others.
    Hashing,
    /// Writing out all metrics: only a scraper waits for it.
    Scraping,
}

impl Work {
    /// What the thread adds to its nice value (sched(7)): each step is about a fifth less.
    #[cfg(target_os = "linux")]
    fn niceness(self) -> i32 {
        match self {
            Self::Writing | Self::Merging | Self::Scraping => 10,
            Self::BackingUp => 15,
            // Somebody waits for it, and on a busy machine it must not take for ever.
            Self::Hashing => 5,
        }
    }

    /// Lets others go before the thread that calls it, and those that it makes, for the rest of their lives. Linux has that
    /// for a thread, other systems for the whole process only.
    pub fn lower_priority(self) {
        // Where it is not allowed, others wait a little longer.
        #[cfg(target_os = "linux")]
        rustix::process::nice(self.niceness()).ok();
    }
}
