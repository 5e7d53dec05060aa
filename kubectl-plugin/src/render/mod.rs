//! One report, several formats. Renderers decide nothing: they show what the judge said.

mod layout;
mod lines;
mod paint;
mod sections;
mod table;
mod text;
mod wide;

use crate::cli::Format;
use crate::report::Report;
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

/// Writes any of our values as JSON.
///
/// # Errors
/// When it cannot be written.
pub fn json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// Writes any of our values as YAML; by way of JSON, so that the two cannot differ.
///
/// # Errors
/// When it cannot be written.
pub fn yaml(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let value = serde_json::to_value(value)?;
    let text = serde_saphyr::to_string(&value).map_err(io::Error::other)?;
    write!(out, "{text}")
}
