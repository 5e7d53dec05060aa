//! The spelling of Go's `Duration.String`.

const SECOND: u64 = 1_000_000_000;

/// `720h0m0s`, `1.5s`, `300ms`, `0s`: the largest unit is the hour, and only below a
/// second is the unit smaller than that.
pub(super) fn full(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    let text = match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{size}ns"),
        1_000..1_000_000 => format!("{}\u{b5}s", decimal(size, 3)),
        1_000_000..SECOND => format!("{}ms", decimal(size, 6)),
        _ => clock(size),
    };
    format!("{sign}{text}")
}

/// [`full`] without the zeros a person leaves out: `720h`, `1h30m`, `0s`.
pub(super) fn short(nanos: i64) -> String {
    let text = full(nanos);
    let text = if text.ends_with("m0s") {
        text.trim_end_matches("0s")
    } else {
        &text
    };
    let text = if text.ends_with("h0m") {
        text.trim_end_matches("0m")
    } else {
        text
    };
    text.to_owned()
}

fn clock(size: u64) -> String {
    let minutes = size / SECOND / 60;
    let seconds = decimal(size % (60 * SECOND), 9);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// `value / 10^places` without trailing zeros, exactly.
fn decimal(value: u64, places: u32) -> String {
    let unit = 10_u64.pow(places);
    let whole = value.checked_div(unit).unwrap_or_default();
    let rest = value.checked_rem(unit).unwrap_or_default();
    if rest == 0 {
        return whole.to_string();
    }
    let fraction = format!("{rest:0width$}", width = places as usize);
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}
