//! Colour. Words carry the meaning; colour only helps to find them.

use acm_backup_domain::status::{Severity, Verdict};
use anstyle::{AnsiColor, Style};

/// A section's label.
pub const LABEL: Style = Style::new().bold();
/// Column heads.
pub const HEAD: Style = Style::new().dimmed();
/// A command to run.
pub const COMMAND: Style = AnsiColor::Cyan.on_default();
/// What is well.
const GOOD: Style = AnsiColor::Green.on_default();
/// What should be looked at.
const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What is wrong.
const BAD: Style = AnsiColor::Red.on_default().bold();

/// A verdict's style.
pub fn verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Ok => GOOD,
        Verdict::Warning | Verdict::Unknown => WARN,
        Verdict::Critical => BAD,
    }
}

/// A finding's style and word.
pub fn severity(severity: Severity) -> (Style, &'static str) {
    match severity {
        Severity::Warning => (WARN, "WARNING"),
        Severity::Critical => (BAD, "CRITICAL"),
    }
}

/// A phase's style.
pub fn phase(phase: &str) -> Style {
    match phase {
        "Completed" | "Finished" | "Enabled" | "Available" => GOOD,
        "Missing" => BAD,
        phase if phase.contains("Failed") || phase.contains("Error") => BAD,
        _ => Style::new(),
    }
}
