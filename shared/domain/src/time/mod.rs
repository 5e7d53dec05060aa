//! Time as the hub's other components read it.
//!
//! The operator and Velero are Go programs: a cron expression means what
//! robfig/cron says, a TTL what `time.ParseDuration` says. [`cron`] and
//! [`duration`] follow both to the letter, oddities included, so that this code
//! never promises a run, or accepts a value, the real parts will not.
//! [`age`] is how times are told to people, [`saturating`] how they are added, [`now`] which time it is.

pub mod age;
pub mod cron;
pub mod duration;
pub mod now;
pub mod saturating;
mod waited;

pub use cron::{CronError, CronSchedule};
pub use duration::{DurationError, GoDuration};
pub use now::Now;
pub use waited::Waited;
