//! The exit codes, in one place; `--help` prints this table.

use acm_backup_domain::printable::{is_obeyed, line};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// The table as `--help` shows it.
pub const TABLE: &str = "\
Exit codes:
  0  the verdict is OK, or WARNING without --fail-on=warning
  1  could not find out: no connection, no permission, unreadable files
  2  usage: an unknown flag, command or format
  3  the verdict is CRITICAL
  4  the verdict is WARNING, with --fail-on=warning";

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or healthy.
    Ok = 0,
    /// Could not find out.
    CouldNot = 1,
    /// At least one critical finding.
    Critical = 3,
    /// Warnings, and the caller wants to fail on them.
    Warning = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error with what can be done about it, each on a line of its own.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Helped {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// Prints help to stdout and usage errors to stderr, as clap knows which is which. What was pasted may hold
/// anything, and clap repeats it as it stands: then it is all told on one line.
pub fn usage(error: &clap::Error) -> ExitCode {
    let pasted = || std::env::args_os().any(|word| word.to_string_lossy().contains(is_obeyed));
    let printed = if error.use_stderr() && pasted() {
        say(&error.render().to_string())
    } else {
        error.print()
    };
    match (printed, u8::try_from(error.exit_code())) {
        (Ok(()), Ok(code)) => ExitCode::from(code),
        _ => Exit::CouldNot.into(),
    }
}

/// Prints an error with all its causes. A reader that went away (`| head`) is none.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    let gone = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == ErrorKind::BrokenPipe)
    };
    if error.chain().any(gone) {
        return Exit::Ok.into();
    }
    let mut told = say(&format!("error: {error:#}"));
    if let Some(helped) = error.downcast_ref::<Helped>() {
        told = told.and_then(|()| say(&format!("help: {}", helped.help)));
    }
    // Where nothing can be told any more, the exit code still can.
    drop(told);
    Exit::CouldNot.into()
}

/// One line on stderr. It quotes what servers and files hold, and those must not begin another.
fn say(text: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{}", line(text))
}
