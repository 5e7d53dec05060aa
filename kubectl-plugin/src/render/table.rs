//! Tables as kubectl prints them: no borders, upper-case heads, two spaces between columns.

use super::paint::{HEAD, paint};
use anstyle::Style;
use unicode_width::UnicodeWidthStr;

/// A table of text.
pub struct Table {
    heads: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

/// Which way a column leans.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// One cell.
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell in a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

impl Table {
    /// A table without rows.
    pub fn new(heads: &[(&'static str, Align)]) -> Self {
        Self {
            heads: heads.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, one cell a column.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The lines, heads first.
    pub fn lines(&self, indent: usize) -> Vec<String> {
        let widths: Vec<_> = (0..self.heads.len())
            .map(|column| {
                let head = self.heads.get(column).map_or(0, |(head, _)| head.width());
                self.rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.text.width())
                    .chain([head])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let heads: Vec<_> = self
            .heads
            .iter()
            .map(|(head, _)| Cell::styled(*head, HEAD))
            .collect();
        std::iter::once(&heads)
            .chain(&self.rows)
            .map(|row| self.line(row, &widths, indent))
            .collect()
    }

    fn line(&self, row: &[Cell], widths: &[usize], indent: usize) -> String {
        let mut line = " ".repeat(indent);
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            if column > 0 {
                line.push_str("  ");
            }
            let blanks = " ".repeat(width.saturating_sub(cell.text.width()));
            let text = if cell.style == Style::new() {
                cell.text.clone()
            } else {
                paint(cell.style, &cell.text)
            };
            let last = column.checked_add(1) == Some(widths.len());
            match self.heads.get(column) {
                Some((_, Align::Right)) => line.push_str(&(blanks + &text)),
                _ if last => line.push_str(&text),
                _ => line.push_str(&(text + &blanks)),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}
