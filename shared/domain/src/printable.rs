//! Text from objects, servers and programs, made fit to be shown.
//!
//! A name, a message or an error may hold anything: sequences that move the cursor, set the window's title or
//! paint a verdict, marks that turn the direction of reading, letters without a width, a megabyte of them. What
//! leaves this program as text passes one of three functions here, at the place where it leaves: [`line`] for a
//! part of a line, [`block`] for a text of several lines, [`json`] for what has been written as JSON already.
//! Each leaves ordinary text as it is, and none changes what another has made.

use std::borrow::Cow;
use std::fmt::Write;

/// Longest part of a line, in characters. Nobody reads more, and names and reasons are far shorter.
pub const LONGEST_LINE: usize = 1000;

/// Longest text of several lines, in characters.
pub const LONGEST_BLOCK: usize = 16 * 1024;

/// Part of a line: breaks and tabs become blanks, what a terminal would obey is spelled out (`\u{1b}`), and what
/// is too long is cut, with how much is left out.
pub fn line(text: &str) -> Cow<'_, str> {
    show(text, LONGEST_LINE, |letter| match letter {
        '\n' | '\r' | '\t' => Some(' '),
        _ => None,
    })
}

/// A text of several lines, as [`line`] but for its breaks. Only for texts that are put together from lines:
/// a foreign one could forge a line of its own.
pub fn block(text: &str) -> Cow<'_, str> {
    show(text, LONGEST_BLOCK, |letter| match letter {
        '\n' => Some('\n'),
        '\t' => Some(' '),
        _ => None,
    })
}

/// JSON as it was written: what stands in its strings and a terminal would obey is escaped, so that the data
/// is the same. JSON escapes the first 32 characters by itself, and has the others in strings only.
pub fn json(text: &str) -> Cow<'_, str> {
    let obeyed = |letter: char| letter != '\n' && is_obeyed(letter);
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if obeyed(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// A text as one YAML scalar on one line: as it stands where that can only be read as this text, else in double
/// quotes, with escapes.
pub fn yaml(text: &str) -> Cow<'_, str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    let word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_text = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !word.contains(&text.to_ascii_lowercase().as_str());
    if is_text {
        return Cow::Borrowed(text);
    }
    let mut shown = String::from("\"");
    for letter in text.chars() {
        // Writing to a String cannot fail.
        let _ = match letter {
            '"' | '\\' => write!(shown, "\\{letter}"),
            '\n' => write!(shown, "\\n"),
            _ if !is_obeyed(letter) => write!(shown, "{letter}"),
            _ if u32::from(letter) <= 0xffff => write!(shown, "\\u{:04x}", u32::from(letter)),
            _ => write!(shown, "\\U{:08x}", u32::from(letter)),
        };
    }
    shown.push('"');
    Cow::Owned(shown)
}

/// Whether a terminal or a reader's eye would be led by a letter instead of shown it.
pub fn is_obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            // Soft hyphen and marks that turn the direction of reading.
            '\u{ad}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // No width of their own, or blank.
            | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}'
        )
}

/// The first letters, each as `instead` says, else spelled out where it would be obeyed.
fn show(text: &str, most: usize, instead: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    let cut = text.char_indices().nth(most).map(|(at, _)| at);
    let kept = cut.and_then(|at| text.get(..at)).unwrap_or(text);
    if cut.is_none()
        && !kept.contains(|letter| is_obeyed(letter) && instead(letter) != Some(letter))
    {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(kept.len());
    for letter in kept.chars() {
        match instead(letter) {
            Some(other) => shown.push(other),
            None if is_obeyed(letter) => shown.extend(letter.escape_unicode()),
            None => shown.push(letter),
        }
    }
    if let Some(rest) = cut.and_then(|at| text.get(at..)) {
        // The same cut is not made, nor told, a second time.
        let told = format!("… ({} more characters)", rest.chars().count());
        if shown.chars().count() > most {
            let at = shown
                .char_indices()
                .nth(most)
                .map_or(shown.len(), |(at, _)| at);
            shown.truncate(at);
        }
        shown.push_str(&told);
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "",
            "acm-hub",
            "Ünïcödé – 混乱 ",
            "a\\u{1b}b",
            "{\"a\": 'b'}",
        ] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
            assert!(matches!(block(text), Cow::Borrowed(same) if same == text));
            assert!(matches!(json(text), Cow::Borrowed(same) if same == text));
        }
        assert!(matches!(block("a\n  b"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        for (text, shown) in [
            ("\u{1b}]0;owned\u{7}", "\\u{1b}]0;owned\\u{7}"),
            ("\u{1b}[2J\u{1b}[1;32mOK", "\\u{1b}[2J\\u{1b}[1;32mOK"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            (
                "a\u{2028}b\u{85}c\u{b}d\u{c}e",
                "a\\u{2028}b\\u{85}c\\u{b}d\\u{c}e",
            ),
            ("a\nb\tc\r\nd", "a b c  d"),
            ("\u{e0041}", "\\u{e0041}"),
            ("\u{7f}\0", "\\u{7f}\\u{0}"),
        ] {
            assert_eq!(line(text), shown, "{text:?}");
        }
        assert_eq!(block("a\nb\r\u{1b}c"), "a\nb\\u{d}\\u{1b}c");
    }

    #[test]
    fn a_yaml_scalar_is_read_as_the_text_it_stands_for() {
        for (text, shown) in [
            ("acm-backup.2/x_y", "acm-backup.2/x_y"),
            ("latest", "latest"),
            ("No", "\"No\""),
            ("1e5", "\"1e5\""),
            ("", "\"\""),
            ("a: b\nspec: c", "\"a: b\\nspec: c\""),
            ("\"\\\u{1b}\u{e0001}", "\"\\\"\\\\\\u001b\\U000e0001\""),
        ] {
            assert_eq!(yaml(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_told() {
        let long = "x".repeat(LONGEST_LINE + 5);
        let shown = line(&long);
        assert!(shown.ends_with("x… (5 more characters)"), "{shown}");
        let exact = "é".repeat(LONGEST_LINE);
        assert_eq!(line(&exact), exact);
        let megabyte = "\u{1b}".repeat(1 << 20);
        assert!(line(&megabyte).chars().count() < LONGEST_LINE + 40);
        assert!(block(&megabyte).chars().count() < LONGEST_BLOCK + 40);
    }

    proptest! {
        /// Nothing is left that is obeyed, twice is as once, and JSON still means the same.
        #[test]
        fn whatever_the_text(text in any::<String>(), marks in "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{e0001}a]*") {
            for text in [text, marks] {
                let one = line(&text).into_owned();
                prop_assert!(!one.contains(is_obeyed), "{one:?}");
                prop_assert_eq!(line(&one).into_owned(), one);
                let many = block(&text).into_owned();
                prop_assert!(!many.contains(|letter| letter != '\n' && is_obeyed(letter)), "{many:?}");
                prop_assert_eq!(block(&many).into_owned(), many);
                let written = serde_json::to_string(&text).unwrap();
                let escaped = json(&written);
                prop_assert!(!escaped.contains(is_obeyed), "{escaped:?}");
                prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
            }
        }
    }
}
