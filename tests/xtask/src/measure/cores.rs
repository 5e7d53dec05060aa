//! One core for the server, the other for the generator, so that neither steals from the other.

use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

/// The two cores, where this machine lets us have two.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    /// The webhook's.
    pub server: usize,
    /// The generator's.
    pub client: usize,
}

impl Cores {
    /// The first two we may run on.
    pub fn pick() -> Option<Self> {
        let allowed = sched_getaffinity(None).ok()?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        Some(Self {
            server: cores.next()?,
            client: cores.next()?,
        })
    }
}

/// Keeps every thread of a process on one core. Threads it starts later follow those that start them.
pub fn keep_process(pid: u32, core: usize) {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    for thread in threads.into_iter().flatten().flatten() {
        let id = thread.file_name().to_str().and_then(|id| id.parse().ok());
        if let Some(thread) = id.and_then(Pid::from_raw) {
            keep(Some(thread), core);
        }
    }
}

/// Keeps the calling thread on one core.
pub fn keep_thread(core: usize) {
    keep(None, core);
}

fn keep(thread: Option<Pid>, core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // Where it is not allowed the figures are noisier, no more.
    let _ = sched_setaffinity(thread, &set);
}
