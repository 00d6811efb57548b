//! What works beside the requests: followers of the change log, and the other background tasks.
//!
//! Owns how they run: one driver for all, which repeats each, pauses after a failure, restarts after a panic, and notes
//! how it went. Knows nothing of what they do; each is written where its subject is.

mod driver;
mod every;
mod follower;
mod health;
mod task;

pub use driver::Driver;
pub use every::Every;
pub use follower::{Follower, Following, Next, catch_up};
pub use health::{SeenFailure, TaskHealth, TaskRegistry};
pub use task::{Failure, Task};
