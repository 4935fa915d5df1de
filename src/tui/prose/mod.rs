//! Describes a DN, its story and findings in lines as wide as the screen, each with its link.

use super::view::paper::{Line, Span};
use super::view::spans;
use super::view::theme::Ink;
use crate::net::FrameRef;
use crate::wording::glyphs::Glyphs;
use crate::wording::layout::wrap;

mod attempts;
pub(super) mod dn;
pub(super) mod finding;
pub(super) mod story;

/// Where a line leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Goes {
    /// To a message.
    Frame(FrameRef),
    /// To the attempts that are folded in it, named by the first.
    Unfold(usize),
}

/// A line and where it leads.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Told {
    pub(super) line: Line,
    pub(super) goes: Option<Goes>,
    /// The finding it belongs to, by its place among all.
    pub(super) finding: Option<usize>,
}

impl Told {
    /// The line as text.
    pub(super) fn text(&self) -> String {
        let text: String = self.line.iter().map(|(text, _)| text.as_str()).collect();
        text.trim_end().to_owned()
    }

    /// Whether it holds the text, which is in lower case.
    pub(super) fn holds(&self, wanted: &str) -> bool {
        spans::holds(&self.line, wanted)
    }
}

/// Lines that are being written.
pub(super) struct Page {
    width: usize,
    pub(super) glyphs: &'static Glyphs,
    pub(super) lines: Vec<Told>,
    /// Where the lines to come lead.
    pub(super) goes: Option<Goes>,
    /// The finding the lines to come belong to.
    pub(super) finding: Option<usize>,
}

impl Page {
    pub(super) const fn new(width: usize, glyphs: &'static Glyphs) -> Self {
        Self { width, glyphs, lines: Vec::new(), goes: None, finding: None }
    }

    fn push(&mut self, line: Line) {
        self.lines.push(Told { line, goes: self.goes, finding: self.finding });
    }

    /// A title, with a blank line before it.
    pub(super) fn title(&mut self, text: &str) {
        (self.goes, self.finding) = (None, None);
        if !self.lines.is_empty() {
            self.push(Line::new());
        }
        self.push(vec![(text.to_owned(), Some(Ink::Heading))]);
    }

    /// A paragraph after a prefix; its further lines are indented by the prefix.
    pub(super) fn text(&mut self, prefix: &[Span], text: &str, ink: Option<Ink>) {
        // every string of the program's own in the character set of the terminal
        let text = text.replace('§', self.glyphs.section);
        let indent = spans::width(prefix);
        let room = self.width.saturating_sub(indent).max(8);
        let mut lines = wrap(&text, room, room);
        let mut first: Line = prefix.to_vec();
        first.push((lines.next().unwrap_or_default().to_owned(), ink));
        self.push(first);
        let rest: Vec<Line> =
            lines.map(|line| vec![(" ".repeat(indent), None), (line.to_owned(), ink)]).collect();
        for line in rest {
            self.push(line);
        }
    }
}

/// Words with their first letter as a capital one.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
