//! Lines of a report under construction.

use super::layout::{wrap, wrap_command};
use super::line::Line;
use super::paint::{COMMAND, LABEL};
use acm_backup_domain::act::command::Command;
use anstyle::Style;

/// Width of the labels on the left.
const MARGIN: usize = 10;

/// Lines that are no wider than asked.
pub struct Lines {
    width: usize,
    /// The lines so far.
    pub done: Vec<Line>,
}

impl Lines {
    /// No line yet.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            done: Vec::new(),
        }
    }

    /// `LABEL     text`, wrapped under itself.
    pub fn labelled(&mut self, label: &str, text: &str) {
        self.marked(LABEL, label, Style::new(), "", text);
    }

    /// `LABEL     word: text`, label and word in styles of their own.
    pub fn marked(
        &mut self,
        label_style: Style,
        label: &str,
        word_style: Style,
        word: &str,
        text: &str,
    ) {
        let whole = if word.is_empty() {
            text.to_owned()
        } else {
            format!("{word} {text}")
        };
        let margin = MARGIN.max(label.len().saturating_add(1));
        let blanks = " ".repeat(margin.saturating_sub(label.len()));
        for (number, line) in wrap(&whole, self.width.saturating_sub(margin))
            .into_iter()
            .enumerate()
        {
            if number > 0 {
                self.done
                    .push(Line::plain(&format!("{}{line}", " ".repeat(margin))));
                continue;
            }
            let head = Line::default()
                .then(label_style, label)
                .then(Style::new(), &blanks);
            let line = match line.strip_prefix(word).filter(|_| !word.is_empty()) {
                Some(rest) => head.then(word_style, word).then(Style::new(), rest),
                None => head.then(Style::new(), &line),
            };
            self.done.push(line);
        }
    }

    /// `  - text`
    pub fn item(&mut self, mark: &str, text: &str) {
        for (number, line) in wrap(text, self.width.saturating_sub(4))
            .into_iter()
            .enumerate()
        {
            self.done.push(Line::plain(&if number == 0 {
                format!("  {mark} {line}")
            } else {
                format!("    {line}")
            }));
        }
    }

    /// A command, ready to be pasted.
    pub fn command(&mut self, command: &Command) {
        for line in wrap_command(command, self.width.saturating_sub(6)) {
            self.done.push(Line::plain("      ").then(COMMAND, &line));
        }
    }

    /// Ready-made lines.
    pub fn extend(&mut self, lines: Vec<Line>) {
        self.done.extend(lines);
    }
}
