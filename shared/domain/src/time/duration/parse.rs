//! The grammar of Go's `time.ParseDuration`: `[-+]?([0-9]*(\.[0-9]*)?unit)+`, or a
//! signed `0`.

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The magnitude of `i64::MIN`, the largest a signed sum may reach.
const LIMIT: u64 = 1 << 63;

/// What is wrong with a text, without the text itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing, or nothing but a sign.
    Empty,
    /// A number was expected and something else found.
    Malformed,
    /// A number ends the text.
    MissingUnit,
    /// A number is followed by this, which is no unit.
    UnknownUnit(String),
    /// More nanoseconds than fit 64 bits.
    TooLong,
}

/// Nanoseconds in a unit Go knows. Both micro signs, U+00B5 and U+03BC, are units.
pub(super) fn go_unit(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}

/// Nanoseconds in a unit a person might write, Go's among them: only ever used to
/// suggest a valid spelling, never to accept one.
pub(super) fn human_unit(unit: &str) -> Option<u64> {
    let unit = unit.trim();
    if let Some(nanos) = go_unit(unit) {
        return Some(nanos);
    }
    // `M` may be a month, so only other capitals are taken for slips.
    Some(match unit {
        "H" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "min" | "mins" | "minute" | "minutes" => MINUTE,
        "S" | "sec" | "secs" | "second" | "seconds" => SECOND,
        "d" | "D" | "day" | "days" => 24 * HOUR,
        "w" | "W" | "week" | "weeks" => 7 * 24 * HOUR,
        _ => return None,
    })
}

/// The nanoseconds `text` stands for, its units looked up in `unit_nanos`.
pub(super) fn nanos(text: &str, unit_nanos: fn(&str) -> Option<u64>) -> Result<i64, Fault> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(Fault::Empty);
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (part, after) = part(rest, unit_nanos)?;
        // Go adds in wrapping arithmetic and checks afterwards; two halves of
        // exactly the limit make zero there, so they do here.
        total = total.wrapping_add(part);
        if total > LIMIT {
            return Err(Fault::TooLong);
        }
        rest = after;
    }
    if negative {
        0_i64.checked_sub_unsigned(total).ok_or(Fault::TooLong)
    } else {
        i64::try_from(total).map_err(|_| Fault::TooLong)
    }
}

/// One number and its unit in nanoseconds, and the text behind them.
fn part(text: &str, unit_nanos: fn(&str) -> Option<u64>) -> Result<(u64, &str), Fault> {
    let (whole_digits, rest) = split_digits(text);
    let (fraction_digits, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("", rest),
    };
    // Go gives up on too large a number before it looks at what follows.
    let whole = whole(whole_digits)?;
    if whole_digits.is_empty() && fraction_digits.is_empty() {
        return Err(Fault::Malformed);
    }
    let unit_end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, after) = rest.split_at(unit_end);
    if unit.is_empty() {
        return Err(Fault::MissingUnit);
    }
    let unit = unit_nanos(unit).ok_or_else(|| Fault::UnknownUnit(unit.to_owned()))?;
    if whole > LIMIT.checked_div(unit).unwrap_or_default() {
        return Err(Fault::TooLong);
    }
    let sum = whole
        .saturating_mul(unit)
        .saturating_add(fraction(fraction_digits, unit));
    if sum > LIMIT {
        return Err(Fault::TooLong);
    }
    Ok((sum, after))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn digit_values(digits: &str) -> impl Iterator<Item = u64> {
    digits
        .bytes()
        .map(|digit| u64::from(digit.saturating_sub(b'0')))
}

fn whole(digits: &str) -> Result<u64, Fault> {
    digit_values(digits).try_fold(0_u64, |value, digit| {
        value
            .checked_mul(10)
            .and_then(|value| value.checked_add(digit))
            .filter(|value| *value <= LIMIT)
            .ok_or(Fault::TooLong)
    })
}

/// The nanoseconds in `0.digits` of a unit. Digits past the precision of 63 bits are
/// dropped, and the product is taken in floating point: both as Go does it, since
/// the last nanosecond depends on it.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn fraction(digits: &str, unit: u64) -> u64 {
    let mut value: u64 = 0;
    let mut scale: f64 = 1.0;
    for digit in digit_values(digits) {
        if value > (LIMIT - 1) / 10 {
            break;
        }
        let longer = value.saturating_mul(10).saturating_add(digit);
        if longer > LIMIT {
            break;
        }
        value = longer;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}
