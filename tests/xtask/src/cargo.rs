//! cargo, called from a task that cargo runs.

use crate::root;
use acm_backup_bed::forget_package;
use std::process::Command;

/// The cargo that runs us, at the root of the checkout, in an environment as in the user's own shell.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO"));
    forget_package(&mut command).current_dir(root());
    command
}
