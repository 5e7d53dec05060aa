//! The only thing a report in words is made of.

use acm_backup_domain::printable;
use anstyle::Style;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// One line: pieces of text, each in a style. The styles are ours; the text is whatever an object, a server or a
/// file held, and is made printable as it comes in, so that no renderer can forget to.
#[derive(Debug, Default)]
pub struct Line(Vec<(Style, String)>);

impl Line {
    /// A line in one piece.
    pub fn plain(text: &str) -> Self {
        Self::default().then(Style::new(), text)
    }

    /// Adds a piece.
    #[must_use]
    pub fn then(mut self, style: Style, text: &str) -> Self {
        self.0.push((style, printable::line(text).into_owned()));
        self
    }

    /// Columns it takes.
    #[cfg(test)]
    pub fn width(&self) -> usize {
        self.text().width()
    }

    /// What stands on it.
    #[cfg(test)]
    pub fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Writes it, without blanks at its end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let last = self
            .0
            .iter()
            .rposition(|(_, text)| !text.trim_end().is_empty());
        for (number, (style, text)) in self.0.iter().enumerate() {
            let text = match last {
                Some(last) if number < last => text.as_str(),
                Some(last) if number == last => text.trim_end(),
                _ => "",
            };
            if !text.is_empty() {
                write!(out, "{style}{text}{style:#}")?;
            }
        }
        writeln!(out)
    }
}

/// Columns a text takes where it is shown.
pub fn width(text: &str) -> usize {
    printable::line(text).width()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::paint::LABEL;

    #[test]
    fn only_our_own_styles_reach_the_terminal() {
        let line = Line::plain("a\u{1b}[2J")
            .then(LABEL, "b\u{9b}m")
            .then(Style::new(), "  ");
        let mut written = Vec::new();
        line.write(&mut written).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(
            written,
            format!("a\\u{{1b}}[2J{LABEL}b\\u{{9b}}m{LABEL:#}\n")
        );
        assert_eq!(line.width(), line.text().len());
    }
}
