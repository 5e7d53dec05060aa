//! The messages of robfig's parser, byte for byte.

use crate::time::duration::DurationError;

/// Why robfig/cron refuses an expression.
///
/// `Display` is its own text, so a message of the operator can be predicted and
/// recognised. `part` is the comma-separated piece of a field that is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // The messages say what each field is.
pub enum CronError {
    #[error("empty spec string")]
    Empty,
    #[error("provided bad location {name}: {}", zone_problem(.name))]
    BadZone { name: String },
    /// A zone prefix with no space behind it. The original panics here, and the
    /// callers that recover from it report the text of the panic.
    #[error("runtime error: slice bounds out of range [:-1]")]
    ZoneAlone,
    #[error("expected exactly 5 fields, found {}: [{}]", .fields.len(), .fields.join(" "))]
    FieldCount { fields: Vec<String> },
    #[error("unrecognized descriptor: {descriptor}")]
    UnknownDescriptor { descriptor: String },
    #[error("failed to parse duration {descriptor}: {}", .source.go_text())]
    BadDelay {
        descriptor: String,
        source: DurationError,
    },
    #[error("too many hyphens: {part}")]
    TooManyHyphens { part: String },
    #[error("too many slashes: {part}")]
    TooManySlashes { part: String },
    /// `problem` is the text of Go's `strconv`.
    #[error("failed to parse int from {number}: {problem}")]
    NotANumber { number: String, problem: String },
    #[error("negative number ({value}) not allowed: {number}")]
    Negative { value: i64, number: String },
    #[error("beginning of range ({start}) below minimum ({minimum}): {part}")]
    BelowMinimum {
        start: u64,
        minimum: u64,
        part: String,
    },
    #[error("end of range ({end}) above maximum ({maximum}): {part}")]
    AboveMaximum {
        end: u64,
        maximum: u64,
        part: String,
    },
    #[error("beginning of range ({start}) beyond end of range ({end}): {part}")]
    Backwards { start: u64, end: u64, part: String },
    #[error("step of range should be a positive number: {part}")]
    ZeroStep { part: String },
}

/// Go refuses names that could leave the directory of zones before it looks there.
fn zone_problem(name: &str) -> String {
    if name.contains("..") || name.starts_with(['/', '\\']) {
        "time: invalid location name".to_owned()
    } else {
        format!("unknown time zone {name}")
    }
}
