//! Tables as kubectl prints them: no borders, upper-case heads, two spaces between columns.

use super::line::{Line, width};
use super::paint::HEAD;
use anstyle::Style;

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
    pub fn lines(&self, indent: usize) -> Vec<Line> {
        let widths: Vec<_> = (0..self.heads.len())
            .map(|column| {
                let head = self.heads.get(column).map_or(0, |(head, _)| width(head));
                self.rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| width(&cell.text))
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

    fn line(&self, row: &[Cell], widths: &[usize], indent: usize) -> Line {
        let mut line = Line::plain(&" ".repeat(indent));
        for (column, (cell, wide)) in row.iter().zip(widths).enumerate() {
            if column > 0 {
                line = line.then(Style::new(), "  ");
            }
            let blanks = " ".repeat(wide.saturating_sub(width(&cell.text)));
            let right = matches!(self.heads.get(column), Some((_, Align::Right)));
            line = match right {
                true => line
                    .then(Style::new(), &blanks)
                    .then(cell.style, &cell.text),
                false => line
                    .then(cell.style, &cell.text)
                    .then(Style::new(), &blanks),
            };
        }
        line
    }
}
