//! How long a review may take: whoever is slower than the API server's patience has not answered.

use std::time::Duration;

/// Kept back for writing the answer and for the way there and back.
pub const MARGIN: Duration = Duration::from_millis(300);

/// The smaller of our own limit and the API server's `?timeout=` less a margin. A timeout no longer
/// than twice the margin is halved; one that cannot be read counts as none.
#[must_use]
pub fn budget(own: Duration, query: Option<&str>) -> Duration {
    let Some(timeout) = query.and_then(timeout) else {
        return own;
    };
    let ours = timeout.saturating_sub(MARGIN);
    let half = timeout.checked_div(2).unwrap_or_default();
    own.min(ours.max(half))
}

/// The part of a review's time, in percent, in which its body must have arrived and its turn must have come.
/// Whoever makes that take long must not leave a judgement without the time to look.
#[must_use]
pub fn arrival(budget: Duration, percent: u32) -> Duration {
    let all = budget.saturating_mul(percent.min(100));
    all.checked_div(100).unwrap_or(budget)
}

/// The `timeout` parameter, a Go duration that the API server writes as whole seconds (`5s`).
fn timeout(query: &str) -> Option<Duration> {
    let text = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("timeout="))?;
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" | "m0s" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_part() {
        let budget = Duration::from_millis(4700);
        assert_eq!(arrival(budget, 40), Duration::from_millis(1880));
        assert_eq!(arrival(budget, 200), budget);
        assert!(arrival(Duration::MAX, 40) <= Duration::MAX);
    }

    #[test]
    fn the_api_servers_timeout_less_a_margin_or_our_own() {
        let own = Duration::from_secs(4);
        for (query, millis) in [
            (None, 4000),
            (Some(""), 4000),
            (Some("timeout=10s"), 4000),
            (Some("timeout=3s"), 2700),
            (Some("dryRun=All&timeout=1s"), 700),
            (Some("timeout=500ms"), 250),
            (Some("timeout=1m0s"), 4000),
            (Some("timeout=soon"), 4000),
            (Some("timeout="), 4000),
            (Some("timeout=99999999999999999999s"), 4000),
        ] {
            assert_eq!(
                budget(own, query),
                Duration::from_millis(millis),
                "{query:?}"
            );
        }
    }
}
