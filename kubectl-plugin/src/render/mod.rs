//! One report, several formats. Renderers decide nothing: they show what the judge said.

mod layout;
mod line;
mod lines;
mod paint;
mod sections;
mod table;
mod text;
mod wide;
mod yaml;

use crate::cli::Format;
use crate::report::Report;
use acm_backup_domain::printable;
use serde::Serialize;
use std::io::{self, Write};

/// Writes a report in the format asked for.
///
/// # Errors
/// When it cannot be written.
pub fn report(report: &Report, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::render(report, out),
        Format::Wide => wide::render(report, out),
        Format::Json => json(report, out),
        Format::Yaml => yaml(report, out),
    }
}

/// Writes any of our values as JSON. The data stays as it is; what a terminal would obey is escaped.
///
/// # Errors
/// When it cannot be written.
pub fn json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    writeln!(out, "{}", printable::json(&text))
}

/// Writes any of our values as YAML; by way of JSON, so that the two cannot differ.
///
/// # Errors
/// When it cannot be written.
pub fn yaml(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}", yaml::text(serde_json::to_value(value)?)?)
}
