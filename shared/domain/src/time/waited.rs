//! How long an answer was waited for.

use serde::{Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// How long an answer was waited for: a limit that somebody set, or what of it was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited(Duration);

impl Waited {
    /// What passed until it was given up, which nobody set: no more exact than anybody reads it.
    pub fn about(passed: Duration) -> Self {
        match passed.as_secs() {
            0 => Self(Duration::from_millis(
                passed.as_millis().try_into().unwrap_or(u64::MAX),
            )),
            seconds => Self(Duration::from_secs(seconds)),
        }
    }
}

impl From<Duration> for Waited {
    fn from(length: Duration) -> Self {
        Self(length)
    }
}

/// As whoever set it would write it: `500ms`, `2s`, `1.5s`.
impl fmt::Display for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.subsec_millis();
        match (self.0.as_secs(), millis) {
            (0, _) => write!(f, "{millis}ms"),
            (seconds, 0) => write!(f, "{seconds}s"),
            (seconds, _) => {
                let fraction = format!("{millis:03}");
                write!(f, "{seconds}.{}s", fraction.trim_end_matches('0'))
            }
        }
    }
}

/// As a number of seconds.
impl Serialize for Waited {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.subsec_millis() {
            0 => serializer.serialize_u64(self.0.as_secs()),
            _ => serializer.serialize_f64(self.0.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_as_it_was_written() {
        for (millis, told, number) in [
            (0, "0ms", "0"),
            (500, "500ms", "0.5"),
            (1_000, "1s", "1"),
            (1_500, "1.5s", "1.5"),
            (60_050, "60.05s", "60.05"),
        ] {
            let waited = Waited::from(Duration::from_millis(millis));
            assert_eq!(waited.to_string(), told);
            assert_eq!(serde_json::to_string(&waited).unwrap(), number);
        }
        let about =
            |millis: u64| Waited::about(Duration::from_micros(millis * 1_000 + 7)).to_string();
        assert_eq!(about(3_998), "3s");
        assert_eq!(about(998), "998ms");
    }
}
