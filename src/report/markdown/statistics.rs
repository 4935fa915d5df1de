//! The statistics as Markdown: sentences, tables, curves as code.

use super::{Page, escape};
use crate::wording::append;
use crate::wording::statistics::{self as words, Table};

/// Registrars and sources listed, at most.
const LISTED: usize = 50;
/// Slices of time in a line.
const SLICES: usize = 60;

impl Page<'_> {
    /// The statistics, if they are asked for.
    pub(super) fn statistics(&mut self) {
        if !self.view.style.statistics {
            return;
        }
        let statistics = self.view.statistics();
        self.text += "\n#### Statistics\n\n";
        for sentence in words::summary(&statistics) {
            append!(self.text, "- {}\n", escape(&sentence));
        }
        for note in words::notes(&statistics, &self.clock, self.glyphs) {
            append!(self.text, "- {}\n", escape(&note));
        }
        self.table(&words::responses(&statistics));
        self.table(&words::delays(&statistics));
        if let Some(span) = statistics.series.span() {
            let axis = words::time_axis(span, SLICES, &self.clock, self.glyphs);
            append!(self.text, "\n{}\n\n```text\n", escape(&axis));
            for curve in words::curves(statistics.series.in_slices(SLICES)) {
                let bars = curve.bars(self.glyphs);
                append!(self.text, "{:15}  {bars}  {}\n", curve.name, curve.number);
            }
            self.text += "```\n";
        }
        self.table(&words::registrars(&statistics, LISTED));
        self.table(&words::sources(&statistics, LISTED));
    }

    fn table(&mut self, table: &Table) {
        if table.rows.is_empty() {
            return;
        }
        append!(self.text, "\n| {} |\n", table.heads.join(" | "));
        append!(self.text, "|---|{}\n", "---:|".repeat(table.heads.len().saturating_sub(1)));
        for row in &table.rows {
            let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
            append!(self.text, "| {} |\n", cells.join(" | "));
        }
        if table.more > 0 {
            append!(self.text, "\nand {} more\n", table.more);
        }
    }
}
