//! Bad input: nothing is believed, and each gets a clear word.

use super::{Kind, Statement, read};
use jiff::Timestamp;
use proptest::prelude::*;

fn one(text: &str) -> Result<Statement, String> {
    match read(text) {
        Ok(mut statements) => statements.pop().ok_or_else(|| "empty".to_owned()),
        Err(errors) => Err(errors
            .into_iter()
            .map(|(line, error)| format!("{line}: {error}"))
            .collect::<Vec<_>>()
            .join("; ")),
    }
}

#[test]
fn reads_what_a_person_types() {
    let expected = Statement {
        kind: Kind::Down,
        about: "81431db3".into(),
        at: "2026-11-22T16:20:26Z".parse::<Timestamp>().unwrap(),
        reason: "rack 4 is off: it doesn't answer".into(),
    };
    for text in [
        "down 81431db3 2026-11-22T16:20:26Z rack 4 is off: it doesn't answer",
        "  down\t81431db3   2026-11-22T16:20:26Z  rack 4 is off: it doesn't answer  \n",
        "\n\ndown 81431db3 2026-11-22T16:20:26Z rack 4 is off: it doesn't answer\r\n\r\n",
        "down 81431db3 2026-11-22T17:20:26+01:00 rack 4 is off: it doesn't answer",
    ] {
        assert_eq!(one(text).as_ref(), Ok(&expected), "{text:?}");
    }
    let several = read("down a 2026-11-22T16:20:26Z x y\nunread location/default 2026-11-22T16:20:26Z bucket is gone\n").unwrap();
    assert_eq!(several.len(), 2);
    assert_eq!(several[1].location(), Some("default"));
}

#[test]
fn says_what_is_wrong_with_the_rest() {
    for (text, error) in [
        (
            "down",
            "1: it must read \"KIND HUB TIME REASON\"; the hub is missing",
        ),
        (
            "down x",
            "1: it must read \"KIND HUB TIME REASON\"; the time is missing",
        ),
        (
            "down x 2026-11-22T16:20:26Z",
            "1: it must read \"KIND HUB TIME REASON\"; the reason is missing",
        ),
        (
            "down x 2026-11-22T16:20:26Z \u{a0}",
            "1: it must read \"KIND HUB TIME REASON\"; the reason is missing",
        ),
        (
            "dead x 2026-11-22T16:20:26Z y",
            "1: \"dead\" is none of down, fenced, isolated-copy, rebuilt, unread",
        ),
        (
            "Down x 2026-11-22T16:20:26Z y",
            "1: \"Down\" is none of down, fenced, isolated-copy, rebuilt, unread; write down",
        ),
        (
            "isolated_copy x 2026-11-22T16:20:26Z y",
            "1: \"isolated_copy\" is none of down, fenced, isolated-copy, rebuilt, unread",
        ),
        // A Cyrillic o, a no-break space, a full-width d.
        (
            "d\u{43e}wn x 2026-11-22T16:20:26Z y",
            "1: \"d\u{43e}wn\" holds U+043E, which is no plain letter, digit or blank; type it anew",
        ),
        (
            "down\u{a0}x 2026-11-22T16:20:26Z y",
            "1: \"down\\u{a0}x\" holds U+00A0, which is no plain letter, digit or blank; type it anew",
        ),
        (
            "\u{ff44}own x 2026-11-22T16:20:26Z y",
            "1: \"\u{ff44}own\" holds U+FF44, which is no plain letter, digit or blank; type it anew",
        ),
        (
            "\u{feff}down x 2026-11-22T16:20:26Z y",
            "1: \"\\u{feff}down\" holds U+FEFF, which is no plain letter, digit or blank; type it anew",
        ),
        (
            "down x\u{200b} 2026-11-22T16:20:26Z y",
            "1: \"x\\u{200b}\" holds U+200B, which is no plain letter, digit or blank; type it anew",
        ),
        (
            "down x yesterday y",
            "1: \"yesterday\" is not a time with its zone, such as 2026-11-22T16:20:26Z",
        ),
        (
            "down x 2026-11-22T16:20:26 y",
            "1: \"2026-11-22T16:20:26\" is not a time with its zone, such as 2026-11-22T16:20:26Z",
        ),
        (
            "down x 16:20Z y",
            "1: \"16:20Z\" is not a time with its zone, such as 2026-11-22T16:20:26Z",
        ),
        (
            "KIND x 2026-11-22T16:20:26Z y",
            "1: KIND still stands there; replace it",
        ),
        ("down x WHEN y", "1: WHEN still stands there; replace it"),
        (
            "down x 2026-11-22T16:20:26Z WHAT-I-SAW",
            "1: WHAT-I-SAW still stands there; replace it",
        ),
        (
            "down x 2026-11-22T16:20:26Z power off, MY-NAME",
            "1: MY-NAME still stands there; replace it",
        ),
        (
            "unread x 2026-11-22T16:20:26Z y",
            "1: unread cannot be said of x: a location is unread, as location/NAME",
        ),
        (
            "down location/a 2026-11-22T16:20:26Z y",
            "1: down cannot be said of location/a: of a location only unread can be said",
        ),
        (
            "down x 2026-11-22T16:20:26Z y\n\ndown",
            "3: it must read \"KIND HUB TIME REASON\"; the hub is missing",
        ),
        (
            "down;x;2026-11-22T16:20:26Z;y",
            "1: it must read \"KIND HUB TIME REASON\"; the hub is missing",
        ),
    ] {
        assert_eq!(one(text), Err(error.to_owned()), "{text:?}");
    }
}

#[test]
fn meaning_is_kind_object_and_time_and_nothing_else() {
    let at: Timestamp = "2026-11-22T16:20:26Z".parse().unwrap();
    let meaning = Statement::meaning(Kind::Down, "a", at);
    assert_eq!(meaning.len(), 32);
    assert_ne!(meaning, Statement::meaning(Kind::Fenced, "a", at));
    assert_ne!(meaning, Statement::meaning(Kind::Down, "b", at));
    let same: Timestamp = "2026-11-22T17:20:26.4+01:00".parse().unwrap();
    assert_eq!(meaning, Statement::meaning(Kind::Down, "a", same));
}

proptest! {
    #[test]
    fn never_panics_and_believes_nothing_with_a_look_alike(text in "\\PC{0,60}") {
        if let Ok(statements) = read(&text) {
            for statement in statements {
                prop_assert!(statement.about.is_ascii());
            }
        }
    }
}
