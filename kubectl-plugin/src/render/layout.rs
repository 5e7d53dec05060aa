//! Words into lines of a given width.

use acm_backup_domain::act::command::Command;
use acm_backup_domain::printable;
use unicode_width::UnicodeWidthStr;

/// Breaks text at blanks so that no line is wider than `width`; a longer word stands alone. What is measured is
/// what will be shown.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in printable::line(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if joined(line, word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The width of a line and one more word.
fn joined(line: &str, word: &str) -> usize {
    line.width().saturating_add(1).saturating_add(word.width())
}

/// Breaks a command between its words, so that it can still be pasted: lines end in a backslash.
pub fn wrap_command(command: &Command, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in command.pieces() {
        match lines.last_mut() {
            Some(line) if joined(line, &word).saturating_add(2) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(line) => {
                line.push_str(" \\");
                lines.push(format!("  {word}"));
            }
            None => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use acm_backup_domain::printable;

    #[test]
    fn no_line_is_wider_than_asked_but_by_one_word() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a-very-long-word b", 5), ["a-very-long-word", "b"]);
        assert!(wrap("", 5).is_empty());
    }

    /// Failed before: of a name of a thousand letters the line was cut, its closing quote with it, and the name on
    /// the next line stood outside of quotes.
    #[test]
    fn no_line_of_a_command_is_cut() {
        for letter in ["a", " ", "'", "é"] {
            for length in [252, 254, 400, 600, 994, 1200] {
                let name = format!("a{}", letter.repeat(length));
                let command = Command::new("oc")
                    .say("delete schedules.velero.io")
                    .names([name.as_str(), "x; touch owned #"]);
                for line in wrap_command(&command, 74) {
                    let indented = format!("      {line}");
                    assert_eq!(printable::line(&indented), indented, "{letter:?} {length}");
                }
            }
        }
    }

    #[test]
    fn a_broken_command_can_be_pasted() {
        let command = Command::new("kubectl")
            .say("patch bsch a --type merge -p")
            .value("{\"a\": 1}");
        let lines = wrap_command(&command, 24);
        assert!(lines.iter().all(|line| line.width() <= 24), "{lines:?}");
        let pasted = lines.join("\n").replace(" \\\n ", "");
        assert_eq!(pasted, *command);
    }
}
