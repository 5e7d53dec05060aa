//! Words into lines of a given width.

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

/// Breaks a command so that it can still be pasted: lines end in a backslash, and nothing within
/// quotes is broken.
pub fn wrap_command(command: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(command) {
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

/// The words of a command, quoted ones whole, and a flag together with its value.
fn words(command: &str) -> Vec<String> {
    let mut quoted = false;
    let mut words: Vec<String> = Vec::new();
    let split = command.split(|letter| {
        quoted ^= letter == '\'';
        letter == ' ' && !quoted
    });
    for word in split.filter(|word| !word.is_empty()) {
        match words
            .last_mut()
            .filter(|last| is_lone_flag(last) && !word.starts_with('-'))
        {
            Some(flag) => {
                flag.push(' ');
                flag.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}

fn is_lone_flag(word: &str) -> bool {
    word.starts_with('-') && !word.contains([' ', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_asked_but_by_one_word() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a-very-long-word b", 5), ["a-very-long-word", "b"]);
        assert!(wrap("", 5).is_empty());
    }

    #[test]
    fn a_broken_command_can_be_pasted() {
        let command = "kubectl patch bsch a --type merge -p '{\"a\": 1}'";
        let lines = wrap_command(command, 24);
        assert!(lines.iter().all(|line| line.width() <= 24), "{lines:?}");
        let pasted = lines.join("\n").replace(" \\\n ", "");
        assert_eq!(pasted, command);
    }
}
