//! Numbers as Go's `strconv.Atoi` reads them, since its errors are part of robfig's.

use std::num::IntErrorKind;

use super::CronError;

/// A number of a cron field: a sign is grammatical, a minus then refused.
pub(super) fn non_negative(text: &str) -> Result<u64, CronError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let problem = |what| CronError::NotANumber {
        number: text.to_owned(),
        problem: format!("strconv.Atoi: parsing {}: {what}", quoted(text)),
    };
    if digits.starts_with('+') {
        return Err(problem("invalid syntax"));
    }
    let size = digits.parse::<u64>().map_err(|error| match error.kind() {
        IntErrorKind::PosOverflow => problem("value out of range"),
        _ => problem("invalid syntax"),
    })?;
    let value = if negative {
        0_i64.checked_sub_unsigned(size)
    } else {
        i64::try_from(size).ok()
    };
    match value {
        None => Err(problem("value out of range")),
        Some(value) if value < 0 => Err(CronError::Negative {
            value,
            number: text.to_owned(),
        }),
        Some(_) => Ok(size),
    }
}

/// Go's `strconv.Quote`. Which characters count as printable is taken from Rust,
/// which differs for combining marks only.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            ' '..='~' => quoted.push(c),
            '\0'..='\u{7f}' => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            _ if c.escape_debug().count() == 1 => quoted.push(c),
            '\0'..='\u{ffff}' => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}
