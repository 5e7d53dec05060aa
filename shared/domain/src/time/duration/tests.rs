use jiff::SignedDuration;
use proptest::prelude::*;
use serde::Deserialize;

use super::GoDuration;

/// What Go's `time.ParseDuration` and `String` said; see testdata/README.md.
#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "in")]
    input: String,
    nanos: Option<i64>,
    #[serde(default)]
    out: String,
    error: Option<String>,
}

fn said(text: &str) -> String {
    text.parse::<GoDuration>().unwrap_err().to_string()
}

#[test]
fn reads_and_writes_as_go_does() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../testdata/durations.json")).unwrap();
    assert!(vectors.len() > 200);
    for vector in vectors {
        let input = &vector.input;
        match input.parse::<GoDuration>() {
            Ok(duration) => {
                assert_eq!(Some(duration.as_nanos()), vector.nanos, "{input:?}");
                assert_eq!(duration.to_string(), vector.out, "{input:?}");
            }
            Err(error) => assert_eq!(Some(error.go_text()), vector.error, "{input:?}"),
        }
    }
}

#[test]
fn says_what_to_write_instead() {
    let cases = [
        (
            "30d",
            "Go durations have no days: write 720h instead of 30d",
        ),
        (
            "1d12h",
            "Go durations have no days: write 36h instead of 1d12h",
        ),
        ("2w", "Go durations have no weeks: write 336h instead of 2w"),
        (
            "5min",
            "Go durations have no unit \"min\": write 5m instead of 5min",
        ),
        (
            "6mo",
            "Go durations have no months: write it with h, m, s, ms, us or ns",
        ),
        (
            "1y",
            "Go durations have no years: write it with h, m, s, ms, us or ns",
        ),
        (
            "1h 30m",
            "Go durations have no spaces: write 1h30m instead of 1h 30m",
        ),
        (" 1h", "\" 1h\" is not a Go duration: write 1h"),
        (
            "soon",
            "\"soon\" is not a Go duration: write one such as 720h or 1h30m",
        ),
        (
            "30",
            "a number in \"30\" has no unit: add h, m or s, for example 720h",
        ),
        ("", "the duration is empty: write one such as 720h or 1h30m"),
        (
            "3000000h",
            "\"3000000h\" is longer than a Go duration can be (about 292 years, 2562047h)",
        ),
        (
            "200000d",
            "Go durations have no days: write it with h, m, s, ms, us or ns",
        ),
    ];
    for (input, message) in cases {
        assert_eq!(said(input), message);
    }
}

#[test]
fn short_leaves_out_zeros_only() {
    for (input, short) in [
        ("720h", "720h"),
        ("1h30m", "1h30m"),
        ("10m", "10m"),
        ("1h0m5s", "1h0m5s"),
        ("20s", "20s"),
        ("0", "0s"),
        ("1m0.5s", "1m0.5s"),
        ("-100h", "-100h"),
    ] {
        let duration: GoDuration = input.parse().unwrap();
        assert_eq!(duration.short(), short);
        assert_eq!(duration.short().parse(), Ok(duration));
    }
}

#[test]
fn is_a_plain_string_in_json_and_schema() {
    let duration: GoDuration = serde_json::from_str("\"720h\"").unwrap();
    assert_eq!(serde_json::to_string(&duration).unwrap(), "\"720h0m0s\"");
    for wrong in ["\"30d\"", "\"\"", "720", "null"] {
        assert!(
            serde_json::from_str::<GoDuration>(wrong).is_err(),
            "{wrong}"
        );
    }
    assert_eq!(
        serde_json::to_value(
            schemars::generate::SchemaSettings::openapi3()
                .into_generator()
                .into_root_schema_for::<GoDuration>()
        )
        .unwrap()["type"],
        "string"
    );
}

#[test]
fn exchanges_with_jiff() {
    let duration = GoDuration::from_nanos(-1_500_000_000);
    let signed = SignedDuration::from_millis(-1_500);
    assert_eq!(SignedDuration::from(duration), signed);
    assert_eq!(GoDuration::try_from(signed), Ok(duration));
    assert!(GoDuration::try_from(SignedDuration::MAX).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn display_parses_back(nanos: i64, shift in 0_u32..64) {
        let duration = GoDuration::from_nanos(nanos >> shift);
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        prop_assert_eq!(duration.short().parse(), Ok(duration));
    }

    #[test]
    fn any_text_is_read_or_explained(text in "[-+]?([0-9.]{0,20}(ns|\u{b5}s|ms|s|m|h|d|.)?){0,4}") {
        if let Err(error) = text.parse::<GoDuration>() {
            prop_assert!(error.go_text().starts_with("time: "));
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
