//! What tests share: one hub with our webhook on it and no Velero, and the right to be alone on this machine.

mod hub;
mod prober;
mod storage;

pub use hub::{GuardedHub, guarded_hub};
pub use prober::{Prober, a_restore_can_be_created, restores};
pub use storage::Storage;

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use acm_backup_bed::Finished;

/// Two hubs with Velero are as much as two cores carry without calls running into the webhook's
/// one-second deadline. Whoever holds this is the only one with hubs.
static MACHINE: Mutex<()> = Mutex::new(());

/// Be the only test with hubs.
pub fn machine() -> MutexGuard<'static, ()> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Run a test with hubs of its own, alone on this machine.
pub fn alone<T>(test: impl Future<Output = T>) -> T {
    let _machine = machine();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test)
}

/// All of these are in the text.
#[track_caller]
pub fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in:\n{text}");
    }
}

/// Our guards refused this command, in these words.
#[track_caller]
pub fn refused(finished: &Finished, words: &[&str]) {
    assert_eq!(finished.code, Some(1), "not refused: {finished}");
    says(
        &finished.stderr,
        &[r#"admission webhook "guards.acm-backup.dev" denied the request"#],
    );
    says(&finished.stderr, words);
}
